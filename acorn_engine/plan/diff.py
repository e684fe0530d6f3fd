"""What differs: between two plans, and between a plan and what the site shows now."""

from __future__ import annotations

from typing import Final

import polars as pl

from acorn_engine.facts import KEYS

_KEY: Final = [*KEYS, "field"]


def diff_plans(old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    """Return what differs between the changes of two plans of one site, by key and field.

    Columns: ``account, site, seller_sku, field, what`` (``added``, ``gone`` or ``different``), then
    ``old_`` and ``new_`` of ``from, to, verdict, rule, guard, code, because``. Changes that are the
    same but for their words are left out.
    """
    told = ["from", "to", "verdict", "rule", "guard", "code", "because"]
    sides = [
        frame.select(*_KEY, *(pl.col(name).alias(f"{side}_{name}") for name in told), pl.lit(value=True).alias(side))
        for side, frame in (("old", old), ("new", new))
    ]
    both = sides[0].join(sides[1], on=_KEY, how="full", coalesce=True)
    different = pl.any_horizontal(pl.col(f"old_{name}").ne_missing(pl.col(f"new_{name}")) for name in told[:-1])
    what = (
        pl.when(pl.col("old").is_null())
        .then(pl.lit("added"))
        .when(pl.col("new").is_null())
        .then(pl.lit("gone"))
        .otherwise(pl.lit("different"))
    )
    columns = [f"{side}_{name}" for name in told for side in ("old", "new")]
    return both.filter(different).with_columns(what.alias("what")).select(*_KEY, "what", *columns).sort(*_KEY)


def diff_current(changes: pl.DataFrame, shown: pl.DataFrame) -> pl.DataFrame:
    """Return how a plan's changes stand against what the site shows now.

    ``shown`` has ``account, site, seller_sku, field, now``, values as a plan tells them; an absent
    row is an offer that nobody knows any more. Columns: the key, ``field, from, to, now, verdict`` and
    ``what``: ``waiting`` (now is from), ``done`` (now is to), ``moved`` (neither) or ``unknown``.
    """
    joined = changes.join(shown.with_columns(_known=True), on=_KEY, how="left", maintain_order="left")
    what = (
        pl.when(pl.col("_known").is_null())
        .then(pl.lit("unknown"))
        .when(pl.col("now").eq_missing(pl.col("to")))
        .then(pl.lit("done"))
        .when(pl.col("now").eq_missing(pl.col("from")))
        .then(pl.lit("waiting"))
        .otherwise(pl.lit("moved"))
    )
    return joined.with_columns(what.alias("what")).select(*_KEY, "from", "to", "now", "verdict", "what").sort(*_KEY)
