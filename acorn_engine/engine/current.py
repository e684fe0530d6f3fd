"""What each site shows: the newest of the listing row and the last read-back, and what is on its way."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from acorn_engine.facts import KEYS, FactInfo, Offers
from acorn_engine.types import DATE, INTEGER, SITE_MONEY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acorn_engine.marketplace import Account
    from acorn_engine.sites import SiteClock

AS_OF: Final = "_current_as_of"
"""The column that holds when each offer's current values held true."""

_MONEY: Final = ("price", "sale_price", "minimum_price", "maximum_price")
_INTEGERS: Final = ("quantity", "handling_days")
_DATES: Final = ("sale_from", "sale_to")
_INSTANT: Final = pl.Datetime("us", "UTC")


def add_current(offers: Offers, states: pl.DataFrame, pending: pl.DataFrame, clock: SiteClock) -> Offers:
    """Return the offers of one site with every ``current_…`` fact and the control columns that go with them.

    ``states`` is the store's last read of each offer (text columns, ``as_of``), ``pending`` has one
    row for each field group with a value on its way. Where the listing row is newer than the read,
    its price and quantity count; what only a read can know stays.
    """
    digits = clock.site.digits
    read = states.select(
        *KEYS,
        pl.col("as_of").alias("_read_as_of"),
        *(pl.col(name).cast(pl.Decimal(38, digits)).alias(f"_read_{name}") for name in _MONEY),
        *(pl.col(name).cast(pl.Int64).alias(f"_read_{name}") for name in _INTEGERS),
        *(pl.col(name).str.to_date("%Y-%m-%d", strict=False).alias(f"_read_{name}") for name in _DATES),
        pl.col("attributes").alias("current_attributes"),
        "other_prices",
        pl.col("neighbours").alias("_neighbours"),
        pl.col("product_type").alias("_read_product_type"),
        pl.col("fulfilment").alias("_read_fulfilment"),
    )
    frame = _with_rows(offers.frame, read)
    frame = _ensure(frame, {"product_type": pl.String(), "fulfilment": pl.String()})
    if AS_OF not in frame.columns:
        frame = frame.with_columns(pl.lit(None, dtype=_INSTANT).alias(AS_OF))
    listing = _told_by_listing(offers)
    later = pl.col(AS_OF).is_null() | (pl.col("_read_as_of") >= pl.col(AS_OF)) | pl.lit(value=not listing)
    newer = pl.col("_read_as_of").is_not_null() & later
    frame = frame.with_columns(newer.alias("_newer"))
    frame = frame.with_columns(_as_the_site_writes(frame, f"current_{name}", digits) for name in _MONEY)
    frame = frame.with_columns(
        *(_newest(name, listing) for name in (*_MONEY, *_INTEGERS, *_DATES)),
        pl.coalesce("product_type", "_read_product_type").alias("product_type"),
        pl.coalesce("fulfilment", "_read_fulfilment").alias("fulfilment"),
        pl.col("_read_as_of").is_not_null().alias("_read"),
    ).with_columns(pl.when("_newer").then("_read_as_of").otherwise(AS_OF).alias(AS_OF))
    frame = _with_rows(frame, _pending(pending)).with_columns(pl.col("_pending").fill_null(""))
    frame = frame.drop(column for column in frame.columns if column.startswith("_read_") or column == "_newer")
    return replace(offers, frame=frame, facts={**offers.facts, **_infos(frame)})


