"""Rounding to a multiple of a step, exactly."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from acorn_engine.fields import Rounding


def round_to(value: Fraction, step: Fraction, mode: Rounding) -> Fraction:
    """Return the multiple of ``step`` that is nearest to ``value`` in the sense of ``mode``.

    ``half_up`` takes halves away from zero, ``up`` goes towards +infinity, ``down`` towards
    -infinity, ``none`` changes nothing. Raises ``ValueError`` for a step that is not above zero.
    """
    if step <= 0:
        raise ValueError("a step must be above zero")
    if mode == "none":
        return value
    steps = value / step
    if mode == "up":
        return -(-steps.numerator // steps.denominator) * step
    if mode == "down":
        return steps.numerator // steps.denominator * step
    whole = (2 * abs(steps.numerator) + steps.denominator) // (2 * steps.denominator)
    return (whole if steps >= 0 else -whole) * step
