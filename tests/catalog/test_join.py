from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest
from catalog_tables import ACCOUNTS, NOW, SITES, codes, joined, listing, product, text, typed

from acorn_engine.catalog import RawTable, join_offers, parse_columns, rows_table, type_table
from acorn_engine.problems import CatalogError, Problem
from acorn_engine.types import TEXT

KEY = ("eu", "amazon.de", "S-1")


def only(problems, code):
    return [problem for problem in problems if problem.code == code]


def test_one_row_a_listing_with_everything_that_is_known():
    offers, problems = joined(
        [product(cost="5", cost_currency="CNY", stock="9", brand="Acme"), product(sku="P-2")],
        [
            listing(price="12.99", quantity="3", asin="B1", fulfilment="merchant", colour="red"),
            listing(site="amazon.fr", asin="B1"),
        ],
    )
    assert problems == ()
    assert offers.frame.columns[:4] == ["account", "site", "seller_sku", "sku"]
    first, second = offers.frame.to_dicts()
    assert (first["account"], first["site"], first["seller_sku"], first["sku"]) == (*KEY, "P-1")
    assert (first["cost"], first["stock"], first["brand"]) == (Decimal(5), 9, "Acme")
    assert (first["current_price"], first["current_quantity"], first["colour"]) == (Decimal("12.99"), 3, "red")
    assert second["current_price"] is None
    assert first["_fact_problem"] is None
    assert not {"_position", "_row"} & set(offers.frame.columns)


def test_facts_that_no_table_has_are_missing_everywhere():
    offers, _ = joined([product()], [listing()])
    row = offers.frame.to_dicts()[0]
    for name in (
        "stock",
        "asin",
        "product_type",
        "fulfilment",
        "current_price",
        "current_quantity",
        "floor_price",
        "ceiling_price",
    ):
        assert row[name] is None
        assert name in offers.facts
    assert offers.facts["account"].type == TEXT
    assert "site" not in offers.facts


def test_every_fact_stands_in_the_frame():
    offers, _ = joined([product(cost="1", cost_currency="EUR")], [listing(price="1")])
    assert set(offers.facts) <= set(offers.frame.columns)


def test_the_row_s_instant_counts_before_the_file_s():
    products = type_table(rows_table("products", [product()], as_of=NOW - timedelta(days=2)), {}, SITES)
    rows = [listing(price="5", as_of="2026-11-20T06:00:00Z"), listing(seller_sku="S-2", as_of="")]
    listings = type_table(rows_table("listings", rows, as_of=NOW - timedelta(days=1)), {}, SITES)
    offers, _ = join_offers(products, listings, SITES, ACCOUNTS, NOW)
    assert offers.frame["as_of"].to_list() == [datetime(2026, 11, 20, 6, tzinfo=UTC), NOW - timedelta(days=1)]
    assert offers.facts["current_price"].as_of == "as_of"
    assert offers.facts["stock"].as_of is None
    assert offers.facts["sku"].as_of == "as_of"
    with_stock, _ = join_offers(
        typed("products", [product(stock="1", as_of="2026-11-01")]), listings, SITES, ACCOUNTS, NOW
    )
    assert with_stock.facts["stock"].as_of == "_as_of_products"
    assert with_stock.frame["_as_of_products"].to_list() == [datetime(2026, 11, 1, tzinfo=UTC)] * 2


def test_an_instant_in_the_future_holds_its_row():
    offers, problems = joined(
        [product()], [listing(as_of="2026-11-23T20:00:00Z"), listing(seller_sku="S-2", as_of="2026-11-23T12:01:00Z")]
    )
    assert offers.frame["_fact_problem"].to_list() == ["as_of_in_future", None]
    assert "as_of '2026-11-23T20:00:00Z' is in the future" in text(problems)


def test_a_file_from_the_future_is_told_and_taken_as_of_now():
    listings = type_table(rows_table("listings", [listing()], as_of=NOW + timedelta(hours=2)), {}, SITES)
    offers, problems = join_offers(typed("products", [product()]), listings, SITES, ACCOUNTS, NOW)
    assert codes(problems) == ["file_from_future"]
    assert offers.frame["as_of"].to_list() == [NOW]


