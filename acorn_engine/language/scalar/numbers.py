"""Numbers in generated source: pairs of whole numbers while their length is bounded, else fractions.

A pair is never brought to lowest terms: what a pair's bits bound, they bound in lowest terms as
well. So as long as no number can pass the largest length, nothing has to be tested; where one
could, the operation is that of the reference on fractions, which tests it.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import gcd, lcm
from typing import TYPE_CHECKING

from acorn_engine.language.exact import LARGEST_BITS
from acorn_engine.language.scalar.held import Held, number
from acorn_engine.types import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acorn_engine.fields import Rounding
    from acorn_engine.language.core import ArithmeticOperator, RoundMode
    from acorn_engine.language.scalar.source import Source

_CHECKED = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide"}


class Numbers:
    """Writes arithmetic. Operands are sure: whoever calls has seen to what is missing or failed."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def literal(self, value: Fraction) -> Held:
        """Return a constant."""
        top, bottom = value.numerator, value.denominator
        bits = (top.bit_length(), bottom.bit_length())
        return Held(Kind.NUMBER, self._source.constant(top), bottom, bits, literal=value)

    def arithmetic(self, op: ArithmeticOperator, a: Held, b: Held) -> Held:
        """Return ``a op b``."""
        if op == "/" and isinstance(b.literal, Fraction) and b.literal:
            op, b = "*", self.literal(1 / b.literal)
        made: Held | None = None
        if a.is_pair and b.is_pair:
            made = self._times(a, b) if op == "*" else self._divided(a, b) if op == "/" else self._plus(op, a, b)
        return made or self._checked(f"{_CHECKED[op]}({self._fraction(a)}, {self._fraction(b)})")

    def negated(self, a: Held) -> Held:
        """Return ``-a``."""
        return replace(a, top=self._source.assign(f"-{a.top}"), literal=None)

    def absolute(self, a: Held) -> Held:
        """Return ``abs(a)``."""
        return replace(a, top=self._source.assign(f"abs({a.top})"), literal=None)

    def compared(self, op: str, a: Held, b: Held) -> str:
        """Return the condition ``a op b``."""
        if not (a.is_pair and b.is_pair):
            return f"{self._fraction(a)} {op} {self._fraction(b)}"
        left, right = self._crossed(a, b)
        return f"{left} {op} {right}"

    def extreme(self, op: str, items: Sequence[Held]) -> Held:
        """Return the least or the greatest."""
        aligned = self.aligned(items)
        first = aligned[0]
        if not isinstance(first.bottom, str):
            listed = ", ".join(item.top for item in aligned)
            return replace(first, top=self._source.assign(f"{op}({listed})"), literal=None)
        source = self._source
        top, bottom = source.assign(first.top), source.assign(first.bottom)
        for item in aligned[1:]:
            sign = "<" if op == "min" else ">"
            with source.block(f"if {item.top} * {bottom} {sign} {top} * {item.bottom}:"):
                source.line(f"{top}, {bottom} = {item.top}, {item.bottom}")
        return number(top, bottom, first.bits)

    def stepped(self, mode: RoundMode, a: Held, step: Held) -> Held:
        """Return ``a`` rounded to a multiple of ``step``, which fails where that is not above zero."""
        bits = (a.bits[0] + step.bits[1] + step.bits[0] + 2, step.bits[1])
        if not (a.is_pair and step.is_pair) or bits[0] > LARGEST_BITS:
            mode_name = self._source.constant(mode)
            return self._checked(f"stepped({mode_name}, {self._fraction(a)}, {self._fraction(step)})")
        if isinstance(step.literal, Fraction):
            if step.literal <= 0:
                return Held(Kind.NUMBER, "STEP", 1, (1, 1), may_fail=True)
            steps = self._divided_down(mode, a, step)
            return number(self._source.assign(self._product(steps, step.literal.numerator)), step.bottom or 1, bits)
        top = self._source.name()
        with self._source.block(f"if {step.top} <= 0:"):
            self._source.line(f"{top} = STEP")
        with self._source.block("else:"):
            steps = self._divided_down(mode, a, step)
            self._source.line(f"{top} = {steps} * {step.top}")
        return replace(number(top, step.bottom or 1, bits), may_fail=True)

    def scaled(self, a: Held, digits: int, mode: Rounding) -> str:
        """Return the name of ``a`` rounded to a whole number of ``10**-digits``."""
        if not a.is_pair:
            a = number(self._source.assign(f"{a.top}.numerator"), f"{a.top}.denominator", (LARGEST_BITS, LARGEST_BITS))
        plain: RoundMode = "half_up" if mode == "none" else mode
        return self._divided_down(plain, a, self.literal(Fraction(1, 10**digits)))

    def member(self, a: Held, members: frozenset[Fraction]) -> str:
        """Return the condition that ``a`` is one of some numbers."""
        unit = a.unit()
        if unit is None:
            return f"{self._fraction(a)} in {self._source.constant(members)}"
        whole = frozenset((value * unit).numerator for value in members if unit % value.denominator == 0)
        return f"{a.top} in {self._source.constant(whole)}"

    def aligned(self, items: Sequence[Held]) -> list[Held]:
        """Return numbers in one representation: over one unit, or all pairs, or all fractions."""
        if not all(item.is_pair for item in items):
            return [Held(Kind.NUMBER, self._fraction(item)) for item in items]
        units = [unit for item in items if (unit := item.unit()) is not None]
        bits = (max(item.bits[0] for item in items), max(item.bits[1] for item in items))
        if len(units) < len(items):
            named = [
                replace(item, bottom=item.bottom if isinstance(item.bottom, str) else self._k(item.unit() or 1))
                for item in items
            ]
            return [replace(item, bits=bits, literal=None) for item in named]
        common = lcm(*units)
        longest = max(item.bits[0] + _length(common // (item.unit() or 1)) for item in items)
        if longest > LARGEST_BITS or common.bit_length() > LARGEST_BITS:
            return [Held(Kind.NUMBER, self._fraction(item)) for item in items]
        return [
            number(self._product(item.top, common // (item.unit() or 1)), common, (longest, common.bit_length()))
            for item in items
        ]

    def _times(self, a: Held, b: Held) -> Held | None:
        bits = (a.bits[0] + b.bits[0], a.bits[1] + b.bits[1])
        if max(bits) > LARGEST_BITS:
            return None
        top = self._source.assign(f"{a.top} * {b.top}")
        return number(top, self._bottoms(a, b), bits)

    def _plus(self, op: str, a: Held, b: Held) -> Held | None:
        if a.bottom == b.bottom:
            bits = (max(a.bits[0], b.bits[0]) + 1, a.bits[1])
            if bits[0] > LARGEST_BITS:
                return None
            return number(self._source.assign(f"{a.top} {op} {b.top}"), a.bottom or 1, bits)
        one, other = a.unit(), b.unit()
        if one is not None and other is not None:
            common = lcm(one, other)
            left, right = common // one, common // other
            bits = (max(a.bits[0] + _length(left), b.bits[0] + _length(right)) + 1, common.bit_length())
            if max(bits) > LARGEST_BITS:
                return None
            text = f"{self._product(a.top, left)} {op} {self._product(b.top, right)}"
            return number(self._source.assign(text), common, bits)
        bits = (max(a.bits[0] + b.bits[1], b.bits[0] + a.bits[1]) + 1, a.bits[1] + b.bits[1])
        if max(bits) > LARGEST_BITS:
            return None
        top = self._source.assign(f"{self._by(a.top, b)} {op} {self._by(b.top, a)}")
        return number(top, self._bottoms(a, b), bits)

    def _divided(self, a: Held, b: Held) -> Held | None:
        bits = (a.bits[0] + b.bits[1], b.bits[0] + a.bits[1])
        if max(bits) > LARGEST_BITS:
            return None
        source = self._source
        top, bottom = source.name(), source.name("d")
        upper, lower = self._crossed(a, b)
        with source.block(f"if {b.top} == 0:"):
            source.line(f"{top}, {bottom} = BY_ZERO, 1")
        with source.block("else:"):
            source.line(f"{top} = {upper}")
            source.line(f"{bottom} = {lower}")
            with source.block(f"if {bottom} < 0:"):
                source.line(f"{top} = -{top}")
                source.line(f"{bottom} = -{bottom}")
        return replace(number(top, bottom, bits), may_fail=True)

    def _crossed(self, a: Held, b: Held) -> tuple[str, str]:
        """Return two products that stand to each other as ``a`` to ``b``: without common bottoms."""
        one, other = a.unit(), b.unit()
        if a.bottom == b.bottom:
            return a.top, b.top
        if one is not None and other is not None:
            shared = gcd(one, other)
            return self._product(a.top, other // shared), self._product(b.top, one // shared)
        return self._by(a.top, b), self._by(b.top, a)

    def _divided_down(self, mode: RoundMode, a: Held, step: Held) -> str:
        """Return the name of the whole number of steps in ``a``, rounded; the step is above zero."""
        source, unit, size = self._source, a.unit(), step.literal
        if unit is not None and isinstance(size, Fraction):
            many, parts = size.denominator, unit * size.numerator
            shared = gcd(many, parts)
            many, parts = many // shared, parts // shared
            if parts == 1:
                return source.assign(self._product(a.top, many))
            top, bottom = self._product(a.top, many), self._k(parts)
            twice, double = self._product(a.top, 2 * many), self._k(2 * parts)
        else:
            top = source.assign(self._by(a.top, step))
            bottom = source.assign(self._by(step.top, a))
            twice, double = f"2 * {top}", f"(2 * {bottom})"
        if mode == "down":
            return source.assign(f"{top} // {bottom}")
        if mode == "up":
            return source.assign(f"-(-{top} // {bottom})")
        up, down = f"({twice} + {bottom}) // {double}", f"-(({bottom} - {twice}) // {double})"
        return source.assign(f"{up} if {a.top} >= 0 else {down}")

    def _bottoms(self, a: Held, b: Held) -> int | str:
        one, other = a.unit(), b.unit()
        if one is not None and other is not None:
            return one * other
        if one == 1:
            return str(b.bottom)
        return str(a.bottom) if other == 1 else self._source.assign(self._by(self._bottom(a), b), "d")

    def _bottom(self, a: Held) -> str:
        unit = a.unit()
        return str(a.bottom) if unit is None else self._k(unit)

    def _by(self, text: str, other: Held) -> str:
        """Return ``text`` times the bottom of ``other``."""
        return text if other.unit() == 1 else f"{text} * {self._bottom(other)}"

    def _product(self, text: str, factor: int) -> str:
        return text if factor == 1 else f"{text} * {self._k(factor)}"

    def _k(self, value: int) -> str:
        return self._source.constant(value)

    def _fraction(self, a: Held) -> str:
        if isinstance(a.literal, Fraction):
            return self._source.constant(a.literal)
        return f"Fraction({a.top}, {self._bottom(a)})" if a.is_pair else a.top

    def _checked(self, call: str) -> Held:
        return Held(Kind.NUMBER, self._source.assign(call), may_fail=True)


def _length(factor: int) -> int:
    """Return by how many bits a factor may lengthen a number."""
    return 0 if factor == 1 else factor.bit_length()
