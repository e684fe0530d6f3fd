"""Operands of generated source: which names hold a value, and what is known of it beforehand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from acorn_engine.types import Kind

if TYPE_CHECKING:
    from datetime import date
    from fractions import Fraction

INPUT_BITS: Final = 192
"""The most bits of a whole number that is handed in."""


@dataclass(frozen=True, slots=True)
class Input:
    """A fact or field that is handed in: ``None`` where it is missing.

    Numbers and amounts are whole numbers, scaled by ``10**scale``; texts, booleans and dates are
    themselves.
    """

    kind: Kind
    scale: int = 0


@dataclass(frozen=True, slots=True)
class Held:
    """A value that generated source holds.

    ``top`` names it. It is ``None`` where it is missing and a ``Failure`` where it failed, as far
    as ``may_miss`` and ``may_fail`` say that it can be. A number is ``top / bottom``, where
    ``bottom`` is a whole number known beforehand or the name of one, always above zero; without a
    ``bottom`` it is a ``Fraction``. ``bits`` bound the lengths of ``top`` and ``bottom`` of such
    a pair. ``literal`` is the value where it is known beforehand.
    """

    kind: Kind
    top: str
    bottom: int | str | None = None
    bits: tuple[int, int] = (0, 0)
    may_miss: bool = False
    may_fail: bool = False
    literal: Fraction | str | bool | date | None = None

    @property
    def is_pair(self) -> bool:
        """Whether it is a number of two whole numbers."""
        return self.bottom is not None

    def sure(self) -> Held:
        """Return it as it is where it is neither missing nor failed."""
        return replace(self, may_miss=False, may_fail=False)

    def unit(self) -> int | None:
        """Return the bottom where it is known beforehand."""
        return self.bottom if isinstance(self.bottom, int) else None


def number(top: str, bottom: int | str, bits: tuple[int, int]) -> Held:
    """Return a number that is there, as a pair."""
    return Held(Kind.NUMBER, top, bottom, bits)
