from __future__ import annotations

import os
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest
import sqlalchemy as sa
import xlsxwriter
from catalog_tables import SITES, csv_table, text

import acorn_engine.builtin as plugin
from acorn_engine.builtin.csv_file import CSV_SOURCE
from acorn_engine.builtin.excel_file import XLSX_SOURCE, cell_text
from acorn_engine.builtin.parquet_file import PARQUET_SOURCE
from acorn_engine.builtin.sql_query import SQL_SOURCE
from acorn_engine.catalog import CatalogOptions, parse_columns, read_role, type_table
from acorn_engine.problems import CatalogError, ProjectError


def read(source, folder, **options):
    return read_role("products", CatalogOptions(source=source.name, **options), source, folder)


def refused(source, folder, **options):
    with pytest.raises((CatalogError, ProjectError)) as caught:
        read(source, folder, **options)
    return str(caught.value)


def test_the_plugin_provides_the_four_sources():
    assert [source.name for source in plugin.acorn_catalog_sources()] == ["csv", "xlsx", "parquet", "sql"]


# csv


def test_csv_in_a_declared_encoding_dated_by_its_file(tmp_path):
    data = "SKU;采购成本;可用库存\n00123;12,50;7\n".encode("gb18030")
    rename = {"sku": "SKU", "cost": "采购成本", "stock": "可用库存"}
    options = {
        "encoding": "gb18030",
        "delimiter": ";",
        "number_format": "1.234,56",
        "default": {"cost_currency": "CNY"},
    }
    csv_table(tmp_path, "products", data, rename=rename, **options)
    os.utime(tmp_path / "products.csv", (1_700_000_000, 1_700_000_000))
    raw = read(CSV_SOURCE, tmp_path, path="products.csv", rename=rename, **options)
    assert raw.as_of == datetime.fromtimestamp(1_700_000_000, tz=UTC)
    table = type_table(raw, {}, SITES)
    row = table.frame.to_dicts()[0]
    assert (row["sku"], row["cost"], row["cost_currency"], row["stock"]) == ("00123", Decimal("12.5"), "CNY", 7)
    assert table.problems == ()
    assert table.facts["cost"].source == "column '采购成本' of products.csv"


def test_a_file_that_is_not_there(tmp_path):
    (tmp_path / "products.csv").touch()
    shown = refused(CSV_SOURCE, tmp_path, path="product.csv")
    assert "product.csv: there is no such file in" in shown
    assert "did you mean 'products.csv'?" in shown


def test_a_folder_is_no_file(tmp_path):
    assert "is a folder, not a file" in refused(PARQUET_SOURCE, tmp_path, path=".")


# parquet


def test_parquet_keeps_its_types_and_refuses_floats_where_they_count(tmp_path):
    frame = pl.DataFrame(
        {"sku": ["01"], "stock": [5], "cost": [Decimal("1.10")], "cost_currency": ["EUR"], "w": [0.1], "v": [0.2]}
    )
    frame.write_parquet(tmp_path / "p.parquet")
    table = type_table(read(PARQUET_SOURCE, tmp_path, path="p.parquet"), parse_columns({"w": "number"}), SITES)
    assert table.frame.select("sku", "stock", "cost").rows() == [("01", 5, Decimal("1.1"))]
    assert [(problem.code, problem.effect) for problem in table.problems] == [("float", "stops"), ("left_out", "warns")]
    assert "column 'w' holds binary floats, which are not exact" in text(table.problems)
    assert "store it as decimal, integer or text" in text(table.problems)


def test_parquet_that_was_cut_off(tmp_path):
    pl.DataFrame({"sku": ["A"]}).write_parquet(tmp_path / "p.parquet")
    (tmp_path / "half.parquet").write_bytes((tmp_path / "p.parquet").read_bytes()[:-20])
    assert "half.parquet: the file is not complete Parquet" in refused(PARQUET_SOURCE, tmp_path, path="half.parquet")


# xlsx


def workbook(folder, rows, *, first=0, sheet="Products", other=None):
    book = xlsxwriter.Workbook(folder / "p.xlsx")
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    if other:
        book.add_worksheet(other)
    page = book.add_worksheet(sheet)
    for index, row in enumerate(rows, first):
        for column, cell in enumerate(row):
            if isinstance(cell, (date, datetime)):
                page.write_datetime(index, column, cell, day)
            elif isinstance(cell, str) and cell.startswith("="):
                page.write_formula(index, column, cell, value="#N/A" if "NA()" in cell else 3)
            elif cell is not None:
                page.write(index, column, cell)
    book.close()
    return folder


