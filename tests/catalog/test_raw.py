from __future__ import annotations

from datetime import date
from decimal import Decimal

import polars as pl
import pyarrow as pa
import pytest
from catalog_tables import NOW, codes, csv_table, text

from acorn_engine.builtin.csv_file import CSV_SOURCE
from acorn_engine.catalog import CatalogOptions, read_role, rows_table
from acorn_engine.plugins import CatalogSource
from acorn_engine.problems import CatalogError, ProjectError


def test_rename_gives_columns_the_names_that_rules_use(tmp_path):
    raw = csv_table(
        tmp_path,
        "products",
        "SKU,采购成本,x\nA,1\u002c5,2\n".replace("1\u002c5", "1"),
        rename={"sku": "SKU", "cost": "采购成本"},
    )
    assert raw.frame.columns == ["sku", "cost", "x", "_row"]
    assert raw.header("cost") == "采购成本"
    assert raw.as_of is not None


def test_a_header_that_is_not_there(tmp_path):
    raw = csv_table(tmp_path, "products", "SKU,Cost\nA,1\n", rename={"sku": "SKU", "cost": "Costs"})
    assert "[catalog.products] says that 'cost' is the column 'Costs', which the table does not have" in text(
        raw.problems
    )
    assert "did you mean 'Cost'?" in text(raw.problems)


def test_a_rename_onto_a_column_that_stands_there(tmp_path):
    raw = csv_table(tmp_path, "products", "sku,cost,Price\nA,1,2\n", rename={"cost": "Price"})
    assert codes(raw.problems) == ["duplicate_column"]
    assert 'rename = { other_cost = "cost" }' in text(raw.problems)


def test_one_header_may_serve_two_keys(tmp_path):
    raw = csv_table(tmp_path, "listings", "site,seller_sku\namazon.de,A\n", rename={"sku": "seller_sku"})
    assert raw.frame.select("seller_sku", "sku").rows() == [("A", "A")]


def test_unknown_and_missing_options_are_told(tmp_path):
    with pytest.raises(ProjectError) as caught:
        read_role("products", CatalogOptions(source="csv", pth="a.csv"), CSV_SOURCE, tmp_path)
    assert "[catalog.products]: the source 'csv' needs 'path'" in str(caught.value)
    assert "[catalog.products]: the source 'csv' has no option 'pth'" in str(caught.value)
    assert "did you mean 'path'?" in str(caught.value)


def test_a_source_that_breaks_is_named(tmp_path):
    def read(request):
        raise KeyError("boom")

    source = CatalogSource("erp", CSV_SOURCE.options, read)
    with pytest.raises(CatalogError, match="the catalogue source 'erp' failed while reading products: KeyError"):
        read_role("products", CatalogOptions(source="erp", path="x"), source, tmp_path)


def test_dicts_are_taken_exactly():
    raw = rows_table(
        "products",
        [
            {"sku": "007", "cost": Decimal("1.10"), "stock": 5, "new": True, "day": date(2026, 1, 2)},
            {"sku": "8", "extra": "x"},
        ],
        as_of=NOW,
    )
    assert raw.frame.rows() == [
        ("007", "1.10", "5", "true", "2026-01-02", None, 2),
        ("8", None, None, None, None, "x", 3),
    ]
    assert raw.as_of == NOW


@pytest.mark.parametrize(
    "rows",
    [
        [{"sku": "A", "cost": 1.5}],
        pl.DataFrame({"sku": ["A"], "cost": [1.5]}),
        pl.LazyFrame({"sku": ["A"], "cost": [1.5]}),
        pa.table({"sku": ["A"], "cost": [1.5]}),
    ],
)
def test_floats_are_refused_by_name(rows):
    with pytest.raises(CatalogError) as caught:
        rows_table("products", rows)
    assert "column 'cost' holds binary floats, which are not exact; nothing was read" in str(caught.value)
    assert "pandas makes floats of integers with gaps" in str(caught.value)


def test_arrow_tables_keep_their_types():
    raw = rows_table("products", pa.table({"sku": ["A"], "stock": [5]}))
    assert raw.frame.schema["stock"] == pl.Int64


@pytest.mark.parametrize("rows", [{"sku": "A"}, 5, "sku"])
def test_other_things_are_no_rows(rows):
    with pytest.raises(CatalogError, match="hand in a Polars or pandas frame"):
        rows_table("products", rows)


def test_rows_and_cells_of_other_types_are_refused():
    with pytest.raises(CatalogError, match="a row is list, not a dict"):
        rows_table("products", [["A"]])
    with pytest.raises(CatalogError, match="column 'x' holds a value of type list"):
        rows_table("products", [{"x": []}])


def test_the_project_s_options_apply_to_rows_for_the_headers_that_they_have():
    options = CatalogOptions(source="csv", rename={"sku": "SKU", "cost": "采购成本"})
    assert rows_table("products", [{"sku": "A", "采购成本": "1"}], options=options).frame.columns == [
        "sku",
        "cost",
        "_row",
    ]


def test_empty_lists_are_empty_tables():
    assert rows_table("products", []).frame.height == 0


def test_a_table_with_thousands_of_columns_is_refused():
    with pytest.raises(CatalogError, match=r"the table has 1,001 columns, at most 1,000"):
        rows_table("products", [{"sku": "A", **{f"c{number}": "x" for number in range(1_000)}}])
