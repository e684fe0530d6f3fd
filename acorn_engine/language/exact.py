"""Exact numbers with an end: the arithmetic of the reference."""

from __future__ import annotations

from fractions import Fraction
from math import gcd
from typing import TYPE_CHECKING, Final

from acorn_engine.language.rounding import round_to
from acorn_engine.types import Failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from acorn_engine.fields import Rounding

LARGEST_BITS: Final = 1_024
"""The most bits of a numerator or a denominator."""

OVERFLOW: Final = Failure("overflow", f"a number grew beyond {LARGEST_BITS:,} bits")
DIVISION_BY_ZERO: Final = Failure("division_by_zero", "a division by zero")
STEP: Final = Failure("step", "a rounding step that is not above zero")


def bounded(value: Fraction) -> Fraction | Failure:
    """Return ``value``, or the failure where its numerator or denominator is too long."""
    longest = max(value.numerator.bit_length(), value.denominator.bit_length())
    return OVERFLOW if longest > LARGEST_BITS else value


def multiply(a: Fraction, b: Fraction) -> Fraction | Failure:
    """Return ``a * b``; a product that would be too long is refused before it is made."""
    # In lowest terms the product's numerator is made of these two factors, and so its denominator.
    one, other = gcd(a.numerator, b.denominator), gcd(b.numerator, a.denominator)
    pairs = (
        (a.numerator // one, b.numerator // other),
        (a.denominator // other, b.denominator // one),
    )
    for left, right in pairs:
        # A product of n and m bits has n + m bits, or one less; zero ends here as well.
        if left.bit_length() + right.bit_length() - 1 > LARGEST_BITS:
            return OVERFLOW
    return bounded(a * b)


def divide(a: Fraction, b: Fraction) -> Fraction | Failure:
    """Return ``a / b``."""
    return multiply(a, 1 / b) if b else DIVISION_BY_ZERO


def add(a: Fraction, b: Fraction) -> Fraction | Failure:
    """Return ``a + b``; operands within bounds make a sum of at most twice their length."""
    return bounded(a + b)


def subtract(a: Fraction, b: Fraction) -> Fraction | Failure:
    """Return ``a - b``."""
    return bounded(a - b)


def rounded(mode: Rounding) -> Callable[[Fraction, Fraction], Fraction | Failure]:
    """Return the rounding of a number to a step."""

    def to_step(value: Fraction, step: Fraction) -> Fraction | Failure:
        return bounded(round_to(value, step, mode)) if step > 0 else STEP

    return to_step
