"""What of a chain is in force at an instant, and what it reads: all that a program follows from, but the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from acorn_engine.evaluate.reads import RuleReads, groups_of, in_force, reads_of
from acorn_engine.evaluate.slots import LOWER_LIMIT, UPPER_LIMIT, Slot, shown, slots_of
from acorn_engine.language import core

if TYPE_CHECKING:
    from collections.abc import Hashable

    from acorn_engine.language import Checked
    from acorn_engine.ruleset import Chain, Rule
    from acorn_engine.sites import Site, SiteClock
    from acorn_engine.types import Kind


@dataclass(frozen=True, slots=True)
class ActiveRule:
    """A rule in force, by its number in the columns of a program, the first is 1."""

    rule: Rule
    number: int
    reads: RuleReads


class Shape:
    """Everything that an outline means, compared by its parts and hashed once."""

    __slots__ = ("_hash", "parts")

    def __init__(self, parts: Hashable) -> None:
        self.parts = parts
        self._hash = hash(parts)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Shape) and self.parts == other.parts)


@dataclass(frozen=True, slots=True)
class Outline:
    """The rules in force on a site and the fields that they set.

    ``names`` are the facts that the rules read and the limits of the listing; ``keys`` the text
    facts by which tables are looked up, ``tables`` those tables; ``kinds`` are those of the facts
    that may be named. ``today`` says whether any rule reads the date. ``ids`` has the ids of the
    rules in their order. ``shape`` is equal for outlines that mean the same.
    """

    site: Site
    rules: tuple[ActiveRule, ...]
    slots: dict[str, Slot]
    shown: dict[str, Slot]
    groups: tuple[str, ...]
    names: tuple[str, ...]
    keys: frozenset[str]
    tables: tuple[str, ...]
    kinds: dict[str, Kind]
    today: bool
    ids: pl.Enum
    shape: Shape


def outline(chain: Chain, clock: SiteClock) -> Outline:
    """Return what of ``chain`` is in force at the instant of ``clock``."""
    slots = slots_of(chain)
    named = shown(chain, slots)
    active = [rule for rule in chain.rules if in_force(rule, clock)]
    rules = tuple(ActiveRule(rule, number, reads_of(rule, slots)) for number, rule in enumerate(active, start=1))
    nodes = [part.node for one in rules for part in _parts(one.rule)]
    read = {node.name for root in nodes for node in core.post_order(root) if isinstance(node, core.Name)}
    names = read | {name for one in rules for name in one.reads.names}
    lookups = {lookup for one in rules for lookup in one.reads.lookups}
    fields = names & slots.keys() - {LOWER_LIMIT, UPPER_LIMIT}
    return Outline(
        chain.site,
        rules,
        slots,
        named,
        groups_of(named),
        tuple(sorted((names - fields - {"today"}) | {LOWER_LIMIT, UPPER_LIMIT})),
        frozenset(column for _, _, column in lookups if column is not None and column not in fields),
        tuple(sorted({table for table, _, _ in lookups})),
        {name: info.type.kind for name, info in chain.vocabulary.facts.items()},
        "today" in read,
        pl.Enum([rule.id for rule in active]),
        Shape((chain.site, tuple(_shape(rule) for rule in active), tuple(slots.items()), tuple(named))),
    )


def _parts(rule: Rule) -> list[Checked]:
    values = [assignment.value for assignment in rule.sets]
    return [part for part in (rule.when, *values) if part is not None]


def _shape(rule: Rule) -> Hashable:
    when = _checked_shape(rule.when) if rule.when else None
    sets = tuple((each.field, _checked_shape(each.value) if each.value else each.literal_json) for each in rule.sets)
    return rule.id, rule.final, when, sets


def _checked_shape(checked: Checked) -> Hashable:
    return checked.node.key, checked.type, checked.reads, checked.lookups
