"""Compiled programs, kept for the next evaluation that they serve."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

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

MOST_OUTLINES: Final = 64
"""So many outlines are kept unless somebody says otherwise: one for each site, and a few that were."""
MOST_PROGRAMS: Final = 8
"""So many programs are kept for one outline: data of a few shapes, the tables of some days."""


@dataclass(slots=True)
class _Kept:
    """An outline with its programs, the one used last at the end."""

    outline: Outline
    programs: list[tuple[Hashable, Program]] = field(default_factory=list)


class Programs:
    """Programs by what they mean: rules in force, tables, the day if a rule reads it, and what is known of the facts.

    A program also serves offers of which more is known than it relies on. What was not used for
    longest goes first. Any number of threads may use it at once; two that miss together both
    compile.
    """

    def __init__(self, most: int = MOST_OUTLINES) -> None:
        self._most = most
        self._lock = Lock()
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._chains: OrderedDict[tuple[int, tuple[str, ...]], tuple[Chain, Outline]] = OrderedDict()

    def outline(self, chain: Chain, clock: SiteClock) -> Outline:
        """Return what of ``chain`` is in force at the instant of ``clock``; the same object for the same meaning."""
        key = id(chain), tuple(rule.id for rule in chain.rules if in_force(rule, clock))
        with self._lock:
            if key in self._chains:
                self._chains.move_to_end(key)
                return self._chains[key][1]
        made = outline(chain, clock)
        with self._lock:
            made = self._kept.setdefault(made.shape, _Kept(made)).outline
            # The chain stays with it, so that its identity belongs to no other.
            self._chains[key] = chain, made
            self._forget()
        return made

    def get(self, known: Outline, facts: Facts, tables: Mapping[str, FactTable], today: date) -> Program:
        """Return a program for an outline of this object that may run where ``facts`` are true."""
        key = (_content(known, tables), today if known.today else None, facts.frame)
        with self._lock:
            programs = self._programs(known)
            for place in reversed(range(len(programs))):
                if programs[place][0] == key and programs[place][1].facts.cover(facts.leaves):
                    programs.append(programs.pop(place))
                    return programs[-1][1]
        program = Program(known, facts, tables, today)
        with self._lock:
            programs = self._programs(known)
            programs.append((key, program))
            del programs[:-MOST_PROGRAMS]
        return program

    def _programs(self, known: Outline) -> list[tuple[Hashable, Program]]:
        kept = self._kept.setdefault(known.shape, _Kept(known))
        self._kept.move_to_end(known.shape)
        self._forget()
        return kept.programs

    def _forget(self) -> None:
        kept: tuple[OrderedDict[Any, Any], ...] = (self._kept, self._chains)
        for each in kept:
            while len(each) > self._most:
                each.popitem(last=False)


def _content(known: Outline, tables: Mapping[str, FactTable]) -> Hashable:
    """Return the numbers of the tables that the rules read."""
    found = []
    for name in known.tables:
        entries = tables[name].entries.get(known.site.currency, {}) if name in tables else {}
        found.append((name, frozenset((key, entry.value) for key, entry in entries.items())))
    return tuple(found)
