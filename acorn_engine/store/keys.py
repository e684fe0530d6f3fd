"""Idempotency keys: the first use of a key decides, every later one gets the first's result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from acorn_engine.store.tables import keys

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from acorn_engine.store.transaction import Transaction


def find_key(connection: Connection, project: str, scope: str, key: str) -> str | None:
    """Return what a key stands for, or ``None`` where it is new."""
    statement = select(keys.c.value).where(keys.c.project == project, keys.c.scope == scope, keys.c.key == key)
    found: str | None = connection.execute(statement).scalar_one_or_none()
    return found


def take_key(tx: Transaction, scope: str, key: str, value: str) -> str:
    """Bind a key to ``value`` unless it is bound; return what it is bound to."""
    row = {"project": tx.project, "scope": scope, "key": key, "value": value, "at": tx.at}
    tx.connection.execute(tx.upsert(keys).values(**row).on_conflict_do_nothing())
    return find_key(tx.connection, tx.project, scope, key) or value
