"""Compiled programs, kept for the next evaluation that they serve."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Final

from acorn_engine.evaluate.outline import Outline, outline
from acorn_engine.evaluate.program import Program
from acorn_engine.evaluate.reads import in_force

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping
    from datetime import date

    from acorn_engine.evaluate.inputs import Facts
    from acorn_engine.facts import FactTable
    from acorn_engine.ruleset import Chain
    from acorn_engine.sites import SiteClock

MOST: Final = 64
"""So many programs are kept unless somebody says otherwise: some sites, each with data of a few shapes."""


class Programs:
    """Programs by what they mean: rules in force, tables, the day if a rule reads it, and what is known of the facts.

    A program also serves offers of which more is known than it relies on. The least recently used
    go first. Any number of threads may use it at once; two that miss together both compile.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._lock = Lock()
        self._kept: OrderedDict[tuple[Hashable, int], Program] = OrderedDict()
        self._outlines: OrderedDict[tuple[int, tuple[str, ...]], tuple[Chain, Outline]] = OrderedDict()
        self._made = 0

    def outline(self, chain: Chain, clock: SiteClock) -> Outline:
        """Return what of ``chain`` is in force at the instant of ``clock``."""
        active = tuple(rule.id for rule in chain.rules if in_force(rule, clock))
        key = id(chain), active
        with self._lock:
            kept = self._outlines.get(key)
            if kept is not None:
                self._outlines.move_to_end(key)
                return kept[1]
        made = outline(chain, clock)
        with self._lock:
            # The chain is kept with it, so that its identity belongs to no other.
            self._outlines[key] = chain, made
            while len(self._outlines) > self._most:
                self._outlines.popitem(last=False)
        return made

    def get(self, outline: Outline, facts: Facts, tables: Mapping[str, FactTable], today: date) -> Program:
        """Return a program for ``outline`` that may run where ``facts`` are true."""
        key = (outline.shape, _content(outline, tables), today if outline.today else None, facts.frame)
        with self._lock:
            for place in reversed(self._kept):
                if place[0] == key and self._kept[place].facts.cover(facts.leaves):
                    self._kept.move_to_end(place)
                    return self._kept[place]
        program = Program(outline, facts, tables, today)
        with self._lock:
            self._made += 1
            self._kept[key, self._made] = program
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return program


def _content(outline: Outline, tables: Mapping[str, FactTable]) -> Hashable:
    """Return the numbers of the tables that the rules read."""
    found = []
    for name in outline.tables:
        entries = tables[name].entries.get(outline.site.currency, {}) if name in tables else {}
        found.append((name, frozenset((key, entry.value) for key, entry in entries.items())))
    return tuple(found)
