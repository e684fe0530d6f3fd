"""Engines: how a SQLite file and a PostgreSQL database are opened so that nothing is lost.

SQLite: write-ahead log, every commit on disk before it returns, foreign keys, and writers that
take the lock when they begin (a reader that turns into a writer could fail half-way).
PostgreSQL: the schema ``acorn`` and a limit on how long a lock is waited for.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from acorn_engine.problems import Problem, StoreError
from acorn_engine.store.errors import store_error
from acorn_engine.store.tables import SCHEMA

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

WRITES: Final = "acorn_writes"
"""The execution option of an engine whose transactions write."""


@dataclass(frozen=True)
class Database:
    """A database: one pool of connections, seen by readers and by writers."""

    url: URL
    reader: Engine
    writer: Engine
    patience: float
    folder: Path | None = None

    @property
    def sqlite(self) -> bool:
        """Whether this is a SQLite file."""
        return self.reader.dialect.name == "sqlite"

    def close(self) -> None:
        """Close every connection; remove what lived in memory only."""
        self.reader.dispose()
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


def parse_url(text: str) -> URL:
    """Read a database's address. Raises ``StoreError`` for one that is not SQLite's or PostgreSQL's."""
    hint = "Use sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME."
    try:
        url = make_url(text)
    except ArgumentError:
        raise StoreError(
            Problem(code="store_address", message="the database's address cannot be read", hint=hint)
        ) from None
    if url.drivername in {"postgresql", "postgres"}:
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername not in {"sqlite", "sqlite+pysqlite", "postgresql+psycopg"}:
        message = f"'{url.drivername}' is not a database that Acorn keeps its records in"
        raise StoreError(Problem(code="store_address", message=message, hint=hint))
    return url


def connect(text: str, *, patience: float, pool_size: int) -> Database:
    """Return the database at ``text``, without connecting yet.

    ``patience`` is how many seconds a lock is waited for. A SQLite address without a file is a
    temporary file that goes when the database is closed.
    """
    url = parse_url(text)
    folder: Path | None = None
    if url.get_backend_name() == "sqlite":
        if url.database in {None, "", ":memory:"}:
            folder = Path(tempfile.mkdtemp(prefix="acorn-"))
            url = url.set(database=str(folder / "acorn.db"))
        engine = create_engine(
            url, connect_args={"timeout": patience}, pool_size=pool_size, max_overflow=0, pool_timeout=patience
        )
        _prepare_sqlite(engine, patience)
        _keep_private(engine, url)
    else:
        engine = _postgresql(url, patience, pool_size)
    return Database(url, engine, engine.execution_options(**{WRITES: True}), patience, folder)


def _postgresql(url: URL, patience: float, pool_size: int) -> Engine:
    options = f"-c lock_timeout={int(patience * 1000)} -c timezone=UTC"
    try:
        engine = create_engine(
            url,
            connect_args={"options": options, "connect_timeout": max(2, int(patience))},
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=patience,
            pool_pre_ping=True,
        )
    except (ModuleNotFoundError, NoSuchModuleError):
        raise StoreError(
            Problem(
                code="store_driver",
                message="PostgreSQL is named as the database, but its driver is not installed. Nothing was read.",
                hint="Install it: pip install 'acorn-engine[postgres]'.",
            )
        ) from None
    return engine.execution_options(schema_translate_map={None: SCHEMA})


def _prepare_sqlite(engine: Engine, patience: float) -> None:
    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions begin where we say, not where the driver guesses
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {int(patience * 1000)}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _keep_private(engine: Engine, url: URL) -> None:
    """Make a new file its owner's alone, with the files beside it: it tells what things cost and sell for."""
    if url.database is None or url.database.startswith("file:"):
        return
    path = url.database

    @event.listens_for(engine, "do_connect")
    def _on_first(*_: object) -> None:
        with suppress(OSError):  # it is there, or the connection will say why it cannot be
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def require_folder(database: Database) -> None:
    """Raise ``StoreError`` where a SQLite file's folder is missing: it is never made by guessing."""
    if not database.sqlite or not database.url.database or database.url.database.startswith("file:"):
        return
    if not Path(database.url.database).parent.is_dir():
        raise store_error("no_folder", database.url)
