"""Offers as plugins are handed them: with gaps, two currencies, two ways of fulfilment."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Final

import polars as pl

from acorn_engine.sites import Site

SAMPLE_SITES: Final = (
    Site("shop.de", "shop", "DE-1", "DE", "EUR", 2, "de_DE", "eu", "Europe/Berlin", tax_included=True),
    Site("shop.us", "shop", "US-1", "US", "USD", 2, "en_US", "na", "America/New_York", tax_included=False),
    Site("shop.jp", "shop", "JP-1", "JP", "JPY", 0, "ja_JP", "fe", "Asia/Tokyo", tax_included=True),
)
"""Sites of a marketplace that does not exist: tax inside and outside the price, with and without decimals."""


def sample_offers(today: date = date(2026, 11, 23)) -> pl.DataFrame:
    """Return four products on every sample site, one row each, with the columns that plugins may read."""
    products = pl.DataFrame(
        {
            "sku": ["A-001", "B-002", "台灯-3", "D/004, Ä"],
            "cost": pl.Series([Decimal("10.00"), None, Decimal("0.01"), Decimal("99999.99")], dtype=pl.Decimal(38, 2)),
            "cost_currency": ["CNY", "USD", None, "EUR"],
            "stock": [25, None, 0, 3],
            "brand": ["Acme", "晨光", None, "Acme"],
            "fulfilment": ["merchant", "amazon", None, "merchant"],
            "product_type": ["LAMP", None, "TOWEL", "LAMP"],
        }
    )
    sites = pl.DataFrame(
        {
            "site": [site.name for site in SAMPLE_SITES],
            "_country": [site.country for site in SAMPLE_SITES],
            "_currency": [site.currency for site in SAMPLE_SITES],
            "_language": [site.language for site in SAMPLE_SITES],
            "_tax_included": [site.tax_included for site in SAMPLE_SITES],
            "_today": [today] * len(SAMPLE_SITES),
        }
    )
    return products.join(sites, how="cross").with_columns(
        pl.lit("sample").alias("account"),
        pl.col("sku").alias("seller_sku"),
        pl.lit(value=True).alias("_quantity_owner"),
    )
