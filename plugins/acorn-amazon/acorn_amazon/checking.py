"""What is wrong with an offer's change, in columns: every fault in words, before any message is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

if TYPE_CHECKING:
    from acorn_engine.sites import Site

PRICES: Final = ("price", "sale_price", "minimum_price", "maximum_price")
INTEGERS: Final = ("quantity", "handling_days")
DAYS: Final = ("sale_from", "sale_to")


def refused(what: pl.Expr) -> pl.Expr:
    """Return a refusal as a whole sentence; null stays null."""
    return pl.concat_str(pl.lit("No message was made: "), what, pl.lit("."))


def named(fault: str) -> pl.Expr:
    """Return a fault with the offer named."""
    return pl.concat_str(pl.lit("'"), pl.col("seller_sku").fill_null("None"), pl.lit(f"' {fault}"))


def faults(frame: pl.DataFrame, site: Site) -> pl.Series:
    """Return what is wrong with each offer: all of it, with the offer named; null where nothing is.

    A fault would make a message that is malformed, wipes a price, or touches Amazon's own stock.
    """
    conditions = _conditions(frame, site)
    whether = frame.select(condition.any().alias(fault) for fault, condition in conditions.items())
    found = [fault for fault in conditions if whether[fault].any()]
    if not found:
        return pl.repeat(None, frame.height, dtype=pl.String, eager=True)
    told = [pl.when(conditions[fault]).then(named(fault)) for fault in found]
    text = pl.concat_str(told, separator=". ", ignore_nulls=True)
    return frame.select(pl.when(text != "").then(text)).to_series()


def _conditions(frame: pl.DataFrame, site: Site) -> dict[str, pl.Expr]:
    """Return a condition for every fault that the columns with values leave possible."""
    valued = {name for name in (*PRICES, *INTEGERS, *DAYS) if frame[name].null_count() < frame.height}
    found = {
        "has no SKU": pl.col("seller_sku").fill_null("") == "",
        f"is not priced in {site.currency}": pl.col("currency") != site.currency,
    }
    if frame["price_changed"].any():
        found |= _price_conditions(valued, site)
    if valued & {*INTEGERS}:
        found["belongs to Amazon's stock, so neither quantity nor handling days may be sent"] = (
            pl.col("fulfilment") == "amazon"
        ) & pl.any_horizontal(pl.col(*INTEGERS).is_not_null())
    if "handling_days" in valued:
        found["has handling days without a quantity; Amazon takes them only together"] = (
            pl.col("handling_days").is_not_null() & pl.col("quantity").is_null()
        )
    for name in INTEGERS:
        if name in valued:
            whole = pl.col(name).str.contains(r"^(?:0|[1-9][0-9]{0,9})$")
            found[f"has a {name} that is not a whole number from 0"] = ~whole
    return found


def _price_conditions(valued: set[str], site: Site) -> dict[str, pl.Expr]:
    fraction = rf"(?:\.[0-9]{{1,{site.digits}}})?" if site.digits else ""
    amount = rf"^(?:0|[1-9][0-9]*){fraction}$"
    changed = pl.col("price_changed")
    found = {"would lose its price, because the new price group has none": changed & pl.col("price").is_null()}
    for name in PRICES:
        if name in valued:
            plain = pl.col(name).str.contains(amount)
            found[f"has a {name} that is not a plain amount in {site.currency}"] = changed & ~plain
    for name in ("price", "sale_price"):
        if name in valued:
            found[f"has a {name} of 0"] = changed & ~pl.col(name).str.contains("[1-9]")
    for name in DAYS:
        if name in valued:
            day = pl.col(name).str.contains(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
            found[f"has a {name} that is not an ISO date"] = changed & ~day
    if "sale_price" in valued:
        found["has a sale price without a first and last day"] = (
            changed & pl.col("sale_price").is_not_null() & pl.any_horizontal(pl.col(*DAYS).is_null())
        )
    return found
