"""Facts about stock: how many listings of an account draw on one product's stock."""

from __future__ import annotations

from typing import Final

import polars as pl

from acorn_engine.plugins import Fact
from acorn_engine.types import INTEGER


def listings_of_stock(offers: pl.DataFrame) -> pl.Series:
    """Count, for each offer, the account's merchant-fulfilled seller SKUs of the same product.

    One seller SKU on many sites of a region counts once, since the sites share its quantity; at
    least 1, so that it can be divided by.
    """
    merchant = pl.col("fulfilment") == "merchant" if "fulfilment" in offers.columns else pl.lit(value=True)
    counted = offers.lazy().filter(merchant).group_by("sku").agg(pl.col("seller_sku").n_unique().alias("count"))
    return (
        offers.lazy()
        .select("sku")
        .join(counted, on="sku", how="left", maintain_order="left", nulls_equal=True)
        .select(pl.col("count").fill_null(1).cast(pl.Int64))
        .collect()
        .to_series()
    )


FACTS: Final = (
    Fact(
        name="listings_of_stock",
        type=INTEGER,
        values=listings_of_stock,
        source="acorn-stock",
        description="the account's merchant-fulfilled seller SKUs that share the product's stock",
        follows_from=(),
    ),
)
