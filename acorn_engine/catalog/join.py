"""Products and listings to offers: one row a listing, with everything that the ERP knows of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Final

import polars as pl

from acorn_engine.catalog.duplicates import merge_duplicates, same_asin
from acorn_engine.catalog.findings import Finding, with_codes
from acorn_engine.catalog.keys import resolve_keys
from acorn_engine.catalog.mapping import unmapped
from acorn_engine.catalog.names import ALWAYS, CURRENT, KNOWN_COLUMNS
from acorn_engine.catalog.ordering import by_key
from acorn_engine.catalog.table import TypedTable, dated
from acorn_engine.facts import KEYS, FactInfo, Offers
from acorn_engine.problems import CatalogError, Place, Problem, stopping
from acorn_engine.types import TEXT, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from acorn_engine.marketplace import Account
    from acorn_engine.sites import Site

CLOCK_SKEW: Final = timedelta(minutes=5)
"""How far ahead an ``as_of`` may be: clocks differ."""


def join_offers(
    products: TypedTable,
    listings: TypedTable,
    sites: Mapping[str, Site],
    accounts: Mapping[str, Account],
    now: datetime,
    *,
    sort: bool = False,
) -> tuple[Offers, tuple[Problem, ...]]:
    """Join listings with products on ``sku``: in the order of the listings, or sorted by their keys.

    Returns the offers and everything that is wrong, the tables' own problems included: what holds
    offers names them in ``keys`` and has its code in the column ``_fact_problem``. Rows without a
    known site, account and seller SKU are no offers. Raises ``CatalogError`` with all problems
    where one of them stops.
    """
    now = now.astimezone(UTC)
    stops = stopping([*products.table_problems, *listings.table_problems]) + _name_conflicts(products, listings)
    if stops:
        held = [problem for table in (products, listings) for problem in table.problems if problem.effect != "stops"]
        raise CatalogError([*stops, *held])
    rows, as_of_findings, as_of_problems = _listing_instants(listings, now)
    product_rows, product_problems = _product_instants(products, now)
    rows, key_findings, offers_mask = resolve_keys(rows, sites, accounts)
    located = rows if offers_mask is None else rows.filter(offers_mask)
    located, duplicates = merge_duplicates(
        located, KEYS, "duplicate_listing", "the listing {value} stands more than once on its site", "seller_sku"
    )
    product_rows, product_duplicates, without_sku = _unique_products(product_rows)
    product_rows = with_codes(
        product_rows.drop("_fact_problem", "_row"), [*products.findings, *product_duplicates], "_product_problem"
    )
    product_rows = product_rows.drop("_position").with_columns(_mapped=pl.lit(value=True))
    frame = located.drop("_fact_problem", "_row").join(product_rows, on="sku", how="left", maintain_order="left")
    found_listings = [
        *as_of_findings,
        *key_findings,
        *duplicates,
        *unmapped(frame, product_rows["sku"]),
        *same_asin(located),
    ]
    frame = with_codes(frame, [*listings.findings, *found_listings], "_listing_problem")
    frame = frame.with_columns(_fact_problem=pl.coalesce("_listing_problem", "_product_problem"))
    listing_keys = rows.lazy().select("_position", pl.col(*KEYS).fill_null(""))
    product_keys = (
        products.frame.lazy()
        .select("_position", "sku")
        .join(rows.lazy().select("sku", pl.col(*KEYS).fill_null("")), on="sku", maintain_order="left_right")
    )
    problems = [
        *products.table_problems,
        *listings.table_problems,
        *as_of_problems,
        *product_problems,
        *_tell(products, [*products.findings, *product_duplicates, *without_sku], product_keys),
        *_tell(listings, [*listings.findings, *found_listings], listing_keys),
    ]
    facts = _facts(products, listings, now)
    frame, facts = _with_standard_facts(frame, facts)
    helpers = ("_position", "_mapped", "_listing_problem", "_product_problem")
    ordered = [*KEYS, "sku", *(name for name in frame.columns if name not in {*KEYS, "sku", *helpers})]
    frame = frame.select(ordered)
    return Offers(by_key(frame) if sort else frame, facts), tuple(problems)


def _tell(table: TypedTable, findings: Sequence[Finding], keys: pl.LazyFrame) -> list[Problem]:
    """Return findings as problems, with the offers that they hold; ``keys`` has these by position."""
    problems: list[Problem] = []
    for found in findings:
        finding = replace(found, field=table.headers.get(found.field or "", found.field))
        held: dict[int, list[tuple[str, str, str]]] = {}
        if finding.effect == "holds":
            positions = pl.LazyFrame({"_position": finding.positions.cast(pl.UInt32)}).unique()
            mine = keys.join(positions, on="_position", how="semi", maintain_order="left").collect()
            for position, *key in mine.select("_position", *KEYS).iter_rows():
                held.setdefault(position, []).append((key[0], key[1], key[2]))
        problems += table.tell(finding, held)
    return problems


def _name_conflicts(products: TypedTable, listings: TypedTable) -> list[Problem]:
    """Return an error for every name, other than the key, that both tables use."""
    both = [name for name in listings.facts if name in products.facts and name != "sku"]
    return [
        Problem(
            code="name_in_both",
            message=f"'{name}' is a column of {products.name} and of {listings.name}: a rule could not tell which is meant",
            place=Place(field=name),
            hint=f'rename one of them: [catalog.products] rename = {{ product_{name} = "{products.headers.get(name, name)}" }}',
            params={"column": name, "products": products.name, "listings": listings.name},
        )
        for name in both
    ]


def _listing_instants(listings: TypedTable, now: datetime) -> tuple[pl.DataFrame, list[Finding], list[Problem]]:
    """Return the rows with ``as_of`` filled; a row from the future is held, because the newest value counts.

    ``_undated`` marks rows that neither their own column nor their file dates: they hold true now, but
    are not known to be newer than what was read from the marketplace.
    """
    table_instant, problems = _table_instant(listings, now)
    frame = listings.frame
    if "as_of" not in frame.columns:
        frame = frame.with_columns(as_of=pl.lit(None, dtype=pl.Datetime("us", "UTC")))
    ahead = (frame["as_of"] > now + CLOCK_SKEW).fill_null(value=False)
    findings = []
    if ahead.any():
        findings.append(
            Finding(
                "as_of_in_future",
                frame["_position"].filter(ahead),
                "as_of {value} is in the future",
                frame["as_of"].filter(ahead).dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
                listings.headers.get("as_of", "as_of"),
                "write the time with its offset (2026-11-23T08:30:00+08:00); without one it is UTC",
            )
        )
    frame = frame.with_columns(_undated=pl.col("as_of").is_null() & pl.lit(listings.as_of is None))
    return frame.with_columns(pl.col("as_of").fill_null(pl.lit(table_instant))), findings, problems


def _product_instants(products: TypedTable, now: datetime) -> tuple[pl.DataFrame, list[Problem]]:
    instant, problems = _table_instant(products, now)
    frame = products.frame
    if "_as_of_products" in frame.columns:
        frame = frame.with_columns(pl.col("_as_of_products").fill_null(pl.lit(instant)))
    return frame, problems


def _table_instant(table: TypedTable, now: datetime) -> tuple[datetime, list[Problem]]:
    if table.as_of is None:
        return now, []
    if table.as_of <= now + CLOCK_SKEW:
        return min(table.as_of, now), []
    problem = Problem(
        code="file_from_future",
        message="the file was changed in the future, by this computer's clock; it is taken as of now",
        effect="warns",
        place=Place(file=table.name),
        hint="set the clocks of the computers right",
    )
    return now, [problem]


def _unique_products(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[Finding], list[Finding]]:
    """Return one row a SKU; what stands twice, and rows without a SKU."""
    blank = frame["sku"].is_null()
    without = []
    if blank.any():
        without.append(
            Finding(
                "no_sku",
                frame["_position"].filter(blank),
                "the product has no SKU; it belongs to no listing",
                None,
                "sku",
                "fill it in",
                "warns",
            )
        )
    unique, duplicates = merge_duplicates(
        frame.filter(~blank),
        ("sku",),
        "duplicate_product",
        "the SKU {value} stands more than once in the products",
        "sku",
    )
    return unique, duplicates, without


def _facts(products: TypedTable, listings: TypedTable, now: datetime) -> dict[str, FactInfo]:
    own_instants = "_as_of_products" in products.frame.columns
    instant, _ = _table_instant(products, now)
    return {
        "account": FactInfo("account", TEXT, source="the account that sells on the site", as_of=None),
        **dated(products, "_as_of_products" if own_instants else instant),
        **dated(listings, "as_of"),
    }


def _with_standard_facts(frame: pl.DataFrame, facts: dict[str, FactInfo]) -> tuple[pl.DataFrame, dict[str, FactInfo]]:
    """Add the facts that every offers frame has, missing everywhere."""
    plain = {fact: name for name, fact in CURRENT.items()}
    for role, names in ALWAYS.items():
        for name in names:
            if name in frame.columns:
                continue
            kind = KNOWN_COLUMNS[role][plain.get(name, name)]
            column: type[pl.DataType] | pl.DataType = pl.String
            if kind.kind is Kind.MONEY:
                column = pl.Decimal(38, 2)
            elif kind.kind is Kind.NUMBER:
                column = pl.Int64
            frame = frame.with_columns(pl.lit(None, dtype=column).alias(name))
            facts[name] = FactInfo(name, kind, 2 if kind.kind is Kind.MONEY else 0, f"no column of {role}")
    return frame, facts