def _with_rows(frame: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Return the offers of one site with what ``rows`` has for their keys; null where it has nothing."""
    if rows.is_empty():
        absent = {name: kind for name, kind in rows.schema.items() if name not in KEYS}
        return frame.with_columns(pl.lit(None, dtype=kind).alias(name) for name, kind in absent.items())
    # A key that is the same throughout needs no comparing: usually only the seller's SKU differs.
    same = [name for name in ("account", "site") if len({*frame[name].unique(), *rows[name].unique()}) == 1]
    differing = [name for name in KEYS if name not in same]
    return frame.join(rows.drop(same), on=differing, how="left", maintain_order="left")


def _told_by_listing(offers: Offers) -> set[str]:
    """Return the fields whose current value the listings tell; a table without such a column says nothing of it."""
    told = set()
    for name in (*_MONEY, *_INTEGERS, *_DATES):
        column, info = f"current_{name}", offers.facts.get(f"current_{name}")
        if column not in offers.frame.columns:
            continue
        undated = info is not None and info.as_of is None
        if not (undated and offers.frame[column].null_count() == offers.frame.height):
            told.add(name)
    return told


def _as_the_site_writes(frame: pl.DataFrame, name: str, digits: int) -> pl.Series:
    """Return a money column with the currency's own decimals, where that loses nothing."""
    if name not in frame.columns:
        return pl.Series(name, [None], dtype=pl.Decimal(38, digits)).new_from_index(0, frame.height)
    shown = frame[name]
    if shown.dtype == pl.Decimal(38, digits):
        return shown
    written = shown.cast(pl.Decimal(38, digits))
    return written if written.cast(shown.dtype).eq_missing(shown).all() else shown


def _ensure(frame: pl.DataFrame, wanted: dict[str, Any]) -> pl.DataFrame:
    absent = {name: dtype for name, dtype in wanted.items() if name not in frame.columns}
    return frame.with_columns(pl.lit(None, dtype=dtype).alias(name) for name, dtype in absent.items())


def _newest(name: str, listing: set[str]) -> pl.Expr:
    read = pl.col(f"_read_{name}")
    if name not in listing:
        return read.alias(f"current_{name}")
    shown = pl.col(f"current_{name}")
    return pl.when("_newer").then(read).otherwise(shown).alias(f"current_{name}")


def _pending(pending: pl.DataFrame) -> pl.DataFrame:
    return pending.group_by(*KEYS).agg(pl.col("group").unique().sort().str.join(",").alias("_pending"))


def _infos(frame: pl.DataFrame) -> dict[str, FactInfo]:
    found = {}
    for names, kind in ((_MONEY, SITE_MONEY), (_INTEGERS, INTEGER), (_DATES, DATE)):
        for name in names:
            dtype = frame.schema[f"current_{name}"]
            scale = dtype.scale if isinstance(dtype, pl.Decimal) else 0
            found[f"current_{name}"] = FactInfo(
                f"current_{name}",
                kind,
                scale,
                "the listing or the last read-back",
                as_of=AS_OF,
                description="what the site shows",
            )
    return found


def add_quantity_owner(frame: pl.DataFrame, account: Account) -> pl.DataFrame:
    """Add ``_quantity_owner``: whether an offer's site is the one that writes its pool's quantity.

    A quantity belongs to (account, region, seller SKU) and is written through ``quantity_site``,
    or else through the first of the account's sites that lists the SKU.
    """
    order = {site: index for index, site in enumerate(account.sites)}
    if account.quantity_site:
        order[account.quantity_site] = -1
    first = frame["site"] == min(order, key=order.__getitem__, default="")
    if first.sum() == frame["seller_sku"].n_unique():
        # Offers differ in their keys, so the first site lists every SKU once.
        return frame.with_columns(first.alias("_quantity_owner"))
    rank = pl.col("site").replace_strict(order, default=len(order), return_dtype=pl.Int32)
    return frame.with_columns((rank == rank.min().over("seller_sku")).alias("_quantity_owner"))


def only_considered(frame: pl.DataFrame, only: Sequence[str] | None) -> pl.DataFrame:
    """Add ``_considered``: true for the SKUs asked for (the ERP's or the seller's), or for all."""
    if only is None:
        return frame.with_columns(pl.lit(value=True).alias("_considered"))
    wanted = list(dict.fromkeys(only))
    return frame.with_columns(
        (pl.col("sku").is_in(wanted) | pl.col("seller_sku").is_in(wanted)).fill_null(value=False).alias("_considered")
    )
