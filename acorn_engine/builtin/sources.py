"""The catalogue sources that come with the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acorn_engine.builtin.csv_file import CSV_SOURCE
from acorn_engine.builtin.excel_file import XLSX_SOURCE
from acorn_engine.builtin.parquet_file import PARQUET_SOURCE
from acorn_engine.builtin.sql_query import SQL_SOURCE

if TYPE_CHECKING:
    from acorn_engine.plugins import CatalogSource

SOURCES: tuple[CatalogSource, ...] = (CSV_SOURCE, XLSX_SOURCE, PARQUET_SOURCE, SQL_SOURCE)