def test_unmapped_skus_hold_and_near_ones_are_named():
    offers, problems = joined(
        [product(sku="00123"), product(sku="Ab")],
        [listing(sku="123"), listing(seller_sku="S-2", sku="aB"), listing(seller_sku="S-3", sku="")],
    )
    assert offers.frame["_fact_problem"].to_list() == ["unmapped_sku"] * 3
    shown = text(problems)
    assert "row 2, column 'sku': the SKU '123' of this listing is not among the products" in shown
    assert "did you mean '00123'?" in shown
    assert "did you mean 'Ab'?" in shown
    assert "the SKU blank of this listing" in shown
    assert only(problems, "unmapped_sku")[0].keys == (KEY,)


@pytest.mark.parametrize(
    ("cells", "code", "shown", "hint"),
    [
        ({"site": "amazon.ed"}, "unknown_site", "'amazon.ed' is not a known site", "did you mean 'amazon.de'?"),
        ({"site": "德国"}, "unknown_site", "'德国' is not a known site", 'values.site = { "德国" ='),
        ({"site": ""}, "no_site", "the row names no site", "amazon.de"),
        ({"seller_sku": ""}, "no_seller_sku", "the row has no seller SKU", "fill it in"),
        ({"account": "eux"}, "unknown_account", "there is no account 'eux'", "did you mean 'eu'?"),
        (
            {"account": "jp"},
            "account_without_site",
            "the account 'jp' does not sell on the site",
            "correct the account",
        ),
        ({"site": "amazon.pl"}, "no_account", "no account sells on 'amazon.pl'", "add it to an account"),
        ({"site": "amazon.co.uk"}, "account_needed", "several accounts sell on 'amazon.co.uk'", "one of eu, uk"),
    ],
)
def test_rows_that_belong_to_nobody_are_no_offers(cells, code, shown, hint):
    offers, problems = joined([product()], [listing(**cells), listing(seller_sku="S-9")])
    assert offers.frame["seller_sku"].to_list() == ["S-9"]
    (problem,) = problems
    assert (problem.code, problem.effect, problem.place.row) == (code, "holds", 2)
    assert shown in problem.render()
    assert hint in problem.render()


def test_an_account_that_is_named_is_taken():
    offers, problems = joined(
        [product()], [listing(site="amazon.co.uk", account="uk"), listing(site="amazon.co.uk", account="eu")]
    )
    assert offers.frame["account"].to_list() == ["uk", "eu"]
    assert problems == ()


def test_all_rows_of_a_listing_that_stands_twice_are_held_as_one():
    rows = [listing(price="5", asin="B1"), listing(price="6", asin="B1"), listing(seller_sku="S-2")]
    offers, problems = joined([product()], rows)
    assert offers.frame.select("seller_sku", "current_price", "asin", "_fact_problem").rows() == [
        ("S-1", None, "B1", "duplicate_listing"),
        ("S-2", None, None, None),
    ]
    assert [problem.place.row for problem in problems] == [2, 3]
    assert "the listing 'S-1' stands more than once on its site" in text(problems)
    assert {problem.keys for problem in problems} == {(KEY,)}


def test_all_listings_of_a_product_that_stands_twice_are_held():
    offers, problems = joined(
        [product(stock="1"), product(stock="2"), product(sku="Q")],
        [listing(), listing(site="amazon.fr"), listing(seller_sku="S-2", sku="Q")],
    )
    assert offers.frame["_fact_problem"].to_list() == ["duplicate_product", "duplicate_product", None]
    assert offers.frame["stock"].to_list() == [None, None, None]
    assert "the SKU 'P-1' stands more than once in the products" in text(problems)
    assert set(problems[0].keys) == {KEY, ("eu", "amazon.fr", "S-1")}


def test_a_product_without_sku_is_told():
    _, problems = joined([product(), {"sku": "", "stock": "1"}], [listing()])
    assert [(problem.code, problem.effect) for problem in problems] == [("no_sku", "warns")]


def test_two_listings_of_one_asin_on_a_site_are_held():
    offers, problems = joined(
        [product()],
        [
            listing(asin="B1"),
            listing(seller_sku="S-2", asin="B1"),
            listing(site="amazon.fr", asin="B1"),
            listing(seller_sku="S-3"),
        ],
    )
    assert offers.frame["_fact_problem"].to_list() == ["same_asin", "same_asin", None, None]
    assert "several listings on this site have the ASIN 'B1'" in text(problems)


