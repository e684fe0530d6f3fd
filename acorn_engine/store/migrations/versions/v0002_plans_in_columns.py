"""The changes and messages of plans move from a row each into Parquet, many rows in one."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

import polars as pl
from alembic import op
from sqlalchemy import Column, Integer, LargeBinary, MetaData, PrimaryKeyConstraint, Table, Text, insert, select

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import ColumnElement, Connection

revision: Final = "0002"
down_revision: Final = "0001"

ROWS: Final = 50_000
CHANGES: Final[dict[str, pl.DataType]] = {
    **dict.fromkeys(["id", "account", "site", "sku", "seller_sku", "group"], pl.String()),
    "wave": pl.Int8(),
    **dict.fromkeys(["operation", "field", "from", "to", "currency", "rule", "guard"], pl.String()),
    **dict.fromkeys(["verdict", "because", "code", "params"], pl.String()),
}
MESSAGES: Final[dict[str, pl.DataType]] = {
    "account": pl.String(),
    "wave": pl.Int8(),
    "part": pl.Int32(),
    "message_id": pl.Int32(),
    **dict.fromkeys(["seller_sku", "message", "neighbours_digest"], pl.String()),
}
_PLAN: Final = ("project", "plan")
_PART: Final = (*_PLAN, "account", "wave", "part")


def upgrade() -> None:
    """Make the new tables, move every plan, and drop the old ones."""
    tables = MetaData()
    changes = _old(tables, "changes", (*_PLAN, "number"), CHANGES)
    messages = _old(tables, "messages", _PART, MESSAGES)
    change_frames = _new("change_frames", _PLAN)
    message_frames = _new("message_frames", _PART)
    connection = op.get_bind()
    _move(connection, changes, change_frames, _PLAN, "number", CHANGES)
    _move(connection, messages, message_frames, _PART, "message_id", MESSAGES)
    op.drop_table("changes")
    op.drop_table("messages")


def _old(tables: MetaData, name: str, keys: Sequence[str], schema: dict[str, pl.DataType]) -> Table:
    names = dict.fromkeys([*keys, *schema])
    return Table(name, tables, *(Column(one, Text if schema.get(one) == pl.String else Integer) for one in names))


def _new(name: str, keys: Sequence[str]) -> Table:
    numbers = {"wave", "part", "first"}
    columns = [
        Column(key, Integer if key in numbers else Text, autoincrement=False, nullable=False)
        for key in (*keys, "first")
    ]
    constraint = PrimaryKeyConstraint(*keys, "first", name=f"pk_{name}")
    made = op.create_table(name, *columns, Column("body", LargeBinary, nullable=False), constraint)
    if op.get_bind().dialect.name == "postgresql":
        # What is compressed already is stored as it is.
        op.execute(f"ALTER TABLE acorn.{name} ALTER COLUMN body SET STORAGE EXTERNAL")
    return made


def _move(
    connection: Connection, old: Table, new: Table, keys: Sequence[str], number: str, schema: dict[str, pl.DataType]
) -> None:
    """Move rows, one key's in the order of their numbers, some ten thousand at a time."""
    found = select(*(old.c[name] for name in keys)).distinct().order_by(*(old.c[name] for name in keys))
    for key in connection.execute(found).all():
        values = dict(zip(keys, key, strict=True))
        where = [old.c[name] == value for name, value in values.items()]
        for first, frame in _frames(connection, old, where, number, schema):
            file = io.BytesIO()
            frame.write_parquet(file, compression="zstd", compression_level=1, statistics=False)
            connection.execute(insert(new).values(**values, first=first, body=file.getvalue()))


def _frames(
    connection: Connection,
    old: Table,
    where: Sequence[ColumnElement[bool]],
    number: str,
    schema: dict[str, pl.DataType],
) -> Iterator[tuple[int, pl.DataFrame]]:
    """Yield rows as frames, each with the number of its first row."""
    after = -1
    columns = [old.c[number].label("_number"), *(old.c[name] for name in schema)]
    while True:
        some = select(*columns).where(*where, old.c[number] > after).order_by(old.c[number]).limit(ROWS)
        rows = [tuple(row) for row in connection.execute(some)]
        if not rows:
            return
        frame = pl.DataFrame(rows, schema={"_number": pl.Int64(), **schema}, orient="row")
        yield frame["_number"][0], frame.drop("_number")
        after = frame["_number"][-1]
