"""A site's whole chain as one column program: levels of expressions over the offers' frame.

Every value, mask and decision is a column that is written once; what depends on nothing else
stands in one level, so the number of levels is that of the longest run of rules of which each
reads what the one before wrote. What the facts rule out is never computed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from acorn_engine.evaluate.again import Again
from acorn_engine.evaluate.course import Course
from acorn_engine.evaluate.segments import run, segments
from acorn_engine.evaluate.slots import DEFAULTS, LARGEST_RESULT, LOWER_LIMIT, UPPER_LIMIT
from acorn_engine.evaluate.standings import Standing, inside, last_setter, nothing
from acorn_engine.language import core
from acorn_engine.language.columns import ColumnBuilder, Number, Truth
from acorn_engine.language.columns.cells import Cell, follows, literal
from acorn_engine.types import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from acorn_engine.evaluate.inputs import Facts
    from acorn_engine.evaluate.outline import Outline
    from acorn_engine.facts import FactTable

ROW: Final = "~row"
SCALAR: Final = "scalar"
FEW_RULES: Final = 255


class Program:
    """The columns of a chain for offers of which no more is known than ``facts``; never changes once made.

    ``run`` gives ``to.FIELD`` for each of ``fields``; the others are missing on every row.
    ``setters`` are the numbers of the rules that can set a field, ``rule.FIELD`` is the id of the
    last of them on each row; without it, the field was set on every row by the one rule alone.
    ``troubles`` are the rules that can hold something; ``applied`` says where each rule that
    reads a fact showing a field as it is was applied, ``again`` what such fields do next time.
    """

    def __init__(self, outline: Outline, facts: Facts, tables: Mapping[str, FactTable], today: date) -> None:
        self.outline, self.facts = outline, facts
        builder = ColumnBuilder(outline.site, tables, today, facts.leaves)
        scratch = builder.scratch
        course = Course(builder, {}, facts.too_old)
        snapshot = self._run_rules(course, facts)
        self.troubles = tuple(course.troubles)
        self.applied = tuple((rule, name) for rule, where in course.applied for name in scratch.mask(where))
        self.fields: list[str] = []
        self.setters: dict[str, tuple[int, ...]] = {}
        results = [one for name in outline.shown for one in self._shown(name, course)]
        results += [one for name in outline.shown for one in self._who(name, course)]
        flagged = scratch.any(course.doubts)
        self.scalar = flagged.known is not False
        results += [flagged.expr.alias(SCALAR)] if self.scalar else []
        self.again: Again | None = None
        if snapshot is not None and self.applied:
            self.again = Again(outline, facts, snapshot, course.standings, self.fields, tables, today)
        masks = {name for trouble in self.troubles for name in trouble.masks} | {name for _, name in self.applied}
        masks |= set(scratch.names) & set(self.again.reads if self.again else ())
        self._outputs = [ROW, *(one.meta.output_name() for one in results), *sorted(masks)]
        self._pieces = segments([*builder.take_levels(), results], self._outputs)

    def run(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the columns of every row of ``frame``, which has ``~row``, in order."""
        found = run(frame, self._pieces, self._outputs)
        return found if found[ROW].is_sorted() else found.sort(ROW)

    def _run_rules(self, course: Course, facts: Facts) -> dict[str, Standing] | None:
        """Run all rules; return the standings before the first that reads a fact showing a field as it is."""
        builder, standings = course.builder, course.standings
        for name, kind in facts.absent:
            builder.bind(name, nothing(kind, builder.scratch))
        for name, slot in self.outline.slots.items():
            standings[name] = Standing(slot, nothing(slot.kind, builder.scratch, slot.digits))
        standings["eligible"].columns = Truth(literal(True))
        for name in (LOWER_LIMIT, UPPER_LIMIT):
            if name in facts.leaves:
                self._limit(name, course)
        course.bind()
        snapshot = None
        for one in self.outline.rules:
            if snapshot is None and one.reads.current:
                snapshot = {name: standing.copy() for name, standing in standings.items()}
            course.rule(one)
        for name, source in DEFAULTS.items():
            standings[name].fall_back(builder, standings[source])
        return snapshot

    def _limit(self, name: str, course: Course) -> None:
        """Let a limit be that of the listing; one out of range, and a floor not above 0, is missing."""
        builder, standing = course.builder, course.standings[name]
        operand = builder.add_node(core.Name(name, Kind.MONEY))
        digits = standing.slot.digits or 0
        whole = operand.whole(digits, standing.slot.field.rounding)
        course.doubts.update(operand.doubts)
        least = 1 if name == LOWER_LIMIT else -LARGEST_RESULT
        whole, outside = inside(whole, least, LARGEST_RESULT, builder)
        missing = operand.columns.missing | builder.scratch.mask(outside)
        standing.columns = Number(builder.numbers.whole.keep(whole), 10**digits, missing=missing)

    def _shown(self, name: str, course: Course) -> Sequence[pl.Expr]:
        standing, scratch = course.standings[name], course.builder.scratch
        if scratch.any(standing.columns.missing).known:
            return ()
        self.fields.append(name)
        return (standing.shown(scratch).expr.alias(standing.slot.column),)

    def _who(self, name: str, course: Course) -> Sequence[pl.Expr]:
        """Return the column that tells who set a field; a limit that nobody set is set by who set the offer's."""
        before = course.standings[DEFAULTS[name]].setters if name in DEFAULTS else []
        setters: list[tuple[int, Cell]] = []
        for number, where in [*before, *course.standings[name].setters]:
            # Whoever sets a field only where a later rule does as well never has the last word.
            setters = [*(one for one in setters if not follows(one[1], where)), (number, where)]
        self.setters[name] = tuple(number for number, _ in setters)
        if not setters or (len(setters) == 1 and setters[0][1].known):
            return ()
        dtype = pl.UInt8() if len(self.outline.rules) <= FEW_RULES else pl.UInt32()
        said = last_setter(setters, course.builder.scratch, dtype).expr
        return (said.cat.to(self.outline.ids).alias(f"rule.{name}"),)
