"""The way out and back: enqueue, work, verify, and what became of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from sqlalchemy import func, select

from acorn_engine.outbox import Outbox, OutboxSettings, Progress
from acorn_engine.outbox.context import State
from acorn_engine.store.deliveries import outcome_counts
from acorn_engine.store.parts import parts_of
from acorn_engine.store.tables import deliveries, part_messages

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from acorn_engine.engine.context import Context
    from acorn_engine.project.model import RunSection

_NEEDS_A_PERSON: Final = frozenset({"no-credentials", "no-account", "no_account", "no_marketplace"})
"""Problems that waiting does not mend."""
_NOT_LEFT: Final = frozenset({State.WAITING, State.READY, State.UPLOADED})
_NEVER_LEFT: Final = (State.DEAD, None)
SLICE: Final = 2.0
"""Seconds of work between two words of progress."""
REASONS_SHOWN: Final = 10
_ENDINGS: Final = ("settled", "rejected", "differs", "unknown", "superseded", "dropped")


def settings_of(run: RunSection) -> OutboxSettings:
    """Return how patient a project's outbox is: what ``[run]`` says, the outbox's own words for the rest."""
    return OutboxSettings(
        verify_within=run.verify_within,
        poll_first=run.poll,
        read_first=run.poll,
        retry_first=run.poll,
        lookup_after=run.lookup_after,
        lookups=run.lookups,
        processing_within=run.processing_within,
        lease=run.lease,
        unknown_first=run.verify_within / 2,
    )


class Sender:
    """The outbox of one engine."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._outbox: Outbox | None = None
        self._lock = threading.Lock()

    @property
    def outbox(self) -> Outbox:
        """The outbox, made at first use."""
        with self._lock:
            if self._outbox is None:
                context = self._context
                self._outbox = Outbox(
                    context.store,
                    context.registry.marketplaces,
                    context.project.accounts,
                    context.connect,
                    context.now,
                    stop=context.stopped,
                    settings=settings_of(context.project.run),
                    on_settled=self._settled,
                )
            return self._outbox

    def _settled(self, submission: dict[str, Any]) -> None:
        self._context.host.tell("acorn_submission_settled", submission=submission)

    def submit(self, plan: str | None, key: str | None, account: str | None = None) -> list[str]:
        """Put one plan in line, or every approved one (of an account); return their ids."""
        found = reversed(self._context.store.plans(status="approved"))
        wanted = [plan] if plan else [info.id for info in found if account is None or account in info.accounts]
        for name in wanted:
            self.outbox.enqueue(name, key)
        return wanted

    def work(self, max_seconds: float, account: str | None = None, threads: Executor | None = None) -> Progress:
        """Send and follow."""
        return self._each(lambda one: self.outbox.work(max_seconds, one), account, threads)

    def verify(self, max_seconds: float, account: str | None = None, threads: Executor | None = None) -> Progress:
        """Follow and read back."""
        return self._each(lambda one: self.outbox.verify(max_seconds, one), account, threads)

    def wait(
        self,
        max_seconds: float,
        say: Callable[[str], None],
        account: str | None = None,
        threads: Executor | None = None,
    ) -> Progress:
        """Send, follow and read back until everything has ended or time is up."""
        over = threading.Event()
        try:
            return self._each(lambda one: self._wait(max_seconds, say, one, over), account, threads)
        finally:
            over.set()  # whatever ended this, by an interrupt too, ends the other accounts' threads

    def _each(self, run: Callable[[str | None], Progress], account: str | None, threads: Executor | None) -> Progress:
        """Run for all accounts at once in this thread, or for each in one of the caller's.

        An account that hangs or waits keeps the others up only where they share a thread.
        """
        names = self.outbox.accounts() if threads is not None and account is None else []
        if threads is None or len(names) < 2:
            return run(account)
        return Progress.together(list(threads.map(run, names)))

    def _wait(
        self, max_seconds: float, say: Callable[[str], None], account: str | None, leave: threading.Event
    ) -> Progress:
        end = time.monotonic() + max_seconds
        while True:
            progress = self.outbox.run(min(SLICE, max(0.0, end - time.monotonic())), account)
            say(f"{progress.open_parts} parts on their way{f' for {account}' if account else ''} …")
            stuck = not progress.steps and any(problem.code in _NEEDS_A_PERSON for problem in progress.problems)
            over = not progress.open_parts or (progress.next_due is None and not progress.busy)
            if stuck or over or leave.is_set() or time.monotonic() >= end:
                return progress

    def report(self, plans: Sequence[str], progress: Progress) -> dict[str, Any]:
        """Return what became of some plans, ready for JSON."""
        return {
            "plans": [self.outcome(plan) for plan in plans],
            "open": progress.open_parts,
            "dead": progress.dead,
            "stopped": progress.stopped,
            "problems": [problem.to_dict() for problem in progress.problems],
        }

    def outcome(self, plan: str) -> dict[str, Any]:
        """Return what became of one plan: its state, its changes by outcome, the reasons of those that failed."""
        store = self._context.store
        info = store.plan_info(plan)
        with store.read() as connection:
            counts = outcome_counts(connection, store.project, plan=plan)
            statement = (
                select(
                    deliveries.c.outcome,
                    deliveries.c.text,
                    func.count().label("count"),
                    func.min(deliveries.c.seller_sku).label("sku"),
                )
                .where(
                    deliveries.c.project == store.project,
                    deliveries.c.plan == plan,
                    deliveries.c.outcome.in_(["rejected", "differs", "unknown", "superseded", "dropped"]),
                )
                .group_by(deliveries.c.outcome, deliveries.c.text)
                .order_by(func.count().desc(), deliveries.c.outcome)
                .limit(REASONS_SHOWN)
            )
            reasons = [
                f"{row.count} {row.outcome}, such as {row.sku}: {row.text or 'no reason given'}"
                for row in connection.execute(statement)
            ]
        outcomes = {name: counts.get(name, 0) for name in _ENDINGS}
        outcomes["on_their_way"] = counts.get(None, 0)
        told = {"plan": plan, "site": info.site, "state": info.state, "outcomes": outcomes, "reasons": reasons}
        return told | self._unsent(plan)

    def _unsent(self, plan: str) -> dict[str, Any]:
        """Return how many changes of a plan have not left yet, and what its parts' last tries failed for."""
        store = self._context.store
        with store.read() as connection:
            parts = [part for part in parts_of(connection, store.project, plan) if part.state != State.ENDED]
            here = [part.id for part in parts if part.state in _NOT_LEFT or (part.state, part.intent_at) == _NEVER_LEFT]
            one_by_one = [part.id for part in parts if part.state == State.PATCHING]
            waiting = select(part_messages.c.seller_sku).where(
                part_messages.c.project == store.project,
                part_messages.c.part == deliveries.c.part,
                part_messages.c.message_id == deliveries.c.message_id,
                part_messages.c.state == "waiting",
            )
            left_behind = deliveries.c.part.in_(one_by_one) & waiting.exists()
            statement = select(func.count()).where(
                deliveries.c.project == store.project,
                deliveries.c.plan == plan,
                deliveries.c.outcome.is_(None),
                deliveries.c.part.in_(here) | left_behind,
            )
            unsent = connection.execute(statement).scalar_one() if here or one_by_one else 0
        return {"unsent": int(unsent), "troubles": list(dict.fromkeys(part.note for part in parts if part.note))}

    def resume(self, name: str, by: str) -> list[str]:
        """Take the dead letters of a part or plan up again."""
        return self.outbox.resume(name, by)

    def in_flight(self, account: str | None = None) -> list[str]:
        """Return the plans (of an account) that are submitted and have not ended, oldest first."""
        found = reversed(self._context.store.plans(status="submitted"))
        return [info.id for info in found if account is None or account in info.accounts]

    def drift(self, site: str, account: str) -> pl.DataFrame:
        """Return what reads back otherwise than it was last confirmed."""
        return self.outbox.drift(site, account)
