"""One cell says what a table says of it, or nothing."""

from __future__ import annotations

import os
import random as randomness
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from acorn_engine.catalog import parse_columns, rows_table, type_table
from acorn_engine.catalog.cells import UnusualError, cell_reader
from acorn_engine.catalog.names import LISTING_COLUMNS
from acorn_engine.catalog.options import SEPARATORS, CatalogOptions
from acorn_engine.sites import Site
from acorn_engine.types import Kind, parse_type

SEED = int(os.environ.get("ACORN_TEST_SEED", randomness.randrange(10**9)))
DE = Site("shop.de", "shop", "M1", "DE", "EUR", 2, "de_DE", "eu", "Europe/Berlin", tax_included=True)
OWN = {
    "number": "number",
    "integer": "integer",
    "money": "money",
    "dollars": "money:USD",
    "flag": "boolean",
    "day": "date",
    "words": "text",
}
PIECES = ["1", "12", "0", "000", "234", ".", ",", " ", "-", "+", "'", "e3", "%", "EUR", "\u00a0", "５", "\u2212", "yes", "NO", "是",
          "true", "2026-02-28", "2026-02-30", "T00:00", "ab", "Straße", "Ã¼", "\u200b", "#N/A", "e\u0301", "merchant", "Amazon", "\t",
          "usd", "9" * 16, "0.1234567890123", "４００6381333931", "4006381333931"]  # fmt: skip
VALUES = [
    None,
    True,
    False,
    0,
    -7,
    10**15,
    10**14,
    Decimal("1.50"),
    Decimal("1E+2"),
    Decimal("-0.00"),
    date(2026, 2, 28),
    Decimal("NaN"),
]


def read_by_table(name, value, number_format):
    """Return (value, whether the row is held) as a table reads the cell."""
    options = CatalogOptions(source="handed in", number_format=number_format)
    listing = {"site": "shop.de", "account": "eu", "sku": "S", "seller_sku": "S", name: value}
    columns = parse_columns(OWN)
    table = type_table(rows_table("listings", [listing], options=options), columns, {"shop.de": DE})
    fact = next(fact for fact, header in table.headers.items() if header == name)
    return table.frame[fact][0], table.frame["_fact_problem"][0] is not None, table.frame.schema[fact]


def test_a_cell_is_what_the_table_makes_of_it():
    print(f"ACORN_TEST_SEED={SEED}")
    random = randomness.Random(SEED)
    kinds = {name: parse_type(of) for name, of in OWN.items()} | {
        name: of
        for name, of in LISTING_COLUMNS.items()
        if name in {"price", "quantity", "floor_price", "fulfilment", "asin", "sale_from"}
    }
    told = {"read": 0, "left": 0}
    for _ in range(int(os.environ.get("ACORN_TEST_CELLS", "600"))):
        name, number_format = random.choice(list(kinds)), random.choice(list(SEPARATORS))
        value = (
            random.choice(VALUES)
            if random.random() < 0.2
            else "".join(random.choice(PIECES) for _ in range(random.randrange(4)))
        )
        read = cell_reader(name, kinds[name], number_format, DE.digits, None, currency=False)
        try:
            cell = read(value)
        except UnusualError:
            told["left"] += 1
            continue
        expected, held, dtype = read_by_table(name, value, number_format)
        context = f"ACORN_TEST_SEED={SEED}: {name} {value!r} {number_format}: {cell}, table {expected!r}"
        assert not held, context
        if cell.value is None or kinds[name].kind not in {Kind.NUMBER, Kind.MONEY}:
            assert cell.value == expected, context
        else:
            assert Fraction(cell.value, 10**cell.scale) == Fraction(expected), context
            assert cell.scale == getattr(dtype, "scale", 0), context
        told["read"] += 1
    print(told)
    assert min(told.values()) > 50, told


@pytest.mark.parametrize("default", [" x", "#N/A", ""])
def test_a_default_that_a_table_would_not_clean_is_left_to_it(default):
    with pytest.raises(UnusualError):
        cell_reader("words", parse_type("text"), "1234.56", 2, default, currency=False)


def test_a_blank_cell_is_its_default():
    read = cell_reader("number", parse_type("number"), "1234.56", 2, "0.50", currency=False)
    assert read(" ") == read(None) == read("0.5") == (5, 1)
