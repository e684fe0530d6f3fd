"""What is known of a field half-way through the rules: its value, who set it, where it is locked."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import polars as pl

from acorn_engine.language.columns import Day, Number, Truth
from acorn_engine.language.columns.cells import NEVER, Cell, both, cell, either, follows, inverse, literal
from acorn_engine.language.columns.texts import words
from acorn_engine.language.columns.whole import Whole, fixed
from acorn_engine.types import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acorn_engine.evaluate.slots import Slot
    from acorn_engine.language.columns import ColumnBuilder, Columns
    from acorn_engine.language.columns.cells import Mask
    from acorn_engine.language.columns.scratch import Scratch

CHAINED: Final = 12
"""So many choices of one expression are nested; a longer one is cut, since Polars recurses over them."""


@dataclass(slots=True)
class Standing:
    """A field: its columns, free to use again, the rules that set it with where they did, its lock.

    Attributes stand as their JSON text.
    """

    slot: Slot
    columns: Columns
    setters: list[tuple[int, Cell]] = field(default_factory=list)
    lock: Cell = field(default_factory=lambda: literal(False))

    def write(self, builder: ColumnBuilder, number: int, where: Cell, value: Columns, known: Mask) -> None:
        """Let the field be ``value`` where ``where`` is true, by rule ``number``.

        ``known`` are masks on whose rows ``where`` is false.
        """
        if where.known is False:
            return
        before = self.columns
        self.setters.append((number, where))
        if where.known:
            self.columns = builder.choices.keep(replace(value, missing=NEVER, failed=NEVER))
            return
        absent = builder.scratch.any(before.missing)
        missing = before.missing
        if not before.missing <= known:
            missing = builder.scratch.mask(both(absent, inverse(where)))
        # Where nothing stands but what is set now, any value within its bounds will do on the other rows.
        alone = follows(inverse(where), absent)
        columns = _on(where, value) if alone else _picked(builder, where, value, before)
        self.columns = builder.choices.keep(replace(columns, missing=missing, failed=NEVER))

    def fall_back(self, builder: ColumnBuilder, other: Standing) -> None:
        """Let the field be ``other`` where it is missing."""
        absent = builder.scratch.any(self.columns.missing)
        if absent.known is False:
            return
        absent = builder.scratch.keep(absent)
        columns = other.columns if absent.known else _picked(builder, absent, other.columns, self.columns)
        missing = builder.conditions.only(absent, other.columns.missing)
        self.columns = builder.choices.keep(replace(columns, missing=missing))

    def copy(self) -> Standing:
        """Return the standing as it is now."""
        return Standing(self.slot, self.columns, list(self.setters), self.lock)

    def shown(self, scratch: Scratch) -> Cell:
        """Return the field's column, null where it is missing, in the type of its slot."""
        value = typed(self.columns)
        absent = scratch.any(self.columns.missing)
        if absent.known is False:
            return value
        if absent.known:
            return Cell(pl.lit(None, dtype=self.slot.dtype))
        return cell(pl.when(inverse(absent).expr).then(value.expr), absent, value)


def nothing(kind: Kind, scratch: Scratch, digits: int | None = None) -> Columns:
    """Return columns that are missing on every row; a number has ``digits`` decimals."""
    if kind is Kind.TEXT:
        return replace(words(""), missing=scratch.always)
    if kind is Kind.BOOLEAN:
        return Truth(literal(False), scratch.always)
    if kind is Kind.DATE:
        return Day(fixed(0), scratch.always)
    return Number(fixed(0), 10 ** (digits or 0), missing=scratch.always)


def inside(whole: Whole, low: int, high: int, builder: ColumnBuilder) -> tuple[Whole, Cell]:
    """Return integers of 64 bits within ``low`` to ``high``, and where they were not: there stands one that is."""
    if low <= whole.low and whole.high <= high:
        return whole, literal(False)
    integers, scratch, any_one = builder.numbers.whole, builder.scratch, max(low, 0)
    whole = integers.keep(whole)
    outside = either(integers.compared("<", whole, fixed(low)), integers.compared(">", whole, fixed(high)))
    if outside.known:
        return fixed(any_one), outside
    outside = scratch.keep(outside)
    value = pl.when(outside.expr).then(pl.lit(any_one, dtype=pl.Int64)).otherwise(whole.cell.expr).cast(pl.Int64)
    bounds = min(max(whole.low, low), any_one), max(min(whole.high, high), any_one)
    return Whole(cell(value, outside, whole.cell), *bounds), outside


def _on(where: Cell, value: Columns) -> Columns:
    """Return ``value`` for a field that is missing elsewhere: conditions are false there."""
    return Truth(both(where, value.true)) if isinstance(value, Truth) else value


def _picked(builder: ColumnBuilder, where: Cell, value: Columns, before: Columns) -> Columns:
    if isinstance(value, Truth) and isinstance(before, Truth):
        return Truth(either(both(where, value.true), both(inverse(where), before.true)))
    if isinstance(value, Number) and isinstance(before, Number):
        # Both have the unit of the slot, and keep it.
        return replace(value, numerator=builder.numbers.whole.chosen(where, value.numerator, before.numerator))
    return builder.choices.chosen(where, value, before)


def typed(columns: Columns) -> Cell:
    """Return the value of columns in the type of its kind, anything where it is missing."""
    if isinstance(columns, Number):
        return columns.numerator.cell
    if isinstance(columns, Day):
        value = columns.value.cell
        return cell(value.expr.cast(pl.Int32).cast(pl.Date), value)
    return columns.true if isinstance(columns, Truth) else columns.value


def last_setter(setters: Sequence[tuple[int, Cell]], scratch: Scratch, dtype: pl.DataType) -> Cell:
    """Return the place among all rules, from 0, of the last of some that set a field; null where none did."""
    found = Cell(pl.lit(None, dtype=dtype), plain=True)
    for place, (number, where) in enumerate(setters, start=1):
        chosen = pl.lit(number - 1, dtype=dtype)
        if where.known:
            found = Cell(chosen, plain=True)
            continue
        found = cell(pl.when(where.expr).then(chosen).otherwise(found.expr), where, found)
        if place % CHAINED == 0:
            found = scratch.keep(found)
    return found
