"""What the marketplace last showed of every offer, and the values of ours that it confirmed."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import polars as pl
from sqlalchemy import func, select

from acorn_engine.marketplace import READ_SCHEMA
from acorn_engine.store.frames import read_frame, upsert_frame
from acorn_engine.store.offer_schema import INSTANT, OFFER_STATE_SCHEMA
from acorn_engine.store.tables import deliveries, offer_states, verified
from acorn_engine.store.times import micros

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from acorn_engine.store.transaction import Transaction


def neighbours_digest(neighbours: str | None) -> str | None:
    """Return the SHA-256 (hex) of what else stands in an offer, or ``None`` where nothing is known."""
    return None if neighbours is None else hashlib.sha256(neighbours.encode()).hexdigest()


def record_reads(tx: Transaction, account: str, site: str, frame: pl.DataFrame, as_of: datetime, source: str) -> None:
    """Keep what was read of offers; what is known from a later instant stays."""
    if frame.is_empty():
        return
    digests = [neighbours_digest(text) for text in frame["neighbours"]]
    rows = frame.select(
        pl.lit(tx.project).alias("project"),
        pl.lit(account).alias("account"),
        pl.lit(site).alias("site"),
        *READ_SCHEMA,
        pl.lit(micros(as_of)).alias("as_of"),
        pl.Series("neighbours_digest", digests, dtype=pl.String()),
        pl.lit(source).alias("source"),
    )
    upsert_frame(tx.connection, offer_states, rows, since="as_of")


def read_offer_states(
    connection: Connection,
    project: str,
    site: str,
    accounts: Sequence[str] | None,
    seller_skus: Sequence[str] | None,
    *,
    since: datetime | None = None,
    columns: Sequence[str] | None = None,
) -> pl.DataFrame:
    """Return the last known state of a site's offers: of all, or of those read at or after ``since``.

    ``columns`` are those of ``OFFER_STATE_SCHEMA`` that are wanted; default: all.
    """
    schema = {name: OFFER_STATE_SCHEMA[name] for name in columns or OFFER_STATE_SCHEMA}
    statement = select(*(offer_states.c[name] for name in schema)).where(
        offer_states.c.project == project, offer_states.c.site == site
    )
    if accounts is not None:
        statement = statement.where(offer_states.c.account.in_(accounts))
    if seller_skus is not None:
        statement = statement.where(offer_states.c.seller_sku.in_(seller_skus))
    if since is not None:
        statement = statement.where(offer_states.c.as_of >= micros(since))
    stored = {name: pl.Int64() if kind == INSTANT else kind for name, kind in schema.items()}
    return read_frame(connection, statement, stored).with_columns(
        pl.col(name).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
        for name, kind in schema.items()
        if kind == INSTANT
    )


def count_offer_states(connection: Connection, project: str, site: str, accounts: Sequence[str]) -> int:
    """Return how many offers of a site have a known state."""
    where = (offer_states.c.project == project, offer_states.c.site == site, offer_states.c.account.in_(accounts))
    return int(connection.execute(select(func.count()).select_from(offer_states).where(*where)).scalar_one())


def pending(
    connection: Connection, project: str, site: str, accounts: Sequence[str] | None, but_plan: str | None = None
) -> pl.DataFrame:
    """Return (account, site, seller_sku, group) of every value on its way and not yet settled."""
    columns = (deliveries.c.account, deliveries.c.site, deliveries.c.seller_sku, deliveries.c.group)
    statement = (
        select(*columns)
        .where(deliveries.c.project == project, deliveries.c.site == site, deliveries.c.outcome.is_(None))
        .distinct()
    )
    if accounts is not None:
        statement = statement.where(deliveries.c.account.in_(accounts))
    if but_plan is not None:
        statement = statement.where(deliveries.c.plan != but_plan)
    return read_frame(connection, statement, {column.name: pl.String() for column in columns})


def sent_since(connection: Connection, project: str, site: str, since: datetime) -> pl.DataFrame:
    """Return (account, site, seller_sku) of every offer of which something was sent at or after ``since``."""
    columns = (deliveries.c.account, deliveries.c.site, deliveries.c.seller_sku)
    statement = (
        select(*columns)
        .where(deliveries.c.project == project, deliveries.c.site == site, deliveries.c.sent_at >= micros(since))
        .distinct()
    )
    return read_frame(connection, statement, {column.name: pl.String() for column in columns})


def confirm(tx: Transaction, rows: Iterable[Mapping[str, Any]]) -> None:
    """Keep values that read back as planned: rows of account, site, seller_sku, field, value, plan."""
    made = [{"project": tx.project, "at": tx.at, **row} for row in rows]
    if not made:
        return
    statement = tx.upsert(verified)
    tx.connection.execute(
        statement.on_conflict_do_update(
            index_elements=["project", "account", "site", "seller_sku", "field"],
            set_={name: statement.excluded[name] for name in ("value", "plan", "at")},
        ),
        made,
    )


def read_verified(connection: Connection, project: str, site: str, account: str) -> pl.DataFrame:
    """Return (seller_sku, field, value, plan, at) of every value of ours that was confirmed."""
    names = ("seller_sku", "field", "value", "plan", "at")
    statement = select(*(verified.c[name] for name in names)).where(
        verified.c.project == project, verified.c.site == site, verified.c.account == account
    )
    frame = read_frame(connection, statement, {**dict.fromkeys(names, pl.String()), "at": pl.Int64()})
    return frame.with_columns(pl.col("at").cast(pl.Datetime("us")).dt.replace_time_zone("UTC"))
