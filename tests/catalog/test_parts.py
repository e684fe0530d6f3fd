"""A catalogue read in parts gives the offers and the problems of the whole."""

from __future__ import annotations

import os
import pickle
import random
from datetime import timedelta
from decimal import Decimal

import polars as pl
import pytest
from catalog_tables import ACCOUNTS, NOW, SITES, codes, text

from acorn_engine.builtin.parquet_file import parquet_table
from acorn_engine.catalog import CatalogOptions, findings, join_offers, parse_columns, type_table
from acorn_engine.catalog import parts as cutting
from acorn_engine.catalog import stretches as stretching
from acorn_engine.catalog.parts import split_catalogue
from acorn_engine.problems import CatalogError

COLUMNS = parse_columns({"weight": "number", "fee": "money", "clearance": {"type": "boolean", "default": False}})
KEYS = ["account", "site", "seller_sku"]


def table(folder, role, frame, **options):
    frame.write_parquet(folder / f"{role}.parquet")
    os.utime(folder / f"{role}.parquet", (NOW.timestamp() - 3600,) * 2)
    given = CatalogOptions(source="parquet", path=f"{role}.parquet", **options)
    return parquet_table(role, given, folder)


def whole(products, listings):
    """Return offers and problems of both files read whole."""
    raws = [one.raw(one.scan().collect()) for one in (products, listings)]
    return join_offers(*(type_table(raw, COLUMNS, SITES) for raw in raws), SITES, ACCOUNTS, NOW)


def in_parts(products, listings, folder, rows):
    """Return the offers of all parts, each part's, and all problems."""
    parts = split_catalogue(products, listings, COLUMNS, SITES, NOW, folder, rows=rows)
    read = [part.offers(COLUMNS, SITES, ACCOUNTS, NOW) for part in pickle.loads(pickle.dumps(parts.parts))]
    problems = [*parts.problems, *(problem for _, told in read for problem in told)]
    return [offers for offers, _ in read], problems


def comparable(frame):
    exact = [name for name, kind in frame.schema.items() if kind.is_decimal()]
    return frame.with_columns(pl.col(exact).cast(pl.Decimal(38, 12))).sort(KEYS)


def told(problems):
    """Return problems in any order; what is only counted is counted for each part."""
    return sorted(
        (problem.code, problem.effect, str(problem.place), str(problem.hint), sorted(problem.keys))
        for problem in problems
        if problem.code != "cleaned_key"
    )


def tangled_rows(seed, count):
    """Return products and listings in which everything can be wrong that concerns several rows."""
    draw = random.Random(seed)
    skus = [f"{'0' * draw.randrange(3)}{draw.choice('Aa')}-{number // 2}" for number in range(count)]
    products = [
        {
            "SKU": draw.choice([sku, f" {sku}", sku]),
            "cost": draw.choice([Decimal("1.50"), Decimal("12.00"), Decimal(-3), None]),
            "weight": draw.choice([Decimal("0.1250"), Decimal("2.5000")]),
            "stock": draw.randrange(-1, 50),
        }
        for sku in skus
        if draw.random() < 0.9
    ]
    listings = [
        {
            "site": draw.choice(["amazon.de", "amazon.fr", "Amazon.DE", "amazon.co.uk", "amazon.xx", "amazon.co.jp"]),
            "account": draw.choice([None, None, "uk", "eux"]),
            "seller_sku": f"S-{draw.randrange(count)}",
            "sku": draw.choice([*skus, None]),
            "asin": draw.choice([None, f"B{draw.randrange(2 * count)}"]),
            "fulfilment": draw.choice(["merchant", "amazon", "FBA"]),
            "price": draw.choice(["12.99", "5", "x", "7.125"]),
            "fee": draw.choice([Decimal("1.10"), Decimal("0.25")]),
            "clearance": draw.choice([True, None]),
        }
        for _ in range(3 * count)
    ]
    blank = dict.fromkeys(listings[0])
    listings.insert(count, blank)
    return pl.DataFrame(products, infer_schema_length=None), pl.DataFrame(listings, infer_schema_length=None)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("rows", [20, 61])
def test_parts_give_the_offers_and_the_problems_of_the_whole(tmp_path, monkeypatch, seed, rows):
    monkeypatch.setattr(findings, "SHOWN", 10_000)
    monkeypatch.setattr(cutting, "_ROWS_AT_ONCE", 50)
    products, listings = tangled_rows(seed, 40)
    products = table(tmp_path, "products", products, rename={"sku": "SKU"}, default={"cost_currency": "CNY"})
    listings = table(tmp_path, "listings", listings, values={"fulfilment": {"FBA": "amazon"}})
    expected, problems = whole(products, listings)
    parts, told_problems = in_parts(products, listings, tmp_path / "parts", rows)
    assert len(parts) > 1
    together = pl.concat([comparable(offers.frame) for offers in parts]).sort(KEYS)
    assert together.equals(comparable(expected.frame).select(together.columns))
    assert told(told_problems) == told(problems)
    assert {"duplicate_listing", "unmapped_sku", "duplicate_product"} <= set(codes(problems))


