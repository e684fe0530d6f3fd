"""Tables as the scalar form reads them: one whole number for each key, where that is possible."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from acorn_engine.language import exact

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction

    from acorn_engine.facts import FactTable
    from acorn_engine.types import Failure

TABLE_UNIT: Final = 10**12
"""Entries with at most twelve decimals become whole numbers of this unit."""
TABLE_BITS: Final = 128
"""The most bits of such a whole number."""


def _entries(table: FactTable | None, currency: str) -> dict[str, Fraction]:
    found = table.entries.get(currency, {}) if table else {}
    return {key: entry.value for key, entry in found.items()}


def fits(table: FactTable | None, currency: str) -> bool:
    """Say whether every entry for sites of a currency is a whole number of ``TABLE_UNIT``."""
    return all(
        TABLE_UNIT % value.denominator == 0 and (value * TABLE_UNIT).numerator.bit_length() <= TABLE_BITS
        for value in _entries(table, currency).values()
    )


def scaled_table(table: FactTable | None, currency: str) -> Mapping[str, int | Fraction | Failure]:
    """Return the entries for sites of a currency: whole numbers where all fit, else fractions or failures."""
    entries = _entries(table, currency)
    if fits(table, currency):
        return {key: int(value * TABLE_UNIT) for key, value in entries.items()}
    return {key: exact.bounded(value) for key, value in entries.items()}
