"""Cells that their source hands over typed: taken as they are, never through text."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import polars as pl

from acorn_engine.catalog.distinct import none_or
from acorn_engine.catalog.names import INSTANT
from acorn_engine.types import Kind

if TYPE_CHECKING:
    from acorn_engine.types import Type

_YEAR_1: Final = -62_135_596_800_000_000
_YEAR_10000: Final = 253_402_300_800_000_000
_SAMPLE: Final = 1_000

LARGEST_SCALE: Final = 12
"""The most decimals that a fact may have."""

LARGEST_DIGITS: Final = 15
"""The most digits before the decimal separator."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """A column of numbers: ``values`` is ``Decimal(38, scale)``, or ``Int64`` for integers; null where not read.

    The Boolean series say which cells are not a number as declared, have too many decimals, or are
    too large; ``None`` where no cell is.
    """

    values: pl.Series
    scale: int
    unreadable: pl.Series | None = None
    too_fine: pl.Series | None = None
    too_large: pl.Series | None = None


def is_number(kind: pl.DataType) -> bool:
    """Return whether a column type holds exact numbers."""
    return kind.is_integer() or kind.is_decimal()


def exact_cells(values: pl.Series, kind: Type) -> pl.Series | None:
    """Return the column where its own type says the same as ``kind``; ``None`` where it must be read as text."""
    own = values.dtype
    if kind == INSTANT:
        return _instants(values)
    if kind.kind in {Kind.NUMBER, Kind.MONEY}:
        return values if is_number(own) else None
    if kind.kind is Kind.BOOLEAN:
        return _booleans(values)
    if kind.kind is Kind.DATE:
        return _dates(values)
    return None


def _instants(values: pl.Series) -> pl.Series | None:
    own = values.dtype
    if not isinstance(own, pl.Datetime):
        return None
    values = values.dt.cast_time_unit("us")
    physical = values.to_physical()
    lowest, highest = physical.min(), physical.max()
    if isinstance(lowest, int) and isinstance(highest, int) and not _YEAR_1 <= lowest <= highest < _YEAR_10000:
        return None
    return values.dt.convert_time_zone("UTC") if own.time_zone else values.dt.replace_time_zone("UTC")


def _booleans(values: pl.Series) -> pl.Series | None:
    if values.dtype == pl.Boolean:
        return values
    # Databases without booleans hold 0 and 1.
    if values.dtype.is_integer() and values.min() in {0, 1, None} and values.max() in {0, 1, None}:
        return values.cast(pl.Boolean)
    return None


def _dates(values: pl.Series) -> pl.Series | None:
    own = values.dtype
    if own == pl.Date:
        return values
    if isinstance(own, pl.Datetime) and own.time_zone is None:
        days = values.dt.date()
        midnight = days.cast(own)
        return days if midnight.equals(values) else None
    return None


def take_numbers(
    values: pl.Series, *, integer: bool = False, finest: int | pl.Series = LARGEST_SCALE, least_scale: int = 0
) -> Numbers:
    """Take integers or decimals as they are, within the limits that numbers from text have.

    ``finest`` is the most decimals allowed (trailing zeros do not count), for all or for each row.
    """
    too_large, too_fine = _too_large(values), _too_fine(values, 0 if integer else finest)
    for mask in (too_large, too_fine):
        values = values if mask is None else values.set(mask, None)
    scale = 0 if integer else max(needed_scale(values), least_scale)
    kept = values.cast(pl.Int64) if integer else values.cast(pl.Decimal(38, scale))
    return Numbers(kept, scale, too_fine=too_fine, too_large=too_large)


def _scale(values: pl.Series) -> int:
    return values.dtype.scale if isinstance(values.dtype, pl.Decimal) else 0


def _too_large(values: pl.Series) -> pl.Series | None:
    most = 10**LARGEST_DIGITS
    lowest, highest = values.min(), values.max()
    if not isinstance(lowest, (int, Decimal)) or not isinstance(highest, (int, Decimal)):
        return None
    if -most < lowest and highest < most:
        return None
    # The smallest integer has no absolute value, so both ends are compared.
    wide = values.to_physical().cast(pl.Int128)
    bound = pl.lit(most * 10 ** _scale(values), dtype=pl.Int128)
    return none_or(pl.select((pl.lit(wide) >= bound) | (pl.lit(wide) <= -bound)).to_series())


def _too_fine(values: pl.Series, finest: int | pl.Series) -> pl.Series | None:
    scale = _scale(values)
    if isinstance(finest, int):
        limit = min(finest, LARGEST_SCALE)
        return none_or(_finer(values, limit)) if limit < scale else None
    found: pl.Series | None = None
    for digits in finest.unique().drop_nulls().to_list():
        if digits >= scale:
            continue
        rows = finest == digits
        if _finer(values.filter(rows), digits).any():
            mask = _finer(values, digits) & rows
            found = mask if found is None else found | mask
    return none_or(found) if found is not None else None


def _finer(values: pl.Series, digits: int) -> pl.Series:
    """Return which decimals have more than so many decimals, trailing zeros left aside."""
    unit = pl.lit(10 ** (_scale(values) - digits), dtype=pl.Int128)
    return pl.DataFrame([values.to_physical().alias("values")]).select(pl.col("values") % unit != 0).to_series()


def needed_scale(values: pl.Series) -> int:
    """Return how many decimals a column of decimals needs."""
    needed, scale = 0, _scale(values)
    # Most columns need all their decimals, and already their first rows show it.
    for rows in (values.head(_SAMPLE), values):
        while needed < scale and _finer(rows, needed).any():
            needed += 1
    return needed
