"""A YAML document as a tree of nodes that know where they stand, and the problems found in it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from acorn_engine.problems import Effect, Place, Problem
from acorn_engine.ruleset.scalars import Core, core_value

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_SHOWN_LINE: Final = 300
MOST_PROBLEMS: Final = 100
# What is not printable in YAML, the line breaks that only YAML 1.1 knows, inner byte order marks, and the
# controls that show text in another order than it is read.
FORBIDDEN: Final = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_BREAK: Final = re.compile(r"\r\n|\r|\n")


class Mark(NamedTuple):
    """A position in a file: ``offset`` in characters, ``line`` and ``column``, all from 0."""

    offset: int
    line: int
    column: int


START: Final = Mark(0, 0, 0)


@dataclass(frozen=True, slots=True, eq=False)
class Scalar:
    """A piece of text. ``style`` is empty (plain), ``'``, ``"``, ``|`` or ``>``."""

    text: str
    style: str
    start: Mark
    end: Mark

    @property
    def plain(self) -> bool:
        """Whether the text stands without quotes, so that ``12`` is a number."""
        return not self.style

    @property
    def value(self) -> Core:
        """The YAML 1.2 core value: quoted text and block text are always text."""
        return core_value(self.text) if self.plain else self.text


@dataclass(frozen=True, slots=True, eq=False)
class ListNode:
    """A list; ``flow`` where it is written with brackets."""

    items: tuple[Node, ...]
    flow: bool
    start: Mark
    end: Mark


class Entry(NamedTuple):
    """A key and its value."""

    key: Scalar
    value: Node


@dataclass(frozen=True, slots=True, eq=False)
class MapNode:
    """A mapping; ``flow`` where it is written with braces."""

    entries: Mapping[str, Entry]
    flow: bool
    start: Mark
    end: Mark


Node: TypeAlias = Scalar | ListNode | MapNode


@dataclass(frozen=True, slots=True)
class Source:
    """A rule file: its name as shown, its text without a byte order mark, its lines."""

    name: str
    text: str
    lines: tuple[str, ...]

    @classmethod
    def of(cls, name: str, text: str) -> Source:
        """Split a file's text into lines."""
        text = text.removeprefix("\ufeff")
        return cls(name, text, tuple(_BREAK.split(text)))

    def place(self, mark: Mark) -> Place:
        """Return a position for a person, with the line itself unless it is far too long."""
        line = self.lines[mark.line] if mark.line < len(self.lines) else None
        if line is not None and len(line) > LONGEST_SHOWN_LINE:
            line = line[:LONGEST_SHOWN_LINE] if mark.column < LONGEST_SHOWN_LINE else None
        if line is not None:
            line = FORBIDDEN.sub("\ufffd", line)
        return Place(file=self.name, line=mark.line + 1, column=mark.column + 1, text=line)

    def mark_at(self, index: int, start: Mark = START) -> Mark:
        """Return the position of a character offset; ``start`` is a known position before it."""
        between = self.text[start.offset : index]
        breaks = list(_BREAK.finditer(between))
        if not breaks:
            return Mark(index, start.line, start.column + index - start.offset)
        return Mark(index, start.line + len(breaks), len(between) - breaks[-1].end())


@dataclass(slots=True)
class Report:
    """Everything found wrong so far; of a file's problems beyond the hundredth only that there are more."""

    problems: list[Problem] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    cut: dict[str, Effect] = field(default_factory=dict)

    def add(
        self,
        source: Source,
        mark: Mark,
        code: str,
        message: str,
        *,
        hint: str | None = None,
        effect: Effect = "stops",
        **params: Any,
    ) -> None:
        """Add one problem at one position."""
        self.put(Problem(code, message, effect, source.place(mark), hint, params))

    def put(self, problem: Problem) -> None:
        """Add a problem that is made already."""
        name = (problem.place.file if problem.place else None) or ""
        self.counts[name] = self.counts.get(name, 0) + 1
        if self.counts[name] <= MOST_PROBLEMS:
            self.problems.append(problem)
        elif self.cut.get(name) != "stops":
            self.cut[name] = problem.effect

    def take(self, found: Report) -> None:
        """Add what another report found in files of which this one knows nothing yet."""
        self.problems += found.problems
        self.counts |= found.counts
        self.cut |= found.cut

    def full(self, source: Source) -> bool:
        """Say whether a file has so many problems that no further one is shown."""
        return self.counts.get(source.name, 0) >= MOST_PROBLEMS

    def all(self) -> tuple[Problem, ...]:
        """Return every problem, and that there are more for each file that has too many to show."""
        more = [
            Problem(
                "more_problems",
                "there are more problems in this file; mend these first",
                effect,
                Place(file=name or None),
            )
            for name, effect in self.cut.items()
        ]
        return (*self.problems, *more)
