"""The rows that a marketplace is given for one wave, put together by position.

Changes are tied to their offers' rows once; after that a column is a matter of whole numbers.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

import polars as pl

from acorn_engine.fields import ATTRIBUTE_PREFIX, AVAILABILITY_GROUP, PRICE_GROUP
from acorn_engine.plan.ordering import begins, ordered
from acorn_engine.verdicts import Verdict

_KEY: Final = ("account", "seller_sku")
_PRICES: Final = ("price", "sale_price", "sale_from", "sale_to", "minimum_price", "maximum_price")
_NAMES_SPREAD: Final = 32
"""With more attributes than this a column for each would be mostly empty."""


@dataclass(frozen=True)
class Sending:
    """The changes to send, each with the row of its offer.

    ``changes`` has ``at, wave, group, field, to``, ordered by ``at`` and field. ``offers`` is what
    stands around them: a row for each offer with a change to send, by account and SKU.
    """

    changes: pl.DataFrame
    offers: pl.DataFrame


def sending(changes: pl.DataFrame, offers: pl.DataFrame, account: str | None) -> Sending:
    """Tie the changes to send, of one account or of all, to what stands around them.

    ``changes`` has ``DRAFT_SCHEMA``, ``offers`` has ``OFFER_SCHEMA``, one row per offer. An offer
    that nothing is known of stands there with nulls.
    """
    wanted = changes["verdict"] == Verdict.SEND.value
    if account is not None:
        wanted &= changes["account"] == account
        mine = offers["account"] == account
        offers = offers if mine.all() else offers.filter(mine)
    rows = changes.select(*_KEY, "wave", "group", "field", "to")
    rows = ordered(rows if wanted.all() else rows.filter(wanted), *_KEY, "field")
    rows = rows.with_columns(begins(*_KEY).alias("new"))
    keys = rows.filter("new").select(*_KEY)
    around = offers
    if not keys.equals(offers.select(*_KEY)):
        around = keys.join(offers, on=[*_KEY], how="left", maintain_order="left")
    at = (pl.col("new").cum_sum() - 1).cast(pl.UInt32).alias("at")
    return Sending(rows.select(at, "wave", "group", "field", "to"), around)


def wave_rows(sent: Sending, wave: int) -> pl.DataFrame:
    """Return what ``Marketplace.encode`` is given for one wave: one row per offer, by account and SKU."""
    now = sent.changes.filter(pl.col("wave") == wave)
    touched = now["at"].unique().sort()
    around = sent.offers if len(touched) == sent.offers.height else sent.offers[touched]
    columns = _Columns(now, touched, sent.offers.height)
    group, fields = now["group"], now["field"]
    is_attribute = fields.str.starts_with(ATTRIBUTE_PREFIX)
    others = fields.filter(~group.is_in([PRICE_GROUP, AVAILABILITY_GROUP]) & ~is_attribute).unique().sort()
    handling = columns.of("handling_days")
    priced = columns.where(group == PRICE_GROUP)
    quantity = pl.col("_quantity")
    if handling.null_count() < len(handling):
        # Handling days need a quantity beside them: the planned one, else the one that stays.
        planned = _Columns(sent.changes, None, sent.offers.height).of("quantity").gather(touched)
        kept = pl.coalesce(planned, pl.col("quantity"))
        quantity = pl.coalesce("_quantity", pl.when(pl.col("handling_days").is_not_null()).then(kept))
    frame = around.with_columns(
        columns.of("quantity").alias("_quantity"), handling.alias("handling_days"), priced.alias("price_changed")
    )
    return frame.select(
        "seller_sku",
        "product_type",
        "fulfilment",
        "currency",
        *(pl.when("price_changed").then(pl.col(name)).alias(name) for name in _PRICES),
        "price_changed",
        quantity.alias("quantity"),
        "handling_days",
        columns.attributes(is_attribute).alias("attributes"),
        "neighbours",
        *(columns.of(name).alias(name) for name in others),
    )


class _Columns:
    """Columns of one wave's offers, made of the changes of that wave."""

    def __init__(self, changes: pl.DataFrame, touched: pl.Series | None, offers: int) -> None:
        self._changes, self._height = changes, offers if touched is None else len(touched)
        self._at = changes["at"]
        if touched is not None and len(touched) < offers:
            places = pl.repeat(None, offers, dtype=pl.UInt32, eager=True)
            self._at = places.scatter(touched, pl.int_range(len(touched), dtype=pl.UInt32, eager=True)).gather(self._at)

    def of(self, field: str) -> pl.Series:
        """Return what a field is set to; null for offers that it does not change in."""
        which = (self._changes["field"] == field).arg_true()
        return self._spread(self._at.gather(which), self._changes["to"].gather(which))

    def where(self, mask: pl.Series) -> pl.Series:
        """Return whether an offer has a change that ``mask`` marks."""
        return pl.repeat(False, self._height, dtype=pl.Boolean, eager=True).scatter(self._at.filter(mask), True)

    def attributes(self, mask: pl.Series) -> pl.Series:
        """Return JSON objects of the attributes that changes under ``mask`` set, by name; null where there is none."""
        changes, places = self._changes.filter(mask), self._at.filter(mask)
        names = changes["field"].unique().sort().to_list()
        if not names:
            return pl.repeat(None, self._height, dtype=pl.String, eager=True)
        keys = {name: f"{json.dumps(name.removeprefix(ATTRIBUTE_PREFIX), ensure_ascii=False)}:" for name in names}
        if len(names) <= _NAMES_SPREAD:
            parts = [pl.concat_str(pl.lit(key), self.of(name)) for name, key in keys.items()]
            found = pl.select(pl.concat_str(parts, separator=",", ignore_nulls=True)).to_series()
        else:
            member = pl.concat_str(pl.col("field").replace_strict(keys, return_dtype=pl.String), "to")
            rows = changes.select(places.alias("at"), member.alias("member"))
            joined = rows.group_by("at", maintain_order=True).agg(pl.col("member").str.join(","))
            found = self._spread(joined["at"], joined["member"])
        return (
            found.alias("members")
            .to_frame()
            .select(pl.when(pl.col("members") != "").then(pl.concat_str(pl.lit("{"), "members", pl.lit("}"))))
            .to_series()
        )

    def _spread(self, places: pl.Series, values: pl.Series) -> pl.Series:
        if len(places) == self._height:
            return values
        source = pl.repeat(None, self._height, dtype=pl.UInt32, eager=True)
        return values.gather(source.scatter(places, pl.int_range(len(places), dtype=pl.UInt32, eager=True)))
