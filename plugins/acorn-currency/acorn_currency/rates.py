"""Exchange rates: exact, dated, sourced. One unit of the base is ``rate`` units of the quote."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import cache
from typing import Final, TypeAlias

DECIMALS: Final = 12
"""Rates, inverses and crosses are fixed to this many decimals when the table is built."""

PIVOTS: Final = ("EUR", "USD", "GBP", "CNY")
"""Currencies through which crosses are tried, in this order; the rest follow by name."""


@dataclass(frozen=True, slots=True)
class Rate:
    """1 ``base`` = ``rate`` ``quote``, as published by ``source`` at ``as_of`` (aware; ``None``: for ever)."""

    base: str
    quote: str
    rate: Fraction
    source: str
    as_of: datetime | None


Find: TypeAlias = Callable[[str, str], Rate | None]
"""Finds the rate of a base and a quote as some book has it."""


def fixed(value: Fraction) -> Fraction:
    """Return a positive rate rounded half up to ``DECIMALS`` decimals."""
    unit = 10**DECIMALS
    return Fraction((value * unit * 2 + 1) // 2, unit)


class RateBook:
    """Rates of one source, by pair as written."""

    def __init__(self, rates: Iterable[Rate]) -> None:
        self._pairs: dict[tuple[str, str], Rate] = {(rate.base, rate.quote): rate for rate in rates}

    @property
    def currencies(self) -> set[str]:
        """Every currency that the book names."""
        return {currency for pair in self._pairs for currency in pair}

    def direct(self, base: str, quote: str) -> Rate | None:
        """Return a pair as written."""
        return self._pairs.get((base, quote))

    def inverse(self, base: str, quote: str) -> Rate | None:
        """Return the reciprocal of the opposite pair."""
        opposite = self._pairs.get((quote, base))
        if opposite is None:
            return None
        return Rate(base, quote, 1 / opposite.rate, f"{opposite.source} (inverse)", opposite.as_of)

    def either(self, base: str, quote: str) -> Rate | None:
        """Return a pair as written, or else its inverse."""
        return self.direct(base, quote) or self.inverse(base, quote)


def _join(first: Rate, second: Rate) -> Rate:
    dates = [rate.as_of for rate in (first, second) if rate.as_of is not None]
    return Rate(
        first.base,
        second.quote,
        first.rate * second.rate,
        _cross_source(first.source, second.source),
        min(dates) if dates else None,
    )


def _cross_source(first: str, second: str) -> str:
    names = [name.removesuffix(" (inverse)").removesuffix(" (cross)") for name in (first, second)]
    return f"{names[0]} (cross)" if names[0] == names[1] else f"{first} × {second}"


def _legs(books: Sequence[RateBook]) -> Find:
    """Return what finds a pair without a cross: book by book in order, as written, then its inverse.

    Each pair is looked for once.
    """

    @cache
    def find(start: str, end: str) -> Rate | None:
        for book in books:
            found = book.either(start, end)
            if found:
                return found
        return None

    return find


def resolve(base: str, quote: str, find: Find, pivots: Sequence[str]) -> Rate | None:
    """Return the rate of a pair, or ``None``.

    A currency to itself is 1. Then the pair as the earliest book has it, written or inverse. Then
    crosses through one pivot, then through two. The exact product is fixed to 12 decimals once, at
    the end; a cross is as old as its older leg.
    """
    if base == quote:
        return Rate(base, quote, Fraction(1), "same currency", None)
    found = find(base, quote)
    if found is None:
        found = _cross(base, quote, find, pivots)
    if found is None:
        return None
    return Rate(base, quote, fixed(found.rate), found.source, found.as_of)


def _cross(base: str, quote: str, find: Find, pivots: Sequence[str]) -> Rate | None:
    for pivot in pivots:
        first, second = find(base, pivot), find(pivot, quote)
        if pivot not in {base, quote} and first and second:
            return _join(first, second)
    for pivot in pivots:
        first = find(base, pivot)
        if not first or pivot in {base, quote}:
            continue
        for other in pivots:
            second, third = find(pivot, other), find(other, quote)
            if other not in {base, quote, pivot} and second and third:
                return _join(_join(first, second), third)
    return None


def cross_table(books: list[RateBook]) -> Mapping[str, Mapping[str, Rate]]:
    """Return quote to base to rate, for every pair of currencies that the books know."""
    currencies = sorted(set().union(*(book.currencies for book in books)))
    pivots = [*PIVOTS, *(currency for currency in currencies if currency not in PIVOTS)]
    find = _legs(books)
    table: dict[str, dict[str, Rate]] = {}
    for quote in currencies:
        row = {base: resolve(base, quote, find, pivots) for base in currencies}
        table[quote] = {base: rate for base, rate in row.items() if rate is not None}
    return table
