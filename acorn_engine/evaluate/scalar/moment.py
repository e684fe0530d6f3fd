"""What an instant decides for the scalar form: which facts and table entries are too old at it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from acorn_engine.evaluate.slots import LOWER_LIMIT, UPPER_LIMIT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import timedelta

    from acorn_engine.evaluate.reads import RuleReads
    from acorn_engine.evaluate.slots import Slot
    from acorn_engine.facts import FactInfo, FactTable


@dataclass(slots=True)
class Moment:
    """One instant, for offers with the same tables. ``currency`` is the site's."""

    now: datetime
    tables: Mapping[str, FactTable]
    currency: str
    _stale: dict[str, frozenset[str]] = field(default_factory=dict)

    def oldest(self, age: timedelta) -> datetime | None:
        """Return the oldest instant that is not too old, or ``None`` where none is."""
        try:
            return (self.now - age).astimezone(UTC)
        except OverflowError:
            return None

    def stale_keys(self, name: str) -> frozenset[str]:
        """Return the keys of a table whose entries are too old."""
        if name not in self._stale:
            table = self.tables.get(name)
            entries = table.entries.get(self.currency, {}) if table else {}
            self._stale[name] = frozenset(
                key
                for key, entry in entries.items()
                if entry.stale or (entry.expires_at is not None and entry.expires_at <= self.now)
            )
        return self._stale[name]


@dataclass(frozen=True, slots=True)
class DatedFact:
    """A fact that can be too old. ``as_of`` is its instant, or ``None`` where each offer has its own."""

    name: str
    largest_age: timedelta
    as_of: datetime | None
    column: str

    def too_old(self, moment: Moment, value: Any, instant: Any) -> bool:
        """Say whether the offer's value is too old: one without an instant is, where there is a value."""
        oldest = moment.oldest(self.largest_age)
        if oldest is None:
            return False
        at = self.as_of if self.as_of is not None else instant
        return at < oldest if isinstance(at, datetime) else value is not None


@dataclass(frozen=True, slots=True)
class DatedEntry:
    """A table that is looked up: with a key that is written down, one from a column, or one worked out."""

    name: str
    literal: str | None
    column: str | None

    def too_old(self, moment: Moment, value: Any, _instant: Any) -> bool:
        """Say whether the entry is too old; where nobody knows which it is, any old one counts."""
        stale = moment.stale_keys(self.name)
        key = self.literal if self.literal is not None else value
        return bool(stale) and (key in stale or (self.literal is None and self.column is None))


def checks_of(reads: RuleReads, facts: Mapping[str, FactInfo], slots: Mapping[str, Slot]) -> tuple[Check, ...]:
    """Return everything that a rule reads and that can be too old."""
    found: list[Check] = []
    for name in reads.names:
        info = facts.get(name)
        if name in slots and name not in {LOWER_LIMIT, UPPER_LIMIT}:
            continue
        if info is not None and info.as_of is not None and info.largest_age is not None:
            instant = info.as_of if isinstance(info.as_of, datetime) else None
            found.append(DatedFact(name, info.largest_age, instant, "" if instant else str(info.as_of)))
    found += [DatedEntry(*lookup) for lookup in sorted(reads.lookups, key=str)]
    return tuple(found)


def too_old(checks: Sequence[Check], moment: Moment, values: Sequence[tuple[Any, Any]]) -> tuple[str, ...]:
    """Return the names of what is too old, sorted; ``values`` are each check's value and instant."""
    found = {check.name for check, given in zip(checks, values, strict=True) if check.too_old(moment, *given)}
    return tuple(sorted(found))


Check = DatedFact | DatedEntry
