"""Exact integers in columns: bounds that hold on every row choose the width, a shadow guards the rest.

Polars wraps integers silently, so no operation is built whose result could leave 127 bits. Where
the bounds alone cannot exclude it, each row is measured in floating point, rounded towards
flagging; a flagged row computes with 1 instead and is left to the exact scalar form. The shadow
never becomes a value.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Final

import polars as pl

from acorn_engine.language.columns.cells import Cell, cell, either, literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from acorn_engine.language.columns.scratch import Scratch

WIDEST: Final = 2**123
"""No integer of a program is beyond this; sums of two still fit an Int128."""
NARROW: Final = 2**63 - 1
FEW_NUMBERS: Final = 4
"""So many numbers are compared one by one; with more, hashing pays."""
SHADOW_LIMIT: Final = float(2**122)
"""Half of ``WIDEST``: some operations on floats cannot err by a factor of two."""
COMPARISONS: Final[dict[str, Callable[[pl.Expr, pl.Expr], pl.Expr]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
MIRRORED: Final = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True, slots=True, eq=False)
class Whole:
    """A column of integers, never null, each between ``low`` and ``high``."""

    cell: Cell
    low: int
    high: int

    @property
    def magnitude(self) -> int:
        """The largest absolute value."""
        return max(-self.low, self.high, 0)

    @property
    def wide(self) -> bool:
        """Whether the column is Int128; otherwise it is Int64."""
        return self.magnitude > NARROW

    @property
    def constant(self) -> int | None:
        """The one value of the column, if the bounds leave only one."""
        return self.low if self.low == self.high else None


def fixed(value: int) -> Whole:
    """Return a constant; its magnitude must not exceed ``WIDEST``."""
    return Whole(Cell(pl.lit(value, dtype=_dtype(abs(value))), plain=True), value, value)


def _dtype(magnitude: int) -> type[pl.Int64 | pl.Int128]:
    return pl.Int128 if magnitude > NARROW else pl.Int64


def _as(part: Whole, *, wide: bool) -> pl.Expr:
    if part.wide == wide:
        return part.cell.expr
    if part.constant is not None:
        return pl.lit(part.constant, dtype=pl.Int128 if wide else pl.Int64)
    return part.cell.expr.cast(pl.Int128 if wide else pl.Int64)


def _made(expr: pl.Expr, low: int, high: int, wide: bool, *parts: Cell) -> Whole:
    """Return an integer computed in Int128 (``wide``) or Int64, in the width of its bounds."""
    if low == high:
        return fixed(low)
    if wide != (max(-low, high) > NARROW):
        # The bounds hold, so nothing wraps; looking for what does not fit would take longer than the rest.
        expr = expr.cast(_dtype(max(-low, high)), wrap_numerical=True)
    return Whole(cell(expr, *parts), low, high)


def _decided(op: str, a: Whole, b: Whole) -> bool | None:
    """Return whether ``a op b`` holds on every row or on none, where the bounds say so."""
    least, most = a.low - b.high, a.high - b.low
    outcomes = {
        "<": (most < 0, least >= 0),
        "<=": (most <= 0, least > 0),
        ">": (least > 0, most <= 0),
        ">=": (least >= 0, most < 0),
        "==": (least == most == 0, least > 0 or most < 0),
        "!=": (least > 0 or most < 0, least == most == 0),
    }
    always, never = outcomes[op]
    return True if always else False if never else None


def _shadow(part: Whole) -> pl.Expr:
    if part.constant is not None:
        return pl.lit(float(abs(part.constant)))
    return part.cell.expr.cast(pl.Float64).abs()


def _clamped(low: int, high: int) -> tuple[int, int]:
    """Return bounds for checked rows and for flagged ones, which hold 0, 1 or 2."""
    return min(max(low, -WIDEST), 0), max(min(high, WIDEST), 2)


class Integers:
    """Arithmetic on integer columns of one program."""

    def __init__(self, scratch: Scratch) -> None:
        self.scratch = scratch

    def keep(self, part: Whole) -> Whole:
        """Return ``part`` as something that may be used again."""
        return part if part.cell.plain else Whole(self.scratch.keep(part.cell), part.low, part.high)

    def neutral(self, mark: Cell, part: Whole) -> Whole:
        """Return ``part`` with 1 where ``mark`` is true."""
        if mark.known is False:
            return part
        low, high = min(part.low, 1), max(part.high, 1)
        wide = max(-low, high) > NARROW
        chosen = pl.when(mark.expr).then(pl.lit(1, dtype=_dtype(max(-low, high)))).otherwise(_as(part, wide=wide))
        return Whole(cell(chosen, mark, part.cell), low, high)

    def times(self, a: Whole, b: Whole) -> Whole:
        """Return a × b; rows that could leave 127 bits are flagged."""
        if a.constant == 1 or b.constant == 1:
            return b if a.constant == 1 else a
        corners = [x * y for x in (a.low, a.high) for y in (b.low, b.high)]
        low, high = min(corners), max(corners)
        if max(-low, high) > WIDEST:
            a, b = self.keep(a), self.keep(b)
            mark = self.scratch.doubt(cell(_shadow(a) * _shadow(b) > SHADOW_LIMIT, a.cell, b.cell))
            a, b = self.neutral(mark, a), self.neutral(mark, b)
            low, high = _clamped(low, high)
        wide = max(a.magnitude, b.magnitude, -low, high) > NARROW
        return _made(_as(a, wide=wide) * _as(b, wide=wide), low, high, wide, a.cell, b.cell)

    def scaled(self, a: Whole, factor: int) -> Whole:
        """Return a × factor, a constant of any size."""
        if abs(factor) <= WIDEST:
            return self.times(a, fixed(factor))
        if a.constant != 0:
            self.scratch.doubt(cell(a.cell.expr != 0, a.cell))
        return fixed(0)

    def plus(self, a: Whole, b: Whole, *, minus: bool = False) -> Whole:
        """Return a + b, or a - b; rows that could leave 127 bits are flagged."""
        low, high = (a.low - b.high, a.high - b.low) if minus else (a.low + b.low, a.high + b.high)
        if b.constant == 0 or (a.constant == 0 and not minus):
            return a if b.constant == 0 else b
        if max(-low, high) > WIDEST:
            a, b = self.keep(a), self.keep(b)
            mark = self.scratch.doubt(cell(_shadow(a) + _shadow(b) > SHADOW_LIMIT, a.cell, b.cell))
            a, b = self.neutral(mark, a), self.neutral(mark, b)
            low, high = _clamped(low, high)
        wide = max(a.magnitude, b.magnitude, -low, high) > NARROW
        left, right = _as(a, wide=wide), _as(b, wide=wide)
        return _made(left - right if minus else left + right, low, high, wide, a.cell, b.cell)

    def negated(self, a: Whole) -> Whole:
        """Return 0 - a (Polars cannot negate an Int128)."""
        return self.plus(fixed(0), a, minus=True)

    def absolute(self, a: Whole) -> Whole:
        """Return |a|."""
        if a.low >= 0:
            return a
        low = 0 if a.high >= 0 else -a.high
        return _made(a.cell.expr.abs(), low, a.magnitude, a.wide, a.cell)

    def floored(self, a: Whole, b: Whole) -> Whole:
        """Return the floor of a / b, for b ≥ 1 on every row."""
        if b.constant == 1:
            return a
        least = max(b.low, 1)
        low = a.low // least if a.low < 0 else a.low // b.high
        high = a.high // least if a.high >= 0 else a.high // b.high
        wide = a.wide or b.wide
        return _made(_as(a, wide=wide) // _as(b, wide=wide), low, high, wide, a.cell, b.cell)

    def chosen(self, test: Cell, a: Whole, b: Whole) -> Whole:
        """Return a where ``test`` is true, b elsewhere."""
        if test.known is not None:
            return a if test.known else b
        low, high = min(a.low, b.low), max(a.high, b.high)
        wide = max(-low, high) > NARROW
        expr = pl.when(test.expr).then(_as(a, wide=wide)).otherwise(_as(b, wide=wide))
        return _made(expr, low, high, wide, test, a.cell, b.cell)

    def compared(self, op: str, a: Whole, b: Whole) -> Cell:
        """Return where ``a op b`` holds."""
        known = _decided(op, a, b)
        if known is not None:
            return literal(known)
        if a.constant is not None:
            # Polars cannot compare a literal with a column that holds one value, only the other way round.
            return self.compared(MIRRORED[op], b, a)
        wide = a.wide or b.wide
        return cell(COMPARISONS[op](_as(a, wide=wide), _as(b, wide=wide)), a.cell, b.cell)

    def among(self, a: Whole, values: list[int]) -> Cell:
        """Return where ``a`` is one of ``values``."""
        inside = sorted({value for value in values if a.low <= value <= a.high})
        if not inside:
            return literal(False)
        if len(inside) <= FEW_NUMBERS:
            a = self.keep(a)
            return reduce(either, [self.compared("==", a, fixed(value)) for value in inside])
        series = pl.Series(inside, dtype=_dtype(a.magnitude))
        return cell(a.cell.expr.is_in(series.implode()), a.cell)
