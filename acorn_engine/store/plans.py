"""Plans, saved whole and read back whole; rule sets by digest."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal

import polars as pl
from sqlalchemy import insert, select, update

from acorn_engine.plan.model import CHANGE_SCHEMA, MESSAGE_SCHEMA, Plan, PlanStatus, Verdict
from acorn_engine.problems import Place, PlanError, Problem, StoreError, did_you_mean
from acorn_engine.store.frames import to_json
from acorn_engine.store.keys import find_key, take_key
from acorn_engine.store.plan_frames import read_changes, read_messages, write_changes, write_messages
from acorn_engine.store.tables import plans, releases, rulesets
from acorn_engine.store.times import instant, maybe_instant, micros

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection, Row

    from acorn_engine.store.transaction import Transaction

PlanState = Literal["planned", "approved", "submitted", "ended", "closed", "expired"]
PLAN_KEY: Final = "plan"


@dataclass(frozen=True, slots=True)
class PlanInfo:
    """A saved plan without its rows, and how far it has come.

    ``number`` is the order in which plans were saved. ``state`` is ``expired`` for a plan that ran
    out before it was submitted.
    """

    id: str
    number: int
    site: str
    accounts: tuple[str, ...]
    kind: str
    status: PlanStatus
    state: PlanState
    created_at: datetime
    expires_at: datetime
    approved_at: datetime | None
    submitted_at: datetime | None
    ended_at: datetime | None
    closed_by: str | None
    ruleset: str
    inputs: str
    digest: str
    summary: Mapping[str, Any]


def save_ruleset(tx: Transaction, digest: str, files: Mapping[str, str]) -> None:
    """Keep the text of every rule file of a rule set; the same digest again changes nothing."""
    row = {"project": tx.project, "digest": digest, "files": to_json(dict(files)), "saved_at": tx.at}
    tx.connection.execute(tx.upsert(rulesets).values(**row).on_conflict_do_nothing())


def load_ruleset(connection: Connection, project: str, digest: str) -> dict[str, str] | None:
    """Return file names and texts of a rule set in their order, or ``None``."""
    statement = select(rulesets.c.files).where(rulesets.c.project == project, rulesets.c.digest == digest)
    text = connection.execute(statement).scalar_one_or_none()
    return None if text is None else json.loads(text)


def save_plan(
    tx: Transaction,
    plan: Plan,
    key: str | None,
    changes: Iterable[pl.DataFrame] | None = None,
    messages: Iterable[pl.DataFrame] | None = None,
) -> str:
    """Save a plan whole. Returns its id, or that of the plan that ``key`` already stands for.

    ``changes`` and ``messages`` are those of the plan in pieces, in place of its own frames.
    """
    if key is not None:
        earlier = find_key(tx.connection, tx.project, PLAN_KEY, key)
        if earlier is not None:
            return earlier
    if plan_row(tx.connection, tx.project, plan.id) is not None:
        message = f"there is already a plan '{plan.id}'. Nothing was saved."
        raise StoreError(Problem(code="store_plan_exists", message=message, params={"plan": plan.id}))
    write_changes(tx, plan.id, [plan.changes] if changes is None else changes)
    write_messages(tx, plan.id, [plan.messages] if messages is None else messages)
    number = tx.next_plan_number()
    if key is not None and take_key(tx, PLAN_KEY, key, plan.id) != plan.id:
        raise _KeyTaken
    tx.connection.execute(
        insert(plans).values(
            project=tx.project,
            id=plan.id,
            number=number,
            site=plan.site,
            kind=plan.kind,
            status=plan.status.value,
            state="planned",
            accounts=to_json(list(plan.accounts)),
            ruleset=plan.ruleset,
            inputs=plan.inputs,
            digest=plan.digest,
            summary=to_json(dict(plan.summary)),
            problems=to_json([_problem_data(problem) for problem in plan.problems]),
            details=to_json(dict(plan.details)),
            created_at=micros(plan.created_at),
            expires_at=micros(plan.expires_at),
        )
    )
    facts = {"site": plan.site, "status": plan.status.value, "digest": plan.digest, "ruleset": plan.ruleset}
    tx.event("plan_ready", {**facts, "summary": dict(plan.summary)}, plan.id)
    tx.record("acorn", "plan_saved", plan.id, after={**facts, "inputs": plan.inputs})
    return plan.id


class _KeyTaken(Exception):  # noqa: N818 (a signal inside the store, never seen outside)
    """Another writer bound the key first; the transaction is given up and the first's plan returned."""


KEY_TAKEN: Final = _KeyTaken


def plan_row(connection: Connection, project: str, plan: str, *, lock: bool = False) -> Row[Any] | None:
    """Return the row of a plan, held until the end of the transaction where ``lock`` is true."""
    statement = select(plans).where(plans.c.project == project, plans.c.id == plan)
    return connection.execute(statement.with_for_update() if lock else statement).one_or_none()


