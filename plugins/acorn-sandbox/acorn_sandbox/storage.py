"""A SQLite file of keyed records: what lets the sandbox's state survive a restart, or a kill.

Memory is the truth while the sandbox runs; every request ends with one transaction that writes
what it changed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from acorn_engine.problems import AcornError, Problem

Key = tuple[str, str]
"""The kind of a record and its key."""

_FORMAT: Final = "acorn-sandbox/2"


class Storage:
    """Records by kind and key; without a file nothing is kept."""

    def __init__(self, path: Path | None = None) -> None:
        self._pending: dict[Key, str | bytes | None] = {}
        self._connection: sqlite3.Connection | None = None
        if path is not None:
            self._connection = _open(path)

    @property
    def keeps(self) -> bool:
        """Whether anything is written at all."""
        return self._connection is not None

    def save(self, kind: str, key: str, value: str | bytes) -> None:
        """Remember a record for the next ``commit``."""
        if self._connection is not None:
            self._pending[kind, key] = value

    def delete(self, kind: str, key: str) -> None:
        """Remember the removal of a record for the next ``commit``."""
        if self._connection is not None:
            self._pending[kind, key] = None

    def load(self, kind: str) -> Iterator[tuple[str, str | bytes]]:
        """Yield the records of a kind in the order in which they were first saved."""
        if self._connection is not None:
            yield from self._connection.execute("SELECT key, value FROM records WHERE kind = ? ORDER BY rowid", [kind])

    def get(self, kind: str, key: str) -> str | bytes | None:
        """Return one record, if it is kept."""
        if (kind, key) in self._pending:
            return self._pending[kind, key]
        if self._connection is None:
            return None
        found = self._connection.execute("SELECT value FROM records WHERE kind = ? AND key = ?", [kind, key]).fetchone()
        return None if found is None else found[0]

    def flush(self) -> None:
        """Hand what is pending to the file, to be kept with the next ``commit`` or not at all."""
        if self._connection is None or not self._pending:
            return
        kept = [(*key, value) for key, value in self._pending.items() if value is not None]
        gone = [key for key, value in self._pending.items() if value is None]
        self._connection.executemany(
            "INSERT INTO records VALUES (?, ?, ?) ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value",
            kept,
        )
        self._connection.executemany("DELETE FROM records WHERE kind = ? AND key = ?", gone)
        self._pending.clear()

    def commit(self) -> None:
        """Write what is pending in one transaction."""
        if self._connection is not None:
            self.flush()
            self._connection.commit()

    def close(self, *, keep: bool = True) -> None:
        """Close the file; what is pending is written first, or given up where it shall not be kept."""
        if keep:
            self.commit()
        self._pending.clear()
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _open(path: Path) -> sqlite3.Connection:
    try:
        # The server's thread is not always the one that opens the file; only one uses it at a time.
        connection = sqlite3.connect(path, check_same_thread=False)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = OFF")  # a killed sandbox loses nothing; a power cut may
        connection.execute(
            "CREATE TABLE IF NOT EXISTS records "
            "(kind TEXT NOT NULL, key TEXT NOT NULL, value NOT NULL, PRIMARY KEY (kind, key))"
        )
        connection.execute("INSERT INTO records VALUES ('format', '', ?) ON CONFLICT DO NOTHING", [_FORMAT])
        connection.commit()
        (found,) = connection.execute("SELECT value FROM records WHERE kind = 'format'").fetchone()
    except sqlite3.Error as error:
        raise AcornError(
            Problem(
                code="sandbox_state",
                message=f"The state file {path} cannot be used: {error}.",
                hint="Name another file, or delete this one to start afresh.",
            )
        ) from error
    if found != _FORMAT:
        connection.close()
        raise AcornError(
            Problem(
                code="sandbox_state",
                message=f"The state file {path} is of another version: {found}.",
                hint="Name another file, or delete this one to start afresh.",
            )
        )
    return connection
