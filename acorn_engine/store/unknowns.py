"""Changes whose outcome is unknown, and when each is to be read again.

A change is due ``first`` after it was last looked at, then as long after that as it has been unknown
already, so that the waits double, and no more once it has been unknown for ``longest``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl
from sqlalchemy import ColumnElement, and_, bindparam, func, select, update

from acorn_engine.store.deliveries import DELIVERY_COLUMNS
from acorn_engine.store.frames import read_frame
from acorn_engine.store.tables import deliveries

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from sqlalchemy import Connection

    from acorn_engine.store.transaction import Transaction


SENT_AGAIN: Final = "sent_again"
"""The code of an unknown change whose field a later plan has put in line."""
_KEY: Final = ["account", "seller_sku", "field"]


def forget_unknown(tx: Transaction, site: str, rows: pl.DataFrame) -> None:
    """Let nobody read again what ``rows`` (account, seller_sku, field) of a site send again."""
    statement = select(*(deliveries.c[name] for name in ("plan", "number", *_KEY))).where(
        deliveries.c.project == tx.project,
        deliveries.c.account.in_(rows.get_column("account").unique().to_list()),
        deliveries.c.site == site,
        deliveries.c.outcome == "unknown",
    )
    schema = {"plan": pl.String(), "number": pl.Int64(), **dict.fromkeys(_KEY, pl.String())}
    unknown = read_frame(tx.connection, statement, schema)
    _each(tx, unknown.join(rows, on=_KEY, how="semi").to_dicts(), {"code": SENT_AGAIN})


def unknown_lanes(
    connection: Connection, project: str, now: int, first: timedelta, longest: timedelta
) -> list[tuple[str, str]]:
    """Return every (account, site) with an unknown change that is due."""
    statement = select(deliveries.c.account, deliveries.c.site).where(_due(project, now, first, longest)).distinct()
    order = (deliveries.c.account, deliveries.c.site)
    return [(row[0], row[1]) for row in connection.execute(statement.order_by(*order))]


def unknown_rows(
    connection: Connection,
    project: str,
    lane: tuple[str, str],
    now: int,
    first: timedelta,
    longest: timedelta,
    limit: int,
) -> list[dict[str, Any]]:
    """Return the unknown changes (``DELIVERY_COLUMNS`` and ``plan``) of the first ``limit`` SKUs that are due."""
    due = and_(_due(project, now, first, longest), deliveries.c.account == lane[0], deliveries.c.site == lane[1])
    skus = select(deliveries.c.seller_sku).where(due).distinct().order_by(deliveries.c.seller_sku).limit(limit)
    names = ("plan", *DELIVERY_COLUMNS)
    statement = select(*(deliveries.c[name] for name in names)).where(due, deliveries.c.seller_sku.in_(skus))
    found = connection.execute(statement.order_by(deliveries.c.plan, deliveries.c.number))
    return [dict(row._mapping) for row in found]  # noqa: SLF001 (its public name)


def _due(project: str, now: int, first: timedelta, longest: timedelta) -> ColumnElement[bool]:
    looked = func.coalesce(deliveries.c.checked_at, deliveries.c.ended_at)
    return and_(
        deliveries.c.project == project,
        deliveries.c.outcome == "unknown",
        func.coalesce(deliveries.c.code, "").not_in(["not_readable", SENT_AGAIN]),
        deliveries.c.ended_at > now - _micros(longest),
        looked <= now - _micros(first),
        now - looked >= looked - deliveries.c.ended_at,
    )


def _micros(length: timedelta) -> int:
    return int(length.total_seconds() * 1_000_000)


def note_reread(tx: Transaction, rows: Sequence[dict[str, Any]]) -> None:
    """Write down that unknown changes were looked at now."""
    _each(tx, rows, {"checked_at": tx.at})


def settle_unknown(tx: Transaction, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Settle unknown changes that show, with ``shown``; return those that were still unknown."""
    found = []
    for row in rows:
        values = {"outcome": "settled", "code": None, "text": None, "shown": row["shown"]}
        if _each(tx, [row], values):
            found.append(row)
    return found


def _each(tx: Transaction, rows: Sequence[dict[str, Any]], values: dict[str, Any]) -> int:
    if not rows:
        return 0
    statement = (
        update(deliveries)
        .where(
            deliveries.c.project == tx.project,
            deliveries.c.plan == bindparam("one_plan"),
            deliveries.c.number == bindparam("one_number"),
            deliveries.c.outcome == "unknown",
        )
        .values(**values)
    )
    keys = [{"one_plan": row["plan"], "one_number": row["number"]} for row in rows]
    return sum(tx.connection.execute(statement, key).rowcount for key in keys)
