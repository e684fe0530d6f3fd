"""Parts of a file as it stands: where the listings of each SKU stand together, nothing need be written anew."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import polars as pl

from acorn_engine.catalog.parquet_tables import BEGINS, ParquetTable, beginnings, key_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROWS_AT_ONCE: Final = 2_000_000


@dataclass(frozen=True)
class Stretches:
    """Listings in stretches of their file. ``skus`` has every SKU (folded, ``sku``) with the number of its ``part``."""

    listings: tuple[ParquetTable, ...]
    skus: pl.DataFrame

    def part_of(self, products: ParquetTable) -> pl.Expr:
        """Return the number of the part to which each product belongs; one without listings is in the first."""
        key = key_of(products, "sku", fold=True).fill_null("")
        return key.replace_strict(self.skus["sku"], self.skus["part"], default=0, return_dtype=pl.UInt32)


def stretches(listings: ParquetTable, rows: int) -> Stretches | None:
    """Return the file of the listings in stretches of about ``rows`` rows; ``None`` where a SKU's rows stand apart."""
    starts = pl.concat(_starts(listings))
    if starts["sku"].is_duplicated().any():
        return None
    height = listings.height
    wanted = pl.Series(range(rows, height, rows), dtype=pl.UInt32)
    places = starts["first"].search_sorted(wanted)
    firsts = [0, *dict.fromkeys(starts["first"].gather(places.filter(places < starts.height)).to_list())]
    firsts = list(dict.fromkeys(firsts))
    ends = [*firsts[1:], height]
    parts = [replace(listings, stretch=(first, end - first)) for first, end in zip(firsts, ends, strict=True)]
    part = (pl.Series(firsts, dtype=pl.UInt32).search_sorted(starts["first"], side="right") - 1).cast(pl.UInt32)
    return Stretches(tuple(parts), starts.select("sku", part.alias("part")))


def _starts(listings: ParquetTable) -> Iterator[pl.DataFrame]:
    """Yield (first, sku): the row, from 0, at which each SKU begins, and the SKU, folded."""
    last: str | None = None
    for start in range(0, listings.height, _ROWS_AT_ONCE):
        some = beginnings(replace(listings, stretch=(start, _ROWS_AT_ONCE)), "sku")
        key = key_of(listings, "sku", fold=True).fill_null("")
        begun = some.select((pl.col(BEGINS) + start).cast(pl.UInt32).alias("first"), key).collect()
        # Two spellings of one SKU begin no other.
        yield begun.filter(begun["sku"] != begun["sku"].shift(1, fill_value=last if last is not None else "\0"))
        last = begun["sku"][-1]
