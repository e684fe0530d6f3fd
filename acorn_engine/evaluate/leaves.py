"""How the facts of offers stand in their frame, for the columns and for the exact scalar form."""

from __future__ import annotations

from datetime import date, datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from acorn_engine.language.columns import Leaf
from acorn_engine.types import MISSING, Kind, Money, Type, Value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acorn_engine.facts import FactInfo
    from acorn_engine.sites import Site

EMPTY_TYPES: Final[dict[Kind, pl.DataType]] = {
    Kind.NUMBER: pl.Int64(),
    Kind.MONEY: pl.Int64(),
    Kind.TEXT: pl.String(),
    Kind.BOOLEAN: pl.Boolean(),
    Kind.DATE: pl.Date(),
}


def bind_columns(frame: pl.DataFrame, facts: Mapping[str, FactInfo], site: Site) -> dict[str, Leaf]:
    """Return a leaf for every fact that is a column of ``frame``.

    Money in the site's currency gets the tag of ``site``; money in the currency of a column that
    is not there has no leaf. The scale is the column's own.
    """
    schema = frame.schema
    return {
        name: Leaf(name, info.type.at_site(site.currency), scale_of(schema[name]))
        for name, info in facts.items()
        if name in schema
        and info.type.kind is not Kind.LIST
        and (info.type.tag_column is None or info.type.tag_column in schema)
    }


def scale_of(dtype: pl.DataType) -> int:
    """Return the decimals of a column: those of a ``Decimal``, 0 for everything else."""
    return dtype.scale if isinstance(dtype, pl.Decimal) else 0


def typed(frame: pl.DataFrame, leaves: Mapping[str, Leaf]) -> pl.DataFrame:
    """Return ``frame`` with a type for facts whose column is empty and has none."""
    schema = frame.schema
    untyped = [
        pl.col(leaf.column).cast(EMPTY_TYPES[leaf.type.kind])
        for leaf in leaves.values()
        if schema[leaf.column] == pl.Null
    ]
    return frame.with_columns(untyped) if untyped else frame


def row_values(row: Mapping[str, Any], leaves: Mapping[str, Leaf]) -> dict[str, Value | datetime]:
    """Return one row of the frame as exact values; instants stay, for the age of facts.

    Money in the currency of another column is missing where that column is.
    """
    values: dict[str, Value | datetime] = {
        name: value for name, value in row.items() if isinstance(value, datetime) and name not in leaves
    }
    for name, leaf in leaves.items():
        values[name] = _value(row.get(leaf.column), leaf.type, row)
    return values


def _value(raw: Any, of: Type, row: Mapping[str, Any]) -> Value:
    if raw is None:
        return MISSING
    if of.kind is Kind.MONEY:
        currency = row.get(of.tag_column) if of.tag_column else of.tag
        return MISSING if currency is None else Money(Fraction(raw), currency)
    if of.kind is Kind.NUMBER:
        return Fraction(raw)
    if isinstance(raw, str | bool | date):
        return raw
    raise TypeError(f"a column of {of} holds {type(raw).__name__}")
