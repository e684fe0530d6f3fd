"""Texts, dates and tables in columns."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import reduce
from math import lcm
from typing import TYPE_CHECKING, Final

import polars as pl

from acorn_engine.language.columns.cells import NEVER, Cell, both, cell, either, inverse, literal
from acorn_engine.language.columns.values import Day, Number, Truth, Words
from acorn_engine.language.columns.whole import NARROW, WIDEST, Integers, Whole, fixed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acorn_engine.facts import TableEntry
    from acorn_engine.language.columns.logic import Conditions
    from acorn_engine.language.columns.numbers import Numbers
    from acorn_engine.language.columns.scratch import Scratch

KNOWN_CASE: Final = (
    "\u0000-\u0180\u01a0-\u01a1\u01af-\u01b0\u01c4-\u0233\u0300-\u0344\u0370-\u03a2\u03a4-\u0527\u0591-\u05f4\u0600-\u06ff\u0e00-\u0e7f\u1e00-\u1eff"
    "\u2000-\u206f\u20a0-\u20bf\u2100-\u214f\u2150-\u2188\u2190-\u2bff\u3000-\u30ff\u3130-\u318f"
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uff00-\uffef\U0001f000-\U0001faff\U00020000-\U0003134f"
)
"""The characters whose upper and lower case are the same in every version of Unicode in use.

Σ is not among them: its lower case depends on its neighbours. A text with any other character
goes to the exact scalar form.
"""
LARGEST_TEXT: Final = 2**32
"""No text is longer, in characters."""
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FEW_TEXTS: Final = 6
"""So many texts are compared one by one; with more, hashing pays."""
TABLE_UNIT: Final = 10**18
"""Entries of a table with more decimals are left to the scalar form."""


def cased(op: str, a: Words, scratch: Scratch) -> Words:
    """Return ``lower(a)`` or ``upper(a)``."""
    value = scratch.keep(a.value)
    scratch.doubt(cell(value.expr.str.contains(f"[^{KNOWN_CASE}]"), value))
    changed = value.expr.str.to_lowercase() if op == "lower" else value.expr.str.to_uppercase()
    return Words(cell(changed, value), a.missing, a.failed)


def length(a: Words) -> Number:
    """Return the number of code points of a text."""
    return Number(
        Whole(cell(a.value.expr.str.len_chars().cast(pl.Int64), a.value), 0, LARGEST_TEXT),
        missing=a.missing,
        failed=a.failed,
    )


def tested(op: str, a: Words, part: Words, conditions: Conditions) -> Truth:
    """Return ``starts_with``, ``ends_with`` or ``contains`` of two texts."""
    text = a.value.expr.str
    if a.constant is not None and part.constant is not None:
        known = {"contains": str.__contains__, "starts_with": str.startswith, "ends_with": str.endswith}
        return conditions.masked(
            literal(known[op](a.constant, part.constant)), a.missing | part.missing, a.failed | part.failed
        )
    if op == "contains":
        holds = text.contains(part.value.expr, literal=True)
    else:
        holds = text.starts_with(part.value.expr) if op == "starts_with" else text.ends_with(part.value.expr)
    return conditions.masked(cell(holds, a.value, part.value), a.missing | part.missing, a.failed | part.failed)


def days_between(a: Day, b: Day, numbers: Numbers) -> Number:
    """Return b - a in days."""
    difference = numbers.whole.plus(b.value, a.value, minus=True)
    return Number(difference, missing=a.missing | b.missing, failed=a.failed | b.failed)


def weekday(a: Day) -> Words:
    """Return the day of the week, ``mon`` to ``sun``."""
    since_monday = (a.value.cell.expr + 3) % 7
    name = since_monday.replace_strict(list(range(7)), list(WEEKDAYS), return_dtype=pl.String)
    return Words(cell(name, a.value.cell), a.missing, a.failed)


def looked_up(entries: Mapping[str, TableEntry], at: Words, scratch: Scratch) -> Number:
    """Return the number of a table for each text; an absent one is missing."""
    exact = {key: entry.value for key, entry in entries.items()}
    if at.among is not None:
        exact = {key: value for key, value in exact.items() if key in at.among}
    known = {key: value for key, value in exact.items() if _fits(value)}
    beyond = sorted(exact.keys() - known.keys())
    key = scratch.keep(at.value)
    if beyond:
        scratch.doubt(cell(key.expr.is_in(pl.Series(beyond).implode()), key))
    if not known:
        return Number(fixed(0), missing=scratch.always, failed=at.failed)
    unit = lcm(*(value.denominator for value in known.values()))
    scaled = {key: int(value * unit) for key, value in sorted(known.items())}
    low, high = min(0, *scaled.values()), max(0, *scaled.values())
    dtype = pl.Int128 if max(-low, high) > NARROW else pl.Int64
    if at.among is not None and not beyond:
        return _one_of(scaled, unit, replace(at, value=key), scratch)
    values = pl.Series(list(scaled.values()), dtype=dtype)
    found = scratch.keep(
        cell(key.expr.replace_strict(pl.Series(list(scaled)), values, default=None, return_dtype=dtype), key)
    )
    absent = scratch.mask(cell(found.expr.is_null(), found))
    return Number(
        Whole(scratch.keep(cell(found.expr.fill_null(0), found)), low, high),
        unit,
        missing=at.missing | absent,
        failed=at.failed,
    )


def _one_of(scaled: Mapping[str, int], unit: int, at: Words, scratch: Scratch) -> Number:
    """Return the number for a text that is one of a few: each is compared, the last by exclusion."""
    whole = Integers(scratch)
    keys = list(scaled)
    complete = set(at.among or ()) <= scaled.keys()
    last = keys.pop() if complete else None
    marks = {key: scratch.keep(equal(at, words(key), scratch)) for key in keys}
    value = fixed(scaled[last] if last is not None else 0)
    known = literal(complete)
    for key, mark in marks.items():
        value = whole.chosen(mark, fixed(scaled[key]), value)
        known = either(known, mark)
    absent = scratch.mask(both(inverse(known), inverse(scratch.any(at.missing))))
    return Number(whole.keep(value), unit, missing=at.missing | absent, failed=at.failed)


def equal(a: Words, b: Words, scratch: Scratch) -> Cell:
    """Return where two texts are the same, masks aside."""
    if a.constant is not None and b.constant is not None:
        return literal(a.constant == b.constant)
    if a.constant is not None:
        a, b = b, a
    if a.value.name is not None and b.constant is not None:
        return scratch.shared((a.value.name, b.constant), lambda: cell(a.value.expr == b.value.expr, a.value))
    return cell(a.value.expr == b.value.expr, a.value, b.value)


def among(a: Words, members: list[str], scratch: Scratch) -> Cell:
    """Return where a text is one of ``members``, masks aside."""
    if a.constant is not None:
        return literal(a.constant in members)
    if len(members) > FEW_TEXTS:
        return cell(a.value.expr.is_in(pl.Series(members, dtype=pl.String).implode()), a.value)
    held = replace(a, value=scratch.keep(a.value))
    return reduce(either, [equal(held, words(member), scratch) for member in dict.fromkeys(members)], literal(False))


def _fits(value: Fraction) -> bool:
    return TABLE_UNIT % value.denominator == 0 and abs(value) * TABLE_UNIT <= WIDEST


def words(value: str) -> Words:
    """Return a constant text."""
    return Words(Cell(pl.lit(value), plain=True), NEVER, NEVER, value, (value,))
