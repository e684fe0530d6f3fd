"""SKUs whose listings belong together beyond the SKU: they share a seller SKU or an ASIN.

What is wrong with a listing can depend on others: one that stands twice, one ASIN listed twice. In a
catalogue that is read in parts such listings must come in one part, even with different SKUs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from acorn_engine.catalog.clean import apply_values, clean_key, fewer, to_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acorn_engine.catalog.options import CatalogOptions

FOLDED: Final = "sku"
_MOST_GROUPS: Final = 2_500_000
"""So many values are grouped at once: more would need too much memory."""
_MOST_ROUNDS: Final = 50


def key_text(cells: pl.Series, name: str, options: CatalogOptions) -> pl.Series:
    """Return a column of keys as ``type_table`` reads it: cleaned, with meanings and default."""
    text = to_text(cells)
    if text is None:
        return pl.Series(cells.name, [None], dtype=pl.String).new_from_index(0, cells.len())
    key = clean_key(text)
    if name in options.values:
        key = apply_values(key, options.values[name])
    default = options.default.get(name)
    return key if default is None else key.fill_null(default)


def folded(keys: pl.Series) -> pl.Series:
    """Return SKUs without case and leading zeros: SKUs that differ in these only are mistaken for each other."""
    distinct = fewer(keys)
    if _fold(distinct).equals(distinct):
        return keys
    return _fold(keys)


def _fold(keys: pl.Series) -> pl.Series:
    return keys.str.to_lowercase().str.strip_chars_start("0")


def tangled(keys: pl.LazyFrame, columns: Sequence[str]) -> pl.DataFrame:
    """Return (sku, with) for folded SKUs that share a value of ``columns`` with others; the same ``with`` for all of them.

    ``keys`` has the folded SKU of every listing as ``sku``, null where it has none, and ``columns``.
    """
    if not columns:
        return pl.DataFrame(schema={FOLDED: pl.String, "with": pl.String})
    keys = keys.with_columns(pl.col(FOLDED).fill_null(""))
    values = keys.select(pl.col(*columns).approx_n_unique()).collect(engine="streaming").row(0, named=True)
    return _joined(pl.concat(_edges(keys, name, 1 + values[name] // _MOST_GROUPS) for name in columns))


def _edges(keys: pl.LazyFrame, name: str, passes: int) -> pl.DataFrame:
    """Return (group, sku) for every value of a column that stands with several SKUs."""
    found = []
    for turn in range(passes):
        mine = keys.select(pl.col(name).alias("group"), FOLDED).drop_nulls("group")
        if passes > 1:
            mine = mine.filter(pl.col("group").hash(seed=1) % passes == turn)
        several = (
            mine.group_by("group")
            .agg(pl.col(FOLDED).min().alias("least"), pl.col(FOLDED).max().alias("most"))
            .filter(pl.col("least") != pl.col("most"))
            .select("group")
            .collect(engine="streaming")
        )
        if several.height:
            some = mine.join(several.lazy(), on="group", how="semi").unique()
            found.append(some.collect(engine="streaming"))
    frame = pl.concat(found) if found else pl.DataFrame(schema={"group": pl.String, FOLDED: pl.String})
    return frame.with_columns(pl.lit(name) + "\0" + pl.col("group"))


def _joined(edges: pl.DataFrame) -> pl.DataFrame:
    """Return the SKUs of the edges, each with the least SKU that it is linked to over any number of them."""
    label = edges.select(FOLDED, pl.col(FOLDED).alias("with")).unique()
    for _ in range(_MOST_ROUNDS):
        groups = edges.join(label, on=FOLDED).group_by("group").agg(pl.col("with").min())
        after = edges.join(groups, on="group").group_by(FOLDED).agg(pl.col("with").min())
        if after.sort(FOLDED).equals(label.sort(FOLDED)):
            return after
        label = after
    # Such a chain is no honest catalogue: all of it is taken as one.
    return label.with_columns(pl.col("with").min())