def test_one_asin_fulfilled_in_both_ways_is_only_told():
    offers, problems = joined(
        [product()],
        [listing(asin="B1", fulfilment="merchant"), listing(seller_sku="S-2", asin="B1", fulfilment="amazon")],
    )
    assert offers.frame["_fact_problem"].to_list() == [None, None]
    assert [problem.effect for problem in problems] == ["warns", "warns"]


def test_a_problem_of_a_product_holds_all_its_offers_and_names_them():
    offers, problems = joined([product(stock="-3")], [listing(), listing(site="amazon.fr")])
    assert offers.frame["_fact_problem"].to_list() == ["negative_stock"] * 2
    assert set(problems[0].keys) == {KEY, ("eu", "amazon.fr", "S-1")}


def test_rows_that_are_only_counted_still_name_what_they_hold():
    rows = [listing(seller_sku=f"S-{index}", price="x") for index in range(12)]
    offers, problems = joined([product()], rows)
    assert offers.frame["_fact_problem"].null_count() == 0
    assert problems[-1].message.startswith("and 7 more rows")
    assert len(problems[-1].keys) == 7


def test_a_name_in_both_tables_is_refused():
    with pytest.raises(CatalogError) as caught:
        joined([product(colour="red")], [listing(colour="blue")])
    assert "'colour' is a column of products (handed in) and of listings (handed in)" in str(caught.value)
    assert 'rename = { product_colour = "colour" }' in str(caught.value)


def test_everything_that_stops_is_told_at_once():
    with pytest.raises(CatalogError) as caught:
        joined([{"SKU": "A"}], [{"site": "amazon.de", "price": "x"}])
    assert {problem.code for problem in caught.value.problems} == {"missing_column", "not_a_number"}


def test_problems_of_the_reading_come_along():
    raw = rows_table("products", [product()])
    told = RawTable(raw.role, raw.name, raw.frame, problems=(Problem("x", "told by the source", "warns"),))
    _, problems = join_offers(type_table(told, {}, SITES), typed("listings", [listing()]), SITES, ACCOUNTS, NOW)
    assert codes(problems) == ["x"]


def test_the_order_of_the_rows_changes_no_offer():
    products = [product(sku=f"P-{index % 40}", stock=str(index)) for index in range(50)]
    listings = [
        listing(seller_sku=f"S-{index % 90}", sku=f"P-{index % 60}", price=f"{index}.50", as_of="2026-11-01")
        for index in range(100)
    ]

    def offers():
        frame, _ = joined(products, listings)
        return frame.frame.sort("account", "site", "seller_sku")

    before = offers()
    shuffle = random.Random(7)
    shuffle.shuffle(products)
    shuffle.shuffle(listings)
    assert offers().equals(before)


def test_a_large_catalogue_is_joined_whole():
    count = 20_000
    products = pl.DataFrame({"sku": [f"{index:07d}" for index in range(count)], "stock": ["5"] * count})
    listings = pl.concat(
        pl.DataFrame(
            {"site": [site] * count, "seller_sku": products["sku"], "sku": products["sku"], "price": ["19.00"] * count}
        )
        for site in ("amazon.de", "amazon.fr", "amazon.co.jp")
    )
    offers, problems = joined(products, listings)
    assert problems == ()
    assert offers.frame.height == 3 * count
    assert offers.frame.schema["current_price"] == pl.Decimal(38, 2)
    assert offers.frame["stock"].sum() == 15 * count


def test_columns_are_not_declared_for_nothing():
    from acorn_engine.catalog import columns_of

    columns = parse_columns({"colour": "text", "wieght": "number"})
    facts, problems = columns_of(
        rows_table("products", [product(weight="1", stock="x")]),
        rows_table("listings", [listing(colour="red", price="5")]),
        columns,
        SITES,
    )
    assert {"weight", "colour", "current_price", "stock"} <= set(facts)
    assert codes(problems) == ["column_not_found"]
    assert "did you mean 'weight'?" in text(problems)


def test_problems_name_the_header_as_the_source_has_it():
    listings = typed("listings", [{"Land": "amazon.xx", "seller_sku": "A", "sku": "P-1"}], rename={"site": "Land"})
    _, problems = join_offers(typed("products", [product()]), listings, SITES, ACCOUNTS, NOW)
    assert "row 2, column 'Land': 'amazon.xx' is not a known site" in text(problems)
