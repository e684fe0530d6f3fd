"""The facts of an offer: value, source, age; what is looked up in tables for it, too."""

from __future__ import annotations

from collections import ChainMap
from typing import TYPE_CHECKING

from acorn_engine.evaluate.slots import LOWER_LIMIT, UPPER_LIMIT
from acorn_engine.explain.model import FactLine
from acorn_engine.explain.values import age_text, decimal_text, instant_of, plain, words
from acorn_engine.sites import utc
from acorn_engine.types import MISSING, Missing

if TYPE_CHECKING:
    from acorn_engine.explain.offer import OfferExplainer
    from acorn_engine.facts import FactInfo
    from acorn_engine.language import Checked


def fact_lines(about: OfferExplainer) -> list[FactLine]:
    """Return every fact of the offer, by name, with what its rules and guards look up in tables."""
    read = _read(about)
    lines = [_fact(about, name, info, read) for name, info in about.known.items()]
    return sorted([*lines, *_entries(about)], key=lambda line: line.name)


def _parts(about: OfferExplainer) -> list[Checked]:
    """Return every expression of the chain."""
    parts = [rule.when for rule in about.chain.rules]
    parts += [one.value for rule in about.chain.rules for one in rule.sets]
    parts += [guard.condition for guard in about.chain.guards]
    return [part for part in parts if part is not None]


def _read(about: OfferExplainer) -> set[str]:
    return {name for part in _parts(about) for name in part.reads} | {LOWER_LIMIT, UPPER_LIMIT}


def _entries(about: OfferExplainer) -> list[FactLine]:
    """Return what the chain looks up in tables for this offer: the rate of its currency, say."""
    site, seen = about.chain.site, ChainMap(dict(about.trace.values), dict(about.row))
    keys = {
        (table, str(key))
        for part in _parts(about)
        for table, literal, column in part.lookups
        if isinstance(key := literal if literal is not None else seen.get(column or ""), str)
    }
    return [_entry(about, table, key) for table, key in keys if key != site.currency]


def _entry(about: OfferExplainer, name: str, key: str) -> FactLine:
    table = about.tables.get(name)
    found = table.entries.get(about.chain.site.currency, {}).get(key) if table else None
    shown = f"{name}[{key}]"
    if table is None or found is None:
        return FactLine(shown, None, "missing", table.source if table else "", None, None, stale=False, used=True)
    now, at = about.clock.now, found.as_of
    stale = found.stale or (found.expires_at is not None and found.expires_at <= now)
    value = decimal_text(found.value)
    age = age_text(now - at) if at else None
    return FactLine(shown, value, value, found.source or table.source, utc(at) if at else None, age, stale, used=True)


def _fact(about: OfferExplainer, name: str, info: FactInfo, read: set[str]) -> FactLine:
    value, at = about.row.get(name, MISSING), instant_of(info.as_of, about.row)
    age = None if at is None else about.clock.now - at
    present = not isinstance(value, Missing) and value is not None
    stale = info.largest_age is not None and (
        age > info.largest_age if age is not None else info.as_of is not None and present
    )
    shown = words(value, info.type, about.chain.site)
    return FactLine(
        name,
        plain(value, info.type, about.chain.site),
        shown,
        info.source,
        utc(at) if at else None,
        None if age is None else age_text(age),
        stale,
        name in read,
        None if info.largest_age is None else age_text(info.largest_age),
    )
