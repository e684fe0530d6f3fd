"""The outbox: takes approved plans, and brings every part to its end, one step at a time."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from acorn_engine.outbox import drift, status
from acorn_engine.outbox.context import Context, State
from acorn_engine.outbox.enqueue import enqueue
from acorn_engine.outbox.patching import patch
from acorn_engine.outbox.polling import poll, report
from acorn_engine.outbox.recovery import recover
from acorn_engine.outbox.resuming import lapse, resume
from acorn_engine.outbox.sending import submit, upload
from acorn_engine.outbox.settings import OutboxSettings
from acorn_engine.outbox.verifying import verify
from acorn_engine.outbox.waves import depart, may_leave
from acorn_engine.problems import Problem, StoreError
from acorn_engine.store.leases import drop_lease, new_owner, take_lease
from acorn_engine.store.parts import StaleWorkerError, open_parts
from acorn_engine.store.times import instant, micros

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    import polars as pl

    from acorn_engine.marketplace import Account, Connection, Marketplace
    from acorn_engine.store import Store
    from acorn_engine.store.parts import Part

    Step = Callable[[Context, Part], list[dict[str, Any]]]

_FOLLOW: Final[dict[str, Step]] = {
    State.SUBMITTING: recover,
    State.SUBMITTED: poll,
    State.PROCESSING: poll,
    State.REPORTED: report,
    State.DEAD: lapse,
}
"""Steps that send nothing: most ask what became of something that may have been sent."""

_SEND: Final[dict[tuple[str, str], Step]] = {
    ("feed", State.READY): upload,
    ("feed", State.UPLOADED): submit,
    ("patch", State.READY): patch,
}
_SENDING: Final = frozenset({State.WAITING.value, State.READY.value, State.UPLOADED.value, State.PATCHING.value})


@dataclass(slots=True)
class Progress:
    """What a run of the outbox did.

    ``steps``: how many, by the state of the part that they began with. ``open_parts``: parts that
    have not ended. ``next_due``: when there is something to do again; ``None`` where only another
    verb, another worker or a person can bring it on. ``stopped``: sending is halted by STOP.
    ``busy``: (account, site) that another worker has. ``problems``: what failed and is tried again.
    """

    steps: Counter[str] = field(default_factory=Counter)
    open_parts: int = 0
    next_due: datetime | None = None
    stopped: bool = False
    busy: tuple[tuple[str, str], ...] = ()
    problems: tuple[Problem, ...] = ()


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
        run = _Run(self._context, account, sends=sends, reads=reads)
        end = time.monotonic() + max_seconds
        while run.round() and time.monotonic() < end:
            pass
        return run.finish()


class _Run:
    """One run of the outbox: the lanes that it has leased, and what it did."""

    def __init__(self, ctx: Context, account: str | None, *, sends: bool, reads: bool) -> None:
        self.ctx = ctx
        self.account = account
        self.sends = sends
        self.reads = reads
        self.owner = new_owner()  # a run's own: two threads never share a lane
        self.leased: dict[tuple[str, str], int] = {}
        self.busy: set[tuple[str, str]] = set()
        self.failed: dict[tuple[str, str], Problem] = {}
        self.steps: Counter[str] = Counter()
        self.stopped = False

    def round(self) -> bool:
        """Do one step in every lane that has one due. Returns whether anything was done."""
        parts = self._parts()
        did = False
        for lane in dict.fromkeys(part.lane for part in parts):
            if lane in self.busy or lane in self.failed:
                continue
            mine = [part for part in parts if part.lane == lane]
            did = self._lane(lane, mine) or did
        return did

    def _parts(self) -> list[Part]:
        with self.ctx.store.read() as connection:
            parts = open_parts(connection, self.ctx.store.project)
        return [part for part in parts if self.account in {None, part.account}]

    def _lane(self, lane: tuple[str, str], parts: list[Part]) -> bool:
        part: Part | None = None
        try:
            if self._next(parts) is None:
                return False
            fresh = lane in self.leased
            if not self._lease(lane):
                self.busy.add(lane)
                return False
            if not fresh:  # another worker may have moved these parts before the lease was ours
                with self.ctx.store.read() as connection:
                    parts = open_parts(connection, self.ctx.store.project, lane)
            found = self._next(parts)
            if found is None:
                return False
            part, step = found
            told = step(self.ctx, part)
        except StaleWorkerError:
            self.busy.add(lane)
            return False
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 (one account's trouble never stops another's parts)
            self._trouble(lane, part, error)
            return False
        self.steps[part.state] += 1
        self.ctx.tell(told)
        return True

    def _next(self, parts: Sequence[Part]) -> tuple[Part, Step] | None:
        """Return the lane's next part that is due, and its step: what was sent first, reading back last."""
        now = micros(self.ctx.now())
        due = [part for part in parts if part.due_at <= now]
        for part in due:
            if part.state in _FOLLOW:
                return part, _FOLLOW[part.state]
        found = self._next_to_send(parts, due) if self.sends else None
        if found is None and self.reads:
            return next(((part, verify) for part in due if part.state == State.VERIFYING), None)
        return found

    def _next_to_send(self, parts: Sequence[Part], due: Sequence[Part]) -> tuple[Part, Step] | None:
        """Return what may be sent: nothing while something of this account and site is in flight, or by STOP."""
        if any(part.state in _SENDING for part in due) and self.ctx.stop():
            self.stopped = True
            return None
        for part in due:
            if part.state == State.PATCHING:
                return part, patch
        if any(part.in_flight for part in parts):
            return None
        for part in due:
            if part.state == State.WAITING and may_leave(self.ctx, part, parts):
                return part, depart
            if (part.mode, part.state) in _SEND:
                return part, _SEND[part.mode, part.state]
        return None

    def _lease(self, lane: tuple[str, str]) -> bool:
        """Have the lane for at least half a lease more."""
        now, length = self.ctx.now(), self.ctx.settings.lease
        if self.leased.get(lane, 0) > micros(now + length / 2):
            return True
        with self.ctx.store.write() as tx:
            until = micros(tx.now + length)
            taken = take_lease(tx, _lease_name(lane), self.owner, until)
        if taken:
            self.leased[lane] = until
        return taken

    def _trouble(self, lane: tuple[str, str], part: Part | None, error: Exception) -> None:
        """Remember what went wrong in a lane, and let its part wait."""
        problems = getattr(error, "problems", None)
        account, site = lane
        message = f"account '{account}', {site}: {type(error).__name__}: the step was given up and is tried again later"
        self.failed[lane] = problems[0] if problems else Problem(code="step_failed", message=message, effect="warns")
        if part is None:
            return
        try:
            self.ctx.retry(part, error)
        except StaleWorkerError:
            self.failed[lane] = Problem(code="step_failed", message=message, effect="warns")

    def finish(self) -> Progress:
        """Give the lanes back and say what was done."""
        if self.leased:
            with self.ctx.store.write() as tx:
                for lane in self.leased:
                    drop_lease(tx, _lease_name(lane), self.owner)
        parts = self._parts()
        now = micros(self.ctx.now())
        awaited = [part.due_at for part in parts if self._awaited(part, now)]
        return Progress(
            steps=self.steps,
            open_parts=len(parts),
            next_due=instant(min(awaited)) if awaited else None,
            stopped=self.stopped,
            busy=tuple(sorted(self.busy)),
            problems=tuple(self.failed.values()),
        )

    def _awaited(self, part: Part, now: int) -> bool:
        """Say whether time alone brings a part on in a run like this one."""
        if part.state == State.DEAD:
            return False
        if part.state == State.VERIFYING:
            return self.reads
        if part.state in _SENDING:
            return self.sends and not self.stopped and (part.due_at > now or part.state == State.PATCHING)
        return part.state in _FOLLOW


def _lease_name(lane: tuple[str, str]) -> str:
    return f"lane:{lane[0]}:{lane[1]}"
