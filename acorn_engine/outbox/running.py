"""One run of the outbox: round the lanes, one step each, and what it did."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from acorn_engine.outbox.context import Context, State
from acorn_engine.outbox.patching import patch
from acorn_engine.outbox.polling import poll, report
from acorn_engine.outbox.recovery import recover
from acorn_engine.outbox.rereading import lanes_to_reread, reread
from acorn_engine.outbox.resuming import lapse
from acorn_engine.outbox.sending import submit, upload
from acorn_engine.outbox.verifying import verify
from acorn_engine.outbox.waves import depart, may_leave
from acorn_engine.problems import Problem, StoreError
from acorn_engine.store.leases import drop_lease, new_owner, take_lease
from acorn_engine.store.parts import StaleWorkerError, open_parts
from acorn_engine.store.times import instant, micros

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from acorn_engine.store.parts import Part

    Step = Callable[[Context, Part], list[dict[str, Any]]]

SLOW: Final = 1.0
"""So many seconds more than another account may one have had before it waits for what the other has due."""

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

    ``steps``: how many, by the state of the part that they began with, and the ``unknown`` outcomes read again. ``open_parts``: parts that
    have not ended, ``dead`` of which are dead letters. ``next_due``: when there is something to do again; ``None`` where only another
    verb, another worker or a person can bring it on. ``stopped``: sending is halted by STOP.
    ``busy``: (account, site) that another worker has. ``problems``: what failed and is tried again.
    """

    steps: Counter[str] = field(default_factory=Counter)
    open_parts: int = 0
    dead: int = 0
    next_due: datetime | None = None
    stopped: bool = False
    busy: tuple[tuple[str, str], ...] = ()
    problems: tuple[Problem, ...] = ()

    @classmethod
    def together(cls, several: Sequence[Progress]) -> Progress:
        """Return what several runs, each of accounts of its own, did together."""
        dues = [progress.next_due for progress in several if progress.next_due is not None]
        return cls(
            steps=sum((progress.steps for progress in several), Counter()),
            open_parts=sum(progress.open_parts for progress in several),
            dead=sum(progress.dead for progress in several),
            next_due=min(dues, default=None),
            stopped=any(progress.stopped for progress in several),
            busy=tuple(lane for progress in several for lane in progress.busy),
            problems=tuple(problem for progress in several for problem in progress.problems),
        )


class Run:
    """The lanes that this run has leased, what it did, and how long each account kept it."""

    def __init__(self, ctx: Context, account: str | None, *, sends: bool, reads: bool) -> None:
        self.ctx = ctx
        self.account = account
        self.sends = sends
        self.reads = reads
        self.owner = new_owner()  # a run's own: two threads never share a lane
        self.leased: dict[tuple[str, str], int] = {}
        self.busy: set[tuple[str, str]] = set()
        self.failed: dict[tuple[str, str], Problem] = {}
        self.spent: defaultdict[str, float] = defaultdict(float)
        self.steps: Counter[str] = Counter()
        self.stopped = False

    def round(self) -> bool:
        """Do one step in every lane that has one due. Returns whether anything was done.

        While accounts that have had less time still have something due, one that has had much more waits.
        """
        lanes: dict[tuple[str, str], list[Part]] = defaultdict(list)
        for part in self._parts():
            lanes[part.lane].append(part)
        did, least = False, 0.0
        for lane in sorted(lanes, key=lambda lane: self.spent[lane[0]]):
            if lane in self.busy or lane in self.failed:
                continue
            if did and self.spent[lane[0]] > least + SLOW:
                break
            begin = time.monotonic()
            least = least if did else self.spent[lane[0]]
            did = self._lane(lane, lanes[lane]) or did
            self.spent[lane[0]] += time.monotonic() - begin
        return did or (self.reads and self._reread())

    def _reread(self) -> bool:
        """Look at some unknown outcomes again where nothing else is due. Returns whether anything was done."""
        did = False
        for lane in lanes_to_reread(self.ctx, self.account):
            if lane in self.busy or lane in self.failed:
                continue
            try:
                if not self._lease(lane):
                    self.busy.add(lane)
                    continue
                looked = reread(self.ctx, lane)
            except StoreError:
                raise
            except Exception as error:  # noqa: BLE001 (one account's trouble never stops another's)
                self._trouble(lane, None, error)
                continue
            self.steps["unknown"] += looked
            did = did or bool(looked)
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

    def finish(self, *, cut: bool) -> Progress:
        """Give the lanes back and say what was done; ``cut`` where time was up before nothing was due."""
        if self.leased:
            with self.ctx.store.write() as tx:
                for lane in self.leased:
                    drop_lease(tx, _lease_name(lane), self.owner)
        parts = self._parts()
        now = micros(self.ctx.now())
        awaited = [part.due_at for part in parts if self._awaited(part, now)] + [now] * (cut and bool(parts))
        return Progress(
            steps=self.steps,
            open_parts=len(parts),
            dead=sum(part.state == State.DEAD for part in parts),
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
