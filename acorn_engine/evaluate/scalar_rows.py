"""Rows that columns cannot hold: run one by one, exactly, and merged in."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from acorn_engine.evaluate.assign import field_value
from acorn_engine.evaluate.leaves import row_values
from acorn_engine.evaluate.program import ROW
from acorn_engine.evaluate.scalar import ScalarChain, inputs_of, run_rows
from acorn_engine.evaluate.trace import Tracer
from acorn_engine.language.columns.leaves import FIRST_DAY, LAST_DAY
from acorn_engine.types import Missing, Money

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acorn_engine.evaluate.model import OfferTrace, Staleness
    from acorn_engine.evaluate.slots import Slot
    from acorn_engine.facts import Offers
    from acorn_engine.language.columns import Leaf
    from acorn_engine.ruleset import Chain
    from acorn_engine.sites import SiteClock

FEW: Final = 8
"""So many rows are traced sooner than the chain is compiled for them."""


def scalar_rows(
    chain: Chain,
    offers: Offers,
    clock: SiteClock,
    stale: Staleness,
    frame: pl.DataFrame,
    leaves: Mapping[str, Leaf],
    rows: pl.Series,
    state: pl.DataFrame,
    slots: Mapping[str, Slot],
    groups: Sequence[str],
) -> pl.DataFrame:
    """Return ``state`` with the rows of ``rows`` (numbers in ``~row``) replaced by what is exactly so.

    ``frame`` are the offers with a type for every column, ``slots`` and ``groups`` those of ``state``.
    """
    picked = frame[rows].with_columns(_days_in_range(frame))
    if len(rows) <= FEW:
        tracer = Tracer(chain, offers.tables, clock, offers.facts, stale)
        traces = (tracer.trace(row_values(row, leaves)) for row in picked.iter_rows(named=True))
        found = iter([trace_row(trace, slots, groups) for trace in traces])
    else:
        compiled = ScalarChain(chain, inputs_of(leaves), offers.tables, clock, offers.facts, stale)
        found = run_rows(compiled, picked, leaves, offers.tables, clock)
    numbered = [{ROW: number, **row, "scalar": True} for number, row in zip(rows, found, strict=True)]
    exact = pl.DataFrame(numbered, schema=state.schema)
    return pl.concat([state.filter(~pl.col(ROW).is_in(rows.implode())), exact]).sort(ROW)


def _days_in_range(frame: pl.DataFrame) -> list[pl.Expr]:
    """Return the date columns without days that no calendar date can express."""
    return [
        pl.when(pl.col(name).to_physical().is_between(FIRST_DAY, LAST_DAY)).then(pl.col(name)).alias(name)
        for name, dtype in frame.schema.items()
        if dtype == pl.Date
    ]


def trace_row(trace: OfferTrace, slots: Mapping[str, Slot], groups: Sequence[str]) -> dict[str, Any]:
    """Return a trace as a row of the proposals' columns."""
    row: dict[str, Any] = {slot.column: _stored(trace.values[name], slot) for name, slot in slots.items()}
    row |= {f"rule.{name}": trace.rules[name] for name in slots}
    for group in groups:
        hold = trace.holds.get(group)
        row[f"hold.{group}"] = hold.rule if hold else None
        row[f"hold_code.{group}"] = hold.code if hold else None
        row[f"hold_facts.{group}"] = (",".join(hold.facts) or None) if hold else None
    return row


def _stored(value: object, slot: Slot) -> Any:
    """Return a field's value as its column has it."""
    if isinstance(value, Missing):
        return None
    if slot.digits is None or not isinstance(value, Fraction | Money):
        return value
    amount = field_value(value)
    scaled = int(amount * 10**slot.digits)
    return Decimal(scaled).scaleb(-slot.digits) if slot.decimal else scaled
