"""From the ERP's tables to the offers of one site, with every fact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import wait
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from acorn_engine.engine.current import AS_OF, add_current, add_quantity_owner, only_considered
from acorn_engine.engine.memory import NOTHING
from acorn_engine.facts import FactInfo, FactTable, Offers
from acorn_engine.plugins.enrichment import enrich
from acorn_engine.problems import AcornError, CatalogError, Place, Problem, ProjectError, did_you_mean
from acorn_engine.sites import SiteClock

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor
    from datetime import datetime

    from acorn_engine.catalog import CatalogOptions, RawTable
    from acorn_engine.catalog.names import Role
    from acorn_engine.engine.context import Context
    from acorn_engine.engine.memory import Memory
    from acorn_engine.marketplace import Account
    from acorn_engine.sites import Site

ROLES: Final[tuple[Role, ...]] = ("products", "listings")


@dataclass(frozen=True)
class Catalogue:
    """Products and listings, joined: the offers of all accounts in the order of their keys, and what is wrong with them."""

    offers: Offers
    problems: tuple[Problem, ...]
    _kept: dict[datetime, dict[str, Offers]] = field(default_factory=dict, repr=False, compare=False)

    def enriched_at(self, now: datetime) -> dict[str, Offers]:
        """Return where to keep each account's offers with their facts of one instant; those of another are let go."""
        if now not in self._kept:
            self._kept.clear()
        return self._kept.setdefault(now, {})


def read_catalogue(context: Context, products: Any = None, listings: Any = None) -> Catalogue:
    """Read products and listings from the project's sources, or from rows handed in.

    Raises ``CatalogError`` with everything that makes them unusable.
    """
    from acorn_engine.catalog import join_offers, parse_columns, type_table

    columns = parse_columns(context.project.catalog.columns)
    given = {"products": products, "listings": listings}
    tables = [type_table(_raw(context, role, given[role]), columns, context.registry.sites) for role in ROLES]
    offers, problems = join_offers(
        tables[0], tables[1], context.registry.sites, context.project.accounts, context.now(), sort=True
    )
    return Catalogue(offers, problems)


def empty_catalogue(context: Context) -> Catalogue:
    """Return the catalogue's columns without its rows: what rules may name, where rows cannot be used."""
    from acorn_engine.catalog import join_offers, parse_columns, type_table

    columns = parse_columns(context.project.catalog.columns)
    tables = []
    for role in ROLES:
        raw = _raw(context, role, None if getattr(context.project.catalog, role) else _no_rows(context, role))
        raw = replace(raw, frame=raw.frame.clear(), problems=())
        tables.append(type_table(raw, columns, context.registry.sites, allow_empty=True))
    offers, _ = join_offers(tables[0], tables[1], context.registry.sites, context.project.accounts, context.now())
    return Catalogue(offers, ())


def _no_rows(context: Context, role: str) -> pl.DataFrame:
    """Return the columns of a table that an embedding program will hand in: the known ones, and all declared."""
    from acorn_engine.catalog.names import KNOWN_COLUMNS, PRODUCT_COLUMNS

    if role == "products":
        return pl.DataFrame(schema=dict.fromkeys(PRODUCT_COLUMNS, pl.String))
    known = [name for name in KNOWN_COLUMNS["listings"] if name not in PRODUCT_COLUMNS or name in {"sku", "as_of"}]
    declared = [name for name in context.project.catalog.columns if name not in PRODUCT_COLUMNS]
    return pl.DataFrame(schema=dict.fromkeys([*known, *declared], pl.String))


def _raw(context: Context, role: Any, given: Any) -> RawTable:
    from acorn_engine.catalog import read_role, rows_table

    options = source_options(context, role)
    if given is not None:
        return rows_table(role, given, options=options)
    if options is None:
        raise CatalogError(
            Problem(
                code="no-source",
                message=f"the project has no [catalog.{role}], and none were handed in. Nothing was planned.",
                hint=f'add [catalog.{role}] with source = "csv" and path = "{role}.csv"',
                place=Place("acorn.toml"),
            )
        )
    source = context.registry.sources.get(options.source)
    if source is None:
        raise ProjectError(
            Problem(
                code="unknown-source",
                message=f"[catalog.{role}] names the source '{options.source}', which no plugin provides. Nothing was planned.",
                hint=did_you_mean(options.source, context.registry.sources) or _broken(context),
                place=context.document.place(("catalog", role, "source")),
            )
        )
    return read_role(role, options, source, context.project.root)


def source_options(context: Context, role: Role) -> CatalogOptions | None:
    """Return how the project reads products or listings; ``None`` where they are handed in.

    Raises ``ProjectError`` with everything that is wrong with the section.
    """
    section = getattr(context.project.catalog, role)
    return None if section is None else _options(context, role, section)


def _options(context: Context, role: str, section: Mapping[str, Any]) -> CatalogOptions:
    from pydantic import ValidationError

    from acorn_engine.catalog import CatalogOptions
    from acorn_engine.project.loading import validation_problems

    try:
        return CatalogOptions.model_validate(dict(section))
    except ValidationError as error:
        raise ProjectError(validation_problems(context.document, ("catalog", role), CatalogOptions, error)) from None


