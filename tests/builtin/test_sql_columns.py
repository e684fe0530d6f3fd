"""Large results of SQL come in columns, and say what they say row by row."""

from __future__ import annotations

import importlib
from decimal import Decimal

import polars as pl
import pytest
import sqlalchemy as sa
from catalog_tables import SITES, text

from acorn_engine.builtin import sql_columns, sql_query
from acorn_engine.builtin.sql_query import SQL_SOURCE
from acorn_engine.catalog import CatalogOptions, parse_columns, read_role, type_table
from acorn_engine.problems import CatalogError

COLUMNS = parse_columns({"weight": "number", "flag": "boolean", "day": "date", "big": "integer", "note": "text"})


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr(sql_query, "_BATCH", 3)


@pytest.fixture
def seen(monkeypatch):
    """The answers of the reading in columns."""
    answers = []

    def read(*arguments):
        answers.append(sql_columns.read_columns(*arguments))
        return answers[-1]

    monkeypatch.setattr(sql_query, "read_columns", read)
    return answers


def database(folder, rows, columns="sku TEXT, weight TEXT, stock INTEGER, flag, note, big INTEGER, empty"):
    engine = sa.create_engine(f"sqlite:///{folder / 'erp.db'}")
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE TABLE item ({columns})")
        marks = ", ".join("?" * len(rows[0]))
        for row in rows:
            connection.exec_driver_sql(f"INSERT INTO item VALUES ({marks})", row)
    engine.dispose()
    return folder


def read(folder, url="sqlite:///erp.db", **options):
    options = options or {"table": "item"}
    return read_role("products", CatalogOptions(source="sql", url=url, **options), SQL_SOURCE, folder)


def row_by_row(monkeypatch, folder, **options):
    with monkeypatch.context() as patched:
        patched.setattr(sql_query, "read_columns", lambda *_: None)
        return read(folder, **options)


def same(one, other):
    """Say whether two tables say the same once they are typed."""
    tables = [type_table(raw, COLUMNS, SITES) for raw in (one, other)]
    first, second = tables
    assert text(first.problems) == text(second.problems)
    assert first.frame.equals(second.frame)
    assert first.facts == second.facts
    return first


ROWS = [
    ("007", "0.1234567890123456789", None, 1, "a", 2**62, None),
    ("8", "12.30", 5, 0, 7, -3, None),
    (" B ", "12.3", -1, "yes", None, None, None),
    ("C", None, 0, None, "", 0, None),
    ("Ü", "7", 10**15, 1, "007", 1, None),
]


def test_values_of_sqlite_are_exact_whatever_their_types(tmp_path, monkeypatch, seen):
    folder = database(tmp_path, ROWS)
    raw = read(folder)
    assert seen[0] is not None
    assert raw.frame.schema["stock"] == pl.Int64
    assert raw.frame["sku"].to_list() == ["007", "8", " B ", "C", "Ü"]
    assert raw.frame["flag"].to_list() == ["1", "0", "yes", None, "1"]
    typed = same(raw, row_by_row(monkeypatch, folder))
    assert typed.frame["big"].to_list()[1:] == [-3, None, 0, 1]


@pytest.mark.parametrize("query", ["SELECT * FROM item ORDER BY sku DESC; ", "SELECT sku, stock FROM item -- all"])
def test_queries_come_in_their_own_order(tmp_path, monkeypatch, seen, query):
    folder = database(tmp_path, ROWS)
    same(read(folder, query=query), row_by_row(monkeypatch, folder, query=query))
    assert seen[0] is not None


@pytest.mark.parametrize("value", [0.1, b"\0", 2.0])
def test_floats_and_binary_of_sqlite_are_read_row_by_row(tmp_path, seen, value):
    folder = database(tmp_path, [*ROWS, ("D", value, 1, 1, "x", 1, None)], "sku, weight, stock, flag, note, big, empty")
    if isinstance(value, bytes):
        with pytest.raises(CatalogError, match="values of type bytes"):
            read(folder)
    else:
        assert "SQLite stores column 'weight' as binary floats" in text(read(folder).problems)
    assert seen == [None]


def test_text_that_is_none_never_gets_into_columns(tmp_path, seen):
    folder = database(tmp_path, ROWS)
    query = "SELECT sku, CAST(x'ff' AS TEXT) AS note FROM item"
    with pytest.raises(CatalogError, match="nothing was read"):
        read(folder, query=query)
    assert seen == [] or seen == [None]


def test_without_a_driver_rows_are_read_one_by_one(tmp_path, monkeypatch, seen):
    def absent(name):
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(importlib, "import_module", absent)
    assert read(database(tmp_path, ROWS)).frame["stock"].to_list() == [None, "5", "-1", "0", str(10**15)]
    assert seen == [None]


def test_a_small_result_is_not_asked_for_twice(tmp_path, seen):
    assert read(database(tmp_path, ROWS[:2])).frame.height == 2
    assert seen == []


def test_a_database_in_memory_or_of_another_kind_is_read_row_by_row():
    for url in ("sqlite://", "sqlite:///x.db?mode=ro", "mysql://host/erp"):
        assert sql_columns.read_columns(sa.make_url(url), "SELECT 1", ["a"], [23]) is None


POSTGRES = """
    SELECT 'S-' || n AS sku, (n / 8.0)::numeric(38, 13) AS weight, n::bigint * 1000000007 AS big, n::int2 AS stock,
      n % 2 = 0 AS flag, date '2026-01-01' + n AS day, CASE WHEN n = 3 THEN NULL ELSE 'ö:%' || n END::varchar(9) AS note,
      timestamptz '2026-01-01 08:00+08' + n * interval '1 second' AS as_of, NULL::text AS empty
    FROM generate_series(1, 9) n ORDER BY n DESC
"""


@pytest.mark.postgres
def test_values_of_postgresql_are_exact(tmp_path, monkeypatch, seen, postgres_url):
    raw = read(tmp_path, postgres_url, query=POSTGRES)
    assert seen[0] is not None
    assert raw.frame["weight"][0] == "1.1250000000000"
    assert raw.frame.schema["day"] == pl.Date
    typed = same(raw, row_by_row(monkeypatch, tmp_path, url=postgres_url, query=POSTGRES))
    assert typed.frame["weight"][0] == Decimal("1.125")


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("0.5::float8", "holds binary floats"),
        ("ARRAY[1]", "values of type list"),
        ("'infinity'::date", "nothing was read"),
        ("'\\x00'::bytea", "values of type bytes"),
    ],
)
def test_what_is_refused_row_by_row_is_refused(tmp_path, seen, postgres_url, cell, shown):
    with pytest.raises(CatalogError, match=shown):
        read(tmp_path, postgres_url, query=f"SELECT n::text AS sku, {cell} AS odd FROM generate_series(1, 9) n")
    assert seen in ([], [None])


@pytest.mark.postgres
def test_a_numeric_that_is_no_number_is_told_as_ever(tmp_path, monkeypatch, seen, postgres_url):
    query = "SELECT n::text AS sku, CASE n WHEN 5 THEN 'NaN'::numeric ELSE n END AS weight FROM generate_series(1, 9) n"
    raw = read(tmp_path, postgres_url, query=query)
    assert seen[0] is not None
    typed = same(raw, row_by_row(monkeypatch, tmp_path, url=postgres_url, query=query))
    assert [problem.code for problem in typed.problems] == ["not_a_number"]
