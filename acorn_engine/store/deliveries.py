"""Changes on their way, and what became of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import polars as pl
from sqlalchemy import bindparam, func, select, update

from acorn_engine.plan.model import Verdict
from acorn_engine.store.frames import read_frame
from acorn_engine.store.parts import mark_messages
from acorn_engine.store.plan_frames import read_changes
from acorn_engine.store.plans import released_numbers
from acorn_engine.store.tables import deliveries, part_messages, parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection

    from acorn_engine.store.parts import Part
    from acorn_engine.store.transaction import Transaction

Outcome = Literal["settled", "rejected", "unknown", "differs", "superseded", "dropped"]

DELIVERY_COLUMNS: Final = (
    "number",
    "part",
    "message_id",
    "account",
    "site",
    "sku",
    "seller_sku",
    "group",
    "wave",
    "field",
    "from",
    "to",
    "currency",
    "outcome",
    "code",
    "text",
    "shown",
    "sent_at",
    "checked_at",
    "ended_at",
)
_NUMBERS: Final = {"number", "message_id", "wave", "sent_at", "checked_at", "ended_at"}
DELIVERY_SCHEMA: Final[dict[str, Any]] = {
    name: pl.Int64() if name in _NUMBERS else pl.String() for name in DELIVERY_COLUMNS
}


def sendable_changes(connection: Connection, project: str, plan: str) -> pl.DataFrame:
    """Return the changes that an approval sends: verdict ``send``, or held and ``released`` (1, else 0)."""
    names = ("number", "account", "site", "sku", "seller_sku", "group", "wave", "field", "from", "to", "currency")
    freed = pl.col("number").is_in(released_numbers(connection, project, plan))
    held, sent = (pl.col("verdict") == verdict.value for verdict in (Verdict.HOLD, Verdict.SEND))
    rows = read_changes(connection, project, plan, [*names, "verdict"], sent | (held & freed))
    return rows.select(*names, freed.cast(pl.Int64).alias("released")).cast({"wave": pl.Int64})


def deliveries_of(
    connection: Connection,
    project: str,
    *,
    plan: str | None = None,
    part: str | None = None,
    undecided: bool = False,
    seller_skus: Sequence[str] | None = None,
) -> pl.DataFrame:
    """Return changes on their way (columns of ``DELIVERY_SCHEMA``)."""
    statement = select(*(deliveries.c[name] for name in DELIVERY_COLUMNS)).where(deliveries.c.project == project)
    if plan is not None:
        statement = statement.where(deliveries.c.plan == plan)
    if part is not None:
        statement = statement.where(deliveries.c.part == part)
    if undecided:
        statement = statement.where(deliveries.c.outcome.is_(None))
    if seller_skus is not None:
        statement = statement.where(deliveries.c.seller_sku.in_(seller_skus))
    return read_frame(connection, statement.order_by(deliveries.c.plan, deliveries.c.number), DELIVERY_SCHEMA)


def first_undecided(connection: Connection, project: str, part: str, limit: int) -> pl.DataFrame:
    """Return the undecided changes (columns of ``DELIVERY_SCHEMA``) of a part's first ``limit`` SKUs."""
    skus = skus_to_read(connection, project, part, None, limit)
    return deliveries_of(connection, project, part=part, undecided=True, seller_skus=skus)


def skus_to_read(connection: Connection, project: str, part: str, after: str | None, limit: int) -> list[str]:
    """Return the next SKUs of a part with an undecided change, in order, from behind ``after``."""
    where = [deliveries.c.project == project, deliveries.c.part == part, deliveries.c.outcome.is_(None)]
    if after is not None:
        where.append(deliveries.c.seller_sku > after)
    statement = select(deliveries.c.seller_sku).where(*where).distinct().order_by(deliveries.c.seller_sku).limit(limit)
    return list(connection.execute(statement).scalars())


