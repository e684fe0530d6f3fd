"""Exact arithmetic on columns: integers over a constant unit and, after a division, a denominator.

Nothing is rounded on the way: a division keeps its denominator until a comparison multiplies
crosswise or a rounding divides.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import gcd, lcm
from typing import TYPE_CHECKING, Final

import polars as pl

from acorn_engine.language.columns.cells import cell
from acorn_engine.language.columns.values import Number
from acorn_engine.language.columns.whole import WIDEST, Integers, Whole, fixed

if TYPE_CHECKING:
    from acorn_engine.fields import Rounding
    from acorn_engine.language.columns.cells import Cell, Mask
    from acorn_engine.language.columns.scratch import Scratch

UNIT_BITS: Final = 300
"""A longer constant unit is left to the scalar form, well before its limit of 1,024 bits."""


class Numbers:
    """The arithmetic of one program."""

    def __init__(self, scratch: Scratch) -> None:
        self.scratch = scratch
        self.whole = Integers(scratch)

    def literal(self, value: Fraction) -> Number:
        """Return a constant; one beyond 123 bits leaves every row to the scalar form."""
        if abs(value.numerator) > WIDEST or value.denominator.bit_length() > UNIT_BITS:
            self.scratch.doubt_all()
            return Number(fixed(1))
        return Number(fixed(value.numerator), value.denominator)

    def keep(self, a: Number) -> Number:
        """Return ``a`` as something that may be used again."""
        denominator = None if a.denominator is None else self.whole.keep(a.denominator)
        return replace(a, numerator=self.whole.keep(a.numerator), denominator=denominator)

    def _number(self, numerator: Whole, unit: int, denominator: Whole | None, missing: Mask, failed: Mask) -> Number:
        constant = numerator.constant
        if constant is not None and denominator is None:
            exact = Fraction(constant, unit)
            if abs(exact.numerator) <= WIDEST:
                numerator, unit = fixed(exact.numerator), exact.denominator
        if unit.bit_length() > UNIT_BITS:
            self.scratch.doubt_all()
            numerator, unit = fixed(1), 1
        if denominator is not None and denominator.constant == 1:
            denominator = None
        return Number(numerator, unit, denominator, missing, failed)

    def _over(self, a: Whole | None, b: Whole | None) -> Whole | None:
        """Return the product of two denominators."""
        if a is None or b is None:
            return a or b
        return self.whole.times(a, b)

    def times(self, a: Number, b: Number) -> Number:
        """Return a × b."""
        missing, failed = a.missing | b.missing, a.failed | b.failed
        left, right, unit = a.numerator, b.numerator, a.unit * b.unit
        for one, other in ((left, right), (right, left)):
            if one.constant:
                common = gcd(one.constant, unit)
                unit //= common
                product = self.whole.scaled(other, one.constant // common)
                return self._number(product, unit, self._over(a.denominator, b.denominator), missing, failed)
        product = self.whole.times(left, right)
        return self._number(product, unit, self._over(a.denominator, b.denominator), missing, failed)

    def _crossed(self, a: Number, b: Number) -> tuple[Whole, Whole, int]:
        """Return both numerators over a common unit and denominator, and the unit."""
        unit = lcm(a.unit, b.unit)
        left = self.whole.scaled(a.numerator, unit // a.unit)
        right = self.whole.scaled(b.numerator, unit // b.unit)
        if a.denominator is not b.denominator:
            left = left if b.denominator is None else self.whole.times(left, b.denominator)
            right = right if a.denominator is None else self.whole.times(right, a.denominator)
        return left, right, unit

    def plus(self, a: Number, b: Number, *, minus: bool = False) -> Number:
        """Return a + b, or a - b."""
        a, b = self.keep_denominator(a), self.keep_denominator(b)
        left, right, unit = self._crossed(a, b)
        shared = a.denominator is b.denominator
        under = a.denominator if shared else self._over(a.denominator, b.denominator)
        total = self.whole.plus(left, right, minus=minus)
        return self._number(total, unit, under, a.missing | b.missing, a.failed | b.failed)

    def keep_denominator(self, a: Number) -> Number:
        """Return ``a`` with a denominator that may be used again."""
        return a if a.denominator is None else replace(a, denominator=self.whole.keep(a.denominator))

    def divided(self, a: Number, b: Number) -> Number:
        """Return a / b; it fails where b is 0 and neither is missing."""
        missing, failed = a.missing | b.missing, a.failed | b.failed
        divisor, zero = self._neutral(b.numerator, "==")
        if zero is not None:
            failed |= self.unless(zero, missing)
        if divisor.constant is not None:
            inverse = Fraction(b.unit, divisor.constant)
            if abs(inverse.numerator) > WIDEST:
                self.scratch.doubt_all()
                inverse = Fraction(1)
            upside_down = Number(fixed(inverse.numerator), inverse.denominator)
        else:
            common = gcd(b.unit, a.unit)
            negative = divisor.low < 0 and a.numerator.constant != 0
            above = self.whole.scaled(a.numerator, b.unit // common)
            if negative:
                above = self.whole.keep(above)
                below_zero = self.whole.compared("<", divisor, fixed(0))
                above = self.whole.chosen(below_zero, self.whole.negated(above), above)
            below = self._over(a.denominator, self.whole.absolute(divisor))
            if b.denominator is not None:
                above = self.whole.times(above, b.denominator)
            return self._number(above, a.unit // common, below, missing, failed)
        if b.denominator is not None:
            upside_down = replace(upside_down, numerator=self.whole.scaled(b.denominator, inverse.numerator))
        return replace(self.times(a, upside_down), missing=missing, failed=failed)

    def _neutral(self, divisor: Whole, op: str) -> tuple[Whole, Cell | None]:
        """Return ``divisor`` with 1 where ``divisor op 0`` holds, and where that is (``None``: nowhere)."""
        if divisor.low > 0 or (op == "==" and divisor.high < 0):
            return self.whole.keep(divisor), None
        divisor = self.whole.keep(divisor)
        mark = self.scratch.keep(self.whole.compared(op, divisor, fixed(0)))
        if divisor.constant is not None:
            return fixed(1), mark
        sound = self.whole.keep(self.whole.neutral(mark, divisor))
        low = 1 if op == "<=" or divisor.low >= 0 else sound.low
        return Whole(sound.cell, low, sound.high), mark

    def unless(self, mark: Cell, missing: Mask) -> Mask:
        """Return where ``mark`` is true and no operand is missing, as a mask."""
        if not missing:
            return self.scratch.mask(mark)
        absent = self.scratch.any(missing)
        return self.scratch.mask(cell(mark.expr & ~absent.expr, mark, absent))

    def negated(self, a: Number) -> Number:
        """Return -a."""
        return replace(a, numerator=self.whole.negated(a.numerator))

    def absolute(self, a: Number) -> Number:
        """Return |a|."""
        return replace(a, numerator=self.whole.absolute(a.numerator))

    def compared(self, op: str, a: Number, b: Number) -> Cell:
        """Return where ``a op b`` holds, masks aside."""
        left, right, _ = self._crossed(a, b)
        return self.whole.compared(op, left, right)

    def among(self, a: Number, members: list[Fraction]) -> Cell:
        """Return where ``a`` equals one of ``members``."""
        if a.denominator is None:
            exact = [member * a.unit for member in members]
            return self.whole.among(a.numerator, [one.numerator for one in exact if one.denominator == 1])
        a = self.keep(a)
        cells = [self.compared("==", a, self.literal(member)) for member in members]
        joined = pl.any_horizontal([one.expr for one in cells]) if cells else pl.lit(False)
        return cell(joined, *cells)

    def extreme(self, op: str, a: Number, b: Number) -> Number:
        """Return the lesser (``min``) or the greater (``max``) of a and b."""
        missing, failed = a.missing | b.missing, a.failed | b.failed
        a, b = self.keep(a), self.keep(b)
        test = self.scratch.keep(self.compared("<=" if op == "min" else ">=", a, b))
        return replace(self.chosen(test, a, b), missing=missing, failed=failed)

    def chosen(self, test: Cell, a: Number, b: Number) -> Number:
        """Return a where ``test`` is true, b elsewhere, without masks."""
        unit = lcm(a.unit, b.unit)
        left = self.whole.scaled(a.numerator, unit // a.unit)
        right = self.whole.scaled(b.numerator, unit // b.unit)
        under: Whole | None = None
        if a.denominator is not None or b.denominator is not None:
            under = self.whole.chosen(test, a.denominator or fixed(1), b.denominator or fixed(1))
        return self._number(self.whole.chosen(test, left, right), unit, under, frozenset(), frozenset())

    def rounded(self, a: Number, digits: int, mode: Rounding) -> Whole:
        """Return ``a * 10**digits`` rounded to an integer; half up is half away from zero."""
        scale = Fraction(10**digits, a.unit)
        above = self.whole.scaled(a.numerator, scale.numerator)
        if scale.denominator > WIDEST:
            self.scratch.doubt_all()
            return fixed(1)
        if a.denominator is None:
            return self._quotient(above, fixed(scale.denominator), mode)
        under = self.whole.keep(a.denominator)
        below = self.whole.scaled(under, scale.denominator)
        if mode == "half_up" and above.low >= 0 and scale.denominator % 2 == 0:
            half = self.whole.scaled(under, scale.denominator // 2)
            return self.whole.floored(self.whole.plus(above, half), below)
        return self._quotient(above, below, mode)

    def _quotient(self, above: Whole, below: Whole, mode: Rounding) -> Whole:
        whole = self.whole
        if below.constant == 1:
            return above
        if mode == "down":
            return whole.floored(above, below)
        divisor = below.constant
        if divisor is not None:
            return self._nearest(above, divisor) if mode != "up" else self._ceiling(above, divisor)
        if mode == "up":
            return whole.negated(whole.floored(whole.negated(above), below))
        above, below = whole.keep(above), whole.keep(below)
        doubled = whole.plus(whole.scaled(whole.absolute(above), 2), below)
        nearest = whole.floored(doubled, whole.scaled(below, 2))
        if above.low >= 0:
            return nearest
        nearest = whole.keep(nearest)
        return whole.chosen(whole.compared("<", above, fixed(0)), whole.negated(nearest), nearest)

    def _ceiling(self, above: Whole, divisor: int) -> Whole:
        return self.whole.floored(self.whole.plus(above, fixed(divisor - 1)), fixed(divisor))

    def _nearest(self, above: Whole, divisor: int) -> Whole:
        """Return ``above / divisor`` to the nearest integer, halves away from zero.

        Half of an odd divisor never comes up; below zero an even one needs one less, so that the
        floor of an exact half is the lower of its neighbours.
        """
        whole = self.whole
        if above.low < 0 and divisor % 2 == 0:
            above = whole.keep(above)
            below_zero = whole.compared("<", above, fixed(0))
            half = whole.chosen(below_zero, fixed(divisor // 2 - 1), fixed(divisor // 2))
        else:
            half = fixed(divisor // 2)
        return whole.floored(whole.plus(above, half), fixed(divisor))

    def stepped(self, a: Number, step: Number, mode: Rounding) -> Number:
        """Return ``a`` rounded to a multiple of ``step``; it fails where the step is ≤ 0."""
        missing, failed = a.missing | step.missing, a.failed | step.failed
        sound, unsound = self._neutral(step.numerator, "<=")
        if unsound is not None:
            failed |= self.unless(unsound, missing)
        step = replace(self.keep_denominator(step), numerator=sound)
        count = self.rounded(replace(self.divided(a, step), missing=frozenset(), failed=frozenset()), 0, mode)
        return replace(self.times(Number(count), step), missing=missing, failed=failed)
