"""What the real catalogue's offers should come to, worked out from first principles.

Nothing of Acorn is used: exact fractions, the ECB's numbers, the tax shares as the laws have them,
and the rules as an operator would explain them. Each distinct case is worked out once.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from fractions import Fraction
from importlib.resources import files
from math import ceil, floor
from typing import Final

import polars as pl

FREIGHT: Final = Fraction(4, 100)
MARGINS: Final = {
    "food": Fraction(18, 100),
    "beauty": Fraction(45, 100),
    "drug": Fraction(35, 100),
    "other": Fraction(30, 100),
}
RESERVE: Final = 2
CAP: Final = 60
LARGEST_MOVE: Final = Fraction(20, 100)
SHIFT: Final = 5


@dataclass(frozen=True)
class Store:
    """One site: its currency's decimals, its tax by category, and how its prices end."""

    currency: str
    digits: int
    tax: dict[str, Fraction]
    ending: Fraction
    period: int


STORES: Final = {
    "amazon.com": Store("USD", 2, {"standard": Fraction(0), "reduced": Fraction(0)}, Fraction(99, 100), 1),
    "amazon.de": Store("EUR", 2, {"standard": Fraction(19, 100), "reduced": Fraction(7, 100)}, Fraction(99, 100), 1),
    "amazon.co.jp": Store("JPY", 0, {"standard": Fraction(10, 100), "reduced": Fraction(8, 100)}, Fraction(80), 100),
}


def half_up(value: Fraction) -> int:
    """Round a value that is not negative to a whole number."""
    return floor(value + Fraction(1, 2))


def published(day: str) -> dict[str, Fraction]:
    """Return what one euro cost on a day, as the ECB published it."""
    with files("acorn_currency").joinpath("data/ecb.csv").open(encoding="ascii") as file:
        rates = {row["currency"]: Fraction(row["rate"]) for row in csv.DictReader(file) if row["as_of"] == day}
    assert {"USD", "JPY"} <= set(rates), f"the packaged rates no longer have {day}"
    return rates


def dollar_in(currency: str, day: str) -> Fraction:
    """Return what one dollar is worth, fixed to twelve decimals as the contract says."""
    euro = {"EUR": Fraction(1), **published(day)}
    if currency == "USD":
        return Fraction(1)
    return Fraction(half_up(euro[currency] / euro["USD"] * 10**12), 10**12)


def price_of(cost: Fraction, line: str, tax: str, store: Store, rate: Fraction) -> int:
    """Return a price in minor units: landed cost, margin and tax, rounded once, then moved up to its ending."""
    unit = 10**store.digits
    plain = Fraction(half_up(cost * rate * (1 + FREIGHT) * (1 + MARGINS[line]) * (1 + store.tax[tax]) * unit), unit)
    ended = ceil((plain - store.ending) / store.period) * store.period + store.ending
    return int(ended * unit)


def least_price(cost: Fraction, tax: str, store: Store, rate: Fraction) -> int:
    """Return landed cost with tax in minor units, rounded up: what a careful seller's floor would be."""
    return ceil(cost * rate * (1 + FREIGHT) * (1 + store.tax[tax]) * 10**store.digits)


def price_table(products: pl.DataFrame, site: str, day: str) -> pl.DataFrame:
    """Return ``cost, line, tax, target, least`` for every distinct case; cost in hundredths of a cent."""
    store, rate = STORES[site], dollar_in(STORES[site].currency, day)
    cases = products.select("cost", "line", "tax").drop_nulls().unique()
    rows = []
    for cost, line, tax in cases.iter_rows():
        exact = Fraction(cost, 10_000)
        rows.append(
            (cost, line, tax, price_of(exact, line, tax, store, rate), least_price(exact, tax, store, rate)),
        )
    schema = {"cost": pl.Int64, "line": pl.String, "tax": pl.String, "target": pl.Int64, "least": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def price_may_be_sent() -> pl.Expr:
    """Say which price changes are safe: integers of minor units in ``target, shown, floor, ceiling``.

    A known cost, a floor above zero, a price to compare with, floor ≤ price ≤ ceiling, no move of
    more than a fifth, no factor of five.
    """
    new, old = pl.col("target"), pl.col("shown")
    move = LARGEST_MOVE
    return (
        new.is_not_null()
        & (pl.col("floor") > 0).fill_null(value=False)
        & (old > 0).fill_null(value=False)
        & (new >= pl.col("floor"))
        & (new <= pl.col("ceiling")).fill_null(value=True)
        & ((new - old).abs() * move.denominator <= old * move.numerator)
        & (new < old * SHIFT)
        & (new * SHIFT > old)
    ).fill_null(value=False)


def wanted_quantity() -> pl.Expr:
    """Return what part of the stock a site shows for an offer that the seller ships; otherwise null."""
    left = pl.max_horizontal(pl.col("stock") - RESERVE, pl.lit(0, pl.Int64))
    shown = pl.min_horizontal(left, pl.lit(CAP, pl.Int64))
    return pl.when((pl.col("fulfilment") == "merchant") & pl.col("stock").is_not_null()).then(shown)


def verdicts(offers: pl.DataFrame) -> pl.DataFrame:
    """Add ``price_change, price_sent, wanted, quantity_change, quantity_sent`` to offers.

    A price that is held, the missing cost's too, holds an increase of the quantity and never a decrease.
    """
    return (
        offers.with_columns(
            price_change=pl.col("target").is_not_null() & pl.col("target").ne_missing(pl.col("shown")),
            safe=price_may_be_sent(),
            wanted=wanted_quantity(),
        )
        .with_columns(
            price_sent=pl.col("price_change") & pl.col("safe"),
            price_held=(pl.col("price_change") & ~pl.col("safe")) | pl.col("target").is_null(),
            quantity_change=pl.col("wanted").is_not_null() & pl.col("wanted").ne_missing(pl.col("quantity")),
        )
        .with_columns(
            quantity_sent=pl.col("quantity_change")
            & ((pl.col("wanted") < pl.col("quantity")).fill_null(value=False) | ~pl.col("price_held"))
        )
    )
