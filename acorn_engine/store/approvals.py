"""Approvals: who let a plan go, which holds they released, why a halt was overridden."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

import polars as pl
from sqlalchemy import func, insert, select

from acorn_engine.plan.model import PlanStatus, Verdict
from acorn_engine.problems import PlanError, Problem, did_you_mean
from acorn_engine.sites import utc
from acorn_engine.store.plan_frames import message_parts, read_changes, read_messages, write_messages
from acorn_engine.store.plans import info, need_plan, set_plan_state
from acorn_engine.store.tables import approvals, releases
from acorn_engine.store.times import instant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from acorn_engine.store.plans import PlanInfo
    from acorn_engine.store.transaction import Transaction

_KEY: Final = ("account", "wave", "seller_sku")
"""What leads from a change to the message that carries it."""


@dataclass(frozen=True, slots=True)
class ApprovalRecord:
    """One approval of a plan; ``released`` are the SKUs whose holds it let go."""

    by: str
    because: str | None
    override: str | None
    released: tuple[str, ...]
    at: datetime


def approve(
    tx: Transaction,
    plan: str,
    by: str,
    because: str | None,
    release: Sequence[str],
    override: str | None,
    extra: pl.DataFrame | None,
) -> ApprovalRecord:
    """Approve a plan. Raises ``PlanError`` naming everything that stands against it."""
    found = info(need_plan(tx.connection, tx.project, plan, lock=True), tx.at)
    problems = _against(found, because, release, override)
    if problems:
        raise PlanError(problems)
    number = 1 + int(
        tx.connection.execute(
            select(func.count())
            .select_from(approvals)
            .where(approvals.c.project == tx.project, approvals.c.plan == plan)
        ).scalar_one()
    )
    if extra is not None and not extra.is_empty():
        _add_messages(tx, found, extra)
    if release:
        _release(tx, plan, number, list(dict.fromkeys(release)))
    record = ApprovalRecord(by, because, override, tuple(release), tx.now)
    row = {
        "by": by,
        "because": because,
        "override": override,
        "released": json.dumps(list(release), ensure_ascii=False),
    }
    tx.connection.execute(insert(approvals).values(project=tx.project, plan=plan, number=number, at=tx.at, **row))
    set_plan_state(tx, plan, "approved", approved_at=tx.at)
    data = {"by": by, "because": because, "override": override, "released": list(release)}
    tx.event("approved", data, plan)
    if release:
        tx.event("released", {"by": by, "because": because, "seller_skus": list(release)}, plan)
    tx.record(by, "approved", plan, before={"state": found.state}, after={"state": "approved", **data})
    return record


def _against(found: PlanInfo, because: str | None, release: Sequence[str], override: str | None) -> list[Problem]:
    """Return every reason why a plan cannot be approved."""
    problems = []
    params = {"plan": found.id, "state": found.state}
    if found.state not in {"planned", "approved"}:
        words = {
            "expired": f"plan '{found.id}' ran out at {utc(found.expires_at)}: its facts are too old to be sent",
            "closed": f"plan '{found.id}' is closed: a newer plan of {found.site} was submitted",
            "submitted": f"plan '{found.id}' is already submitted",
            "ended": f"plan '{found.id}' has already ended",
        }
        hint = f"Make a new plan: acorn plan {found.site}."
        message = f"{words[found.state]}. It was not approved."
        problems.append(Problem(code=f"plan_{found.state}", message=message, hint=hint, params=params))
    if found.status is PlanStatus.HALTED and not override:
        message = f"plan '{found.id}' is halted by a guard. It was not approved."
        hint = "Look at the plan's problems; if they are understood, approve with --override and a reason."
        problems.append(Problem(code="plan_halted", message=message, hint=hint, params=params))
    if release and not because:
        message = "holds are released with a reason only. Nothing was approved."
        problems.append(Problem(code="no_reason", message=message, hint="Add --because and the reason.", params=params))
    return problems


def _release(tx: Transaction, plan: str, approval: int, skus: list[str]) -> None:
    """Note every held change of the named SKUs (seller's or the product's) as released."""
    named = pl.col("seller_sku").is_in(skus) | pl.col("sku").is_in(skus)
    found = read_changes(tx.connection, tx.project, plan, [*_KEY, "number", "sku", "verdict"], named)
    held = found.filter(pl.col("verdict") == Verdict.HOLD.value)
    known = {*held["seller_sku"], *held["sku"]}
    problems = [_nothing_to_release(tx, plan, sku, found) for sku in skus if sku not in known]
    if problems:
        raise PlanError(problems)
    _require_messages(tx, plan, held)
    mark = {"project": tx.project, "plan": plan, "approval": approval}
    noted = [{**mark, "number": number} for number in held["number"]]
    tx.connection.execute(tx.upsert(releases).on_conflict_do_nothing(), noted)


def _nothing_to_release(tx: Transaction, plan: str, sku: str, found: pl.DataFrame) -> Problem:
    params = {"plan": plan, "sku": sku}
    mine = found.filter((pl.col("seller_sku") == sku) | (pl.col("sku") == sku))
    if Verdict.REJECT.value in mine["verdict"]:
        message = f"the changes of '{sku}' are rejected, not held: a rejection is never released. Nothing was approved."
        hint = "Change the rule, the guard or the data behind it, and make a new plan."
        return Problem(code="rejected", message=message, hint=hint, params=params)
    is_held = pl.col("verdict") == Verdict.HOLD.value
    known = read_changes(tx.connection, tx.project, plan, ["seller_sku"], is_held)["seller_sku"].unique().head(5_000)
    message = f"nothing of '{sku}' is held in plan '{plan}'. Nothing was approved."
    return Problem(code="nothing_held", message=message, hint=did_you_mean(sku, known), params=params)


def _add_messages(tx: Transaction, found: PlanInfo, extra: pl.DataFrame) -> None:
    """Add the messages that carry released changes, in parts of their own: no other part gains any."""
    parts = set(extra.select("account", "wave", "part").unique().rows())
    if parts & set(message_parts(tx.connection, tx.project, found.id)):
        raise ValueError("messages of released changes need parts of their own")
    write_messages(tx, found.id, [extra])


def _require_messages(tx: Transaction, plan: str, released: pl.DataFrame) -> None:
    """Raise ``PlanError`` for a released change that no message carries: it could not be sent."""
    carried = read_messages(tx.connection, tx.project, plan, _KEY)
    missing = released.join(carried, on=_KEY, how="anti")["seller_sku"].unique().sort().to_list()
    if missing:
        some = ", ".join(f"'{sku}'" for sku in missing[:5])
        message = (
            f"the plan has no message for the held changes of {some}: they cannot be released. Nothing was approved."
        )
        hint = "What is missing stands in each change's reason; mend it and make a new plan."
        raise PlanError(Problem(code="no_message", message=message, hint=hint, params={"seller_skus": missing}))


def approvals_of(connection: Connection, project: str, plan: str) -> list[ApprovalRecord]:
    """Return every approval of a plan, oldest first."""
    statement = (
        select(approvals).where(approvals.c.project == project, approvals.c.plan == plan).order_by(approvals.c.number)
    )
    return [
        ApprovalRecord(row.by, row.because, row.override, tuple(json.loads(row.released)), instant(row.at))
        for row in connection.execute(statement)
    ]
