"""The workload as a project: an ERP's two Parquet files, the settings and the rules.

``products.parquet`` has one row a product, ``listings.parquet`` one row an offer. What the sites
show today is chosen so that three offers in ten change: everything else already stands as the
rules want it. Files of any size are written block by block, so that making them needs no more
memory than one block.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl
import pyarrow.parquet as pq

from benchmarks import limit, workload
from benchmarks.workload import RULES, SHOPS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

CHANGED: Final = 0.3125
"""The share of offers that change among those that are not locked: three in ten of all."""
_ROW_GROUP: Final = 125_000
_AMOUNT: Final = pl.Decimal(18, 2)
_SHARE: Final = pl.Decimal(9, 4)

FILED_RULES: Final = RULES.replace(
    "'toys', 'apparel']\n    set: {attributes", "'toys', 'apparel'] and not on_file\n    set: {attributes"
).replace("not starts_with(sku, 'X')", "not starts_with(sku, 'X') and not on_file")
"""The twenty rules; the two attributes are sent where the ERP says that the site has not got them yet."""

NAMES: Final = {shop.key: shop.name for shop in SHOPS}
ACCOUNTS: Final = {
    "na": ["amazon.com"],
    "eu": [shop.name for shop in SHOPS if shop.account == "eu"],
    "fe": ["amazon.co.jp"],
}
SELLERS: Final = {account: f"A{account.upper()}ACORNBENCH" for account in ACCOUNTS}


def settings(folder: Path, database: str = "acorn.db") -> dict[str, Any]:
    """Return the project's settings. ``folder`` holds the Parquet files, ``database`` is a path."""
    today = datetime.now(UTC)
    rates = [
        {
            "base": base,
            "quote": shop.site.currency,
            "rate": f"{millionths / 10**6:.6f}",
            "as_of": today,
            "source": "bank",
        }
        for shop in SHOPS
        for base, millionths in (("USD", shop.usd), ("CNY", shop.cny))
        if base != shop.site.currency
    ]
    once = {(rate["base"], rate["quote"]): rate for rate in rates}
    return {
        "project": {"name": "benchmark", "database": f"sqlite:///{database}"},
        "sites": {shop.name: ["shop.yaml"] for shop in SHOPS},
        "catalog": {
            "products": {"source": "parquet", "path": str(folder / "products.parquet")},
            "listings": {"source": "parquet", "path": str(folder / "listings.parquet")},
            "columns": {
                **dict.fromkeys(("margin", "referral_fee", "vat"), "number"),
                **dict.fromkeys(("weight_g", "lead_days"), "integer"),
                **dict.fromkeys(("hazmat", "locked", "clearance", "on_file"), "boolean"),
                **dict.fromkeys(("competitor_price", "map_price", "heavy_fee"), "money"),
            },
        },
        "accounts": {
            name: {"seller_id": SELLERS[name], "sites": sites, "neighbours": "none"} for name, sites in ACCOUNTS.items()
        },
        "currency": {"rates": tuple(once.values())},
        "guards": {"largest_move": {"off": "a third of this catalogue is repriced from scratch"}},
    }


def write(folder: Path, skus: int) -> int:
    """Write both files for so many products; return how many offers will change."""
    folder.mkdir(parents=True, exist_ok=True)
    writers: dict[str, pq.ParquetWriter] = {}
    changing = 0
    for number, flat in _blocks(skus):
        products, listings, changed = tables(flat, number)
        changing += changed
        for name, frame in (("products", products), ("listings", listings)):
            table: pa.Table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
            if name not in writers:
                writers[name] = pq.ParquetWriter(folder / f"{name}.parquet", table.schema, compression="zstd")
            writers[name].write_table(table, row_group_size=_ROW_GROUP)
    for writer in writers.values():
        writer.close()
    return changing


def _blocks(skus: int) -> Iterator[tuple[int, pl.DataFrame]]:
    """Yield the flat frames of all blocks; the first is the known workload."""
    for number, first in enumerate(range(0, skus, workload.SKUS)):
        yield number, workload.draw(min(workload.SKUS, skus - first), seed=workload.SEED + number, first=first)


def tables(flat: pl.DataFrame, block: int = 0) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    """Return products and listings of a flat frame, and how many offers will change."""
    random = np.random.default_rng(1_000 + block)
    rows = flat.height
    draws = pl.DataFrame({"_change": random.random(rows), "_days": random.random(rows), "_limits": random.random(rows)})
    wanted = limit.run(limit.whole_program(flat.lazy())).select(pl.all().name.prefix("to_"))
    frame = pl.concat([flat, wanted, draws], how="horizontal")
    changed = ~pl.col("locked") & (pl.col("_change") < CHANGED)
    frame = frame.with_columns(changed=changed).with_columns(
        days=pl.col("changed") & (pl.col("_days") < 0.1), limits=pl.col("changed") & (pl.col("_limits") < 0.2)
    )
    step = pl.col("step")

    def shown(when: str, old: pl.Expr, now: pl.Expr) -> pl.Expr:
        return pl.when(when).then(old).otherwise(now)

    other = pl.when(pl.col("cur_price") == pl.col("to_price")).then(pl.col("to_price") + step).otherwise("cur_price")
    listings = frame.select(
        pl.col("site").replace_strict(NAMES, return_dtype=pl.String),
        pl.col("sku").alias("seller_sku"),
        "sku",
        pl.lit("HOME").alias("product_type"),
        pl.lit("merchant").alias("fulfilment"),
        _amount(shown("changed", other, pl.col("to_price"))).alias("price"),
        shown("changed", pl.col("cur_qty"), pl.col("to_qty")).alias("quantity"),
        shown("days", pl.col("to_handling") - 1, pl.col("to_handling")).alias("handling_days"),
        _amount(shown("limits", pl.col("min_price") - step, pl.col("min_price"))).alias("minimum_price"),
        _amount(shown("limits", pl.col("max_price") + step, pl.col("max_price"))).alias("maximum_price"),
        _amount(pl.col("min_price")).alias("floor_price"),
        _amount(pl.col("max_price")).alias("ceiling_price"),
        _amount(pl.col("comp")).alias("competitor_price"),
        _amount(pl.col("map_price")).alias("map_price"),
        _amount(pl.col("heavy_fee")).alias("heavy_fee"),
        _share(pl.col("vat")).alias("vat"),
        "stock",
        pl.col("lead").alias("lead_days"),
        "locked",
        "clearance",
        (~pl.col("changed")).alias("on_file"),
    )
    products = flat.gather_every(len(SHOPS)).select(
        "sku",
        _amount(pl.col("cost")).alias("cost"),
        "cost_currency",
        pl.col("cat").alias("category"),
        _share(pl.col("margin")).alias("margin"),
        _share(pl.col("ref")).alias("referral_fee"),
        pl.col("weight").alias("weight_g"),
        "hazmat",
    )
    return products, listings, int(frame["changed"].sum())


def _amount(value: pl.Expr) -> pl.Expr:
    return workload.decimal(value, 2).cast(_AMOUNT)


def _share(value: pl.Expr) -> pl.Expr:
    return workload.decimal(value, 4).cast(_SHARE)
