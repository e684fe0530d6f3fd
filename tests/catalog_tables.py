"""Sites, accounts and small tables for the tests of the catalogue."""

from __future__ import annotations

from datetime import UTC, datetime

from acorn_engine.builtin.csv_file import CSV_SOURCE
from acorn_engine.catalog import CatalogOptions, join_offers, parse_columns, read_role, rows_table, type_table
from acorn_engine.plugins import Account
from acorn_engine.sites import Site

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SITES = {
    name: Site(name, "amazon", f"ID{country}", country, currency, digits, "en_GB", "eu", "Europe/Berlin", True)
    for name, country, currency, digits in (
        ("amazon.de", "DE", "EUR", 2),
        ("amazon.fr", "FR", "EUR", 2),
        ("amazon.co.uk", "GB", "GBP", 2),
        ("amazon.co.jp", "JP", "JPY", 0),
        ("amazon.pl", "PL", "PLN", 2),
    )
}
ACCOUNTS = {
    "eu": Account("eu", "amazon", "A1", ("amazon.de", "amazon.fr", "amazon.co.uk")),
    "uk": Account("uk", "amazon", "A2", ("amazon.co.uk",)),
    "jp": Account("jp", "amazon", "A3", ("amazon.co.jp",)),
}


def csv_table(folder, role, data, **options):
    """Return a table read from a CSV file with these bytes or this text."""
    (folder / f"{role}.csv").write_bytes(data if isinstance(data, bytes) else data.encode())
    return read_role(role, CatalogOptions(source="csv", path=f"{role}.csv", **options), CSV_SOURCE, folder)


def typed(role, rows, columns=None, **options):
    """Return handed-in rows, typed."""
    given = CatalogOptions(source="x", **options) if options else None
    return type_table(rows_table(role, rows, options=given), parse_columns(columns or {}), SITES)


def product(**cells):
    return {"sku": "P-1", **cells}


def listing(**cells):
    return {"site": "amazon.de", "seller_sku": "S-1", "sku": "P-1", **cells}


def joined(products, listings, columns=None):
    """Return offers and problems of handed-in rows."""
    return join_offers(typed("products", products, columns), typed("listings", listings, columns), SITES, ACCOUNTS, NOW)


def codes(problems):
    return [problem.code for problem in problems]


def text(problems):
    return "\n".join(problem.render() for problem in problems)
