from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest
from catalog_tables import SITES, codes, csv_table, listing, product, text, typed
from hypothesis import given, settings
from hypothesis import strategies as st

from acorn_engine.catalog import type_table
from acorn_engine.problems import stopping
from acorn_engine.types import BOOLEAN, DATE, INTEGER, SITE_MONEY, TEXT, money


def fault(role, rows, columns=None, **options):
    """Return code, rendered text and the control column of the only problem."""
    table = typed(role, rows, columns, **options)
    (problem,) = table.problems
    return problem, problem.render(), table.frame["_fact_problem"].to_list()


def test_well_known_columns_have_their_types():
    table = typed(
        "products",
        [product(cost="1.50", cost_currency="cny", stock="5", gtin="4006381333931", brand=" Acme ", colour="red")],
    )
    assert {name: info.type for name, info in table.facts.items()} == {
        "sku": TEXT,
        "cost": money("cost_currency"),
        "cost_currency": TEXT,
        "stock": INTEGER,
        "gtin": TEXT,
        "brand": TEXT,
        "colour": TEXT,
    }
    row = table.frame.to_dicts()[0]
    assert (row["cost"], row["cost_currency"], row["stock"], row["brand"]) == (Decimal("1.5"), "CNY", 5, "Acme")
    assert table.facts["cost"].scale == 1
    assert table.facts["cost"].source == "column 'cost' of products (handed in)"
    assert table.problems == ()


def test_a_listing_s_price_and_quantity_are_what_the_site_shows():
    table = typed(
        "listings",
        [
            listing(
                price="12.9", quantity="3", floor_price="10.125", sale_from="2026-12-01", as_of="2026-11-23T08:00:00Z"
            )
        ],
    )
    row = table.frame.to_dicts()[0]
    assert row["current_price"] == Decimal("12.90")
    assert row["current_quantity"] == 3
    assert row["floor_price"] == Decimal("10.125")
    assert row["current_sale_from"] == date(2026, 12, 1)
    assert row["as_of"] == datetime(2026, 11, 23, 8, tzinfo=UTC)
    assert table.frame.schema["current_price"] == pl.Decimal(38, 2)
    assert table.facts["current_price"].type == SITE_MONEY
    assert "as_of" not in table.facts
    assert "price" not in table.frame.columns


def test_declared_columns_have_their_types_and_defaults():
    table = typed(
        "listings",
        [listing(clearance="", rival="9.99", day="2026-01-02", w="0.250"), listing(clearance="是", rival=None, w="1")],
        {"clearance": {"type": "boolean", "default": False}, "rival": "money", "day": "date", "w": "number"},
    )
    assert table.frame.select("clearance", "rival", "day", "w").rows() == [
        (False, Decimal("9.99"), date(2026, 1, 2), Decimal("0.25")),
        (True, None, None, Decimal("1.00")),
    ]
    assert (table.facts["clearance"].type, table.facts["day"].type) == (BOOLEAN, DATE)


def test_text_stays_text():
    table = typed("products", [product(sku="000123", ean="0401234", note="1e5")])
    assert table.frame.select("sku", "ean", "note").rows() == [("000123", "0401234", "1e5")]


def test_values_defaults_and_unmapped_values():
    table = typed(
        "listings",
        [listing(site="德国", fulfilment="FBA"), listing(site="amazon.fr", fulfilment="")],
        values={"site": {"德国": "amazon.de"}, "fulfilment": {"FBA": "amazon"}},
        default={"fulfilment": "merchant", "season": "summer"},
    )
    assert table.frame.select("site", "fulfilment", "season").rows() == [
        ("amazon.de", "amazon", "summer"),
        ("amazon.fr", "merchant", "summer"),
    ]
    assert table.problems == ()


def test_values_for_no_column():
    table = typed("listings", [listing()], values={"sit": {"a": "b"}})
    assert "[catalog.listings] has values for 'sit', which is no column" in text(table.problems)
    assert "did you mean 'site'?" in text(table.problems)


