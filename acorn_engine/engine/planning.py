"""Making a plan: read, evaluate, judge, read what is unknown, draft, encode, freeze."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from acorn_engine.engine.chains import site_chain
from acorn_engine.engine.inputs import Catalogue, site_offers
from acorn_engine.engine.reading import read_offers
from acorn_engine.evaluate import evaluate
from acorn_engine.guard import Judged, Known, judge
from acorn_engine.guard.settings import Off
from acorn_engine.plan import Plan, Verdict
from acorn_engine.plan.digests import inputs_digest
from acorn_engine.plan.drafting import draft
from acorn_engine.plan.encoding import build_messages
from acorn_engine.plan.freezing import freeze
from acorn_engine.problems import Problem, did_you_mean

if TYPE_CHECKING:
    from acorn_engine.engine.context import Context
    from acorn_engine.evaluate import Proposals
    from acorn_engine.facts import Offers
    from acorn_engine.marketplace import Account
    from acorn_engine.ruleset import Chain
    from acorn_engine.sites import Site, SiteClock

SHARE_WINDOW: Final = timedelta(hours=24)
"""How far back sent offers count in ``changed_share``."""


@dataclass(frozen=True)
class Evaluated:
    """Everything known of one site before a plan is drafted."""

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

    Without a network or credentials nothing fails: those changes stay held.
    """
    site = context.site(site_name)
    accounts = context.accounts(site.name, account)
    clock = context.clock(site)
    evaluated = _evaluate(context, catalogue, clock, accounts, only, remembered=remembered)
    if not remembered:
        return evaluated
    wanted = _unread(evaluated)
    if wanted.is_empty():
        return evaluated
    problems: list[Problem] = []
    done = 0
    for (name,), rows in wanted.group_by("account", maintain_order=True):
        done += read_offers(context, context.account(str(name)), site, rows["seller_sku"].to_list(), problems)
    if not done:
        return _with_problems(evaluated, problems)
    return _with_problems(_evaluate(context, catalogue, clock, accounts, only), problems)


def _unread(evaluated: Evaluated) -> pl.DataFrame:
    """Return (account, seller_sku) of offers with a change that nobody has read yet and that may be read."""
    reading = [account.name for account in evaluated.accounts if account.neighbours == "read"]
    frame = evaluated.judged.frame.filter(~pl.col("_read") & pl.col("account").is_in(reading))
    changes = evaluated.judged.changes.filter(pl.col("verdict").is_in([Verdict.SEND.value, Verdict.HOLD.value]))
    return (
        changes.select("account", "seller_sku")
        .unique()
        .join(frame, on=["account", "seller_sku"], how="semi")
        .sort("account", "seller_sku")
    )


def _with_problems(evaluated: Evaluated, problems: Iterable[Problem]) -> Evaluated:
    return replace(evaluated, problems=(*evaluated.problems, *problems))


def _evaluate(
    context: Context,
    catalogue: Catalogue,
    clock: SiteClock,
    accounts: Sequence[Account],
    only: Sequence[str] | None,
    *,
    remembered: bool = True,
) -> Evaluated:
    site = clock.site
    offers = site_offers(context, catalogue, clock, accounts, only, remembered=remembered)
    chain, halting = site_chain(context, site, offers.facts)
    proposals = evaluate(chain, offers, clock, "off" if isinstance(context.guards.stale, Off) else "hold")
    known = known_of(context, offers, site, accounts, clock) if remembered else Known(offers=offers.frame.height)
    judged = judge(chain, proposals, clock, context.guards, known, offers.tables)
    mine = {account.name for account in accounts}
    problems = [problem for problem in catalogue.problems if _concerns(problem, site.name, mine)]
    problems += _unknown_skus(offers, only or (), site)
    return Evaluated(
        site, clock, tuple(accounts), offers, chain, proposals, judged, (*problems, *chain.warnings, *halting)
    )


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


def _concerns(problem: Problem, site: str, accounts: set[str]) -> bool:
    return not problem.keys or any(key[1] in {"", site} and key[0] in {"", *accounts} for key in problem.keys)


def known_of(context: Context, offers: Offers, site: Site, accounts: Sequence[Account], clock: SiteClock) -> Known:
    """Return what is known of the whole site: all its offers, and what was sent of late."""
    names = [account.name for account in accounts]
    keys = ["account", "site", "seller_sku"]
    seen = context.store.offer_states(site.name, names).select(keys)
    everything = pl.concat([offers.frame.select(keys), seen]).unique()
    sent = context.store.sent_since(site.name, clock.now - SHARE_WINDOW)
    marketplace = context.marketplace(accounts[0].marketplace)
    return Known(
        offers=everything.height,
        sent=sent.filter(pl.col("account").is_in(names)),
        without_neighbours=frozenset(account.name for account in accounts if account.neighbours == "none"),
        same_attribute=lambda wanted, shown: marketplace.attribute_matches(wanted, shown, site),
    )


def make_plan(
    context: Context,
    evaluated: Evaluated,
    *,
    kind: str = "plan",
    details: dict[str, Any] | None = None,
) -> Plan:
    """Draft, encode and freeze; nothing is saved."""
    site = evaluated.site
    accounts = {account.name: account for account in evaluated.accounts}
    marketplace = context.marketplace(evaluated.accounts[0].marketplace)
    made, messages = build_messages(draft(evaluated.judged, evaluated.chain), marketplace, accounts, site)
    settings = {"guards": repr(context.guards), "accounts": [repr(account) for account in evaluated.accounts]}
    versions = {info.name: info.version for info in context.host.plugins.values() if info.on}
    return freeze(
        made,
        messages,
        plan_id=new_id(site, evaluated.clock.now),
        project=context.project.project.name,
        ruleset=evaluated.chain.digest,
        inputs=inputs_digest(evaluated.offers, evaluated.chain.digest, settings),
        limits=dict.fromkeys(accounts, marketplace.limits),
        plan_ttl=context.project.run.plan_ttl,
        problems=[
            problem for problem in evaluated.problems if problem.effect != "stops" or problem.code == "guard-off"
        ],
        kind=kind,
        details={"plugins": versions, **(details or {})},
        fresh_until=tables_fresh_until(evaluated),
    )


def new_id(site: Site, now: datetime) -> str:
    """Return a new plan's id: it sorts by time and names the site."""
    short = site.name.removeprefix(f"{site.marketplace}.").replace(".", "")
    return f"{now.astimezone(UTC):%Y%m%d-%H%M%S}-{short}-{secrets.token_hex(3)}"


def tables_fresh_until(evaluated: Evaluated) -> datetime | None:
    """Return when the first table entry that the rules look up for these offers runs out."""
    frame, site = evaluated.offers.frame, evaluated.site
    checked = [rule.when for rule in evaluated.chain.rules if rule.when is not None]
    checked += [one.value for rule in evaluated.chain.rules for one in rule.sets if one.value is not None]
    ends: list[datetime] = []
    for table, literal, column in sorted({lookup for part in checked for lookup in part.lookups}, key=str):
        known = evaluated.offers.tables.get(table)
        if known is None:
            continue
        entries = known.entries.get(site.currency, {})
        keys = (
            [literal] if literal else frame[column].drop_nulls().unique().to_list() if column in frame.columns else []
        )
        for key in keys:
            entry = entries.get(key)
            if entry is not None and entry.expires_at is not None and not entry.stale:
                ends.append(entry.expires_at)
    return min(ends) if ends else None
