"""Evaluating a site: its offers with every fact, the rules' proposals, a verdict on each change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from acorn_engine.engine.chains import site_chain
from acorn_engine.engine.inputs import Catalogue, site_offers
from acorn_engine.engine.memory import NOTHING, StoreMemory
from acorn_engine.engine.reading import read_offers
from acorn_engine.evaluate import evaluate
from acorn_engine.guard import Judged, Known, judge_offers
from acorn_engine.guard.settings import Off
from acorn_engine.plan import Verdict
from acorn_engine.problems import Problem, did_you_mean

if TYPE_CHECKING:
    from acorn_engine.engine.context import Context
    from acorn_engine.engine.memory import Memory
    from acorn_engine.evaluate import Proposals
    from acorn_engine.evaluate.model import Staleness
    from acorn_engine.facts import Offers
    from acorn_engine.marketplace import Account
    from acorn_engine.ruleset import Chain
    from acorn_engine.sites import Site, SiteClock


@dataclass(frozen=True)
class Evaluated:
    """Everything known of offers of one site before a plan is drafted: all of them, or a partition's."""

    site: Site
    clock: SiteClock
    accounts: tuple[Account, ...]
    offers: Offers
    chain: Chain
    proposals: Proposals
    judged: Judged
    problems: tuple[Problem, ...]


def evaluate_site(
    context: Context,
    catalogue: Catalogue,
    site_name: str,
    *,
    account: str | None = None,
    only: Sequence[str] | None = None,
    remembered: bool = True,
) -> Evaluated:
    """Evaluate and judge one site; offers that a price change needs and nobody has read are read first.

    Without a network or credentials nothing fails: those changes stay held. With ``remembered``
    false the database is not asked, and nothing is read.
    """
    site = context.site(site_name)
    accounts = context.accounts(site.name, account)
    clock = context.clock(site)
    if not remembered:
        return evaluate_offers(context, catalogue, clock, accounts, only, NOTHING)
    memory = StoreMemory(context)
    evaluated = evaluate_offers(context, catalogue, clock, accounts, only, memory)
    done, problems = read_unread(context, site, unread(evaluated))
    if done:
        evaluated = evaluate_offers(context, catalogue, clock, accounts, only, memory)
    return replace(evaluated, problems=(*evaluated.problems, *problems))


def evaluate_offers(
    context: Context,
    catalogue: Catalogue,
    clock: SiteClock,
    accounts: Sequence[Account],
    only: Sequence[str] | None,
    memory: Memory,
) -> Evaluated:
    """Evaluate and judge the offers of one site that a catalogue holds; nothing is asked of a marketplace."""
    site = clock.site
    offers = site_offers(context, catalogue, clock, accounts, only, memory=memory)
    chain, halting = site_chain(context, site, offers.facts)
    stale: Staleness = "off" if isinstance(context.guards.stale, Off) else "hold"
    proposals = evaluate(chain, offers, clock, stale, context.programs)
    judged = judge_offers(chain, proposals, clock, context.guards, known_of(context, site, accounts), offers.tables)
    mine = {account.name for account in accounts}
    problems = [problem for problem in catalogue.problems if _concerns(problem, site.name, mine)]
    problems += _unknown_skus(offers, only or (), site)
    return Evaluated(
        site, clock, tuple(accounts), offers, chain, proposals, judged, (*problems, *chain.warnings, *halting)
    )


def known_of(context: Context, site: Site, accounts: Sequence[Account]) -> Known:
    """Return what judging single offers needs to know of their accounts and marketplace."""
    marketplace = context.marketplace(accounts[0].marketplace)
    return Known(
        offers=None,
        without_neighbours=frozenset(account.name for account in accounts if account.neighbours == "none"),
        same_attribute=lambda wanted, shown: marketplace.attribute_matches(wanted, shown, site),
    )


def unread(evaluated: Evaluated) -> pl.DataFrame:
    """Return (account, seller_sku) of offers with a change that nobody has read yet and that may be read."""
    reading = [account.name for account in evaluated.accounts if account.neighbours == "read"]
    if not reading:
        return evaluated.judged.frame.select("account", "seller_sku").clear()
    frame = evaluated.judged.frame.filter(~pl.col("_read") & pl.col("account").is_in(reading))
    changes = evaluated.judged.changes.filter(pl.col("verdict").is_in([Verdict.SEND.value, Verdict.HOLD.value]))
    return (
        changes.select("account", "seller_sku")
        .unique()
        .join(frame, on=["account", "seller_sku"], how="semi")
        .sort("account", "seller_sku")
    )


def read_unread(context: Context, site: Site, wanted: pl.DataFrame) -> tuple[int, list[Problem]]:
    """Read offers (account, seller_sku) at their marketplace; return how many, and what went wrong."""
    problems: list[Problem] = []
    done = 0
    for (name,), rows in wanted.group_by("account", maintain_order=True):
        done += read_offers(context, context.account(str(name)), site, rows["seller_sku"].to_list(), problems)
    return done, problems


def _unknown_skus(offers: Offers, only: Sequence[str], site: Site) -> list[Problem]:
    """Return a warning for every SKU asked for that is none of the site's."""
    known = {*offers.frame["seller_sku"].drop_nulls(), *offers.frame["sku"].drop_nulls()} if only else set()
    return [
        Problem(
            code="unknown_sku",
            effect="warns",
            message=f"there is no offer '{sku}' on {site.name}; it was not considered.",
            hint=did_you_mean(sku, known),
            params={"sku": sku, "site": site.name},
        )
        for sku in dict.fromkeys(only)
        if sku not in known
    ]


def _concerns(problem: Problem, site: str, accounts: Iterable[str]) -> bool:
    return not problem.keys or any(key[1] in {"", site} and key[0] in {"", *accounts} for key in problem.keys)
