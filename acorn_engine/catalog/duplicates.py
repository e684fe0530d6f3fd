"""Rows that should be one, and offers that compete with each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from acorn_engine.catalog.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence


def merge_duplicates(
    frame: pl.DataFrame, keys: Sequence[str], code: str, message: str, shown: str
) -> tuple[pl.DataFrame, list[Finding]]:
    """Return one row for each key, and a finding that holds every row of a key that stands twice.

    Where the rows of a key differ, the merged row is missing that value: which row is meant does
    not depend on the order of the file.
    """
    if _all_differ(frame, keys):
        return frame, []
    twice = frame.select(pl.struct(keys).is_duplicated()).to_series()
    if not twice.any():
        return frame, []
    rows = frame.filter(twice)
    finding = Finding(
        code,
        rows["_position"],
        message,
        rows[shown],
        shown,
        "delete the rows that are not meant: all of them are held",
    )
    merged = rows.group_by(list(keys), maintain_order=True).agg(
        pl.col("_position", "_row").first(),
        pl.when(pl.all().exclude("_position", "_row", *keys).n_unique() == 1).then(
            pl.all().exclude("_position", "_row", *keys).first()
        ),
    )
    unique = pl.concat([frame.filter(~twice), merged.select(frame.columns)]).sort("_position")
    return unique, [finding]


def _all_differ(frame: pl.DataFrame, keys: Sequence[str]) -> bool:
    """Return whether the hashes of all keys differ: then so do the keys. False says nothing."""
    hashes = frame.select(pl.struct(keys).hash() if len(keys) > 1 else pl.col(keys).hash()).to_series()
    return hashes.n_unique() == frame.height


def same_asin(listings: pl.DataFrame) -> list[Finding]:
    """Return listings of one ASIN on one site: they compete with each other.

    One that the merchant fulfils beside one that Amazon fulfils is usual, and only a warning.
    """
    if "asin" not in listings.columns:
        return []
    if _all_differ(listings.select("site", "asin").drop_nulls("asin"), ("site", "asin")):
        return []
    if "fulfilment" not in listings.columns:
        listings = listings.with_columns(fulfilment=pl.lit(None, dtype=pl.String))
    fulfilment, group = pl.col("fulfilment"), ["site", "asin"]
    marked = listings.select(
        "_position",
        "asin",
        several=pl.col("asin").is_not_null() & (pl.len().over(group) > 1),
        apart=(fulfilment.n_unique().over(group) == pl.len().over(group)) & (fulfilment.null_count().over(group) == 0),
    )
    findings = []
    for apart, effect, hint in (
        (False, "holds", "end one of the listings, or give each its own ASIN: two of them bid against each other"),
        (True, "warns", "they differ in who fulfils them; check that the rules do not let them bid against each other"),
    ):
        rows = marked.filter(pl.col("several") & (pl.col("apart") == apart))
        if rows.height:
            findings.append(
                Finding(
                    "same_asin",
                    rows["_position"],
                    "several listings on this site have the ASIN {value}",
                    rows["asin"],
                    "asin",
                    hint,
                    "warns" if effect == "warns" else "holds",
                )
            )
    return findings
