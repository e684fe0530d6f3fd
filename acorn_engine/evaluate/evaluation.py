"""A site's chain over all its offers: columns first, then what only the exact scalar form can say."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

import polars as pl

from acorn_engine.evaluate.again import SCALAR as AGAIN_SCALAR
from acorn_engine.evaluate.holds import Holds, trouble_holds
from acorn_engine.evaluate.inputs import inputs
from acorn_engine.evaluate.leaves import bind_columns, typed
from acorn_engine.evaluate.model import Proposals, Staleness
from acorn_engine.evaluate.program import ROW, SCALAR, Program
from acorn_engine.evaluate.programs import Programs
from acorn_engine.evaluate.scalar_rows import scalar_rows
from acorn_engine.evaluate.slots import NUMBER_DIGITS, Slot
from acorn_engine.evaluate.staleness import Ages
from acorn_engine.evaluate.targets import decimal_text

if TYPE_CHECKING:
    from acorn_engine.facts import Offers
    from acorn_engine.ruleset import Chain
    from acorn_engine.sites import SiteClock


def evaluate(
    chain: Chain, offers: Offers, clock: SiteClock, stale: Staleness = "hold", programs: Programs | None = None
) -> Proposals:
    """Run the rules of a site over its offers.

    ``offers`` are those of the chain's site only. ``stale="off"`` lets facts be of any age.
    ``programs`` keeps what is compiled for the next call; the result is the same without it.
    Nothing here reads a clock: the rules in force and the age of facts follow from ``clock``.
    """
    programs = Programs() if programs is None else programs
    known = programs.outline(chain, clock)
    ages = Ages(offers.facts, offers.tables, clock, known.slots, stale)
    frame, facts = inputs(known, offers, ages)
    program = programs.get(known, facts, offers.tables, clock.today)
    frame = program.facts.complete(frame)
    found = program.run(frame)
    holds = Holds(known.groups, frame.height)
    for trouble in program.troubles:
        trouble_holds(trouble, found, holds)
    scalar = found[SCALAR] if program.scalar else _all(value=False, height=frame.height)
    scalar |= _moved_again(program, frame, found, holds)
    columns = _state(program, found, holds, scalar)
    exact = found[ROW].filter(scalar)
    if len(exact):
        state = pl.DataFrame([found[ROW], *columns])
        leaves = bind_columns(offers.frame, offers.facts, chain.site)
        whole = typed(offers.frame, leaves).with_row_index(ROW)
        state = scalar_rows(chain, offers, clock, stale, whole, leaves, exact, state, known.shown, known.groups)
        columns = [column for column in state if column.name != ROW]
    return Proposals(
        offers.frame.hstack(columns),
        {name: slot.field for name, slot in known.shown.items()},
        known.groups,
        len(exact),
    )


def _all(*, value: bool, height: int) -> pl.Series:
    return pl.Series(SCALAR, [value]).new_from_index(0, height)


def _moved_again(program: Program, frame: pl.DataFrame, found: pl.DataFrame, holds: Holds) -> pl.Series:
    """Hold what would move at every run; return the rows for the exact scalar form.

    Where an applied rule reads a fact that shows a field as it is, the rules run once more as if
    the proposals had been sent; a group for which they would then propose something else is held.
    """
    again = program.again
    if again is None or not again.moves:
        return _all(value=False, height=frame.height)
    touched = reduce(or_, [found[name] for _, name in program.applied])
    rows = touched.arg_true()
    if not len(rows):
        return _all(value=False, height=frame.height)
    read = [name for name in again.reads if name != ROW]
    goes = {f"~goes.{field}": _goes(program, field, found, holds) for field in again.sent}
    wide = [frame[name] if name in frame.columns else goes[name] if name in goes else found[name] for name in read]
    second = again.run(
        pl.DataFrame([frame[ROW], *(one.alias(name) for one, name in zip(wide, read, strict=True))])[rows]
    )
    for group in again.moves:
        moved = rows.filter(second[f"~moves.{group}"])
        if not len(moved):
            continue
        where = _at(moved, frame.height)
        for rule, name in program.applied:
            holds.hold(group, rule.rule.id, "moves_every_run", where & found[name], ",".join(rule.reads.current))
    return _at(rows.filter(second[AGAIN_SCALAR]), frame.height)


def _at(rows: pl.Series, height: int) -> pl.Series:
    """Return a condition that is true on the rows of some numbers."""
    where = _all(value=False, height=height)
    return where.scatter(rows, values=True) if len(rows) else where


def _goes(program: Program, field: str, found: pl.DataFrame, holds: Holds) -> pl.Series:
    """Return where a proposal of a field would be sent."""
    slot = program.outline.slots[field]
    proposed = found[slot.column].is_not_null()
    held = holds.held(slot.group)
    return proposed if held is None else proposed & ~held


def _state(program: Program, found: pl.DataFrame, holds: Holds, scalar: pl.Series) -> list[pl.Series]:
    """Return the columns of the proposals."""
    height, shown = found.height, program.outline.shown
    empty: dict[pl.DataType, pl.Series] = {}

    def nothing(name: str, dtype: pl.DataType) -> pl.Series:
        if dtype not in empty:
            empty[dtype] = pl.Series([None], dtype=dtype).new_from_index(0, height)
        return empty[dtype].alias(name)

    columns = []
    for name, slot in shown.items():
        if name in program.fields:
            columns.append(_kept(found[slot.column], slot))
        else:
            columns.append(nothing(slot.column, pl.Decimal(38, NUMBER_DIGITS) if slot.decimal else slot.dtype))
    for name in shown:
        said = _who(program, found, name)
        columns.append(nothing(f"rule.{name}", program.outline.ids) if said is None else said)
    for group in program.outline.groups:
        columns += holds.series(group)
    return [*columns, scalar.alias(SCALAR)]


def _who(program: Program, found: pl.DataFrame, name: str) -> pl.Series | None:
    """Return the ids of the rules that set a field, ``None`` where no rule can."""
    setters, column = program.setters[name], f"rule.{name}"
    if not setters:
        return None
    if column in found.columns:
        return found[column]
    only = program.outline.rules[setters[0] - 1].rule.id
    return pl.Series(column, [only], dtype=program.outline.ids).new_from_index(0, found.height)


def _kept(column: pl.Series, slot: Slot) -> pl.Series:
    """Return a field's column in its final type: numbers that are no integers are decimals."""
    if not slot.decimal:
        return column
    text = decimal_text(pl.col(column.name), NUMBER_DIGITS).cast(pl.Decimal(38, NUMBER_DIGITS))
    return pl.DataFrame(column).select(text.alias(column.name)).to_series()