@pytest.mark.parametrize(
    ("role", "cells", "columns", "code", "shown", "hint"),
    [
        ("products", {"stock": "-1"}, {}, "negative_stock", "stock is '-1': it cannot be negative", "correct it"),
        ("products", {"stock": "5.5"}, {}, "too_many_decimals", "'5.5' is not a whole number", "round it"),
        ("products", {"stock": "many"}, {}, "not_a_number", "'many' is not an integer", "write it as 1234.56"),
        (
            "products",
            {"w": "1,234.56"},
            {"w": "number"},
            "not_a_number",
            "is not a number in the declared",
            '"1,234.56"',
        ),
        ("products", {"w": "1." + "1" * 13}, {"w": "number"}, "too_many_decimals", "more than 12 decimals", "=ROUND("),
        ("products", {"w": "1" * 16}, {"w": "number"}, "too_large", "more than 15 digits before the point", ""),
        (
            "products",
            {"b": "maybe"},
            {"b": "boolean"},
            "not_a_boolean",
            "'maybe' is neither true nor false",
            "values.b",
        ),
        ("products", {"d": "24.12.26"}, {"d": "date"}, "not_a_date", "'24.12.26' is not a date", "2026-12-24"),
        (
            "products",
            {"gtin": "4.00638E+12"},
            {},
            "gtin_rounded",
            "a spreadsheet has rounded",
            "format the column as text",
        ),
        ("products", {"sku": "1.23E+11"}, {}, "spreadsheet_number", "the sku '1.23E+11' is a number that", "as text"),
        (
            "products",
            {"brand": "GrÃ¼n"},
            {},
            "mojibake",
            "'GrÃ¼n' is text that was read with a wrong encoding",
            "export it",
        ),
        (
            "products",
            {"brand": "#N/A"},
            {},
            "spreadsheet_error",
            "the cell is the spreadsheet's error '#N/A'",
            "formula",
        ),
        (
            "products",
            {"fee": "1 USD"},
            {"fee": "money:EUR"},
            "wrong_currency",
            "'1 USD' is not in EUR",
            "nothing is converted",
        ),
        (
            "listings",
            {"price": "12.99 USD"},
            {},
            "wrong_currency",
            "not in the currency of its site",
            "nothing is converted",
        ),
        ("listings", {"price": "12,99"}, {}, "not_a_number", "'12,99' is not an amount", '"1.234,56"'),
        (
            "listings",
            {"price": "1.234"},
            {},
            "too_many_decimals",
            "more decimals than the site's currency",
            "means thousands",
        ),
        ("listings", {"price": "-1"}, {}, "negative_value", "price is '-1'", "correct it"),
        ("listings", {"price": "€12.99"}, {}, "not_a_number", "'€12.99' is not an amount", "would be written"),
        (
            "listings",
            {"fulfilment": "FBA"},
            {},
            "unknown_fulfilment",
            "'FBA' is neither merchant nor amazon",
            '"FBA" = "merchant"',
        ),
        (
            "listings",
            {"as_of": "gestern"},
            {},
            "not_an_instant",
            "'gestern' is not a date and time",
            "2026-11-23T08:30",
        ),
        (
            "listings",
            {"price": "5", "price_currency": "USD"},
            {},
            "wrong_currency",
            "'5 USD' is not in",
            "nothing is converted",
        ),
        (
            "listings",
            {"price": "5", "currency": "GBP"},
            {},
            "wrong_currency",
            "'5 GBP' is not in",
            "nothing is converted",
        ),
    ],
)
def test_a_cell_that_is_not_of_its_type_holds_its_row(role, cells, columns, code, shown, hint):
    rows = {"products": product, "listings": listing}[role](**cells)
    problem, rendered, held = fault(role, [rows], columns)
    assert problem.code == code
    assert problem.effect == "holds"
    assert problem.place.row == 2
    assert problem.place.field in cells
    assert shown in rendered
    assert hint in rendered
    assert held == [code]


def test_amounts_in_their_own_currency_are_taken():
    table = typed(
        "listings",
        [listing(price="12.99 EUR"), listing(price="eur 13"), listing(site="amazon.co.jp", price="1300 JPY")],
    )
    assert table.frame["current_price"].to_list() == [Decimal("12.99"), Decimal(13), Decimal(1300)]
    assert table.problems == ()


def test_yen_have_no_decimals_and_trailing_zeros_do_not_count():
    table = typed(
        "listings", [listing(site="amazon.co.jp", price="1299.00"), listing(site="amazon.co.jp", price="1299.5")]
    )
    assert table.frame["_fact_problem"].to_list() == [None, "too_many_decimals"]


def test_a_cost_needs_a_currency():
    table = typed("products", [product(cost="5")])
    assert "there is a cost, but no column 'cost_currency'" in text(stopping(table.problems))
    assert 'default = { cost_currency = "CNY" }' in text(table.problems)
    table = typed("products", [product(cost="5", cost_currency=""), product(sku="B", cost="", cost_currency="")])
    assert codes(table.problems) == ["no_currency"]
    assert table.frame["_fact_problem"].to_list() == ["no_currency", None]


def test_currency_codes_are_checked():
    problem, rendered, held = fault("products", [product(cost_currency="RMB", cost="5")])
    assert problem.code == "unknown_currency"
    assert 'if it means CNY, say so: values.cost_currency = { "RMB" = "CNY" }' in rendered
    assert held == ["unknown_currency"]
    assert "did you mean 'CNY'?" in fault("products", [product(cost_currency="CNYY")])[1]


def test_money_of_a_product_must_say_its_currency():
    table = typed("products", [product(fee="1")], {"fee": "money"})
    assert "a product is not on a site" in text(stopping(table.problems))
    table = typed("products", [product(fee="1")], {"fee": "money:fee_currency"})
    assert "'fee' is money in the currency of column 'fee_currency', which the table does not have" in text(
        table.problems
    )