def test_numbers_of_a_workbook_are_their_shortest_decimal_text(tmp_path):
    rows = [
        ["sku", "cost", "ean", "day", "on"],
        ["00123", 19.99, 4006381333931, date(2026, 12, 24), True],
        [7, 0.1, "0401", None, False],
    ]
    raw = read(XLSX_SOURCE, workbook(tmp_path, rows), path="p.xlsx")
    assert raw.frame.rows() == [
        ("00123", "19.99", "4006381333931", "2026-12-24", "true", 2),
        ("7", "0.1", "0401", None, "false", 3),
    ]


def test_rows_of_a_workbook_are_numbered_as_it_shows_them(tmp_path):
    rows = [["sku", "stock"], ["A", 1], [], ["B", "x"]]
    table = type_table(read(XLSX_SOURCE, workbook(tmp_path, rows, first=3), path="p.xlsx"), {}, SITES)
    assert table.frame["sku"].to_list() == ["A", "B"]
    (problem,) = table.problems
    assert problem.place.row == 7


def test_error_values_of_a_workbook_hold_their_rows(tmp_path):
    rows = [["sku", "brand", "stock"], ["A", "=NA()", 1], ["B", "x", "=NA()"], ["C", "=1+2", 2]]
    table = type_table(read(XLSX_SOURCE, workbook(tmp_path, rows), path="p.xlsx"), {}, SITES)
    assert table.frame["_fact_problem"].to_list() == ["spreadsheet_error", "spreadsheet_error", None]
    assert table.frame["brand"][2] == "3"


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        (19.99, "19.99"),
        (1e22, "10000000000000000000000"),
        (1e-7, "0.0000001"),
        (0.1 + 0.2, "0.30000000000000004"),
        (5.0, "5"),
        ("", None),
        (True, "true"),
        (datetime(2026, 1, 2, tzinfo=UTC).replace(tzinfo=None), "2026-01-02"),
        (datetime(2026, 1, 2, 3, 4, tzinfo=UTC).replace(tzinfo=None), "2026-01-02 03:04:00"),
    ],
)
def test_cells_as_text(cell, shown):
    assert cell_text(cell) == shown


def test_a_sheet_is_named(tmp_path):
    workbook(tmp_path, [["sku"], ["A"]], sheet="商品", other="Notes")
    assert read(XLSX_SOURCE, tmp_path, path="p.xlsx", sheet="商品").frame["sku"].to_list() == ["A"]
    assert "the sheet is empty; nothing was read" in refused(XLSX_SOURCE, tmp_path, path="p.xlsx")
    shown = refused(XLSX_SOURCE, tmp_path, path="p.xlsx", sheet="Note")
    assert "there is no sheet 'Note'; nothing was read" in shown
    assert "did you mean 'Notes'?" in shown


def test_the_header_row_may_be_named(tmp_path):
    workbook(tmp_path, [["Price list", "2026"], ["sku", "stock"], ["A", 1]])
    raw = read(XLSX_SOURCE, tmp_path, path="p.xlsx", header_row=2)
    assert raw.frame.rows() == [("A", "1", 3)]
    assert "the sheet has no such header row" in refused(XLSX_SOURCE, tmp_path, path="p.xlsx", header_row=9)


@pytest.mark.parametrize(
    ("data", "shown"), [(b"", "the file is empty"), (b"sku\nA\n", "is not a complete Excel workbook")]
)
def test_what_is_no_workbook(tmp_path, data, shown):
    (tmp_path / "x.xlsx").write_bytes(data)
    assert shown in refused(XLSX_SOURCE, tmp_path, path="x.xlsx")


def test_duplicate_headers_of_a_workbook(tmp_path):
    assert "the header 'sku' stands in columns 1, 2" in refused(
        XLSX_SOURCE, workbook(tmp_path, [["sku", "sku"], ["A", "B"]]), path="p.xlsx"
    )


# sql


@pytest.fixture
def database(tmp_path):
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'erp.db'}")
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE item (sku TEXT, cost TEXT, stock INTEGER, weight REAL, photo BLOB)"))
        connection.execute(
            sa.text("INSERT INTO item VALUES ('007', '12.30', 5, 0.1, NULL), ('8', NULL, NULL, 2.0, NULL)")
        )
    engine.dispose()
    return tmp_path


def test_sql_reads_a_query_relative_to_the_project(database):
    raw = read(
        SQL_SOURCE, database, url="sqlite:///erp.db", query="SELECT sku, cost, stock FROM item WHERE sku <> ':x'"
    )
    assert raw.frame.rows() == [("007", "12.30", "5", 2), ("8", None, None, 3)]
    assert raw.as_of is not None
    assert raw.name == "products (sql)"


