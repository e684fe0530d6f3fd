"""The value of one set in columns: rounded once, with where it is missing, failed or too large."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from acorn_engine.evaluate.slots import Slot, digits_of, largest
from acorn_engine.types import Kind

if TYPE_CHECKING:
    from acorn_engine.language import Checked
    from acorn_engine.language.columns import ColumnBuilder, Operand
    from acorn_engine.ruleset import Assignment


@dataclass(frozen=True, slots=True)
class Target:
    """What a set gives: ``value`` counts only where none of the three masks is true.

    A mask of ``None`` is true nowhere.
    """

    slot: Slot
    value: pl.Expr
    missing: pl.Expr | None = None
    failed: pl.Expr | None = None
    overflow: pl.Expr | None = None
    doubts: tuple[str, ...] = ()


def target(assignment: Assignment, slot: Slot, builder: ColumnBuilder) -> Target:
    """Return the columns of one set."""
    if assignment.value is None:
        return Target(slot, pl.lit(assignment.literal_json))
    checked = assignment.value
    operand = builder.add(checked)
    if slot.json:
        value, overflow = _json(operand, checked, builder)
    elif slot.digits is not None:
        value, overflow = _number(operand, slot)
    else:
        value, overflow = _plain(operand), None
    return Target(
        slot,
        value,
        None if operand.never_missing else operand.missing,
        None if operand.never_failed else operand.failed,
        overflow,
        tuple(operand.doubts),
    )


def _number(operand: Operand, slot: Slot) -> tuple[pl.Expr, pl.Expr]:
    value = operand.rounded(slot.digits or 0, slot.field.rounding)
    inside = value.is_between(-slot.largest, slot.largest)
    return pl.when(inside).then(value).cast(pl.Int64), ~inside


def _plain(operand: Operand) -> pl.Expr:
    if operand.kind is Kind.BOOLEAN:
        return operand.truth()
    return operand.text() if operand.kind is Kind.TEXT else operand.date()


def _json(operand: Operand, checked: Checked, builder: ColumnBuilder) -> tuple[pl.Expr, pl.Expr | None]:
    """Return an attribute's value as JSON text; numbers keep six decimals, money the site's."""
    kind, integer = checked.type.kind, checked.type.integer
    digits = digits_of(kind, integer=integer, site_digits=builder.site.digits)
    if digits is None:
        if kind is Kind.BOOLEAN:
            return pl.when(operand.truth()).then(pl.lit("true")).otherwise(pl.lit("false")), None
        text = _plain(operand).cast(pl.String)
        return pl.struct(v=text).struct.json_encode().str.slice(5).str.head(-1), None
    value = operand.rounded(digits, "half_up")
    limit = largest(kind, integer=integer)
    return decimal_text(value, digits), ~value.is_between(-limit, limit)


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
