"""Whether the world has moved since a plan was made: every change is looked at alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from acorn_engine.fields import ATTRIBUTE_PREFIX, PRICE_GROUP
from acorn_engine.marketplace import READ_SCHEMA
from acorn_engine.outbox.compare import DATES, NUMBERS, canonical_number, same_value, shown_value

if TYPE_CHECKING:
    from datetime import datetime

    from acorn_engine.marketplace import Marketplace
    from acorn_engine.sites import Site

_OFFER: Final = ["account", "seller_sku"]
_MESSAGE: Final = ["account", "wave", "seller_sku"]

REASONS: Final = {
    "moved": "the offer no longer shows the value that the plan started from",
    "pending": "another plan's value for it is still on its way",
    "neighbours_moved": "what else stands in the offer has changed since the message was built",
    "with_another": "it stands in one message with a change that was superseded",
    "expired": "the plan ran out before it was sent",
}


def newer_states(states: pl.DataFrame, since: datetime) -> pl.DataFrame:
    """Return the states read at or after ``since``: older ones were known when the plan was made."""
    known = [name for name in [*READ_SCHEMA, "neighbours_digest"] if name in states.columns and name != "seller_sku"]
    if "as_of" in states.columns:
        states = states.filter(pl.col("as_of") >= since).sort("as_of")
    rows = states.select(*_OFFER, *known).unique(_OFFER, keep="last", maintain_order=True)
    return rows.with_columns(pl.lit(True).alias("_known"))


def superseded(
    changes: pl.DataFrame, states: pl.DataFrame, pending: pl.DataFrame | None, marketplace: Marketplace, site: Site
) -> pl.DataFrame:
    """Return the changes that must not be sent any more, with ``shown``, ``code`` and ``text``.

    ``changes`` are deliveries with the ``neighbours_digest`` of their message, ``states`` what
    ``newer_states`` gave, ``pending`` (account, site, seller_sku, group) of other plans. A message
    is sent whole or not at all, so one superseded change takes the others of its message along.
    """
    own = changes.drop("shown", "code", "text", strict=False)
    offers = states.rename({name: f"now.{name}" for name in states.columns if name not in {*_OFFER, "_known"}})
    rows = own.join(offers, on=_OFFER, how="left").with_columns(pl.col("_known").fill_null(value=False))
    rows = rows.with_columns(_shown(rows).alias("shown"))
    rows = rows.with_columns(_moved(rows).alias("_moved"))
    rows = _attributes_moved(rows, marketplace, site)
    if pending is None:
        rows = rows.with_columns(pl.lit(False).alias("_pending"))
    else:
        elsewhere = pending.select(*_OFFER, "group").with_columns(pl.lit(True).alias("_pending"))
        rows = rows.join(elsewhere, on=[*_OFFER, "group"], how="left")
    code = (
        pl.when(pl.col("_pending").fill_null(value=False))
        .then(pl.lit("pending"))
        .when(pl.col("_moved"))
        .then(pl.lit("moved"))
        .when(_neighbours_moved(rows))
        .then(pl.lit("neighbours_moved"))
    )
    rows = rows.with_columns(code.alias("code"))
    taken = rows.filter(pl.col("code").is_not_null()).select(_MESSAGE).unique()
    rows = rows.join(taken, on=_MESSAGE, how="semi", maintain_order="left")
    rows = rows.with_columns(pl.col("code").fill_null("with_another"))
    return rows.select(
        *own.columns, "shown", "code", pl.col("code").replace_strict(REASONS, return_dtype=pl.String()).alias("text")
    )


def _shown(rows: pl.DataFrame) -> pl.Expr:
    """Return what the offer shows now for each row's own field."""
    fields = [name for name in sorted(NUMBERS | DATES) if f"now.{name}" in rows.columns]
    shown = [pl.when(pl.col("field") == name).then(pl.col(f"now.{name}")) for name in fields]
    return pl.coalesce(shown) if shown else pl.lit(None, dtype=pl.String())


def _moved(rows: pl.DataFrame) -> pl.Expr:
    numbers = [name for name in sorted(NUMBERS) if f"now.{name}" in rows.columns]
    dates = [name for name in sorted(DATES) if f"now.{name}" in rows.columns]
    same_number = canonical_number(pl.col("from")).eq_missing(canonical_number(pl.col("shown")))
    same_text = pl.col("from").eq_missing(pl.col("shown"))
    known = pl.col("_known")
    return (known & pl.col("field").is_in(numbers) & ~same_number) | (known & pl.col("field").is_in(dates) & ~same_text)


def _attributes_moved(rows: pl.DataFrame, marketplace: Marketplace, site: Site) -> pl.DataFrame:
    """Compare attributes in the marketplace's own way; only those of offers read since are looked at."""
    if "now.attributes" not in rows.columns:
        return rows
    mine = rows.filter(pl.col("_known") & pl.col("field").str.starts_with(ATTRIBUTE_PREFIX))
    if mine.is_empty():
        return rows
    found = []
    for number, field, before, attributes in mine.select("number", "field", "from", "now.attributes").iter_rows():
        shown = shown_value(field, {"attributes": attributes})
        found.append((number, shown, not same_value(field, before, shown, marketplace, site)))
    schema = {"number": rows.schema["number"], "_shown": pl.String(), "_differs": pl.Boolean()}
    looked = pl.DataFrame(found, schema=schema, orient="row")
    joined = rows.join(looked, on="number", how="left", maintain_order="left")
    return joined.with_columns(
        pl.coalesce("_shown", "shown").alias("shown"),
        (pl.col("_moved") | pl.col("_differs").fill_null(value=False)).alias("_moved"),
    ).drop("_shown", "_differs")


def _neighbours_moved(rows: pl.DataFrame) -> pl.Expr:
    if "neighbours_digest" not in rows.columns or "now.neighbours_digest" not in rows.columns:
        return pl.lit(False)
    moved = pl.col("neighbours_digest") != pl.col("now.neighbours_digest")
    return moved.fill_null(value=False) & (pl.col("group") == PRICE_GROUP)
