"""The facts of an example: what ``given`` names, as an offer and its tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from acorn_engine.evaluate.wording import say
from acorn_engine.facts import FactTable, TableEntry
from acorn_engine.problems import did_you_mean
from acorn_engine.types import MISSING, Kind, Missing, Money, Type, Value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acorn_engine.ruleset import Chain, Example


@dataclass(slots=True)
class Given:
    """An example's offer: exact values by fact, tables by name, and what was wrong with it."""

    row: dict[str, Value] = field(default_factory=dict)
    tables: dict[str, FactTable] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def given(chain: Chain, example: Example, defaults: Mapping[str, Value]) -> Given:
    """Return the facts of an example; what it does not name is missing.

    ``defaults`` are facts that follow from the site alone (its tax, say). A mapping is a table:
    the site's own currency is 1 in it unless it says otherwise.
    """
    made = Given(dict(defaults))
    currency = chain.site.currency
    tables = _tables_read(chain)
    for table in sorted(tables):
        made.tables[table] = FactTable(table, {currency: {currency: TableEntry(Fraction(1))}}, "the example")
    for name, raw in example.given.items():
        if isinstance(raw, dict):
            entries = _entries(name, raw, made)
            made.tables[name] = FactTable(
                name, {currency: {currency: TableEntry(Fraction(1))} | entries}, "the example"
            )
            continue
        info = chain.vocabulary.facts.get(name)
        if info is None:
            hint = did_you_mean(name, [*chain.vocabulary.facts, *tables])
            made.faults.append(f"'{name}' is not a fact" + (f"; {hint}" if hint else ""))
            continue
        _put(name, raw, info.type.at_site(currency), example, made)
    return made


def _tables_read(chain: Chain) -> set[str]:
    parts = [rule.when for rule in chain.rules] + [each.value for rule in chain.rules for each in rule.sets]
    return {lookup[0] for part in parts if part is not None for lookup in part.lookups}


def _entries(name: str, raw: Mapping[str, Any], made: Given) -> dict[str, TableEntry]:
    entries = {}
    for key, value in raw.items():
        number = as_fraction(value)
        if number is None:
            made.faults.append(f"'{name}' holds numbers; {key} is {say(value)}")
        else:
            entries[str(key)] = TableEntry(number)
    return entries


def _put(name: str, raw: Any, of: Type, example: Example, made: Given) -> None:
    """Put one fact into the offer, in its own type; name what does not fit."""
    value = read_value(raw, of)
    if of.kind is Kind.MONEY and not isinstance(value, Missing | None):
        value = _money(name, raw, of, example, made)
    if value is None:
        made.faults.append(f"'{name}' is {of}, not {say(raw)}")
        value = MISSING
    made.row[name] = value


def _money(name: str, raw: Any, of: Type, example: Example, made: Given) -> Value:
    amount = as_fraction(raw.amount if isinstance(raw, Money) else raw) or Fraction(0)
    currency = raw.currency if isinstance(raw, Money) else None
    if of.tag_column is not None:
        named = example.given.get(of.tag_column)
        if currency is not None and named is None:
            made.row[of.tag_column] = currency
        elif currency is not None and named != currency:
            made.faults.append(f"'{name}' is in {currency}, but '{of.tag_column}' is {named}")
        elif currency is None and isinstance(named, str):
            currency = named
        if currency is None:
            made.faults.append(f"'{name}' needs a currency: write {name}: 20.00 USD, or give '{of.tag_column}'")
            return MISSING
    elif currency is not None and currency != of.tag:
        made.faults.append(f"'{name}' is {of}, not an amount in {currency}")
    return Money(amount, currency or of.tag or "")


def read_value(raw: Any, of: Type) -> Value | None:
    """Return a raw value as a value of type ``of``; ``None`` where it is no such value."""
    if raw is None or isinstance(raw, Missing):
        return MISSING
    if of.kind is Kind.MONEY:
        amount = as_fraction(raw.amount if isinstance(raw, Money) else raw)
        return None if amount is None else Money(amount, raw.currency if isinstance(raw, Money) else of.tag or "")
    if of.kind is Kind.NUMBER:
        return as_fraction(raw)
    if of.kind is Kind.DATE:
        return _date(raw)
    wanted = bool if of.kind is Kind.BOOLEAN else str
    return raw if isinstance(raw, wanted) else None


def as_fraction(raw: Any) -> Fraction | None:
    """Return a number exactly, or ``None`` for what is no number."""
    exact = isinstance(raw, Fraction | Decimal | int) and not isinstance(raw, bool)
    return Fraction(raw) if exact else None


def _date(raw: Any) -> date | None:
    if isinstance(raw, date):
        return raw
    try:
        return date.fromisoformat(raw) if isinstance(raw, str) else None
    except ValueError:
        return None
