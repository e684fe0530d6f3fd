"""Parts of plans on their way out: their states, their messages, and what became of every change.

A part moves on by conditional updates: state and version must be what the worker saw, so that one
who comes back late changes nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

import polars as pl
from sqlalchemy import bindparam, func, select, update

from acorn_engine.store.frames import insert_frame, read_frame
from acorn_engine.store.plan_frames import read_messages
from acorn_engine.store.tables import deliveries, part_messages, parts, plans

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Row

    from acorn_engine.store.transaction import Transaction

Mode = Literal["feed", "patch"]
_PROGRESS: Final = {
    "message_id": pl.Int64(),
    "seller_sku": pl.String(),
    "state": pl.String(),
    "attempts": pl.Int64(),
    "sent_at": pl.Int64(),
}
"""The columns of ``PartMessage`` but for the text, in the same order."""


@dataclass(frozen=True, slots=True)
class Part:
    """One submission of a plan (or, in ``patch`` mode, a run of single messages), as stored.

    Instants are microseconds. ``in_flight`` is true while something of this part may still be on
    its way at the marketplace. ``plan_number`` is the order of its plan. ``who`` can mend what it
    waits for, ``remedy`` says how. ``read_to`` is the last SKU that this round of reading back has seen.
    """

    id: str
    plan: str
    account: str
    site: str
    wave: int
    number: int
    mode: Mode
    state: str
    version: int
    in_flight: bool
    attempts: int
    uploads: int
    lookups: int
    adopted: bool
    plan_number: int
    document: str | None
    submission: str | None
    report: str | None
    note: str | None
    code: str | None
    who: str | None
    remedy: str | None
    read_to: str | None
    due_at: int
    since: int
    intent_at: int | None
    sent_at: int | None
    verify_until: int | None
    pass_at: int | None
    ended_at: int | None
    batch: int | None
    known: tuple[str, ...] = field(default=())

    @property
    def lane(self) -> tuple[str, str]:
        """The account and site whose sending is done one after the other."""
        return self.account, self.site


@dataclass(frozen=True, slots=True)
class PartMessage:
    """One message of a part and how far it has come: waiting, sending, sent, lost or removed."""

    message_id: int
    seller_sku: str
    state: str
    attempts: int
    sent_at: int | None
    message: str


class StaleWorkerError(Exception):
    """The part was moved on by another worker; what this one did is not recorded."""


def _part(row: Row[Any]) -> Part:
    data = dict(row._mapping)  # noqa: SLF001 (its public name)
    del data["project"]
    data.update(
        in_flight=bool(row.in_flight),
        adopted=bool(row.adopted),
        known=tuple(json.loads(row.known)) if row.known else (),
    )
    return Part(**data)


def message_index(
    connection: Connection, project: str, plan: str, part: tuple[str, int, int] | None = None
) -> pl.DataFrame:
    """Return where every message of a plan, or of one (account, wave, part), stands, without its text."""
    names = ("account", "wave", "part", "message_id", "seller_sku", "neighbours_digest")
    return read_messages(connection, project, plan, names, part).with_columns(pl.col(pl.Int8, pl.Int32).cast(pl.Int64))


def create_parts(
    tx: Transaction, made: pl.DataFrame, made_messages: pl.DataFrame, made_deliveries: pl.DataFrame
) -> None:
    """Insert parts with their messages and the changes that these carry."""
    for table, frame in ((parts, made), (part_messages, made_messages), (deliveries, made_deliveries)):
        insert_frame(tx.connection, table, frame.select(pl.lit(tx.project).alias("project"), pl.all()))


def open_parts(connection: Connection, project: str, lane: tuple[str, str] | None = None) -> list[Part]:
    """Return the parts that have not ended, in the order in which they are to leave."""
    statement = select(parts).where(parts.c.project == project, parts.c.state != "ended")
    if lane is not None:
        statement = statement.where(parts.c.account == lane[0], parts.c.site == lane[1])
    order = (parts.c.plan_number, parts.c.wave, parts.c.account, parts.c.number)
    return [_part(row) for row in connection.execute(statement.order_by(*order))]


def parts_of(connection: Connection, project: str, plan: str) -> list[Part]:
    """Return every part of a plan in the order in which they are to leave."""
    statement = select(parts).where(parts.c.project == project, parts.c.plan == plan)
    order = (parts.c.wave, parts.c.account, parts.c.number)
    return [_part(row) for row in connection.execute(statement.order_by(*order))]


def dead_parts(connection: Connection, project: str, name: str) -> list[Part]:
    """Return the dead letters that ``name``, a plan or a part, means; held until the commit."""
    named = (parts.c.id == name) | (parts.c.plan == name)
    statement = select(parts).where(parts.c.project == project, parts.c.state == "dead", named)
    return [_part(row) for row in connection.execute(statement.order_by(parts.c.id).with_for_update())]


def is_known(connection: Connection, project: str, name: str) -> bool:
    """Say whether ``name`` is a part, or a plan that has parts."""
    named = (parts.c.id == name) | (parts.c.plan == name)
    return connection.execute(select(parts.c.id).where(parts.c.project == project, named)).first() is not None


def get_part(connection: Connection, project: str, part: str) -> Part:
    """Return one part."""
    return _part(connection.execute(select(parts).where(parts.c.project == project, parts.c.id == part)).one())


def advance(tx: Transaction, part: Part, **values: object) -> Part:
    """Move a part on if it still is as the worker saw it. Raises ``StaleWorkerError`` otherwise."""
    values["version"] = part.version + 1
    if "state" in values and values["state"] != part.state:
        values["since"] = tx.at
    if "known" in values:
        values["known"] = json.dumps(list(values["known"]))  # type: ignore[call-overload]
    changed = tx.connection.execute(
        update(parts)
        .where(
            parts.c.project == tx.project,
            parts.c.id == part.id,
            parts.c.state == part.state,
            parts.c.version == part.version,
        )
        .values(**values)
    )
    if changed.rowcount != 1:
        raise StaleWorkerError(part.id)
    return get_part(tx.connection, tx.project, part.id)


def postpone(tx: Transaction, account: str, states: Sequence[str], until: int) -> None:
    """Let nothing of an account in these states be due before ``until``: the account is throttled.

    A part that another worker is moving right now is left to that worker, so that two throttled
    workers never wait for each other.
    """
    late = select(parts.c.id).where(
        parts.c.project == tx.project,
        parts.c.account == account,
        parts.c.state.in_(states),
        parts.c.due_at < until,
    )
    found = list(tx.connection.execute(late.with_for_update(skip_locked=True)).scalars())
    if found:
        where = (parts.c.project == tx.project, parts.c.id.in_(found))
        tx.connection.execute(update(parts).where(*where).values(due_at=until))


def messages_of(
    connection: Connection, project: str, part: Part, states: Sequence[str], limit: int | None = None
) -> list[PartMessage]:
    """Return the messages of a part in these states, by number, with the text frozen in the plan."""
    columns = [part_messages.c[name] for name in _PROGRESS]
    statement = (
        select(*columns)
        .where(part_messages.c.project == project, part_messages.c.part == part.id, part_messages.c.state.in_(states))
        .order_by(part_messages.c.message_id)
        .limit(limit)
    )
    found = read_frame(connection, statement, _PROGRESS)
    place = (part.account, part.wave, part.number)
    texts = read_messages(connection, project, part.plan, ("message_id", "message"), place)
    rows = found.join(texts.cast({"message_id": pl.Int64}), on="message_id", maintain_order="left")
    return [PartMessage(*row) for row in rows.iter_rows()]


def message_count(connection: Connection, project: str, part: str) -> int:
    """Return how many messages of a part were not removed."""
    where = (part_messages.c.project == project, part_messages.c.part == part, part_messages.c.state != "removed")
    return int(connection.execute(select(func.count()).select_from(part_messages).where(*where)).scalar_one())


def mark_messages(tx: Transaction, part: str, message_ids: Sequence[int] | None, **values: object) -> None:
    """Change messages of a part that were not removed: those named, or all."""
    where = [part_messages.c.project == tx.project, part_messages.c.part == part, part_messages.c.state != "removed"]
    statement = update(part_messages).where(*where)
    if message_ids is None:
        tx.connection.execute(statement.values(**values))
    elif message_ids:
        one = statement.where(part_messages.c.message_id == bindparam("one")).values(**values)
        tx.connection.execute(one, [{"one": number} for number in message_ids])


def submissions_of(connection: Connection, project: str, account: str) -> set[str]:
    """Return the ids of every submission that is known to be ours."""
    where = (parts.c.project == project, parts.c.account == account, parts.c.submission.is_not(None))
    return {str(found) for found in connection.execute(select(parts.c.submission).where(*where)).scalars()}


def expires_at(connection: Connection, project: str, plan: str) -> int:
    """Return the instant at which a plan runs out."""
    where = (plans.c.project == project, plans.c.id == plan)
    return int(connection.execute(select(plans.c.expires_at).where(*where)).scalar_one())
