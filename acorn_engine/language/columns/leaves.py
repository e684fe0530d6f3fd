"""How names stand in the frame, and the bounds that their values must keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from acorn_engine.language.columns.cells import NEVER, Cell, Mask, cell
from acorn_engine.language.columns.scratch import Scratch
from acorn_engine.language.columns.values import Columns, Day, Number, Truth, Words
from acorn_engine.language.columns.whole import NARROW, Whole, fixed
from acorn_engine.types import Kind

if TYPE_CHECKING:
    from acorn_engine.types import Type

LARGEST_MONEY_DIGITS: Final = 12
"""Amounts lie within ±10^12 minor units of the site's currency."""
LARGEST_NUMBER_DIGITS: Final = 12
"""Numbers with ``s`` decimals lie within ±10^(12 - s), but at least ±10^6."""
LEAST_NUMBER_DIGITS: Final = 6
LARGEST_SCALED: Final = 10**36
"""However many decimals a column has, no integer beyond this is computed with: it is below 2^123."""
FIRST_DAY: Final = -719162
LAST_DAY: Final = 2932896
"""0001-01-01 and 9999-12-31 as days since 1970-01-01."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """How a name stands in the frame.

    ``column`` holds ``Decimal(38, scale)``, or ``Int64``/``Int128`` scaled by ``scale``, or
    ``String``, ``Boolean`` or ``Date``; null is missing. Money in the currency of another column
    is missing where that column is null. ``bound`` is the largest scaled magnitude where whoever
    wrote the column enforced it already; otherwise the bound of the type holds, and a value
    outside it sends its row to the exact scalar form.

    ``span`` are the least and the greatest scaled value where somebody measured the very column:
    it is then ``Int64``. ``present`` says that no row is missing; ``mask`` is a column that says
    where one is, if the nulls of a number were filled already. ``among`` are the texts that alone
    occur.
    """

    column: str
    type: Type
    scale: int = 0
    bound: int | None = None
    span: tuple[int, int] | None = None
    present: bool = False
    mask: str | None = None
    among: tuple[str, ...] | None = None

    def limit(self, digits: int) -> int:
        """Return the largest scaled magnitude that the columns compute with.

        ``digits`` are the decimals of the site's currency.
        """
        if self.bound is not None:
            return self.bound
        if self.type.kind is Kind.MONEY:
            largest = 10 ** max(LARGEST_MONEY_DIGITS, LARGEST_MONEY_DIGITS - digits + self.scale)
        else:
            largest = 10 ** max(LARGEST_NUMBER_DIGITS, LEAST_NUMBER_DIGITS + self.scale)
        return int(min(largest, LARGEST_SCALED))


def read(leaf: Leaf, digits: int, scratch: Scratch) -> Columns:
    """Return a leaf's value with its nulls neutralised and its bounds enforced."""
    missing = scratch.given(leaf.mask) if leaf.mask else NEVER if leaf.present else scratch.mask(_absent(leaf))
    if leaf.type.kind in {Kind.BOOLEAN, Kind.TEXT}:
        return _plain(leaf, missing, scratch)
    if leaf.span is not None:
        return _measured(leaf, leaf.span, digits, missing, scratch)
    raw = pl.col(leaf.column).to_physical()
    if leaf.type.kind is Kind.DATE:
        return Day(_bounded(raw, FIRST_DAY, LAST_DAY, scratch, check=True), missing)
    limit = leaf.limit(digits)
    return Number(_bounded(raw, -limit, limit, scratch, check=leaf.bound is None), 10**leaf.scale, None, missing)


def _plain(leaf: Leaf, missing: Mask, scratch: Scratch) -> Columns:
    boolean = leaf.type.kind is Kind.BOOLEAN
    if leaf.present:
        value = scratch.any(scratch.given(leaf.column))
    else:
        value = scratch.keep(Cell(pl.col(leaf.column).fill_null(value=False if boolean else "")))
    return Truth(value, missing) if boolean else Words(value, missing, among=leaf.among)


def _absent(leaf: Leaf) -> Cell:
    absent = pl.col(leaf.column).is_null()
    if leaf.type.tag_column is not None:
        absent |= pl.col(leaf.type.tag_column).is_null()
    return Cell(absent)


def _measured(leaf: Leaf, span: tuple[int, int], digits: int, missing: Mask, scratch: Scratch) -> Columns:
    """Return an ``Int64`` leaf whose values lie within ``span``; what its type forbids is flagged."""
    (low, high), value = span, Cell(pl.col(leaf.column), plain=True)
    if not leaf.present and leaf.mask is None:
        value = scratch.keep(Cell(pl.col(leaf.column).fill_null(low)))
    whole = fixed(low) if low == high else Whole(value, low, high)
    if leaf.type.kind is Kind.DATE:
        return Day(_checked(whole, FIRST_DAY, LAST_DAY, scratch), missing)
    limit = leaf.limit(digits)
    return Number(_checked(whole, -limit, limit, scratch), 10**leaf.scale, None, missing)


def _checked(whole: Whole, low: int, high: int, scratch: Scratch) -> Whole:
    """Return ``whole`` with 1 on rows outside of ``low`` to ``high``, which are flagged."""
    if low <= whole.low and whole.high <= high:
        return whole
    outside = scratch.doubt(cell(~whole.cell.expr.is_between(low, high), whole.cell))
    one = pl.when(outside.expr).then(pl.lit(1, dtype=pl.Int64)).otherwise(whole.cell.expr)
    kept = scratch.keep(cell(one, whole.cell, outside))
    return Whole(kept, min(max(whole.low, low), 1), max(min(whole.high, high), 1))


def _bounded(raw: pl.Expr, low: int, high: int, scratch: Scratch, *, check: bool) -> Whole:
    dtype = pl.Int128 if max(-low, high) > NARROW else pl.Int64
    part = Cell(raw.fill_null(0))
    if check:
        part = scratch.keep(part)
        inside = part.expr.is_between(pl.lit(low, dtype=dtype), pl.lit(high, dtype=dtype))
        outside = scratch.doubt(cell(~inside, part))
        one = pl.when(outside.expr).then(pl.lit(1, dtype=dtype)).otherwise(part.expr)
        part = cell(one, part, outside)
    return Whole(scratch.keep(cell(part.expr.cast(dtype), part)), low, high)
