"""What the rules would do next time, if the proposals had been sent: the part of a program that can change."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING, Final

import polars as pl

from acorn_engine.evaluate.course import Course
from acorn_engine.evaluate.reads import shows
from acorn_engine.evaluate.segments import run, segments
from acorn_engine.evaluate.slots import DEFAULTS
from acorn_engine.evaluate.standings import Standing, nothing
from acorn_engine.language import core
from acorn_engine.language.columns import ColumnBuilder, Leaf, Number, Truth, Words
from acorn_engine.language.columns.cells import NEVER, Cell, both, either, inverse, literal
from acorn_engine.language.columns.leaves import read

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from acorn_engine.evaluate.inputs import Facts
    from acorn_engine.evaluate.outline import Outline
    from acorn_engine.evaluate.slots import Slot
    from acorn_engine.facts import FactTable

ROW: Final = "~row"
SCALAR: Final = "~again.scalar"


class Again:
    """The rules from the first that reads a fact showing a field as it is, once more.

    What happens before that rule is the same the second time, so the standings there are
    ``snapshot``; ``final`` are those after all rules, of which ``fields`` have a column. ``moves``
    are the groups that can come out differently. ``reads`` are the columns that ``run`` needs:
    of the offers, of the first run, ``to.FIELD`` of it, and ``~goes.FIELD`` for each of ``sent``,
    where a proposal would be sent.
    """

    def __init__(
        self,
        outline: Outline,
        facts: Facts,
        snapshot: Mapping[str, Standing],
        final: Mapping[str, Standing],
        fields: Sequence[str],
        tables: Mapping[str, FactTable],
        today: date,
    ) -> None:
        self.sent: list[str] = []
        self._outline, self._facts, self._final = outline, facts, final
        self._builder = ColumnBuilder(outline.site, tables, today, facts.leaves, prefix="~again")
        course = Course(self._builder, {name: self._taken_over(one) for name, one in snapshot.items()}, facts.too_old)
        for name, kind in facts.absent:
            self._builder.bind(name, nothing(kind, self._builder.scratch))
        first = next(place for place, one in enumerate(outline.rules) if one.reads.current)
        later = outline.rules[first:]
        for name in sorted({name for one in later for name in one.reads.current}):
            field = shows(name, outline.slots)
            if field in fields and field is not None:
                self._send(name, field)
        course.bind()
        for one in later:
            course.rule(one)
        for name, source in DEFAULTS.items():
            course.standings[name].fall_back(self._builder, course.standings[source])
        moving = _moving(outline)
        self._fields = frozenset(fields)
        self.moves = tuple(dict.fromkeys(slot.group for name, slot in outline.shown.items() if name in moving))
        results = [self._moves(group, moving, course).alias(f"~moves.{group}") for group in self.moves]
        results.append(self._builder.scratch.any(course.doubts).expr.alias(SCALAR))
        self._outputs = [ROW, *(one.meta.output_name() for one in results)]
        self._pieces = segments([*self._builder.take_levels(), results], self._outputs)
        self.reads = self._pieces[0].reads

    def run(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return ``~moves.GROUP`` and ``~again.scalar`` for ``rows``, which have ``~row``, in order."""
        found = run(rows, self._pieces, self._outputs)
        return found if found[ROW].is_sorted() else found.sort(ROW)

    def _taken_over(self, standing: Standing) -> Standing:
        """Return a standing whose columns stand in the frame."""
        scratch = self._builder.scratch

        def given(part: Cell) -> Cell:
            if part.name is not None:
                return scratch.any(scratch.given(part.name))
            return replace(part, level=0)

        columns = standing.columns
        missing = frozenset({name for mask in columns.missing for name in scratch.given(mask)})
        if isinstance(columns, Number):
            whole = replace(columns.numerator, cell=given(columns.numerator.cell))
            columns = replace(columns, numerator=whole, missing=missing)
        elif isinstance(columns, Truth):
            columns = replace(columns, true=given(columns.true), missing=missing)
        elif isinstance(columns, Words):
            columns = replace(columns, value=given(columns.value), missing=missing)
        else:
            whole = replace(columns.value, cell=given(columns.value.cell))
            columns = replace(columns, value=whole, missing=missing)
        return Standing(standing.slot, columns, [], given(standing.lock))

    def _send(self, name: str, field: str) -> None:
        """Let a fact show what would have been sent of ``field``."""
        self.sent.append(field)
        builder, scratch = self._builder, self._builder.scratch
        slot = self._outline.slots[field]
        kind = builder.kind_of(name) or slot.kind
        fact = builder.add_node(core.Name(name, kind)).columns if builder.kind_of(name) else nothing(kind, scratch)
        goes = scratch.any(scratch.given(f"~goes.{field}"))
        proposed = replace(read(self._leaf(slot), builder.site.digits, scratch), missing=NEVER)
        columns = builder.choices.conditional(Truth(goes), builder.choices.keep(proposed), builder.choices.keep(fact))
        builder.bind(name, builder.choices.keep(columns))

    def _leaf(self, slot: Slot) -> Leaf:
        columns, span = self._final[slot.name].columns, None
        if isinstance(columns, Number):
            span = (columns.numerator.low, columns.numerator.high)
        of = slot.field.type.at_site(self._builder.site.currency)
        return Leaf(slot.column, of, slot.digits or 0, span=span)

    def _moves(self, group: str, moving: set[str], course: Course) -> pl.Expr:
        """Return where the second run proposes something else for a field of ``group`` that is sent."""
        scratch = self._builder.scratch
        differs = literal(False)
        for name in moving:
            standing = course.standings[name]
            if standing.slot.group == group and standing.slot.field.sent:
                now = standing.shown(scratch)
                other = now.expr.is_not_null()
                if name in self._fields:
                    other &= now.expr.ne_missing(pl.col(standing.slot.column))
                differs = either(differs, Cell(other, now.level))
        held = literal(False)
        for trouble in course.troubles:
            if group in trouble.groups:
                where = reduce(either, (scratch.any(mask) for mask in trouble.codes.values()))
                opened = trouble.groups[group]
                held = either(held, where if opened is None else both(where, scratch.any(opened)))
        return both(differs, inverse(held)).expr


def _moving(outline: Outline) -> set[str]:
    """Return the fields that can come out differently once a proposal was sent."""
    moving: set[str] = set()
    for one in outline.rules:
        if any(shows(name, outline.slots) in outline.shown for name in one.reads.current) or moving & {
            *one.reads.names
        }:
            moving |= {assignment.field.name for assignment in one.rule.sets}
    return moving | {name for name, source in DEFAULTS.items() if source in moving}