def test_sql_reads_a_table_and_takes_sqlite_s_floats_by_their_text(database):
    raw = read(SQL_SOURCE, database, url="sqlite:///erp.db", table="item")
    assert raw.frame["weight"].to_list() == ["0.1", "2"]
    assert "SQLite stores column 'weight' as binary floats" in text(raw.problems)
    assert [problem.effect for problem in raw.problems] == ["warns"]


def test_the_url_may_stand_in_the_environment(database, monkeypatch):
    monkeypatch.setenv("ERP_URL", "sqlite:///erp.db")
    assert read(SQL_SOURCE, database, url="env:ERP_URL", table="item").frame.height == 2
    monkeypatch.delenv("ERP_URL")
    assert "the environment variable ERP_URL, which is not set" in refused(
        SQL_SOURCE, database, url="env:ERP_URL", table="item"
    )


def test_sql_never_writes(database):
    shown = refused(SQL_SOURCE, database, url="sqlite:///erp.db", query="DELETE FROM item RETURNING sku")
    assert "readonly" in shown
    assert read(SQL_SOURCE, database, url="sqlite:///erp.db", table="item").frame.height == 2


def test_no_database_is_made(tmp_path):
    assert "there is no such database; nothing was read" in refused(
        SQL_SOURCE, tmp_path, url="sqlite:///no.db", table="item"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://erp:hunter2@127.0.0.1:1/erp?connect_timeout=1",
        "postgresql+psycopg://erp@127.0.0.1:1/erp?password=hunter2&connect_timeout=1",
        "nonsense+driver://erp:hunter2@host/erp",
        "erp:hunter2@host",
    ],
)
def test_no_message_has_the_password(tmp_path, url):
    shown = refused(SQL_SOURCE, tmp_path, url=url, table="item")
    assert "nothing was read" in shown
    assert "hunter2" not in shown


def test_wrong_options_do_not_show_the_url(tmp_path):
    shown = refused(SQL_SOURCE, tmp_path, url="postgresql://erp:hunter2@host/erp")
    assert "give exactly one of query and table" in shown
    assert "hunter2" not in shown


def test_mistakes_in_the_query_are_told(database):
    assert "no such table: itme" in refused(SQL_SOURCE, database, url="sqlite:///erp.db", table="itme")
    assert "yields the column 'sku' more than once" in refused(
        SQL_SOURCE, database, url="sqlite:///erp.db", query="SELECT a.sku, b.sku FROM item a, item b"
    )


def test_binary_columns_are_refused(database):
    shown = refused(SQL_SOURCE, database, url="sqlite:///erp.db", query="SELECT sku, x'00' AS photo FROM item")
    assert "column 'photo' holds values of type bytes" in shown


@pytest.mark.postgres
def test_postgres_numerics_are_exact_and_floats_are_refused(tmp_path, postgres_url):
    query = "SELECT 'A' AS sku, 1234567890.123456789012::numeric AS w, 5::bigint AS stock, '2026-01-02'::date AS day"
    raw = read(SQL_SOURCE, tmp_path, url=postgres_url, query=query)
    assert raw.frame.rows() == [("A", "1234567890.123456789012", "5", "2026-01-02", 2)]
    shown = refused(SQL_SOURCE, tmp_path, url=postgres_url, query="SELECT 'A' AS sku, 0.1::float8 AS w")
    assert "column 'w' holds binary floats, which are not exact" in shown
    assert "CAST(w AS NUMERIC" in shown
    shown = refused(SQL_SOURCE, tmp_path, url=postgres_url, query="SELECT lo_create(0)")
    assert "read-only transaction" in shown


def test_a_workbook_that_would_fill_the_memory_is_refused_unread(tmp_path):
    workbook(tmp_path, [("sku", "stock"), ("A", 5)])
    path = tmp_path / "p.xlsx"
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}

    def written(name, content):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for part, kept in parts.items():
                archive.writestr(part, content if part == name else kept)

    sheet = parts["xl/worksheets/sheet1.xml"]
    written(
        "xl/worksheets/sheet1.xml",
        sheet.replace(b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'),
    )
    assert "reaches to row 1,048,576 and column 16,384" in refused(XLSX_SOURCE, tmp_path, path="p.xlsx")
    written("xl/sharedStrings.xml", b"<sst>" + b"a" * 200_000_000 + b"</sst>")
    assert "would unpack to 200," in refused(XLSX_SOURCE, tmp_path, path="p.xlsx")
