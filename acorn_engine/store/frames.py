"""Frames into tables and out of them, without a Python object per cell where the driver allows it.

SQLite takes tuples in one ``executemany``; PostgreSQL takes CSV through ``COPY``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from acorn_engine.store.tables import SCHEMA

if TYPE_CHECKING:
    from sqlalchemy import Connection, Select, Table
    from sqlalchemy.sql.base import Executable

_SLICE: Final = 50_000


def insert_frame(connection: Connection, table: Table, frame: pl.DataFrame) -> None:
    """Insert every row of ``frame``; its columns bear the names of the table's."""
    if frame.is_empty():
        return
    quote = connection.dialect.identifier_preparer.quote
    columns = ", ".join(quote(name) for name in frame.columns)
    if connection.dialect.name == "postgresql":
        statement = f"COPY {SCHEMA}.{quote(table.name)} ({columns}) FROM STDIN WITH (FORMAT csv)"
        driver: Any = connection.connection.driver_connection
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for piece in frame.iter_slices(_SLICE):
                # Absent values are written bare and empty text in quotes: COPY tells them apart.
                copy.write(piece.write_csv(include_header=False, quote_style="necessary").encode())
        return
    marks = ", ".join("?" for _ in frame.columns)
    for piece in frame.iter_slices(_SLICE):
        connection.exec_driver_sql(
            f"INSERT INTO {quote(table.name)} ({columns}) VALUES ({marks})",  # noqa: S608 (names are ours)
            piece.rows(),
        )


def read_frame(connection: Connection, statement: Select[Any] | Executable, schema: dict[str, Any]) -> pl.DataFrame:
    """Return what ``statement`` selects as a frame; the columns come in the order of ``schema``."""
    rows = [tuple(row) for row in connection.execute(statement)]
    return pl.DataFrame(rows, schema=schema, orient="row")


def to_json(value: object) -> str:
    """Return JSON text that reads well and holds any script; values of other kinds become text."""
    return json.dumps(value, ensure_ascii=False, default=str)


def canonical_json(value: object) -> str:
    """Return JSON text that is the same for equal values: sorted keys, no spaces."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
