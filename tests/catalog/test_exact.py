"""A column that has its type already says what it would say as text: the same values, problems and words."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest
from catalog_tables import SITES, text

from acorn_engine.catalog import CatalogOptions, parse_columns, rows_table, type_table
from acorn_engine.catalog.clean import plain_columns, to_text
from acorn_engine.catalog.distinct import Distinct
from acorn_engine.catalog.exact import needed_scale, take_numbers
from acorn_engine.catalog.ordering import by_key

COLUMNS = parse_columns(
    {
        "w": {"type": "number", "default": "0.50"},
        "n": {"type": "integer", "default": 3},
        "b": {"type": "boolean", "default": False},
        "d": "date",
        "m": "money",
        "e": "money:EUR",
    }
)
SHOPS = ["amazon.de", "Amazon.FR", "amazon.co.jp", "amazon.xx", None]


def numbers(draw, count):
    """Return a column of exact numbers of some type: good, negative, too fine, too large."""
    kind = draw.choice(["int", "small", "huge", "decimal", "zeros", "fine", "wide"])
    gap = draw.choice([0, 0.2])

    def cells(make):
        return [None if draw.random() < gap else make() for _ in range(count)]

    if kind in {"int", "small"}:
        return pl.Series(cells(lambda: draw.randrange(-3, 90)), dtype=pl.Int64 if kind == "int" else pl.Int8)
    if kind == "huge":
        return pl.Series(cells(lambda: draw.randrange(2**63)), dtype=draw.choice([pl.UInt64, pl.Int128]))
    if kind == "wide":
        return pl.Series(cells(lambda: Decimal(draw.randrange(-(10**16), 10**16))), dtype=pl.Decimal(38, 4))
    places, scale = {"decimal": (2, 2), "zeros": (1, 4), "fine": (14, 14)}[kind]
    return pl.Series(cells(lambda: Decimal(draw.randrange(9999)).scaleb(-places)), dtype=pl.Decimal(38, scale))


def days(draw, count):
    if draw.random() < 0.4:
        return pl.Series([date(2026, 1, 1) + timedelta(days=draw.randrange(300)) for _ in range(count)])
    hours = draw.choice([0, 1])
    cells = [datetime(2026, 1, 1) + timedelta(hours=draw.randrange(300) * hours, days=3) for _ in range(count)]  # noqa: DTZ001
    return pl.Series(cells, dtype=pl.Datetime(draw.choice(["ms", "us", "ns"]), draw.choice([None, "UTC"])))


def listings(seed):
    draw = random.Random(seed)
    count = draw.choice([1, 5, 60, 3_000])
    shops = SHOPS[:2] if draw.random() < 0.4 else SHOPS
    frame = pl.DataFrame({"site": [draw.choice(shops) for _ in range(count)]}, schema={"site": pl.String})
    made = {name: numbers(draw, count) for name in ("w", "n", "m", "e", "price", "quantity", "floor_price", "sku")}
    if draw.random() < 0.5:
        made["price_currency"] = pl.Series([draw.choice(["EUR", "jpy"]) for _ in range(count)])
    flags = [draw.choice([True, False, None]) for _ in range(count)]
    made["b"] = pl.Series(flags, dtype=pl.Boolean) if draw.random() < 0.5 else pl.Series(flags).cast(pl.Int64)
    made |= {name: days(draw, count) for name in ("d", "sale_from", "as_of")}
    return frame.with_columns(seller_sku=pl.int_range(count).cast(pl.String), **made)


@pytest.mark.parametrize("seed", range(40))
def test_typed_columns_say_what_their_text_says(seed):
    frame = listings(seed)
    written = pl.DataFrame([to_text(column).alias(column.name) for column in frame])
    options = CatalogOptions(source="x", default={"quantity": "1", "floor_price": "5.5"})
    typed, read = (type_table(rows_table("listings", one, options=options), COLUMNS, SITES) for one in (frame, written))
    assert typed.frame.schema == read.frame.schema
    assert typed.frame.equals(read.frame)
    assert text(typed.problems) == text(read.problems)
    assert typed.facts == read.facts


def test_the_smallest_integer_is_too_large():
    taken = take_numbers(pl.Series([-(2**63), 2**63 - 1, 10**15 - 1, 1 - 10**15]))
    assert taken.too_large.to_list() == [True, True, False, False]
    assert taken.values.to_list() == [None, None, Decimal(10**15 - 1), Decimal(1 - 10**15)]


def test_the_scale_is_what_any_row_needs():
    column = pl.Series(["1.5"] * 5_000 + ["1.25"]).cast(pl.Decimal(38, 9))
    assert needed_scale(column) == 2
    assert needed_scale(column.clear()) == 0


def test_plain_columns_need_no_cleaning():
    frame = pl.DataFrame(
        {
            "plain": ["A-1", None, "x y"],
            "none": pl.Series([None, None, None], dtype=pl.String),
            "empty": ["a", "", "b"],
            "before": ["a", " b", "c"],
            "after": ["a", "b\t", "c"],
            "error": ["a", "#N/A", "c"],
            "beyond": ["a", "b\u00a0", "c"],
        }
    )
    assert plain_columns(frame) == {"plain": "A-1", "none": "\x7f"}


def test_combinations_of_two_columns_are_told_apart_however_many_there_are():
    first = pl.Series("a", ["x", None, "y", "x"] + [str(number) for number in range(400)])
    second = pl.Series("b", ["1", "1", None, "2"] + [str(number) for number in range(400)])
    for some in (slice(0, 8), slice(None)):
        one, other = first[some], second[some]
        rows = Distinct(one, other)
        spread = rows.spread(rows.table["a"].fill_null("") + "|" + rows.table["b"].fill_null(""))
        assert spread.to_list() == [f"{left or ''}|{right or ''}" for left, right in zip(one, other, strict=True)]


@pytest.mark.parametrize("seed", range(5))
def test_offers_are_sorted_by_their_keys(seed):
    draw = random.Random(seed)
    rows = {(draw.choice("ba"), draw.choice(["de", "fr", "es"]), f"S{draw.randrange(99)}") for _ in range(200)}
    frame = pl.DataFrame(list(rows), schema=["account", "site", "seller_sku"], orient="row").with_row_index("at")
    keys = ["account", "site", "seller_sku"]
    made = by_key(frame)
    assert made.equals(frame.sort(keys))
    assert by_key(made) is made
    assert by_key(frame.clear()).height == 0