def test_all_parts_have_the_same_types(tmp_path):
    count = 3_000
    products = pl.DataFrame({"sku": [f"P-{number}" for number in range(count)]}).with_columns(
        weight=pl.lit("1.5").cast(pl.Decimal(38, 6)),
        cost=pl.when(pl.col("sku") == "P-2999").then(pl.lit("1.255")).otherwise(pl.lit("2")),
        cost_currency=pl.lit("EUR"),
    )
    listings = products.select("sku", seller_sku="sku", site=pl.lit("amazon.de"), price=pl.lit(5))
    products, listings = table(tmp_path, "products", products), table(tmp_path, "listings", listings)
    parts, problems = in_parts(products, listings, tmp_path / "parts", 500)
    assert problems == []
    assert len(parts) == 6
    assert {str(offers.frame.schema) for offers in parts} == {str(whole(products, listings)[0].frame.schema)}
    assert {offers.facts["weight"].scale for offers in parts} == {1}
    assert {offers.facts["cost"].scale for offers in parts} == {3}
    sizes = [offers.frame.height for offers in parts]
    assert sum(sizes) == count
    assert max(sizes) < 2 * min(sizes)


def test_a_small_catalogue_stays_in_its_files(tmp_path):
    frame = pl.DataFrame({"sku": ["A"], "seller_sku": ["A"], "site": ["amazon.de"]})
    products = table(tmp_path, "products", frame.select("sku"))
    parts = split_catalogue(products, table(tmp_path, "listings", frame), {}, SITES, NOW, tmp_path / "parts")
    assert [part.products.paths for part in parts.parts] == [(str(tmp_path / "products.parquet"),)]
    assert not (tmp_path / "parts").exists()


def test_what_concerns_a_table_is_told_once_or_stops(tmp_path):
    frame = pl.DataFrame(
        {"sku": ["A", "B"], "seller_sku": ["A", "B"], "site": ["amazon.de"] * 2, "Weird Name": ["", ""]}
    )
    products, listings = table(tmp_path, "products", frame.select("sku")), table(tmp_path, "listings", frame)
    split = split_catalogue(products, listings, {}, SITES, NOW - timedelta(days=900), tmp_path / "parts", rows=1)
    assert codes(split.problems) == ["unreadable_name", "file_from_future", "file_from_future"]
    _, problems = split.parts[0].offers({}, SITES, ACCOUNTS, NOW - timedelta(days=900))
    assert problems == ()
    for wrong in (frame.drop("seller_sku"), frame.clear(), frame.with_columns(pl.all().cast(pl.String).str.slice(99))):
        listings = table(tmp_path, "listings", wrong)
        with pytest.raises(CatalogError) as caught:
            split_catalogue(products, listings, {}, SITES, NOW, tmp_path / "none", rows=1)
        assert codes(caught.value.problems)[0] in {"missing_column", "no_rows"}


def test_a_file_that_was_cut_off(tmp_path):
    (tmp_path / "half.parquet").write_bytes(b"PAR1")
    with pytest.raises(CatalogError) as caught:
        parquet_table("products", CatalogOptions(source="parquet", path="half.parquet"), tmp_path)
    assert "half.parquet: the file is not complete Parquet" in text(caught.value.problems)


@pytest.mark.parametrize("shuffled", [False, True])
def test_listings_that_stand_together_by_sku_are_read_where_they_are(tmp_path, monkeypatch, shuffled):
    monkeypatch.setattr(findings, "SHOWN", 10_000)
    monkeypatch.setattr(stretching, "_ROWS_AT_ONCE", 37)
    draw = random.Random(5)
    listings = pl.DataFrame(
        [
            {"sku": f" p-{number}" if site == "amazon.fr" else f"P-{number}", "seller_sku": f"P-{number}", "site": site}
            | {"price": draw.choice(["1.50", "x", None])}
            for number in range(100)
            for site in ("amazon.de", "amazon.fr", "amazon.it")[: 1 + number % 3]
        ]
    )
    products = pl.DataFrame({"sku": [f"P-{number}" for number in range(110)], "stock": [n - 3 for n in range(110)]})
    if shuffled:
        listings = listings.sample(fraction=1, shuffle=True, seed=1)
    products = table(tmp_path, "products", products.reverse())
    listings = table(tmp_path, "listings", listings)
    expected, problems = whole(products, listings)
    parts, told_problems = in_parts(products, listings, tmp_path / "parts", 30)
    assert (tmp_path / "parts" / "listings").exists() is shuffled
    assert len(parts) > 3
    together = pl.concat([comparable(offers.frame) for offers in parts]).sort(KEYS)
    assert together.equals(comparable(expected.frame).select(together.columns))
    assert told(told_problems) == told(problems)
    skus = [set(offers.frame["sku"]) for offers in parts]
    assert sum(len(some) for some in skus) == len(set().union(*skus))


@pytest.mark.parametrize(
    ("cells", "options", "scale"),
    [
        (["5.1", None, "2"], {"default": {"fee": "7.123456"}}, 6),
        (["5.1", "3", "2"], {"default": {"fee": "7.123456"}}, 1),
        (["5.1", "low", "2"], {"values": {"fee": {"low": "7.123456"}}}, 6),
        (["5.1", "1", "2"], {"values": {"fee": {"low": "7.123456"}}}, 1),
        (["5.1234 ", "1.500000", "2"], {}, 4),
        (["5.1", "x.yyyyyy", "EUR 2.125"], {}, 3),
    ],
)
def test_parts_have_the_decimals_that_the_whole_has(tmp_path, cells, options, scale):
    frame = pl.DataFrame(
        {"sku": ["A", "B", "C"], "seller_sku": ["A", "B", "C"], "site": ["amazon.de"] * 3, "fee": cells}
    )
    products = table(tmp_path, "products", frame.select("sku"))
    listings = table(tmp_path, "listings", frame, **options)
    expected, _ = whole(products, listings)
    parts, _ = in_parts(products, listings, tmp_path / "parts", 1)
    assert {offers.facts["fee"].scale for offers in parts} == {expected.facts["fee"].scale} == {scale}
