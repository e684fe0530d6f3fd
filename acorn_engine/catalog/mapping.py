"""Listings of SKUs that no product has, and the SKUs that may be meant."""

from __future__ import annotations

import polars as pl

from acorn_engine.catalog.findings import Finding


def unmapped(joined: pl.DataFrame, skus: pl.Series) -> list[Finding]:
    """Return listings whose SKU is none of the products', or blank; ``joined`` marks those ``_mapped``."""
    if not joined["_mapped"].null_count():
        return []
    rows = joined.filter(pl.col("_mapped").is_null())
    values = rows["sku"]
    near = _near(values, skus)
    return [
        Finding(
            "unmapped_sku",
            rows["_position"],
            "the SKU {value} of this listing is not among the products",
            values,
            "sku",
            lambda value: f"did you mean '{near[value]}'?" if value in near else "add the product, or correct the SKU",
        )
    ]


def _near(values: pl.Series, skus: pl.Series) -> dict[str, str]:
    """Return, for SKUs that differ in case or leading zeros only, the product's."""
    wanted = pl.DataFrame({"written": values.drop_nulls().unique(maintain_order=True)}).with_columns(
        folded=folded(pl.col("written"))
    )
    known = pl.DataFrame({"sku": skus}).with_columns(folded=folded(pl.col("sku"))).unique("folded", keep="none")
    return dict(wanted.join(known, on="folded").select("written", "sku").rows())


def folded(skus: pl.Expr) -> pl.Expr:
    """Return SKUs without case and leading zeros: ones that differ in these only are taken for each other."""
    return skus.str.to_lowercase().str.strip_chars_start("0")
