"""Rows of a frame through the scalar form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from acorn_engine.evaluate.scalar.moment import Moment
from acorn_engine.types import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from acorn_engine.evaluate.scalar.chain import ScalarChain
    from acorn_engine.evaluate.scalar.readings import Reading
    from acorn_engine.facts import FactTable
    from acorn_engine.language.columns import Leaf
    from acorn_engine.sites import SiteClock


def run_rows(
    chain: ScalarChain,
    frame: pl.DataFrame,
    leaves: Mapping[str, Leaf],
    tables: Mapping[str, FactTable],
    clock: SiteClock,
) -> Iterator[dict[str, Any]]:
    """Yield what is proposed for each row of ``frame``, as rows of the proposals' columns."""
    scaled, moment, today = chain.tables(tables), Moment(clock.now, tables, clock.site.currency), clock.today
    columns = [_handed_in(reading, leaves, frame.schema).alias(f"{n}") for n, reading in enumerate(chain.readings)]
    given = frame.select(columns).iter_rows() if columns else iter([()] * frame.height)
    factors = [(number, reading.factor) for number, reading in enumerate(chain.readings) if reading.factor != 1]
    for row in given:
        facts = list(row)
        for number, factor in factors:
            if facts[number] is not None:
                facts[number] *= factor
        yield chain.row(chain.run(facts, scaled, today, moment))


def _handed_in(reading: Reading, leaves: Mapping[str, Leaf], schema: pl.Schema) -> pl.Expr:
    """Return a fact as it is handed in, or an instant; null where it is missing."""
    leaf = leaves.get(reading.name)
    if leaf is None:
        known = isinstance(schema.get(reading.name), pl.Datetime)
        return pl.col(reading.name) if known else pl.repeat(None, pl.len())
    column = pl.col(leaf.column)
    if leaf.type.kind in {Kind.NUMBER, Kind.MONEY}:
        column = column.to_physical()
    if leaf.type.tag_column is not None:
        column = pl.when(pl.col(leaf.type.tag_column).is_not_null()).then(column)
    return column
