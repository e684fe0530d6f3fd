"""What became of changes: written down once, told, and added up when a part ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl
from sqlalchemy import func, select

from acorn_engine.outbox.context import WORKER, Context, State, describe
from acorn_engine.store.deliveries import decide, outcome_counts
from acorn_engine.store.parts import mark_messages
from acorn_engine.store.plans import need_plan, set_plan_state
from acorn_engine.store.tables import parts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acorn_engine.store.parts import Part
    from acorn_engine.store.transaction import Transaction

_TOLD_AT_ONCE: Final = 500


def settle(tx: Transaction, plan: str, rows: Sequence[dict[str, Any]]) -> None:
    """Write outcomes down: deliveries with ``outcome``, ``code``, ``text``, ``shown``; and tell of them."""
    decide(tx, plan, rows)
    tell_outcomes(tx, plan, rows)


def tell_outcomes(tx: Transaction, plan: str, rows: Sequence[dict[str, Any]]) -> None:
    """Tell of outcomes, one event and one ledger row for every outcome and some hundred changes."""
    for outcome in dict.fromkeys(row["outcome"] for row in rows):
        mine = [row for row in rows if row["outcome"] == outcome]
        for start in range(0, len(mine), _TOLD_AT_ONCE):
            some = mine[start : start + _TOLD_AT_ONCE]
            told = [{name: row.get(name) for name in _TOLD} for row in some]
            tx.event(outcome, {"outcome": outcome, "plan": plan, "changes": told}, plan)
            before = [[row["account"], row["site"], row["seller_sku"], row["field"], row["from"]] for row in some]
            after = [[*row[:4], change.get("shown"), change["to"]] for row, change in zip(before, some, strict=True)]
            tx.record(WORKER, outcome, plan, before=before, after=after)


_TOLD: Final = (
    "number",
    "part",
    "account",
    "site",
    "sku",
    "seller_sku",
    "field",
    "from",
    "to",
    "shown",
    "code",
    "text",
)


def confirmation(row: Mapping[str, Any], plan: str) -> dict[str, Any]:
    """Return what a settled change of a plan confirms of its field, for ``store.offers.confirm``."""
    names = ("account", "site", "seller_sku", "field")
    return {**{name: row[name] for name in names}, "value": row["to"], "plan": plan}


def leave_out(tx: Transaction, part: Part, rows: pl.DataFrame, outcome: str) -> None:
    """Take messages out of a part that has not left: ``rows`` are deliveries with ``code``, ``text``, ``shown``."""
    if rows.is_empty():
        return
    settle(tx, part.plan, [{**row, "outcome": outcome} for row in rows.to_dicts()])
    ids = rows.get_column("message_id").unique().sort().to_list()
    mark_messages(tx, part.id, ids, state="removed", reason=outcome)


def because(rows: pl.DataFrame, code: str, text: str) -> pl.DataFrame:
    """Return deliveries with a code and a text."""
    return rows.with_columns(pl.lit(code).alias("code"), pl.lit(text).alias("text"))


def end(ctx: Context, tx: Transaction, part: Part) -> dict[str, Any]:
    """End a part, and its plan with the last one. Returns what is told of it after the commit."""
    need_plan(tx.connection, tx.project, part.plan, lock=True)  # the last two parts do not end side by side
    ended = ctx.move(
        tx, part, State.ENDED, in_flight=0, ended_at=tx.at, code=part.code, note=part.note, attempts=part.attempts
    )
    counts = outcome_counts(tx.connection, tx.project, part=part.id)
    told = {**describe(ended), "outcomes": {outcome or "undecided": count for outcome, count in counts.items()}}
    tx.event("part_outcomes", told, part.plan)
    end_plan(tx, part.plan)
    return told


def end_plan(tx: Transaction, plan: str) -> None:
    """End a plan none of whose parts is still open."""
    where = (parts.c.project == tx.project, parts.c.plan == plan, parts.c.state != State.ENDED.value)
    if tx.connection.execute(select(func.count()).select_from(parts).where(*where)).scalar_one():
        return
    counts = outcome_counts(tx.connection, tx.project, plan=plan)
    set_plan_state(tx, plan, "ended", ended_at=tx.at)
    outcomes = {outcome or "undecided": count for outcome, count in counts.items()}
    tx.event("plan_ended", {"plan": plan, "outcomes": outcomes}, plan)
    tx.record(WORKER, "plan_ended", plan, before={"state": "submitted"}, after={"state": "ended", "outcomes": outcomes})
