"""Changes as rows: one per field and offer, told in exact text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from acorn_engine.fields import attribute_name
from acorn_engine.guard.candidates import sent_fields
from acorn_engine.guard.model import ROW
from acorn_engine.guard.text import column_text, minor_text
from acorn_engine.types import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acorn_engine.fields import Field
    from acorn_engine.sites import Site

_ORDER: Final = "_order"


def change_rows(frame: pl.DataFrame, fields: Mapping[str, Field], site: Site) -> pl.DataFrame:
    """Return one row per change with everything but its judgement, in the order of offers, then fields.

    ``_reason`` comes from the frame.
    """
    schema, lazy = frame.schema, frame.lazy()
    sent = sorted(sent_fields(fields), key=lambda field: field.name)
    # Only the columns that a field needs are filtered, and one integer is faster to sort by than two columns.
    parts = pl.collect_all([_rows_of(lazy, field, rank, len(sent), schema, site) for rank, field in enumerate(sent)])
    return pl.concat(parts).sort(_ORDER).drop(_ORDER)


def _rows_of(
    frame: pl.LazyFrame, field: Field, rank: int, count: int, schema: Mapping[str, pl.DataType], site: Site
) -> pl.LazyFrame:
    name = field.name
    new = pl.when(~pl.col(f"valueless.{name}")).then(value_text(f"to.{name}", field, schema, site))
    old = value_text(f"shown.{name}", field, schema, site)
    if is_money(field):
        # An amount that is no whole number of minor units is told as it stands.
        old = pl.coalesce(old, column_text(f"current_{name}", schema[f"current_{name}"], strip=False))
    return frame.filter(pl.col(f"changed.{name}")).select(
        (pl.col(ROW).cast(pl.UInt64) * count + rank).alias(_ORDER),
        ROW,
        "account",
        "site",
        "sku",
        "seller_sku",
        pl.lit(field.group).alias("group"),
        pl.when(decreases(field))
        .then(pl.lit(field.decrease_wave))
        .otherwise(pl.lit(field.increase_wave))
        .cast(pl.Int8)
        .alias("wave"),
        pl.lit("update").alias("operation"),
        pl.lit(name).alias("field"),
        old.alias("from"),
        new.alias("to"),
        pl.lit(site.currency if is_money(field) else None, pl.String).alias("currency"),
        pl.col(f"rule.{name}").cast(pl.String).alias("rule"),
        pl.col(f"_reason.{name}").alias("_reason"),
    )


def is_money(field: Field) -> bool:
    """Say whether a field's values are amounts; an attribute's are JSON text, whatever it was made of."""
    return field.type.kind is Kind.MONEY and attribute_name(field.name) is None


def decreases(field: Field) -> pl.Expr:
    """Say whether a change lowers a number; where the current one is unknown it does not."""
    if field.type.kind not in {Kind.MONEY, Kind.NUMBER} or attribute_name(field.name) is not None:
        return pl.lit(value=False)
    lower = pl.col(f"to.{field.name}") < pl.col(f"shown.{field.name}")
    return lower.fill_null(value=False) & ~pl.col(f"valueless.{field.name}")


def value_text(column: str, field: Field, schema: Mapping[str, pl.DataType], site: Site) -> pl.Expr:
    """Return a proposed or shown value as the plan's changes tell it."""
    if is_money(field):
        return minor_text(pl.col(column), site.digits)
    return column_text(column, schema[column])
