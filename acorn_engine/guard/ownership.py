"""What is not ours to change, or must wait for something else of the offer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from acorn_engine.fields import AVAILABILITY_GROUP
from acorn_engine.guard.candidates import group_fields, sent_fields
from acorn_engine.guard.reasons import Reason
from acorn_engine.guard.rows import decreases
from acorn_engine.verdicts import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acorn_engine.fields import Field


def ownership(fields: Mapping[str, Field]) -> list[Reason]:
    """Return what is not ours to change: availability of others, and what is still on its way."""
    availability = group_fields(fields, AVAILABILITY_GROUP)
    reasons = [
        Reason(
            Verdict.NOT_OWNED,
            "fulfilled_by_marketplace",
            "the marketplace fulfils this offer and owns its availability",
            pl.col("fulfilment") == "amazon",
            availability,
        ),
        Reason(
            Verdict.NOT_OWNED,
            "other_site_owns",
            "another site of the account writes the quantity of this pool",
            ~pl.col("_quantity_owner") & pl.col("fulfilment").is_not_null(),
            availability,
        ),
    ]
    for group in sorted({field.group for field in sent_fields(fields)}):
        pending = pl.col("_pending").str.split(",").list.contains(group)
        reasons.append(
            Reason(
                Verdict.PENDING,
                "pending",
                "a value was sent and has not settled yet",
                pending,
                group_fields(fields, group),
                own={"group": pl.lit(group)},
            )
        )
    return reasons


def price_held(fields: Mapping[str, Field], held: pl.Expr) -> Reason:
    """Return: a held price also holds a quantity increase, never a decrease."""
    increase = ~decreases(fields["quantity"])
    return Reason(
        Verdict.HOLD,
        "price_held",
        "the price is held, so the quantity is not raised",
        held & increase,
        frozenset({"quantity"}),
    )
