"""Quotas as token buckets: how a provider asks for a call, and buckets that live in one process.

A bucket is one number (the generic cell rate algorithm): the instant at which it would be full
again. Every call moves it on by the time that one call takes to come back. Instants and intervals
are whole microseconds; waits are seconds.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

SECOND: Final = 1_000_000
RESERVE: Final = 250_000
"""How far calls may bunch up on their way: the last call of a burst is held back for so long."""


@dataclass(frozen=True, slots=True)
class Quota:
    """A quota: ``burst`` calls at once, and one back ``every`` so many microseconds.

    ``name`` says whose quota for what it is, so that all who spend it use the same; no secret in it.
    """

    name: str
    every: int
    burst: int


@dataclass(frozen=True, slots=True)
class Level:
    """How full a bucket is: full again at ``full_at``, one call back ``every`` so many microseconds."""

    full_at: int
    every: int

    def wait(self, now: int, burst: int) -> int:
        """Return the microseconds until the next call; 0 where it may be made now."""
        allowed = (burst - 1) * self.every - min(RESERVE, burst * self.every // 4)
        return max(self._at(now, burst) - now - allowed, 0)

    def taken(self, now: int, burst: int, calls: int = 1) -> Level:
        """Return the level after so many calls; it is never emptier than empty."""
        full_at = max(self._at(now, burst), now) + calls * self.every
        return Level(min(full_at, now + burst * self.every), self.every)

    def answered(self, now: int, every: int) -> Level:
        """Return the level once an answer has come: its call counts from now at the latest.

        At another rate the debt is rescaled, or a faster rate would stall the bucket.
        """
        debt = max(self.full_at - now, 0) * every // self.every
        return Level(max(now + debt, now + every), every)

    def drained(self, now: int, burst: int) -> Level:
        """Return the empty level: the next call is one interval away."""
        return Level(now + burst * self.every, self.every)

    def _at(self, now: int, burst: int) -> int:
        # A bucket cannot owe more than it holds: a clock that was set back would stall it otherwise.
        return min(self.full_at, now + burst * self.every)


def interval(rate: float) -> int:
    """Return the microseconds of one call at ``rate`` calls a second, rounded up."""
    return max(math.ceil(SECOND / rate), 1)


class Buckets(Protocol):
    """Where quotas are kept. Thread-safe. ``connect`` is given one that processes share (option ``buckets``)."""

    def take(self, quotas: Sequence[Quota]) -> float:
        """Take one call from every quota, or from none: return the seconds to wait, 0 where all gave.

        A quota that is new here starts full. One that is known goes on at the rate that it has.
        """
        ...

    def answered(self, quotas: Sequence[Quota], every: Mapping[str, int]) -> None:
        """Note that a call was answered, and what its answer says of a quota's interval, by name."""
        ...

    def drain(self, quotas: Sequence[Quota]) -> None:
        """Note that a call was refused: these quotas are empty."""
        ...


class MemoryBuckets:
    """Buckets of one process. ``clock`` gives seconds, steadily growing; ``full`` says how new ones start."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, *, full: bool = True) -> None:
        self._clock = clock
        self._full = full
        self._lock = Lock()
        self._levels: dict[str, Level] = {}

    def take(self, quotas: Sequence[Quota]) -> float:
        """See ``Buckets``."""
        with self._lock:
            now = self._now()
            levels = [self._level(quota, now) for quota in quotas]
            wait = max(level.wait(now, quota.burst) for level, quota in zip(levels, quotas, strict=True))
            if not wait:
                for level, quota in zip(levels, quotas, strict=True):
                    self._levels[quota.name] = level.taken(now, quota.burst)
            return wait / SECOND

    def answered(self, quotas: Sequence[Quota], every: Mapping[str, int]) -> None:
        """See ``Buckets``."""
        with self._lock:
            now = self._now()
            for quota in quotas:
                level = self._level(quota, now)
                self._levels[quota.name] = level.answered(now, every.get(quota.name, level.every))

    def drain(self, quotas: Sequence[Quota]) -> None:
        """See ``Buckets``."""
        with self._lock:
            now = self._now()
            for quota in quotas:
                self._levels[quota.name] = self._level(quota, now).drained(now, quota.burst)

    def _now(self) -> int:
        return round(self._clock() * SECOND)

    def _level(self, quota: Quota, now: int) -> Level:
        level = self._levels.get(quota.name)
        if level is None:
            level = Level(now if self._full else now + quota.burst * quota.every, quota.every)
            self._levels[quota.name] = level
        return level
