"""Questions about offers and plans: explain, quote, diff, export, drift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from acorn_engine.engine.evaluating import Evaluated, evaluate_site
from acorn_engine.engine.inputs import Catalogue, read_catalogue
from acorn_engine.engine.planning import make_plan
from acorn_engine.engine.quotes.offer import rows
from acorn_engine.engine.reading import read_offers
from acorn_engine.evaluate import bind_columns, row_values, trace_offer
from acorn_engine.explain import Explanation, explain_offer
from acorn_engine.guard.settings import Off
from acorn_engine.marketplace import MarketplaceError
from acorn_engine.plan import Plan
from acorn_engine.plan.diff import diff_plans
from acorn_engine.plan.export import write_export
from acorn_engine.problems import AcornError, PlanError, Problem, did_you_mean

if TYPE_CHECKING:
    from acorn_engine.engine.context import Context
    from acorn_engine.engine.sending import Sender

DIFFERENCES_SHOWN: Final = 50
"""How many differences a person is shown; JSON has all."""


def explain(
    context: Context, catalogue: Catalogue, site: str, sku: str, account: str | None = None
) -> list[Explanation]:
    """Explain every offer of a seller's SKU, or of a product's. Raises ``AcornError`` for an unknown one."""
    evaluated = evaluate_site(context, catalogue, site, account=account, only=[sku])
    frame = evaluated.proposals.frame
    rows = frame.filter(pl.col("seller_sku") == sku)
    if rows.is_empty():
        rows = frame.filter(pl.col("sku") == sku)
    if rows.is_empty():
        known = frame["seller_sku"].to_list()
        raise AcornError(
            Problem(
                code="no-offer",
                message=f"there is no offer '{sku}' on {evaluated.site.name}.",
                hint=did_you_mean(sku, known) or f"{frame.height} offers are known there",
                params={"sku": sku, "site": evaluated.site.name},
            )
        )
    return [_explain_row(context, evaluated, row) for row in rows.iter_rows(named=True)]


def _explain_row(context: Context, evaluated: Evaluated, row: Mapping[str, Any]) -> Explanation:
    offers, chain, clock = evaluated.offers, evaluated.chain, evaluated.clock
    leaves = bind_columns(offers.frame, chain.vocabulary.facts, evaluated.site)
    values = row_values({name: row.get(name) for name in offers.frame.columns}, leaves)
    keys = {name: row[name] for name in ("account", "site", "seller_sku", "sku") if row.get(name) is not None}
    off = isinstance(context.guards.stale, Off)
    trace = trace_offer(chain, values, offers.tables, clock, "off" if off else "hold", offers.facts)
    changes = evaluated.judged.changes.filter(
        (pl.col("account") == row["account"]) & (pl.col("seller_sku") == row["seller_sku"])
    )
    return explain_offer(chain, {**values, **keys}, trace, changes, clock, tables=offers.tables)


def quote(context: Context, site: str, offer: Mapping[str, Any], account: str | None = None) -> Explanation:
    """Explain one offer given by its columns, under the names that rules use; nothing is read or saved.

    Columns of products and listings stand side by side; ``sku`` and ``seller_sku`` may be left out.
    """
    clock = context.clock(context.site(site))
    name = context.accounts(clock.site.name, account)[0].name
    known = context.quotes.answer(context, clock, name, offer)
    if known is not None:
        return known
    product, listing = rows(site, name, offer)
    bare = context.without_sources()
    bare.now = lambda: clock.now
    catalogue = read_catalogue(bare, [product], [listing])
    evaluated = evaluate_site(bare, catalogue, site, account=name, remembered=False)
    found = _explain_row(context, evaluated, next(evaluated.proposals.frame.iter_rows(named=True)))
    context.quotes.learn(bare, name, offer, evaluated, found)
    return found


@dataclass(frozen=True)
class Difference:
    """What differs between two plans of a site; ``rows`` as ``plan.diff.diff_plans`` gives them."""

    old: str
    new: str
    site: str
    rows: pl.DataFrame

    def to_json(self) -> dict[str, Any]:
        """Return the difference as JSON-ready data."""
        return {"site": self.site, "old": self.old, "new": self.new, "differences": self.rows.to_dicts()}

    def render(self) -> str:
        """Return the difference as text, one line each."""
        if self.rows.is_empty():
            return f"{self.site}: nothing differs between {self.old} and {self.new}."
        count = "1 difference" if self.rows.height == 1 else f"{self.rows.height} differences"
        lines = [f"{self.site}: {count} between {self.old} and {self.new}:"]
        for row in self.rows.head(DIFFERENCES_SHOWN).iter_rows(named=True):
            old = f"{row['old_to']} ({row['old_verdict']})" if row["old_verdict"] else "no change"
            new = f"{row['new_to']} ({row['new_verdict']})" if row["new_verdict"] else "no change"
            lines.append(f"  {row['seller_sku']}  {row['field']}: {old} → {new}")
        if self.rows.height > DIFFERENCES_SHOWN:
            lines.append(f"  … and {self.rows.height - DIFFERENCES_SHOWN} more; --json lists all")
        return "\n".join(lines)


def diff(context: Context, old: Plan, new: Plan | None, products: Any = None, listings: Any = None) -> Difference:
    """Compare two plans of one site, or a plan with one made now, which is not saved."""
    if new is None:
        name = "what would be planned now"
        new = make_plan(context, evaluate_site(context, read_catalogue(context, products, listings), old.site))
    else:
        name = new.id
    if new.site != old.site:
        raise PlanError(
            Problem(
                code="other_site",
                message=f"plan '{old.id}' is of {old.site}, plan '{new.id}' of {new.site}: they cannot be compared.",
                hint="name two plans of one site",
            )
        )
    return Difference(old.id, name, old.site, diff_plans(old.changes, new.changes))


def export(context: Context, plan: Plan, to: Path, *, workbook: bool = True) -> list[Path]:
    """Write a plan's documents and, if wanted, its workbook."""
    accounts = {name: context.account(name) for name in plan.accounts}
    marketplace = context.marketplace(next(iter(accounts.values())).marketplace)
    try:
        return write_export(plan, marketplace, accounts, context.registry.sites[plan.site], to, workbook=workbook)
    except MarketplaceError as error:
        raise PlanError(
            Problem(
                code="no_document",
                message=f"plan '{plan.id}' cannot be exported: {error}. Files that were written before are there.",
                hint="see 'acorn plugins'",
            )
        ) from error


def drift(context: Context, sender: Sender, sites: Sequence[str], account: str | None) -> pl.DataFrame:
    """Read the offers whose values were confirmed before, and return what differs now.

    Raises ``AcornError`` when an account's offers cannot be read at all.
    """
    found = []
    for name in sites:
        site = context.site(name)
        for one in context.accounts(name, account):
            problems: list[Problem] = []
            confirmed = context.store.offer_states(site.name, [one.name])["seller_sku"].sort().to_list()
            if confirmed and not read_offers(context, one, site, confirmed, problems) and problems:
                raise AcornError(problems)
            found.append(sender.drift(site.name, one.name))
    return pl.concat(found)