def note_sent(tx: Transaction, part: str, message_ids: Sequence[int] | None = None) -> None:
    """Write down that the undecided changes of a part may have been sent from now on."""
    where = [deliveries.c.project == tx.project, deliveries.c.part == part, deliveries.c.outcome.is_(None)]
    if message_ids is not None:
        where.append(deliveries.c.message_id.in_(message_ids))
    tx.connection.execute(update(deliveries).where(*where).values(sent_at=tx.at))


def clear_sent(tx: Transaction, part: str) -> None:
    """Write down that nothing of a part was sent after all; all its messages wait again."""
    where = (deliveries.c.project == tx.project, deliveries.c.part == part, deliveries.c.outcome.is_(None))
    tx.connection.execute(update(deliveries).where(*where).values(sent_at=None))
    mark_messages(tx, part, None, state="waiting", sent_at=None)


def unsend(tx: Transaction, part: str, message_id: int) -> None:
    """Write down that one message was not sent after all and waits again."""
    where = (deliveries.c.project == tx.project, deliveries.c.part == part, deliveries.c.message_id == message_id)
    tx.connection.execute(update(deliveries).where(*where).values(sent_at=None))
    mark_messages(tx, part, [message_id], state="waiting", sent_at=None)


def note_checked(tx: Transaction, part: str, seller_skus: Sequence[str]) -> None:
    """Write down that SKUs of a part were looked at now."""
    where = (deliveries.c.project == tx.project, deliveries.c.part == part, deliveries.c.seller_sku.in_(seller_skus))
    tx.connection.execute(update(deliveries).where(*where, deliveries.c.outcome.is_(None)).values(checked_at=tx.at))


def decide(tx: Transaction, plan: str, rows: Iterable[dict[str, Any]]) -> None:
    """Decide undecided changes of a plan: rows of number, outcome, code, text, shown."""
    made = [
        {"one": row["number"], **{f"new_{name}": row.get(name) for name in ("outcome", "code", "text", "shown")}}
        for row in rows
    ]
    if not made:
        return
    statement = (
        update(deliveries)
        .where(
            deliveries.c.project == tx.project,
            deliveries.c.plan == plan,
            deliveries.c.number == bindparam("one"),
            deliveries.c.outcome.is_(None),
        )
        .values(ended_at=tx.at, **{name: bindparam(f"new_{name}") for name in ("outcome", "code", "text", "shown")})
    )
    tx.connection.execute(statement, made)


def outcome_counts(connection: Connection, project: str, **where: str) -> dict[str | None, int]:
    """Return how many changes have each outcome, of a ``part`` or a ``plan``; ``None`` is undecided."""
    conditions = [deliveries.c[name] == value for name, value in where.items()]
    statement = (
        select(deliveries.c.outcome, func.count())
        .where(deliveries.c.project == project, *conditions)
        .group_by(deliveries.c.outcome)
    )
    return {row[0]: int(row[1]) for row in connection.execute(statement)}


def unsettled_before(connection: Connection, project: str, part: Part, earlier_wave: int) -> bool:
    """Say whether a SKU of ``part`` still has an undecided change in an earlier wave of its plan.

    What stands in a dead letter is not waited for.
    """
    dead = select(parts.c.id).where(parts.c.project == project, parts.c.plan == part.plan, parts.c.state == "dead")
    mine = select(part_messages.c.seller_sku).where(
        part_messages.c.project == project, part_messages.c.part == part.id, part_messages.c.state != "removed"
    )
    statement = (
        select(deliveries.c.number)
        .where(
            deliveries.c.project == project,
            deliveries.c.plan == part.plan,
            deliveries.c.account == part.account,
            deliveries.c.wave == earlier_wave,
            deliveries.c.outcome.is_(None),
            deliveries.c.seller_sku.in_(mine),
            deliveries.c.part.not_in(dead),
        )
        .limit(1)
    )
    return connection.execute(statement).first() is not None
