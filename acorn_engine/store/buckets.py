"""Token buckets in the database: one quota for all threads and processes that share it.

A marketplace counts calls by application and seller, whoever's project makes them. So the rows
belong to no project: they stand under a key that no project can have, and two projects of one
database that sell for one seller share what that seller may ask.
"""

from __future__ import annotations

import logging
import math
import os
import time
from collections import Counter
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, event, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from acorn_engine.problems import StoreError
from acorn_engine.quotas import SECOND, Level, MemoryBuckets, Quota
from acorn_engine.store.connection import connect
from acorn_engine.store.tables import buckets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import Connection, Select

    from acorn_engine.store.connection import Database
    from acorn_engine.store.store import Store

logger = logging.getLogger(__name__)
SHARED: Final = ""
"""The project of the rows: a project's name has at least one character."""
PATIENCE: Final = 0.25
"""Seconds for which a locked database is waited for."""
SHARERS: Final = 4
"""While the database does not answer, each process goes so many times slower: so many together keep within."""
PAUSE: Final = 1.0
"""Seconds after which a database that did not answer is asked again."""


class SharedBuckets:
    """Buckets that processes share. Thread-safe.

    The clock is the database server's on PostgreSQL and this machine's on SQLite. While the
    database is locked or gone, buckets in memory decide instead: they start empty, run at a
    fraction of the rate, and what they gave is paid back into the database afterwards. ``store`` opens
    the project's store, at first use; ``now`` replaces the clock (microseconds).
    """

    def __init__(
        self,
        store: Callable[[], Store],
        *,
        now: Callable[[], int] | None = None,
        patience: float = PATIENCE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._given_now = now
        self._patience = patience
        self._clock = clock
        self._process = os.getpid()
        self._lock = Lock()
        self._opened: Database | None = None
        self._ask_again = -math.inf
        self._stand_in: MemoryBuckets | None = None
        self._known: dict[str, int] = {}
        self._owed: Counter[str] = Counter()

    def take(self, quotas: Sequence[Quota]) -> float:
        """See ``acorn_engine.quotas.Buckets``."""
        wait = self._shared(lambda connection: self._take(connection, quotas), quotas)
        if wait is not None:
            return wait
        stand_in, slowed = self._without(quotas)
        wait = stand_in.take(slowed)
        if wait:
            # The database may be back long before a bucket that runs this slowly.
            return min(wait, PAUSE)
        with self._lock:
            self._owed.update(quota.name for quota in quotas)
        return 0.0

    def answered(self, quotas: Sequence[Quota], every: Mapping[str, int]) -> None:
        """See ``acorn_engine.quotas.Buckets``. Writes only where the answer changes something."""
        self._shared(lambda connection: self._answered(connection, quotas, every), quotas, every)

    def drain(self, quotas: Sequence[Quota]) -> None:
        """See ``acorn_engine.quotas.Buckets``."""
        if self._shared(lambda connection: self._drain(connection, quotas), quotas) is None:
            stand_in, slowed = self._without(quotas)
            stand_in.drain(slowed)
            with self._lock:
                for quota in quotas:
                    self._owed[quota.name] += quota.burst

    def close(self) -> None:
        """Close the connections to the database."""
        with self._lock:
            opened, self._opened = self._opened, None
        if opened is not None and os.getpid() == self._process:
            opened.close()

    # In the database

    def _take(self, connection: Connection, quotas: Sequence[Quota]) -> float:
        now, levels = self._locked(connection, quotas)
        wait = max(levels[quota.name].wait(now, quota.burst) for quota in quotas)
        if not wait:
            levels = {quota.name: levels[quota.name].taken(now, quota.burst) for quota in quotas}
        self._save(connection, quotas, levels)
        self._known.update((name, level.every) for name, level in levels.items())
        return wait / SECOND

    def _answered(self, connection: Connection, quotas: Sequence[Quota], every: Mapping[str, int]) -> float:
        now, levels = self._locked(connection, quotas)
        levels = {name: level.answered(now, every.get(name, level.every)) for name, level in levels.items()}
        self._save(connection, quotas, levels)
        return 0.0

    def _drain(self, connection: Connection, quotas: Sequence[Quota]) -> float:
        now, levels = self._locked(connection, quotas)
        self._save(connection, quotas, {one.name: levels[one.name].drained(now, one.burst) for one in quotas})
        return 0.0

    def _locked(self, connection: Connection, quotas: Sequence[Quota]) -> tuple[int, dict[str, Level]]:
        """Lock the rows, in the order of their names; return the instant and the levels, debts included."""
        ordered = sorted(quotas, key=lambda quota: quota.name)
        statement = _statement(ordered).with_for_update()
        found = _levels(connection, statement)
        absent = [quota for quota in ordered if quota.name not in found]
        if absent:
            insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
            rows = [
                {"project": SHARED, "name": one.name, "full_at": 0, "every": one.every, "burst": one.burst}
                for one in absent
            ]
            connection.execute(insert(buckets).on_conflict_do_nothing(), rows)
            found = _levels(connection, statement)
        now = self._now(connection)
        for quota in quotas:
            if self._owed[quota.name]:
                found[quota.name] = found[quota.name].taken(now, quota.burst, self._owed[quota.name])
        return now, found

    def _save(self, connection: Connection, quotas: Sequence[Quota], levels: Mapping[str, Level]) -> None:
        statement = (
            update(buckets)
            .where(buckets.c.project == SHARED, buckets.c.name == bindparam("bucket"))
            .values(full_at=bindparam("full"), every=bindparam("interval"), burst=bindparam("most"))
        )
        rows = [
            {
                "bucket": one.name,
                "full": levels[one.name].full_at,
                "interval": levels[one.name].every,
                "most": one.burst,
            }
            for one in quotas
        ]
        connection.execute(statement, rows)

    def _settled(self, database: Database, quotas: Sequence[Quota], every: Mapping[str, int]) -> bool:
        """Say whether an answer changes nothing: no new rate, and a debt of more than the call itself."""
        with database.reader.connect() as connection, connection.begin():
            found = _levels(connection, _statement(quotas))
            now = self._now(connection)
        return all(
            one.name in found
            and found[one.name].every == every.get(one.name, found[one.name].every)
            and found[one.name].full_at >= now + found[one.name].every
            for one in quotas
        )

    def _now(self, connection: Connection) -> int:
        if self._given_now is not None:
            return self._given_now()
        if connection.dialect.name == "postgresql":
            asked = text("select (extract(epoch from clock_timestamp()) * 1000000)::bigint")
            return int(connection.execute(asked).scalar_one())
        return time.time_ns() // 1000

    # While it does not answer

    def _shared(
        self,
        step: Callable[[Connection], float],
        quotas: Sequence[Quota],
        answer: Mapping[str, int] | None = None,
    ) -> float | None:
        """Do a step in one short transaction; return ``None`` where the database does not answer.

        With ``answer`` (what an answer says) only where it changes something.
        """
        if os.getpid() != self._process:
            return None
        with self._lock:
            if self._clock() < self._ask_again:
                return None
            try:
                database = self._database()
                if answer is not None and not self._owed and self._settled(database, quotas, answer):
                    return 0.0
                with database.writer.connect() as connection, connection.begin():
                    result = step(connection)
            except (StoreError, SQLAlchemyError) as error:
                self._lost(error)
                return None
            for quota in quotas:
                self._owed.pop(quota.name, None)
            self._stand_in = None
            return result

    def _database(self) -> Database:
        if self._opened is None:
            store = self._store()
            store.check()
            opened = connect(store.address, patience=self._patience, pool_size=2)
            if opened.sqlite:
                # A crash of the machine may cost a bucket its last calls: not worth a sync for each.
                event.listen(opened.reader, "connect", _without_sync)
            self._opened = opened
        return self._opened

    def _lost(self, error: Exception) -> None:
        self._ask_again = self._clock() + PAUSE
        if self._stand_in is None:
            self._stand_in = MemoryBuckets(self._clock, full=False)
            logger.warning(
                "quotas are kept in memory, at a fraction of their rates: the database does not answer (%s)",
                type(error).__name__,
            )

    def _without(self, quotas: Sequence[Quota]) -> tuple[MemoryBuckets, list[Quota]]:
        """Return the buckets that stand in, and the quotas as they hold for one process of several."""
        with self._lock:
            if self._stand_in is None:  # the database is back, but was not when this call asked it
                self._stand_in = MemoryBuckets(self._clock, full=False)
            slowed = [replace(quota, every=SHARERS * self._known.get(quota.name, quota.every)) for quota in quotas]
            return self._stand_in, slowed


def _without_sync(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA synchronous = NORMAL")


def _statement(quotas: Sequence[Quota]) -> Select[Any]:
    names = [quota.name for quota in quotas]
    return (
        select(buckets.c.name, buckets.c.full_at, buckets.c.every)
        .where(buckets.c.project == SHARED, buckets.c.name.in_(names))
        .order_by(buckets.c.name)
    )


def _levels(connection: Connection, statement: Select[Any]) -> dict[str, Level]:
    return {row.name: Level(int(row.full_at), int(row.every)) for row in connection.execute(statement)}
