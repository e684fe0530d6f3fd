"""A plan as ``plan --json`` prints it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import polars as pl

from acorn_engine.fields import ATTRIBUTE_PREFIX, STANDARD_FIELDS
from acorn_engine.plan.freezing import INTEGER_FIELDS
from acorn_engine.plan.model import PLAN_FORMAT
from acorn_engine.sites import utc

if TYPE_CHECKING:
    from collections.abc import Iterator

    from acorn_engine.plan.model import Plan


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """Return a plan as JSON-ready data, format ``acorn.plan/1``.

    Money and numbers are text, quantities integers, booleans booleans, attributes their JSON value,
    missing is ``None``, times are RFC 3339 UTC.
    """
    return {
        "format": PLAN_FORMAT,
        "plan": plan.id,
        "project": plan.project,
        "site": plan.site,
        "accounts": list(plan.accounts),
        "status": plan.status.value,
        "created_at": utc(plan.created_at),
        "expires_at": utc(plan.expires_at),
        "ruleset": plan.ruleset,
        "inputs": plan.inputs,
        "digest": plan.digest,
        "summary": dict(plan.summary),
        "changes": changes_to_json(plan),
        "problems": [problem.to_dict() for problem in plan.problems],
    }


def changes_to_json(plan: Plan) -> list[dict[str, Any]]:
    """Return the changes of a plan as JSON-ready data, in the plan's order."""
    integers = set(plan.details.get(INTEGER_FIELDS, ())) | {
        field.name for field in STANDARD_FIELDS if field.type.integer
    }
    return list(_changes(plan.changes, integers))


def _changes(changes: pl.DataFrame, integers: set[str]) -> Iterator[dict[str, Any]]:
    for row in changes.iter_rows(named=True):
        row["from"] = _value(row["field"], row["from"], integers)
        row["to"] = _value(row["field"], row["to"], integers)
        row["params"] = json.loads(row["params"]) if row["params"] else {}
        yield row


def _value(field: str, text: str | None, integers: set[str]) -> Any:
    if text is None:
        return None
    if field in integers:
        return int(text)
    if field.startswith(ATTRIBUTE_PREFIX):
        try:
            return json.loads(text)
        except ValueError:
            # What the site showed was a bare text.
            return text
    return text
