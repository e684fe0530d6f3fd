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
    pairs = offers.lazy().filter(merchant).select("sku", "seller_sku").unique()
    counted = pairs.group_by("sku").agg(pl.len().cast(pl.Int64).alias("count")).filter(pl.col("count") > 1).collect()
    if counted.is_empty():
        return pl.Series("count", [1], dtype=pl.Int64).new_from_index(0, offers.height)
    return (
        offers.lazy()
        .select("sku")
        .join(counted.lazy(), on="sku", how="left", maintain_order="left", nulls_equal=True)
        .select(pl.col("count").fill_null(1))
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
