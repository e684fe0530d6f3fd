"""What is going on: in flight, held, expiring, and what a person must do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl
from sqlalchemy import func, select

from acorn_engine.outbox.context import REFUSED, Context, State, describe
from acorn_engine.plan.model import PlanStatus, Verdict
from acorn_engine.sites import utc
from acorn_engine.store.parts import open_parts
from acorn_engine.store.plan_frames import message_parts, read_changes
from acorn_engine.store.plans import PlanInfo, list_plans, released_numbers
from acorn_engine.store.tables import deliveries, plans
from acorn_engine.store.times import instant, micros

if TYPE_CHECKING:
    from sqlalchemy import Connection

_OPEN: Final = ("planned", "approved", "submitted")
_HELD: Final = (
    "account",
    "site",
    "sku",
    "seller_sku",
    "group",
    "field",
    "from",
    "to",
    "rule",
    "guard",
    "code",
    "because",
)
_PERSON: Final = {
    "not_proved": "look in the marketplace whether this submission is ours; the offers are read back",
    "submission_lost": "look in the marketplace for this submission; the offers are read back",
    "stuck": "ask the marketplace's support about this submission; the offers are read back",
    "no_account": "put the account back into acorn.toml",
    "no_marketplace": "see 'acorn plugins'",
}
_DEAD: Final = {
    "not_proved": "look in the marketplace whether this submission is ours. If it is not, '{resume}' looks again and sends",
    "submission_lost": "look in the marketplace for this submission. If it is not there, '{resume}' looks again and sends",
    "stuck": "ask the marketplace's support about this submission; then '{resume}' asks what became of it, and if it still hangs, lets a new plan send these values",
}
_FAILED: Final = {
    "rejected": "mend what the marketplace names, and make a new plan",
    "differs": "look at the offer in the marketplace: something else sets this value, or it was refused quietly",
    "unknown": "look at the offer in the marketplace: it could not be read back",
}


def status(ctx: Context) -> dict[str, list[dict[str, Any]]]:
    """Return ``{in_flight, held, expiring, must_act}``, lists of JSON-ready records."""
    project, now = ctx.store.project, micros(ctx.now())
    with ctx.store.read() as connection:
        found = list_plans(connection, project, now, None, _OPEN, None)
        newest: dict[str, PlanInfo] = {}
        for plan in found:
            newest.setdefault(plan.site, plan)
        return {
            "in_flight": _in_flight(connection, project, found),
            "held": [row for plan in newest.values() for row in _held(connection, project, plan.id)],
            "expiring": _expiring(ctx, found, now),
            "must_act": [
                *([{"kind": "stopped", "do": "remove the file STOP to let sending go on"}] if ctx.stop() else []),
                *_halted(newest.values()),
                *_parts_in_trouble(connection, project),
                *_failed(connection, project),
            ],
        }


def _in_flight(connection: Connection, project: str, found: list[PlanInfo]) -> list[dict[str, Any]]:
    """Return every approved plan with a part that has not ended, unsent ones too."""
    under_way: dict[str, list[dict[str, Any]]] = {}
    for part in open_parts(connection, project):
        record = {**describe(part), "due_at": utc(instant(part.due_at))}
        under_way.setdefault(part.plan, []).append(record)
    records = []
    for plan in found:
        if plan.state == "approved":
            places = sorted(
                message_parts(connection, project, plan.id), key=lambda place: (place[1], place[0], place[2])
            )
            mine = [
                {"part": f"{plan.id}/{account}/{wave}/{number}", "plan": plan.id, "account": account}
                | {"site": plan.site, "wave": wave, "number": number, "state": "unsent"}
                for account, wave, number in places
            ]
        else:
            mine = under_way.get(plan.id, [])
        if mine:
            records.append({"plan": plan.id, "site": plan.site, "state": plan.state, "parts": mine})
    return records


def _held(connection: Connection, project: str, plan: str) -> list[dict[str, Any]]:
    left = ~pl.col("number").is_in(released_numbers(connection, project, plan))
    held = read_changes(connection, project, plan, _HELD, (pl.col("verdict") == Verdict.HOLD.value) & left)
    return [{"plan": plan, **row} for row in held.iter_rows(named=True)]


def _expiring(ctx: Context, found: list[PlanInfo], now: int) -> list[dict[str, Any]]:
    """Return the plans that run out soon before they were submitted."""
    return [
        {"plan": plan.id, "site": plan.site, "state": plan.state, "expires_at": utc(plan.expires_at)}
        for plan in found
        if plan.state in {"planned", "approved"} and micros(plan.expires_at - ctx.settings.expiring_within) <= now
    ]


def _halted(newest: Any) -> list[dict[str, Any]]:
    do = "look at the plan's problems; approve with --override and a reason, or make a new plan"
    return [
        {"kind": "halted", "plan": plan.id, "site": plan.site, "do": do}
        for plan in newest
        if plan.status is PlanStatus.HALTED and plan.state == "planned"
    ]


def _parts_in_trouble(connection: Connection, project: str) -> list[dict[str, Any]]:
    records = []
    for part in open_parts(connection, project):
        code = part.code or ""
        kind = "part"
        if part.state == State.DEAD:
            kind, verb = "dead_letter", f"acorn resume {part.id}"
            mend = part.remedy or "mend what the note says"
            do = (
                _DEAD[code].format(resume=verb)
                if code in _DEAD
                else f"{mend.rstrip('.')}; then '{verb}' takes it up again"
            )
        elif part.remedy and part.who != "time":
            do = f"{part.remedy.rstrip('.')}; it is tried again by itself"
        elif code in REFUSED:
            do = f"renew the credentials of account '{part.account}'; it is tried again by itself"
        elif code in _PERSON:
            do = _PERSON[code]
        elif code == "failed" or code.startswith("no_"):
            do = "see the note; it is tried again by itself"
        else:
            continue
        records.append({"kind": kind, **describe(part), "do": do})
    return records


def _failed(connection: Connection, project: str) -> list[dict[str, Any]]:
    """Count what was rejected, differs or is unknown, of the newest submitted plan of every site."""
    newest = (
        select(func.max(plans.c.number))
        .where(plans.c.project == project, plans.c.state.in_(["submitted", "ended"]))
        .group_by(plans.c.site)
    )
    columns = (deliveries.c.plan, deliveries.c.account, deliveries.c.site, deliveries.c.outcome, deliveries.c.code)
    statement = (
        select(*columns, func.count().label("count"), func.min(deliveries.c.text).label("text"))
        .join(plans, (plans.c.project == deliveries.c.project) & (plans.c.id == deliveries.c.plan))
        .where(deliveries.c.project == project, plans.c.number.in_(newest), deliveries.c.outcome.in_(list(_FAILED)))
        .group_by(*columns)
        .order_by(*columns)
    )
    return [
        {"kind": row.outcome, "plan": row.plan, "account": row.account, "site": row.site, "code": row.code}
        | {"count": row.count, "text": row.text, "do": _FAILED[row.outcome]}
        for row in connection.execute(statement)
    ]