def need_plan(connection: Connection, project: str, plan: str, *, lock: bool = False) -> Row[Any]:
    """Return the row of a plan. Raises ``PlanError`` where there is none of this id."""
    row = plan_row(connection, project, plan, lock=lock)
    if row is None:
        recent = select(plans.c.id).where(plans.c.project == project).order_by(plans.c.number.desc()).limit(200)
        known = list(connection.execute(recent).scalars())
        newest = (
            f"The newest plans: {', '.join(known[:3])}." if known else "There is no plan yet: acorn plan makes one."
        )
        hint = did_you_mean(plan, known) or newest
        message = f"there is no plan '{plan}'. Nothing was done."
        raise PlanError(Problem(code="no_plan", message=message, hint=hint, params={"plan": plan}))
    return row


def info(row: Row[Any], now: int) -> PlanInfo:
    """Return a plan's row as a record, seen at ``now``."""
    state = row.state
    if state in {"planned", "approved"} and row.expires_at <= now:
        state = "expired"
    return PlanInfo(
        id=row.id,
        number=row.number,
        site=row.site,
        accounts=tuple(json.loads(row.accounts)),
        kind=row.kind,
        status=PlanStatus(row.status),
        state=state,
        created_at=instant(row.created_at),
        expires_at=instant(row.expires_at),
        approved_at=maybe_instant(row.approved_at),
        submitted_at=maybe_instant(row.submitted_at),
        ended_at=maybe_instant(row.ended_at),
        closed_by=row.closed_by,
        ruleset=row.ruleset,
        inputs=row.inputs,
        digest=row.digest,
        summary=json.loads(row.summary),
    )


def list_plans(
    connection: Connection, project: str, now: int, site: str | None, states: Sequence[str] | None, limit: int | None
) -> list[PlanInfo]:
    """Return plans, newest first."""
    statement = select(plans).where(plans.c.project == project).order_by(plans.c.number.desc())
    if site is not None:
        statement = statement.where(plans.c.site == site)
    if states is not None:
        stored = {"planned", "approved"} if "expired" in states else set()
        statement = statement.where(plans.c.state.in_(stored | set(states)))
    found = [info(row, now) for row in connection.execute(statement)]
    if states is not None:
        found = [plan for plan in found if plan.state in states]
    return found if limit is None else found[:limit]


def load_plan(connection: Connection, project: str, plan: str, *, as_approved: bool = False) -> Plan:
    """Return a plan exactly as it was saved; or ``as_approved``: released changes bear ``send``."""
    row = need_plan(connection, project, plan)
    change_frame = read_changes(connection, project, plan, list(CHANGE_SCHEMA))
    if as_approved:
        change_frame = _with_releases(connection, project, plan, change_frame)
    return Plan(
        id=row.id,
        project=project,
        site=row.site,
        accounts=tuple(json.loads(row.accounts)),
        status=PlanStatus(row.status),
        created_at=instant(row.created_at),
        expires_at=instant(row.expires_at),
        ruleset=row.ruleset,
        inputs=row.inputs,
        digest=row.digest,
        summary=json.loads(row.summary),
        problems=tuple(_problem(data) for data in json.loads(row.problems)),
        changes=change_frame,
        messages=read_messages(connection, project, plan, list(MESSAGE_SCHEMA)),
        kind=row.kind,
        details=json.loads(row.details),
    )


def released_numbers(connection: Connection, project: str, plan: str) -> list[int]:
    """Return the numbers of the held changes that approvals released."""
    statement = select(releases.c.number).where(releases.c.project == project, releases.c.plan == plan)
    return list(connection.execute(statement).scalars())


def _with_releases(connection: Connection, project: str, plan: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Return changes (in the order of their numbers) with the verdict that approvals gave them."""
    freed = pl.int_range(pl.len()).is_in(released_numbers(connection, project, plan))
    verdict = pl.when(freed).then(pl.lit(Verdict.SEND.value)).otherwise(pl.col("verdict"))
    return frame.with_columns(verdict.alias("verdict"))


def _problem_data(problem: Problem) -> dict[str, Any]:
    """Return a problem's members as they are: ``asdict`` would copy each of a hundred thousand keys."""
    data = {field.name: getattr(problem, field.name) for field in fields(problem)}
    return {**data, "place": asdict(problem.place) if problem.place else None, "params": dict(problem.params)}


def _problem(data: dict[str, Any]) -> Problem:
    place = Place(**data.pop("place")) if data.get("place") else None
    keys = tuple((account, site, sku) for account, site, sku in data.pop("keys", ()))
    return Problem(**{**data, "place": place, "keys": keys})


def set_plan_state(tx: Transaction, plan: str, state: PlanState, **values: object) -> None:
    """Move a plan to another state."""
    statement = update(plans).where(plans.c.project == tx.project, plans.c.id == plan)
    tx.connection.execute(statement.values(state=state, **values))
