"""The rows of plans: frozen, so kept as they are used, in columns.

A frame's rows are one compressed Parquet file in a row of the database: changes some ten thousand
at a time in the order of their numbers, messages by part, so that a part is sent by reading that
part alone. Nothing here is ever changed; what approvals release stands in ``releases``.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from sqlalchemy import insert, select

from acorn_engine.plan.model import CHANGE_SCHEMA, MESSAGE_SCHEMA
from acorn_engine.store.tables import change_frames, message_frames

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy import ColumnElement, Connection, Row, Table

    from acorn_engine.store.transaction import Transaction

    PartKey = tuple[str, int, int]

ROWS: Final = 50_000
"""Rows that one frame holds at most: what is written or read is in memory once more, so many at a time."""
PART: Final = ("account", "wave", "part")
NUMBER: Final = "number"
"""The place of a change in its plan, counted from 0: the key of deliveries and releases."""


def write_changes(tx: Transaction, plan: str, frames: Iterable[pl.DataFrame]) -> None:
    """Append the changes of a plan (``CHANGE_SCHEMA``) in their order, whole or piece by piece."""
    first = 0
    for frame in frames:
        for piece in frame.select(*CHANGE_SCHEMA).iter_slices(ROWS):
            row = {"project": tx.project, "plan": plan, "first": first, "body": _packed(piece)}
            tx.connection.execute(insert(change_frames), row)
            first += piece.height


def write_messages(tx: Transaction, plan: str, frames: Iterable[pl.DataFrame]) -> None:
    """Append messages to a plan (``MESSAGE_SCHEMA``), in any order; a part may come in several pieces."""
    for frame in frames:
        for key, part in frame.select(*MESSAGE_SCHEMA).partition_by(PART, as_dict=True, maintain_order=True).items():
            for piece in part.sort("message_id").iter_slices(ROWS):
                place = {"project": tx.project, "plan": plan, **dict(zip(PART, key, strict=True))}
                row = {**place, "first": piece["message_id"][0], "body": _packed(piece)}
                tx.connection.execute(insert(message_frames), row)


def read_changes(
    connection: Connection, project: str, plan: str, columns: Sequence[str], where: pl.Expr | None = None
) -> pl.DataFrame:
    """Return columns of a plan's changes (``CHANGE_SCHEMA``, ``number``) in order, of all or of those ``where``."""
    pieces = [pl.DataFrame(schema={name: _CHANGES[name] for name in columns})]
    asked = {*columns, *(() if where is None else where.meta.root_names())}
    names = [name for name in CHANGE_SCHEMA if name in asked]
    for key, body in _bodies(connection, change_frames, _of(change_frames, project, plan)):
        number = (pl.int_range(pl.len(), dtype=pl.Int64) + key.first).alias(NUMBER)
        frame = pl.read_parquet(body, columns=names).with_columns(number)
        pieces.append((frame if where is None else frame.filter(where)).select(*columns))
    return pl.concat(pieces)


def read_messages(
    connection: Connection, project: str, plan: str, columns: Sequence[str], part: PartKey | None = None
) -> pl.DataFrame:
    """Return columns of a plan's messages (``MESSAGE_SCHEMA``) by part and message id, of all parts or of one."""
    pieces = [pl.DataFrame(schema={name: MESSAGE_SCHEMA[name] for name in columns})]
    where = _of(message_frames, project, plan)
    if part is not None:
        where += [message_frames.c[name] == value for name, value in zip(PART, part, strict=True)]
    for _, body in _bodies(connection, message_frames, where):
        pieces.append(pl.read_parquet(body, columns=list(columns)).select(*columns))
    return pl.concat(pieces)


def message_parts(connection: Connection, project: str, plan: str) -> list[PartKey]:
    """Return every (account, wave, part) that a plan has messages in, in order."""
    columns = (message_frames.c[name] for name in PART)
    found = connection.execute(select(*columns).where(*_of(message_frames, project, plan)).distinct())
    return sorted((row.account, row.wave, row.part) for row in found)


_CHANGES: Final[dict[str, pl.DataType]] = {NUMBER: pl.Int64(), **CHANGE_SCHEMA}


def _of(table: Table, project: str, plan: str) -> list[ColumnElement[bool]]:
    return [table.c.project == project, table.c.plan == plan]


def _bodies(
    connection: Connection, table: Table, where: Sequence[ColumnElement[bool]]
) -> Iterator[tuple[Row[Any], bytes]]:
    """Yield the keys and bodies of frames in the order of their keys, one body in memory at a time."""
    keys = list(table.primary_key)
    # Sorted here: a database may sort text by the rules of a language.
    for key in sorted(connection.execute(select(*keys).where(*where)).all(), key=tuple):
        mine = (column == value for column, value in zip(keys, key, strict=True))
        body: bytes = connection.execute(select(table.c.body).where(*mine)).scalar_one()
        yield key, body


def _packed(frame: pl.DataFrame) -> bytes:
    file = io.BytesIO()
    # Rows are found by the keys of the table: statistics would be read by nobody.
    frame.write_parquet(file, compression="zstd", compression_level=1, statistics=False)
    return file.getvalue()
