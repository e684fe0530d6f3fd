"""What the rules of a chain read, and which of them are in force at an instant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from acorn_engine.evaluate.slots import Slot
    from acorn_engine.language import Checked
    from acorn_engine.ruleset import Rule
    from acorn_engine.sites import SiteClock

CURRENT: Final = "current_"
"""Facts with this prefix are what the site shows of a field."""


@dataclass(frozen=True, slots=True)
class RuleReads:
    """The names that a rule reads.

    ``names`` are the facts and fields of the whole rule, ``lookups`` its table entries; ``sets``
    and ``tables`` those of each of its sets; ``current`` the facts that show a field as it is.
    """

    names: tuple[str, ...]
    lookups: frozenset[tuple[str, str | None, str | None]]
    sets: tuple[frozenset[str], ...]
    tables: tuple[tuple[str, ...], ...]
    current: tuple[str, ...]


def in_force(rule: Rule, clock: SiteClock) -> bool:
    """Say whether a rule's days and weekly hours hold, on the site's own clock."""
    if not (rule.valid_from or rule.valid_to or rule.active):
        return True
    today = clock.today
    if (rule.valid_from and today < rule.valid_from) or (rule.valid_to and today > rule.valid_to):
        return False
    return not rule.active or any(window.contains(clock.local) for window in rule.active)


def reads_of(rule: Rule, slots: Mapping[str, Slot]) -> RuleReads:
    """Return what a rule reads."""
    values = [assignment.value for assignment in rule.sets]
    parts: list[Checked] = [part for part in (rule.when, *values) if part is not None]
    names = sorted({name for part in parts for name in part.reads})
    return RuleReads(
        tuple(names),
        frozenset(lookup for part in parts for lookup in part.lookups),
        tuple(value.reads if value else frozenset() for value in values),
        tuple(tuple(sorted({lookup[0] for lookup in value.lookups})) if value else () for value in values),
        tuple(name for name in names if shows(name, slots)),
    )


def shows(name: str, slots: Mapping[str, Slot]) -> str | None:
    """Return the field that a fact shows as it is on the site, or ``None``."""
    field = name.removeprefix(CURRENT)
    return field if name.startswith(CURRENT) and field in slots and slots[field].field.sent else None


def missing_names(reads: RuleReads, missing_sets: Iterable[int], missing: Iterable[str]) -> tuple[str, ...]:
    """Return why sets came out missing: the facts they read that are missing, else their tables."""
    absent = set(missing)
    names: set[str] = set()
    tables: set[str] = set()
    for number in missing_sets:
        found = reads.sets[number] & absent
        names |= found
        if not found:
            tables.update(reads.tables[number])
    return (*sorted(names), *sorted(tables))


def groups_of(slots: Mapping[str, Slot]) -> tuple[str, ...]:
    """Return the groups of fields, in their order, each once."""
    return tuple(dict.fromkeys(slot.group for slot in slots.values()))
