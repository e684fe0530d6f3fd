"""Frames into tables and out of them, without a Python object per cell where the driver allows it.

SQLite takes and gives plain tuples, many at once; PostgreSQL takes and gives CSV through ``COPY``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from acorn_engine.store.tables import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Executable, Table

_ROWS: Final = 10_000
"""Rows that are in memory once more at one time, as Python's objects or as text."""
_BYTES: Final = 8_000_000
"""Bytes of CSV that become a frame at one time while PostgreSQL is read."""


def insert_frame(connection: Connection, table: Table, frame: pl.DataFrame) -> None:
    """Insert every row of ``frame``; its columns bear the names of the table's."""
    if frame.is_empty():
        return
    name, columns = _names(connection, table, frame)
    if connection.dialect.name == "postgresql":
        driver: Any = connection.connection.driver_connection
        with driver.cursor() as cursor, cursor.copy(f"COPY {name} ({columns}) FROM STDIN WITH (FORMAT csv)") as copy:
            for piece in frame.iter_slices(_ROWS):
                # Absent values are written bare and text in quotes, empty text too: COPY tells them apart.
                copy.write(piece.write_csv(include_header=False, quote_style="non_numeric").encode())
        return
    marks = ", ".join("?" for _ in frame.columns)
    statement = f"INSERT INTO {name} ({columns}) VALUES ({marks})"  # noqa: S608 (names are ours)
    for piece in frame.iter_slices(_ROWS):
        connection.exec_driver_sql(statement, piece.rows())


def upsert_frame(connection: Connection, table: Table, frame: pl.DataFrame, since: str | None = None) -> None:
    """Insert rows (text and integers), in place of those of the same key; of two of one key the last counts.

    ``since`` names a column that decides: a stored row with a greater value there stays.
    """
    keys = [column.name for column in table.primary_key]
    rows = frame.unique(keys, keep="last", maintain_order=True)
    name, columns = _names(connection, table, rows)
    quote = connection.dialect.identifier_preparer.quote
    changes = ", ".join(f"{quote(one)} = excluded.{quote(one)}" for one in rows.columns if one not in keys)
    conflict = f"ON CONFLICT ({', '.join(quote(one) for one in keys)}) DO UPDATE SET {changes}"
    if since is not None:
        conflict += f" WHERE {name}.{quote(since)} <= excluded.{quote(since)}"
    if connection.dialect.name == "postgresql":
        types = ", ".join(f"{quote(one)} {table.c[one].type.compile(connection.dialect)}" for one in rows.columns)
        source = f"SELECT {columns} FROM json_to_recordset(%s) AS rows ({types})"  # noqa: S608 (names are ours)
        for piece in rows.iter_slices(_ROWS):
            connection.exec_driver_sql(f"INSERT INTO {name} ({columns}) {source} {conflict}", (piece.write_json(),))
        return
    marks = ", ".join("?" for _ in rows.columns)
    statement = f"INSERT INTO {name} ({columns}) VALUES ({marks}) {conflict}"  # noqa: S608 (names are ours)
    for piece in rows.iter_slices(_ROWS):
        connection.exec_driver_sql(statement, piece.rows())


def read_frame(connection: Connection, statement: Executable, schema: Mapping[str, Any]) -> pl.DataFrame:
    """Return what ``statement`` selects (text and integers) as a frame; its columns come in the order of ``schema``."""
    postgres = connection.dialect.name == "postgresql"
    pieces = (_copied if postgres else _fetched)(connection, statement, schema)
    return pl.concat([pl.DataFrame(schema=dict(schema)), *pieces])


def _fetched(connection: Connection, statement: Executable, schema: Mapping[str, Any]) -> Iterator[pl.DataFrame]:
    """Yield what SQLite selects: the driver's own tuples, turned into columns some thousand at a time."""
    result = connection.execute(statement)
    cursor: Any = result.cursor
    while rows := cursor.fetchmany(_ROWS):
        columns = zip(schema.items(), zip(*rows, strict=True), strict=True)
        yield pl.DataFrame([pl.Series(name, cells, dtype=kind) for (name, kind), cells in columns])
    result.close()


def _copied(connection: Connection, statement: Executable, schema: Mapping[str, Any]) -> Iterator[pl.DataFrame]:
    """Yield what PostgreSQL selects as CSV: text in quotes and absent values bare, so that both stay exact."""
    compiled: Any = statement.compile(  # type: ignore[attr-defined]  # every executable that we make has it
        dialect=connection.dialect,
        schema_translate_map={None: SCHEMA},
        render_schema_translate=True,
        compile_kwargs={"render_postcompile": True},
    )
    driver: Any = connection.connection.driver_connection
    copying = f"COPY ({compiled}) TO STDOUT WITH (FORMAT csv, FORCE_QUOTE *)"
    with driver.cursor() as cursor, cursor.copy(copying, compiled.params) as copy:
        block: list[bytes] = []
        size = 0
        for row in copy:  # the server sends whole rows
            block.append(bytes(row))
            size += len(row)
            if size >= _BYTES:
                yield _from_csv(block, schema)
                block, size = [], 0
    if block:
        yield _from_csv(block, schema)


def _from_csv(rows: Sequence[bytes], schema: Mapping[str, Any]) -> pl.DataFrame:
    return pl.read_csv(b"".join(rows), has_header=False, schema=dict(schema))


def _names(connection: Connection, table: Table, frame: pl.DataFrame) -> tuple[str, str]:
    """Return the table's name and the columns of a frame as SQL writes them."""
    quote = connection.dialect.identifier_preparer.quote
    name = quote(table.name)
    if connection.dialect.name == "postgresql":
        name = f"{SCHEMA}.{name}"
    return name, ", ".join(quote(column) for column in frame.columns)


def to_json(value: object) -> str:
    """Return JSON text that reads well and holds any script; values of other kinds become text."""
    return json.dumps(value, ensure_ascii=False, default=str)


def canonical_json(value: object) -> str:
    """Return JSON text that is the same for equal values: sorted keys, no spaces."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
