"""Columns that choose between values: conditionals, defaults, extremes, membership."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import polars as pl

from acorn_engine.language.columns import texts
from acorn_engine.language.columns.cells import both, cell, either, inverse, literal
from acorn_engine.language.columns.values import Columns, Day, Number, Truth, Words

if TYPE_CHECKING:
    from acorn_engine.language import core
    from acorn_engine.language.columns.cells import Cell
    from acorn_engine.language.columns.logic import Conditions
    from acorn_engine.language.columns.numbers import Numbers
    from acorn_engine.language.columns.scratch import Scratch

EPOCH: Final = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Choices:
    """The choices of one program, over values of any type."""

    scratch: Scratch
    numbers: Numbers
    conditions: Conditions

    def keep(self, columns: Columns) -> Columns:
        """Return columns that may be used again."""
        if isinstance(columns, Number):
            return self.numbers.keep(columns)
        if isinstance(columns, Truth):
            return self.conditions.keep(columns)
        if isinstance(columns, Words):
            return replace(columns, value=self.scratch.keep(columns.value))
        return replace(columns, value=self.numbers.whole.keep(columns.value))

    def member(self, a: Columns, members: tuple[core.Literal, ...], *, negated: bool) -> Truth:
        """Return where ``a`` is one of ``members``, or is not."""
        values = [member.value for member in members]
        if isinstance(a, Number):
            holds = self.numbers.among(a, [value for value in values if isinstance(value, Fraction)])
        elif isinstance(a, Words):
            holds = texts.among(a, [value for value in values if isinstance(value, str)], self.scratch)
        elif isinstance(a, Day):
            days = [value.toordinal() - EPOCH for value in values if isinstance(value, date)]
            holds = self.numbers.whole.among(a.value, days)
        else:
            a = self.conditions.keep(a)
            yes, no = True in values, False in values
            holds = literal(yes) if yes == no else a.true if yes else inverse(a.true)
        if negated:
            holds = inverse(holds)
        return self.conditions.masked(holds, a.missing, a.failed)

    def conditional(self, test: Truth, then: Columns, other: Columns) -> Columns:
        """Return ``then`` where ``test`` is true, ``other`` where it is false."""
        if test.true.known:
            return then
        if test.true.known is False and not test.missing and not test.failed:
            return other
        test = self.conditions.keep(test)
        missing, failed = self.conditions.branches(test, (then.missing, then.failed), (other.missing, other.failed))
        if isinstance(then, Truth) and isinstance(other, Truth):
            yes = both(test.true, then.true)
            no = both(self.conditions.false(test), other.true)
            return Truth(either(yes, no), missing, failed)
        return replace(self.chosen(test.true, then, other), missing=missing, failed=failed)

    def chosen(self, mark: Cell, then: Columns, other: Columns) -> Columns:
        """Return ``then`` where ``mark`` is true, ``other`` elsewhere, without masks: numbers, dates or texts."""
        if isinstance(then, Number) and isinstance(other, Number):
            return self.numbers.chosen(mark, then, other)
        if isinstance(then, Day) and isinstance(other, Day):
            return Day(self.numbers.whole.chosen(mark, then.value, other.value))
        if isinstance(then, Words) and isinstance(other, Words):
            picked = pl.when(mark.expr).then(then.value.expr).otherwise(other.value.expr)
            return Words(cell(picked, mark, then.value, other.value))
        raise TypeError("both branches of a conditional have one type")

    def extreme(self, op: str, parts: list[Columns]) -> Columns:
        """Return the least or the greatest of several numbers or dates."""
        least, *rest = parts
        for part in rest:
            if isinstance(least, Number) and isinstance(part, Number):
                least = self.numbers.extreme(op, least, part)
            elif isinstance(least, Day) and isinstance(part, Day):
                a, b = self.numbers.whole.keep(least.value), self.numbers.whole.keep(part.value)
                first = self.numbers.whole.compared("<=" if op == "min" else ">=", a, b)
                value = self.numbers.whole.chosen(first, a, b)
                least = Day(value, least.missing | part.missing, least.failed | part.failed)
        return least

    def default(self, a: Columns, b: Columns) -> Columns:
        """Return ``a``, or ``b`` where ``a`` is missing."""
        if not a.missing:
            return a
        absent = both(self.scratch.any(a.missing), inverse(self.scratch.any(a.failed)))
        if absent.known:
            return b
        absent = self.scratch.keep(absent)
        missing, failed = self.conditions.only(absent, b.missing), a.failed | self.conditions.only(absent, b.failed)
        if isinstance(a, Truth) and isinstance(b, Truth):
            return Truth(either(a.true, both(absent, b.true)), missing, failed)
        return replace(self.chosen(absent, b, a), missing=missing, failed=failed)
