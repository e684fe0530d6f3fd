"""What a person decides about plans: approval with releases, and rollback."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import polars as pl

from acorn_engine.engine.evaluating import evaluate_site, known_of
from acorn_engine.engine.inputs import read_catalogue
from acorn_engine.engine.planning import make_plan
from acorn_engine.guard import judge_offers
from acorn_engine.plan import Plan, Verdict
from acorn_engine.plan.releasing import release
from acorn_engine.plan.rollback import RULE, exempt_guards, rollback_proposals
from acorn_engine.problems import PlanError, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acorn_engine.engine.context import Context
    from acorn_engine.guard import Judged


def approve(
    context: Context, name: str, by: str, because: str | None, skus: Sequence[str], override: str | None
) -> Plan:
    """Approve a plan and return it as approved, with the released changes and their messages."""
    store = context.store
    if not skus:
        store.approve(name, by, because, (), override)
        return store.load_plan(name, as_approved=True)
    plan = store.load_plan(name, as_approved=True)
    wanted = _still_held(store.load_plan(name), plan, skus)
    if not wanted:
        store.approve(name, by, because, skus, override)
        return plan
    accounts = {account: context.account(account) for account in plan.accounts}
    marketplace = context.marketplace(next(iter(accounts.values())).marketplace)
    released = release(plan, wanted, because or "", marketplace, accounts, context.registry.sites[plan.site])
    store.approve(name, by, because, skus, override, released.messages)
    return released.plan


def _still_held(saved: Plan, approved: Plan, skus: Sequence[str]) -> list[str]:
    """Return the SKUs that an earlier approval has not released yet: to release twice changes nothing."""
    freed = saved.changes.filter(saved.changes["verdict"] != approved.changes["verdict"])
    known = {*freed["seller_sku"], *freed["sku"]}
    held = approved.changes.filter(pl.col("verdict") == Verdict.HOLD.value)
    left = {*held["seller_sku"], *held["sku"]}
    return [sku for sku in skus if sku in left or sku not in known]


def rollback(
    context: Context, plan: Plan, because: str | None = None, products: Any = None, listings: Any = None
) -> tuple[Plan, dict[str, str]]:
    """Return a plan of the values from before a submitted plan, and the rules that bound it.

    ``plan`` is as it was approved: what a person released is taken back too.

    Guards of moves, shifts and shares are not asked; the floor and everything that always holds is.
    Raises ``PlanError`` for a plan that was not submitted.
    """
    state = context.store.plan_info(plan.id).state
    if state not in {"submitted", "ended"}:
        raise PlanError(
            Problem(
                code="not_submitted",
                message=f"plan '{plan.id}' was never submitted, so there is nothing to take back.",
                hint="'acorn status' lists what was submitted",
            )
        )
    because = "the value from before" if because is None else because.strip()
    if not because:
        raise PlanError(
            Problem(
                code="no_reason",
                message="a rollback has a reason that is not empty; nothing was planned.",
                hint="write it after --because, or leave that out",
            )
        )
    evaluated = evaluate_site(context, read_catalogue(context, products, listings), plan.site)
    proposals = rollback_proposals(plan.changes, evaluated.proposals, evaluated.chain)
    exempt = exempt_guards(evaluated.chain)
    known = replace(known_of(context, evaluated.site, evaluated.accounts), exempt=exempt)
    judged = judge_offers(evaluated.chain, proposals, evaluated.clock, context.guards, known, evaluated.offers.tables)
    undone = replace(evaluated, proposals=proposals, judged=_told(judged, because))
    details = {"rollback_of": plan.id, "because": because}
    return make_plan(context, undone, kind="rollback", details=details, exempt=exempt), dict(evaluated.chain.text)


def _told(judged: Judged, because: str) -> Judged:
    """Let the changes that no rule of the chain gave words say why they are made."""
    silent = (pl.col("rule") == RULE) & (pl.col("because") == "")
    words = pl.when(silent).then(pl.lit(because)).otherwise("because").alias("because")
    return replace(judged, changes=judged.changes.with_columns(words))
