"""The value of one set in columns: rounded once, with where it is missing, failed or too large."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from acorn_engine.evaluate.slots import Slot, digits_of, largest
from acorn_engine.evaluate.standings import inside, typed
from acorn_engine.language.columns import Number, Words
from acorn_engine.language.columns.cells import NEVER, Cell, both, cell, inverse, literal
from acorn_engine.language.columns.texts import words
from acorn_engine.types import Kind

if TYPE_CHECKING:
    from acorn_engine.language import Checked
    from acorn_engine.language.columns import ColumnBuilder, Columns, Operand
    from acorn_engine.language.columns.cells import Mask
    from acorn_engine.ruleset import Assignment


@dataclass(frozen=True, slots=True)
class Target:
    """What a set gives: ``value`` counts only where none of the three conditions is true.

    ``absent`` are the masks of ``missing``. ``doubts`` mark rows for the exact scalar form.
    """

    slot: Slot
    value: Columns
    missing: Cell
    failed: Cell
    overflow: Cell
    absent: Mask = NEVER
    doubts: tuple[str, ...] = ()


def target(assignment: Assignment, slot: Slot, builder: ColumnBuilder) -> Target:
    """Return the columns of one set; a number has the unit of its slot, an attribute is JSON text."""
    never = literal(False)
    value: Columns
    if assignment.value is None:
        return Target(slot, words(assignment.literal_json), never, never, never)
    checked = assignment.value
    operand = builder.add(checked)
    if slot.json:
        value, outside = _json(operand, checked, builder)
    elif slot.digits is not None:
        whole = operand.whole(slot.digits, slot.field.rounding)
        whole, outside = inside(whole, -slot.largest, slot.largest, builder)
        value = Number(whole, 10**slot.digits)
    else:
        value, outside = operand.columns, never
    scratch, masks = builder.scratch, operand.columns
    failed = scratch.any(masks.failed)
    missing = both(scratch.any(masks.missing), inverse(failed))
    overflow = both(outside, inverse(scratch.any(masks.missing, masks.failed)))
    return Target(slot, value, missing, failed, overflow, masks.missing, tuple(operand.doubts))


def _json(operand: Operand, checked: Checked, builder: ColumnBuilder) -> tuple[Words, Cell]:
    """Return an attribute's value as JSON text; numbers keep six decimals, money the site's."""
    kind, integer, columns = checked.type.kind, checked.type.integer, operand.columns
    digits = digits_of(kind, integer=integer, site_digits=builder.site.digits)
    if digits is not None:
        limit = largest(kind, integer=integer)
        whole, outside = inside(operand.whole(digits, "half_up"), -limit, limit, builder)
        whole = builder.numbers.whole.keep(whole)
        return Words(cell(decimal_text(whole.cell.expr, digits), whole.cell)), outside
    never = literal(False)
    if isinstance(columns, Words) and columns.constant is not None:
        return words(json.dumps(columns.constant, ensure_ascii=False)), never
    value = typed(columns)
    if kind is Kind.BOOLEAN:
        return Words(cell(pl.when(value.expr).then(pl.lit("true")).otherwise(pl.lit("false")), value)), never
    encoded = pl.struct(v=value.expr.cast(pl.String)).struct.json_encode().str.slice(5).str.head(-1)
    return Words(cell(encoded, value)), never


def decimal_text(value: pl.Expr, digits: int) -> pl.Expr:
    """Return integers scaled by ``10**digits`` as plain decimals without needless zeros."""
    size = value.abs()
    sign = pl.when(value < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    if digits == 0:
        return pl.concat_str(sign, size.cast(pl.String))
    unit = pl.lit(10**digits, dtype=pl.Int128)
    fraction = (size % unit).cast(pl.String).str.zfill(digits).str.strip_chars_end("0")
    point = pl.when(fraction == "").then(pl.lit("")).otherwise(pl.lit("."))
    return pl.concat_str(sign, (size // unit).cast(pl.String), point, fraction)
