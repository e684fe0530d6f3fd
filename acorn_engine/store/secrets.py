"""Secrets of accounts as rows: encrypted bodies go in and come out; nothing here can read them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, update

from acorn_engine.store.tables import secrets
from acorn_engine.store.times import instant, micros

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Row, Select

    from acorn_engine.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class SecretInfo:
    """What may be told of a secret. ``issued_at`` is when the marketplace gave it out."""

    account: str
    name: str
    issued_at: datetime
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class SecretRow:
    """A secret with its encrypted body."""

    info: SecretInfo
    body: str = field(repr=False)


def save_secret(tx: Transaction, account: str, name: str, body: str, issued_at: datetime) -> None:
    """Keep a secret in place of the one of this account and name, if there is one."""
    values = {"body": body, "issued_at": micros(issued_at), "saved_at": tx.at}
    statement = tx.upsert(secrets).values(project=tx.project, account=account, name=name, **values)
    tx.connection.execute(statement.on_conflict_do_update(index_elements=["project", "account", "name"], set_=values))


def read_secrets(connection: Connection, project: str, account: str | None = None) -> list[SecretRow]:
    """Return the secrets of a project, or of one account, with their bodies, in order."""
    return [_row(row) for row in connection.execute(_of(project, account))]


def list_secrets(connection: Connection, project: str, account: str | None = None) -> list[SecretInfo]:
    """Return what may be told of the secrets of a project, or of one account, in order."""
    return [row.info for row in read_secrets(connection, project, account)]


def lock_secrets(tx: Transaction) -> list[SecretRow]:
    """Return every secret of the project; nobody else changes them until the commit."""
    return [_row(row) for row in tx.connection.execute(_of(tx.project, None).with_for_update())]


def replace_body(tx: Transaction, account: str, name: str, body: str) -> None:
    """Put another encryption of the same secret in place; its dates stay."""
    mine = (secrets.c.project == tx.project, secrets.c.account == account, secrets.c.name == name)
    tx.connection.execute(update(secrets).where(*mine).values(body=body))


def remove_secrets(tx: Transaction, account: str) -> list[str]:
    """Remove an account's secrets; return their names."""
    mine = (secrets.c.project == tx.project, secrets.c.account == account)
    names = sorted(tx.connection.execute(select(secrets.c.name).where(*mine)).scalars())
    tx.connection.execute(delete(secrets).where(*mine))
    return names


def _row(row: Row[Any]) -> SecretRow:
    return SecretRow(SecretInfo(row.account, row.name, instant(row.issued_at), instant(row.saved_at)), row.body)


def _of(project: str, account: str | None) -> Select[Any]:
    statement = select(secrets).where(secrets.c.project == project).order_by(secrets.c.account, secrets.c.name)
    return statement if account is None else statement.where(secrets.c.account == account)