def _broken(context: Context) -> str:
    off = "; ".join(f"{name} is off: {cause}" for name, cause in context.registry.missing_providers().items())
    return off or f"known sources: {', '.join(context.registry.sources)}"


def enrich_accounts(
    context: Context, catalogue: Catalogue, sites: Sequence[str], account: str | None, threads: ThreadPoolExecutor
) -> None:
    """Add the facts of every account that has one of some sites, before several threads ask for them.

    What fails is left for the sites that need it: they say why.
    """
    known = catalogue.enriched_at(context.now())

    def add(one: Account, site: str) -> None:
        with suppress(AcornError):
            known[one.name] = _enriched(context, catalogue.offers, one, context.clock(context.site(site)))

    wanted = {one.name: (one, name) for name in reversed(sites) for one in context.accounts(name, account)}
    wait([threads.submit(add, *one) for one in wanted.values()])


def site_offers(
    context: Context,
    catalogue: Catalogue,
    clock: SiteClock,
    accounts: Sequence[Account],
    only: Sequence[str] | None = None,
    *,
    memory: Memory = NOTHING,
    enriched: dict[str, Offers] | None = None,
) -> Offers:
    """Return the offers of one site with the plugins' facts and what the site shows.

    Facts are added over all sites of an account at once, and once for all sites asked for at one
    instant; ``enriched`` keeps them, or else the catalogue does. ``memory`` tells earlier reads.
    Raises ``PluginError`` where a fact fails.
    """
    site = clock.site
    known = catalogue.enriched_at(clock.now) if enriched is None else enriched
    whole = []
    for account in accounts:
        if account.name not in known:
            known[account.name] = _enriched(context, catalogue.offers, account, clock)
        whole.append(known[account.name])
    parts = [replace(offers, frame=_where(offers.frame, "site", site.name)) for offers in whole]
    offers = _together(parts)
    names = [account.name for account in accounts]
    states, pending = memory.of(site.name, names, offers.frame)
    offers = add_current(offers, states, pending, clock)
    return replace(offers, frame=only_considered(offers.frame, only))


def in_order(offers: Offers) -> Offers:
    """Return offers in the order of their keys: what comes after is then a slice, and need not sort again."""
    from acorn_engine.plan.ordering import ordered

    parts = offers.frame.partition_by("account", "site", as_dict=True)
    if len(parts) < 2:
        return replace(offers, frame=ordered(offers.frame, "seller_sku"))
    return replace(offers, frame=pl.concat([ordered(part, "seller_sku") for _, part in sorted(parts.items())]))


def _where(frame: pl.DataFrame, name: str, value: str) -> pl.DataFrame:
    """Return the rows that have a value in a column by which they are sorted."""
    first, end = (frame[name].search_sorted(value, side=side) for side in ("left", "right"))
    return frame.slice(first, end - first)


def _enriched(context: Context, base: Offers, account: Account, clock: SiteClock) -> Offers:
    frame = _where(base.frame, "account", account.name)
    frame = add_quantity_owner(frame, account)
    frame = _with_site_columns(frame, [context.registry.sites[name] for name in account.sites], clock)
    offers = Offers(frame, base.facts, base.tables)
    return enrich(offers, account, clock.now, context.project.sections, context.host)


def _with_site_columns(frame: pl.DataFrame, sites: Sequence[Site], clock: SiteClock) -> pl.DataFrame:
    """Add what plugins need to know of each offer's site: ``_country, _currency, _language, _tax_included, _today``."""
    from acorn_engine.catalog.distinct import Distinct

    rows = Distinct(frame["site"])
    frame = frame.with_columns(
        rows.known({site.name: site.country for site in sites}, pl.String).alias("_country"),
        rows.known({site.name: site.currency for site in sites}, pl.String).alias("_currency"),
        rows.known({site.name: site.language for site in sites}, pl.String).alias("_language"),
        rows.known({site.name: site.tax_included for site in sites}, pl.Boolean).alias("_tax_included"),
        rows.known({site.name: SiteClock(site, clock.now).today for site in sites}, pl.Date).alias("_today"),
    )
    if "as_of" in frame.columns and AS_OF not in frame.columns:
        frame = frame.with_columns(pl.when(~pl.col("_undated")).then("as_of").alias(AS_OF))
    return frame


def _together(parts: Sequence[Offers]) -> Offers:
    """Put the offers of several accounts together; a fact of one only is missing for the others."""
    if len(parts) == 1:
        return parts[0]
    facts: dict[str, FactInfo] = {}
    tables: dict[str, FactTable] = {}
    for part in parts:
        for name, info in part.facts.items():
            known = facts.get(name)
            facts[name] = info if known is None or info.scale > known.scale else known
        tables.update(part.tables)
    frame = pl.concat([part.frame for part in parts], how="diagonal_relaxed")
    return in_order(Offers(frame, facts, tables))