def test_a_well_known_column_keeps_its_type():
    table = typed("products", [product(stock="1")], {"stock": "number", "brand": "text"})
    assert typed("products", [product(stock="1")], {"stock": "integer"}).problems == ()
    assert "declares 'stock' as number" in text(stopping(table.problems))


def test_missing_columns_are_told_with_the_header_that_may_be_meant():
    table = typed("listings", [{"Site": "amazon.de", "Seller SKU": "A"}])
    shown = text(stopping(table.problems))
    assert "the table of listings has no column 'site'; its columns are 'Site', 'Seller SKU'" in shown
    assert "did you mean 'Site'? Then say so: [catalog.listings] rename = { site = \"Site\" }" in shown
    assert "did you mean 'Seller SKU'?" in shown
    assert "has no column 'sku'" in shown


def test_a_listing_file_without_sku_says_how_to_use_the_seller_sku():
    table = typed("listings", [{"site": "amazon.de", "seller_sku": "A"}])
    assert 'rename = { sku = "seller_sku" }' in text(table.problems)


def test_names_that_rules_cannot_read_are_left_out_and_told():
    table = typed("products", [product(**{"采购成本": "5", "Item Name": "x", "_secret": "y", "in": "z"})])
    (problem,) = table.problems
    assert problem.effect == "warns"
    assert "'采购成本', 'Item Name', '_secret', 'in'" in problem.message
    assert table.facts.keys() == {"sku"}


def test_names_that_mean_something_else_in_a_rule():
    table = typed("products", [product(price="5", today="x")])
    assert codes(stopping(table.problems)) == ["reserved_name", "reserved_name"]
    assert 'rename = { product_price = "price" }' in text(table.problems)


def test_keys_are_compared_without_what_nobody_sees():
    table = typed("products", [product(sku="\ufeffA\u200b-1\u00a0"), product(sku="Cafe\u0301"), product(sku="B")])
    assert table.frame["sku"].to_list() == ["A-1", "Café", "B"]
    (problem,) = table.problems
    assert problem.effect == "warns"
    assert "2, first '\\ufeffA\\u200b-1\\u00a0'; they are read without" in problem.message


def test_rows_of_one_problem_are_told_five_times_and_counted():
    table = typed("products", [product(sku=str(index), stock="x") for index in range(1_239)])
    assert len(table.problems) == 6
    assert (
        table.problems[-1].message
        == "and 1,234 more rows with the same problem in column 'stock'; they are held as well"
    )
    assert table.frame["_fact_problem"].to_list() == ["not_a_number"] * 1_239


def test_blank_rows_are_no_rows_and_no_rows_stop():
    table = typed("products", [product(), {"sku": " "}, product(sku="B", stock="x")])
    assert table.frame["sku"].to_list() == ["P-1", "B"]
    assert table.problems[0].place.row == 4
    assert "the table of products has no rows; nothing was planned" in text(
        stopping(typed("products", [{"sku": ""}]).problems)
    )


def test_a_header_alone_stops(tmp_path):
    table = type_table(csv_table(tmp_path, "products", "sku,stock\n"), {}, SITES)
    assert codes(stopping(table.problems)) == ["no_rows"]


def test_typed_columns_are_taken_as_they_are():
    frame = pl.DataFrame(
        {
            "sku": [7],
            "stock": pl.Series([5], dtype=pl.UInt16),
            "cost": pl.Series([Decimal("1.10")], dtype=pl.Decimal(10, 4)),
            "cost_currency": pl.Series(["EUR"], dtype=pl.Categorical),
            "flag": [True],
            "day": [datetime(2026, 1, 2)],  # noqa: DTZ001 -- a day without a zone
        }
    )
    table = typed("products", frame, {"flag": "boolean", "day": "date"})
    assert table.frame.select("sku", "stock", "cost", "flag", "day").rows() == [
        ("7", 5, Decimal("1.1"), True, date(2026, 1, 2))
    ]


def test_other_types_stop_where_they_are_declared_and_are_left_out_elsewhere():
    frame = pl.DataFrame({"sku": ["A"], "tags": [["x"]], "more": [["y"]]})
    table = typed("products", frame, {"tags": "text"})
    assert [(problem.code, problem.effect) for problem in table.problems] == [
        ("not_a_cell", "stops"),
        ("left_out", "warns"),
    ]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.decimals(0, 10**9, places=2, allow_nan=False), min_size=1, max_size=30))
def test_money_comes_back_as_it_was_written(amounts):
    table = typed(
        "listings", [listing(seller_sku=str(index), price=str(amount)) for index, amount in enumerate(amounts)]
    )
    assert table.frame["current_price"].to_list() == amounts
    assert table.problems == ()
