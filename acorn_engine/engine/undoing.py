"""What a person decides about plans: approval with releases, and rollback."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from acorn_engine.engine.inputs import read_catalogue
from acorn_engine.engine.planning import evaluate_site, known_of, make_plan
from acorn_engine.guard import judge
from acorn_engine.plan import Plan
from acorn_engine.plan.releasing import release
from acorn_engine.plan.rollback import exempt_guards, rollback_proposals
from acorn_engine.problems import PlanError, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acorn_engine.engine.context import Context


def approve(
    context: Context, name: str, by: str, because: str | None, skus: Sequence[str], override: str | None
) -> Plan:
    """Approve a plan and return it as approved, with the released changes and their messages."""
    plan = context.store.load_plan(name)
    if not skus:
        context.store.approve(name, by, because, (), override)
        return plan
    accounts = {account: context.account(account) for account in plan.accounts}
    marketplace = context.marketplace(next(iter(accounts.values())).marketplace)
    released = release(plan, skus, because or "", marketplace, accounts, context.registry.sites[plan.site])
    context.store.approve(name, by, because, skus, override, released.messages)
    return released.plan


def rollback(context: Context, plan: Plan, because: str) -> tuple[Plan, dict[str, str]]:
    """Return a plan of the values from before a submitted plan, and the rules that bound it.

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
    if not because.strip():
        raise PlanError(
            Problem(code="no_reason", message="a rollback needs a reason; nothing was planned.", hint="--because")
        )
    evaluated = evaluate_site(context, read_catalogue(context), plan.site)
    proposals = rollback_proposals(plan.changes, evaluated.proposals, evaluated.chain)
    known = known_of(context, evaluated.offers, evaluated.site, evaluated.accounts, evaluated.clock)
    known = replace(known, exempt=exempt_guards(evaluated.chain))
    judged = judge(evaluated.chain, proposals, evaluated.clock, context.guards, known, evaluated.offers.tables)
    undone = replace(evaluated, proposals=proposals, judged=judged)
    details = {"rollback_of": plan.id, "because": because}
    return make_plan(context, undone, kind="rollback", details=details), dict(evaluated.chain.text)
