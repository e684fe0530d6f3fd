"""Approvals: who let a plan go, which holds they released, why a halt was overridden."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import polars as pl
from sqlalchemy import and_, func, insert, or_, select

from acorn_engine.plan.model import MESSAGE_SCHEMA, PlanStatus, Verdict
from acorn_engine.problems import PlanError, Problem, did_you_mean
from acorn_engine.sites import utc
from acorn_engine.store.frames import insert_frame, read_frame
from acorn_engine.store.plans import info, need_plan, set_plan_state
from acorn_engine.store.tables import approvals, changes, messages, releases
from acorn_engine.store.times import instant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from acorn_engine.store.plans import PlanInfo
    from acorn_engine.store.transaction import Transaction

_CHUNK = 500


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
    held: list[dict[str, Any]] = []
    problems = []
    for start in range(0, len(skus), _CHUNK):
        wanted = skus[start : start + _CHUNK]
        found = tx.connection.execute(
            select(changes.c.number, changes.c.sku, changes.c.seller_sku, changes.c.verdict).where(
                changes.c.project == tx.project,
                changes.c.plan == plan,
                or_(changes.c.seller_sku.in_(wanted), changes.c.sku.in_(wanted)),
            )
        ).all()
        by_sku: dict[str, list[Any]] = {}
        for row in found:
            for sku in {row.seller_sku, row.sku}:
                by_sku.setdefault(sku, []).append(row)
        for sku in wanted:
            mine = by_sku.get(sku, [])
            rows = [row for row in mine if row.verdict == Verdict.HOLD.value]
            held += [{"number": row.number} for row in rows]
            if not rows:
                problems.append(_nothing_to_release(tx, plan, sku, [row.verdict for row in mine]))
    if problems:
        raise PlanError(problems)
    mark = {"project": tx.project, "plan": plan, "approval": approval}
    noted = [{**mark, **row} for row in {row["number"]: row for row in held}.values()]
    tx.connection.execute(tx.upsert(releases).on_conflict_do_nothing(), noted)
    _require_messages(tx, plan)


def _nothing_to_release(tx: Transaction, plan: str, sku: str, verdicts: Sequence[str]) -> Problem:
    params = {"plan": plan, "sku": sku}
    if Verdict.REJECT.value in verdicts:
        message = f"the changes of '{sku}' are rejected, not held: a rejection is never released. Nothing was approved."
        hint = "Change the rule, the guard or the data behind it, and make a new plan."
        return Problem(code="rejected", message=message, hint=hint, params=params)
    where = (changes.c.project == tx.project, changes.c.plan == plan, changes.c.verdict == Verdict.HOLD.value)
    known = tx.connection.execute(select(changes.c.seller_sku).where(*where).distinct().limit(5_000)).scalars()
    message = f"nothing of '{sku}' is held in plan '{plan}'. Nothing was approved."
    return Problem(code="nothing_held", message=message, hint=did_you_mean(sku, known), params=params)


def _add_messages(tx: Transaction, found: PlanInfo, extra: pl.DataFrame) -> None:
    """Add the messages that carry released changes, in parts of their own: no other part gains any."""
    taken = tx.connection.execute(
        select(messages.c.account, messages.c.wave, messages.c.part)
        .where(messages.c.project == tx.project, messages.c.plan == found.id)
        .distinct()
    ).all()
    parts = set(extra.select("account", "wave", "part").unique().rows())
    if parts & {(row.account, row.wave, row.part) for row in taken}:
        raise ValueError("messages of released changes need parts of their own")
    mark = [pl.lit(tx.project).alias("project"), pl.lit(found.id).alias("plan")]
    insert_frame(tx.connection, messages, extra.select(*mark, *MESSAGE_SCHEMA))


def _require_messages(tx: Transaction, plan: str) -> None:
    """Raise ``PlanError`` for a released change that no message carries: it could not be sent."""
    key = ("account", "wave", "seller_sku")
    released = (
        select(*(changes.c[name] for name in key))
        .join(releases, and_(*(releases.c[name] == changes.c[name] for name in ("project", "plan", "number"))))
        .where(changes.c.project == tx.project, changes.c.plan == plan)
        .distinct()
    )
    carried = select(*(messages.c[name] for name in key)).where(
        messages.c.project == tx.project, messages.c.plan == plan
    )
    schema = {name: MESSAGE_SCHEMA[name] for name in key}
    # No index leads from a SKU to its messages, so the two are compared here, each read once.
    wanted, there = (read_frame(tx.connection, statement, schema) for statement in (released, carried))
    missing = wanted.join(there, on=key, how="anti")["seller_sku"].unique().sort().to_list()
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
