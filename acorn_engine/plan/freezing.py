"""Freezing: a draft and its messages become a plan that never changes again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from acorn_engine.plan.digests import plan_digest
from acorn_engine.plan.model import CHANGE_SCHEMA, Plan
from acorn_engine.plan.packing import pack
from acorn_engine.plan.parts import cut
from acorn_engine.plan.summary import summarise
from acorn_engine.problems import Problem
from acorn_engine.verdicts import PlanStatus, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acorn_engine.guard import Halt
    from acorn_engine.marketplace import Account, Limits
    from acorn_engine.plan.drafting import Draft

RELEASE_OFFERS: Final = "release_offers"
"""The key of ``Plan.details`` that keeps what the messages of held offers are made of."""
INTEGER_FIELDS: Final = "integer_fields"


def freeze(
    draft: Draft,
    messages: pl.DataFrame,
    *,
    plan_id: str,
    project: str,
    ruleset: str,
    inputs: str,
    limits: Mapping[str, Limits],
    plan_ttl: timedelta,
    problems: Sequence[Problem] = (),
    kind: str = "plan",
    details: Mapping[str, Any] | None = None,
    fresh_until: datetime | None = None,
    accounts: Mapping[str, Account] | None = None,
) -> Plan:
    """Return the plan of a draft and its messages, as ``build_messages`` gave both.

    ``plan_id`` should sort by time. ``ruleset`` and ``inputs`` are digests, ``limits`` the
    marketplace's, by account, and ``accounts`` those whose few changes may go one by one. The plan expires after ``plan_ttl``, or when a fact that it used
    runs out: the draft's, or ``fresh_until`` for what the draft can't see. It is halted by a plan guard
    and by any problem that stops.
    """
    parts = cut(messages, limits)
    now = draft.clock.now.astimezone(UTC)
    ends = [now + plan_ttl, draft.fresh_until, fresh_until]
    everything = (*problems, *(halt_problem(halt) for halt in draft.halts))
    halted = any(problem.effect == "stops" for problem in everything)
    numbered = draft.changes.with_columns(_ids(plan_id, draft.changes.height)).select(*CHANGE_SCHEMA)
    return Plan(
        id=plan_id,
        project=project,
        site=draft.clock.site.name,
        accounts=draft.accounts,
        status=PlanStatus.HALTED if halted else PlanStatus.READY,
        created_at=now,
        expires_at=min(end.astimezone(UTC) for end in ends if end is not None),
        ruleset=ruleset,
        inputs=inputs,
        digest=plan_digest(draft.changes, parts),
        summary=summarise(draft, parts, limits, accounts or {}),
        problems=everything,
        changes=numbered,
        messages=parts,
        kind=kind,
        details={
            **(details or {}),
            INTEGER_FIELDS: list(draft.integer_fields),
            RELEASE_OFFERS: pack(_held_offers(draft)),
        },
    )


def _ids(plan_id: str, count: int) -> pl.Expr:
    width = max(6, len(str(count)))
    number = pl.int_range(1, pl.len() + 1).cast(pl.String).str.zfill(width)
    return pl.concat_str(pl.lit(f"{plan_id}-"), number).alias("id")


def _held_offers(draft: Draft) -> pl.DataFrame:
    held = draft.changes.filter(pl.col("verdict") == Verdict.HOLD.value).select("account", "seller_sku").unique()
    return draft.offers.join(held, on=["account", "seller_sku"], how="semi")


def halt_problem(halt: Halt) -> Problem:
    """Return a halt as a problem that stops the plan."""
    return Problem(
        code="halted",
        message=f"the plan is halted by guard '{halt.guard}': {halt.because}. Nothing of it is sent.",
        effect="stops",
        hint="look at what changes; if it is right, approve the plan with --override and a reason",
        params={"guard": halt.guard, "code": halt.code, **halt.params},
    )
