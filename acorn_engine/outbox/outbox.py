"""The outbox: takes approved plans, and brings every part to its end, one step at a time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from acorn_engine.outbox import drift, status
from acorn_engine.outbox.context import Context
from acorn_engine.outbox.enqueue import enqueue
from acorn_engine.outbox.rereading import lanes_to_reread
from acorn_engine.outbox.resuming import resume
from acorn_engine.outbox.running import Progress, Run
from acorn_engine.outbox.settings import OutboxSettings
from acorn_engine.store.parts import open_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    import polars as pl

    from acorn_engine.marketplace import Account, Connection, Marketplace
    from acorn_engine.store import Store


class Outbox:
    """Sends approved plans and reads back what became of them. Thread-safe; starts no thread.

    ``connect`` opens the connection of an account (at most once), ``now`` is the clock, ``sleep``
    waits (in ``run`` only), ``stop`` says whether sending is halted, ``on_settled`` is told of
    every submission that has ended.
    """

    def __init__(
        self,
        store: Store,
        marketplaces: Mapping[str, Marketplace],
        accounts: Mapping[str, Account],
        connect: Callable[[Account], Connection],
        now: Callable[[], datetime],
        *,
        sleep: Callable[[float], None] = time.sleep,
        stop: Callable[[], bool] = lambda: False,
        settings: OutboxSettings | None = None,
        on_settled: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        settings = settings or OutboxSettings()
        self._context = Context(store, marketplaces, accounts, connect, now, stop, settings, on_settled)
        self._sleep = sleep

    def enqueue(
        self,
        plan_id: str,
        key: str | None = None,
        current: Callable[[str, Sequence[str]], pl.DataFrame] | None = None,
    ) -> list[str]:
        """Put an approved plan in line and return its part ids; see ``enqueue.enqueue``."""
        return enqueue(self._context, plan_id, key, current)

    def work(self, max_seconds: float, account: str | None = None) -> Progress:
        """Send what may be sent and follow what was sent. Returns when nothing is due.

        With ``account``, here and below, only that account's parts are touched and counted.
        """
        return self._run(max_seconds, account, sends=True, reads=False)

    def verify(self, max_seconds: float, account: str | None = None) -> Progress:
        """Follow what was sent and read offers back; sends nothing. Returns when nothing is due."""
        return self._run(max_seconds, account, sends=False, reads=True)

    def run(self, max_seconds: float, account: str | None = None) -> Progress:
        """Send, follow and read back, sleeping in between, until every part has ended or time is up."""
        end = time.monotonic() + max_seconds
        while True:
            progress = self._run(max(0.0, end - time.monotonic()), account, sends=True, reads=True)
            left = end - time.monotonic()
            # What another worker has comes on without this one.
            if not progress.open_parts or (progress.next_due is None and not progress.busy) or left <= 0:
                return progress
            wait = (progress.next_due - self._context.now()).total_seconds() if progress.next_due else 0.0
            self._sleep(min(max(wait, 1.0 if progress.busy else 0.05), left))

    def accounts(self) -> list[str]:
        """Return the accounts of which something has not ended or is to be read again, in order."""
        with self._context.store.read() as connection:
            waiting = {part.account for part in open_parts(connection, self._context.store.project)}
        return sorted(waiting | {account for account, _ in lanes_to_reread(self._context, None)})

    def resume(self, name: str, by: str) -> list[str]:
        """Take the dead letters of a part or plan up again; see ``resuming.resume``."""
        return resume(self._context, name, by)

    def status(self) -> dict[str, list[dict[str, Any]]]:
        """Return ``{in_flight, held, expiring, must_act}``, lists of JSON-ready records."""
        return status.status(self._context)

    def drift(self, site: str, account: str) -> pl.DataFrame:
        """Return what reads back otherwise than it was last confirmed; see ``drift.drift``."""
        return drift.drift(self._context, site, account)

    def close(self) -> None:
        """Close the connections that were opened."""
        self._context.close()

    def _run(self, max_seconds: float, account: str | None, *, sends: bool, reads: bool) -> Progress:
        """Go round the lanes, a step each, until nothing is due or time is up."""
        run = Run(self._context, account, sends=sends, reads=reads)
        end = time.monotonic() + max_seconds
        cut = False
        while not cut and run.round():
            cut = time.monotonic() >= end
        return run.finish(cut=cut)
