"""From the ERP's tables to the offers of one site, with every fact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from acorn_engine.engine.current import AS_OF, add_current, add_quantity_owner, only_considered
from acorn_engine.engine.memory import NOTHING
from acorn_engine.facts import KEYS, FactInfo, FactTable, Offers
from acorn_engine.plugins.enrichment import enrich
from acorn_engine.problems import CatalogError, Place, Problem, ProjectError, did_you_mean
from acorn_engine.sites import SiteClock

if TYPE_CHECKING:
    from acorn_engine.catalog import CatalogOptions, RawTable
    from acorn_engine.engine.context import Context
    from acorn_engine.engine.memory import Memory
    from acorn_engine.marketplace import Account
    from acorn_engine.sites import Site

ROLES: Final = ("products", "listings")


@dataclass(frozen=True)
class Catalogue:
    """Products and listings, joined: the offers of all accounts, and what is wrong with them."""

    offers: Offers
    problems: tuple[Problem, ...]


def read_catalogue(context: Context, products: Any = None, listings: Any = None) -> Catalogue:
    """Read products and listings from the project's sources, or from rows handed in.

    Raises ``CatalogError`` with everything that makes them unusable.
    """
    from acorn_engine.catalog import join_offers, parse_columns, type_table

    columns = parse_columns(context.project.catalog.columns)
    given = {"products": products, "listings": listings}
    tables = [type_table(_raw(context, role, given[role]), columns, context.registry.sites) for role in ROLES]
    offers, problems = join_offers(
        tables[0], tables[1], context.registry.sites, context.project.accounts, context.now()
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

    section = getattr(context.project.catalog, role)
    options = _options(context, role, section) if section is not None else None
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

    Facts are added over all sites of an account at once. ``memory`` tells earlier reads. ``enriched``
    keeps each account's offers with their facts between sites that are asked for at one instant.
    Raises ``PluginError`` where a fact fails.
    """
    site = clock.site
    known = {} if enriched is None else enriched
    for account in accounts:
        if account.name not in known:
            known[account.name] = _enriched(context, catalogue.offers, account, clock)
    whole = [known[account.name] for account in accounts]
    parts = [replace(offers, frame=offers.frame.filter(pl.col("site") == site.name)) for offers in whole]
    offers = _together(parts)
    names = [account.name for account in accounts]
    states, pending = memory.of(site.name, names, offers.frame)
    offers = add_current(offers, states, pending, clock)
    return replace(offers, frame=only_considered(offers.frame, only))


def _enriched(context: Context, base: Offers, account: Account, clock: SiteClock) -> Offers:
    frame = base.frame.filter(pl.col("account") == account.name)
    frame = add_quantity_owner(frame, account)
    frame = _with_site_columns(frame, [context.registry.sites[name] for name in account.sites], clock)
    offers = Offers(frame, base.facts, base.tables)
    return enrich(offers, account, clock.now, context.project.sections, context.host)


def _with_site_columns(frame: pl.DataFrame, sites: Sequence[Site], clock: SiteClock) -> pl.DataFrame:
    """Add what plugins need to know of each offer's site: ``_country, _currency, _language, _tax_included, _today``."""
    table = pl.DataFrame(
        {
            "site": [site.name for site in sites],
            "_country": [site.country for site in sites],
            "_currency": [site.currency for site in sites],
            "_language": [site.language for site in sites],
            "_tax_included": [site.tax_included for site in sites],
            "_today": [SiteClock(site, clock.now).today for site in sites],
        },
        schema={
            "site": pl.String,
            "_country": pl.String,
            "_currency": pl.String,
            "_language": pl.String,
            "_tax_included": pl.Boolean,
            "_today": pl.Date,
        },
    )
    frame = frame.join(table, on="site", how="left", maintain_order="left")
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
    return Offers(frame.sort(*KEYS), facts, tables)
