"""Exact text of values, in columns: what changes, reasons and parameters are written with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping

MISSING_WORD: Final = "missing"


def minor_text(minor: pl.Expr, digits: int) -> pl.Expr:
    """Return whole minor units as plain decimal text: 2999 with 2 digits is ``29.99``; null stays null."""
    if digits == 0:
        return minor.cast(pl.String)
    unit = 10**digits
    size = minor.abs()
    sign = pl.when(minor < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    return pl.concat_str(
        sign, (size // unit).cast(pl.String), pl.lit("."), (size % unit).cast(pl.String).str.zfill(digits)
    )


def minor_units(column: str, dtype: pl.DataType, digits: int) -> pl.Expr:
    """Return a money column (``Decimal`` or whole major units) in whole minor units, ``Int64``.

    An amount that is not a whole number of minor units, or too large for them, is null: nothing equals it.
    """
    physical, scale = pl.col(column), 0
    if isinstance(dtype, pl.Decimal):
        physical, scale = physical.to_physical(), dtype.scale
    if scale <= digits:
        factor: int = 10 ** (digits - scale)
        small = physical.cast(pl.Int64, strict=False).cast(pl.Int128)
        return (small * factor).cast(pl.Int64, strict=False)
    surplus: int = 10 ** (scale - digits)
    return pl.when(physical % surplus == 0).then(physical // surplus).cast(pl.Int64, strict=False)


def column_text(column: str, dtype: pl.DataType, *, strip: bool = True) -> pl.Expr:
    """Return a column as plain text: decimals without trailing zeros (unless told to keep them)."""
    if isinstance(dtype, pl.Decimal):
        text = pl.col(column).cast(pl.String)
        if strip and dtype.scale:
            return text.str.strip_chars_end("0").str.strip_chars_end(".")
        return text
    if dtype == pl.Boolean:
        return pl.when(pl.col(column)).then(pl.lit("true")).when(~pl.col(column)).then(pl.lit("false"))
    if dtype == pl.Date:
        return pl.col(column).dt.to_string("%Y-%m-%d")
    return pl.col(column).cast(pl.String)


def json_object(parts: Mapping[str, pl.Expr]) -> pl.Expr:
    """Return JSON text of an object, keys in alphabetical order, one per row."""
    if not parts:
        return pl.lit("{}")
    return pl.struct(parts[name].alias(name) for name in sorted(parts)).struct.json_encode()


def as_column(text: pl.Expr) -> pl.Expr:
    """Return text for a sentence: a null becomes the word for a missing value."""
    return text.fill_null(MISSING_WORD)
