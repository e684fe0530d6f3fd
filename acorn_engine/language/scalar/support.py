"""What generated source calls where a step takes more than an operator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acorn_engine.language import exact
from acorn_engine.language.operands import WEEKDAYS

if TYPE_CHECKING:
    from datetime import date
    from fractions import Fraction

    from acorn_engine.language.core import RoundMode
    from acorn_engine.types import Failure

add = exact.add
subtract = exact.subtract
multiply = exact.multiply
divide = exact.divide


def stepped(mode: RoundMode, value: Fraction, step: Fraction) -> Fraction | Failure:
    """Return ``value`` rounded to a multiple of ``step``, or the failure."""
    return exact.rounded(mode)(value, step)


def weekday(day: date) -> str:
    """Return the day of the week, ``mon`` to ``sun``."""
    return WEEKDAYS[day.weekday()]
