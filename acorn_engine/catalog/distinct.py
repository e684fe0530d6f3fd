"""Columns of few values: asked once for each value, not once for each row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

_MOST_COMBINATIONS: Final = 100_000


class Distinct:
    """The values of one or two text columns: ``table`` has one row a combination, ``codes`` each row's place in it.

    Not every row of ``table`` need occur.
    """

    def __init__(self, *columns: pl.Series) -> None:
        parts = [_codes(column) for column in columns]
        values, self.codes = parts[0]
        self.table = values.to_frame()
        for more, codes in parts[1:]:
            if self.table.height * more.len() > _MOST_COMBINATIONS:
                self.table, self.codes = _combined(columns)
                return
            self.table = self.table.join(more.to_frame(), how="cross", maintain_order="left_right")
            self.codes = self.codes * more.len() + codes

    def spread(self, values: pl.Series) -> pl.Series:
        """Return one value a row, from one value a row of ``table``."""
        return values.gather(self.codes)

    def rows(self, mask: pl.Series) -> pl.Series | None:
        """Return which rows are meant by a mask over ``table``; ``None`` where none is."""
        return none_or(self.spread(mask)) if mask.any() else None

    def known(self, values: Mapping[str, object], kind: type[pl.DataType]) -> pl.Series:
        """Return for each row what ``values`` has for its (first) text; null where it has nothing."""
        keys = self.table.to_series(0).to_list()
        return self.spread(pl.Series([values.get(key) for key in keys], dtype=kind))


def _codes(column: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return the distinct values, the missing one last, and the index of each row's among them."""
    values = column.unique().drop_nulls()
    codes = column.cast(pl.Enum(values)).to_physical().cast(pl.UInt32)
    if column.null_count():
        codes = codes.fill_null(values.len())
    return values.extend_constant(None, 1).alias(column.name), codes


def _combined(columns: tuple[pl.Series, ...]) -> tuple[pl.DataFrame, pl.Series]:
    rows = pl.DataFrame(list(columns))
    table = rows.unique(maintain_order=True)
    codes = rows.join(
        table.with_row_index("_code"), on=rows.columns, how="left", maintain_order="left", nulls_equal=True
    )
    return table, codes["_code"]


def none_or(mask: pl.Series) -> pl.Series | None:
    """Return a mask of rows without nulls, or ``None`` where it means no row."""
    return mask.fill_null(value=False) if mask.any() else None


def strangers(values: pl.Series, known: Collection[str]) -> pl.Series | None:
    """Return which rows have a value that is none of ``known``; nulls are no strangers. ``None``: no row has."""
    distinct = values.unique().drop_nulls()
    others = distinct.filter(~distinct.is_in(list(known)))
    return values.is_in(others.implode()).fill_null(value=False) if others.len() else None


def changed(values: pl.Series, change: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """Return ``change(values)``: the column itself where that is the same, found by its distinct values."""
    distinct = values.unique()
    return values if change(distinct).equals(distinct) else change(values)
