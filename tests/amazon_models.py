"""Amazon's own schemas as judges of every feed document and every processing report."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import jsonschema_rs

SCHEMAS = Path(__file__).resolve().parents[2] / "shared" / "spapi" / "schemas"
FEED = "listings-feed-schema-v2"
REPORT = "listings-feed-processing-report-schema-v2"


@cache
def validator(name: str) -> jsonschema_rs.Draft7Validator:
    """Return a schema's validator; fails where Amazon's schemas are not there."""
    path = SCHEMAS / f"{name}.json"
    assert path.is_file(), f"Amazon's schema is not there: {path}. These tests prove nothing without it."
    return jsonschema_rs.Draft7Validator(json.loads(path.read_text(encoding="utf-8")))


def check_feed(document: bytes) -> None:
    """Hold a feed document against Amazon's schema."""
    _check(FEED, document)


def check_report(report: bytes | str) -> None:
    """Hold a processing report against Amazon's schema."""
    _check(REPORT, report)


def _check(name: str, content: bytes | str) -> None:
    faults = [
        f"{list(error.instance_path)}: {error.message}" for error in validator(name).iter_errors(json.loads(content))
    ]
    assert not faults, f"{name}: {faults[:5]}"
