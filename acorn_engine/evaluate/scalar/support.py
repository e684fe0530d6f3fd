"""What the generated function of a chain calls."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

from acorn_engine.evaluate.reads import missing_names
from acorn_engine.evaluate.trace import GRAVEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acorn_engine.evaluate.reads import RuleReads
    from acorn_engine.types import Failure


def problem(failure: Failure) -> str:
    """Return what a failure means for the field that was to be set."""
    return "overflow" if failure.code == "overflow" else "failed"


def gravest(*problems: str | None) -> str | None:
    """Return the problem that names the hold of a rule, or ``None``."""
    return next((code for code in GRAVEST if code in problems), None)


def why_missing(reads: RuleReads, problems: Sequence[str | None], values: Sequence[Any]) -> tuple[str, ...]:
    """Return the names for want of which sets came out missing; ``values`` are those of ``reads.names``."""
    absent = [name for name, value in zip(reads.names, values, strict=True) if value is None]
    return missing_names(reads, [number for number, code in enumerate(problems) if code == "missing"], absent)


def json_plain(value: str | bool | date) -> str:
    """Return an attribute's value as JSON text."""
    return json.dumps(value.isoformat() if isinstance(value, date) else value, ensure_ascii=False)


def json_number(scaled: int, digits: int) -> str:
    """Return a number of so many decimals as JSON text, without needless zeros."""
    whole, fraction = divmod(abs(scaled), 10**digits)
    decimals = f"{fraction:0{digits}d}".rstrip("0") if digits else ""
    return f"{'-' if scaled < 0 else ''}{whole}{'.' if decimals else ''}{decimals}"
