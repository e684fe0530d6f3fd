"""Token buckets, one per operation of an account, corrected by what Amazon answers."""

from __future__ import annotations

import math
import time
from threading import Lock
from typing import TYPE_CHECKING, Final

from acorn_amazon.operations import FURTHER_PLANS, OPERATIONS, Operation, Plan
from acorn_engine.marketplace import MarketplaceError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Below this a wait is the rounding of the clock's numbers, and sleeping for it would not move the clock.
_SHORTEST_WAIT: Final = 1e-6


class TokenBucket:
    """A token bucket kept as one number: the time at which it would be full again.

    Times are seconds of any steady clock. Not thread-safe by itself.
    """

    def __init__(self, plan: Plan) -> None:
        self.rate = plan.rate
        self.burst = plan.burst
        self._full_at = -math.inf

    def wait(self, now: float) -> float:
        """Return the seconds until the next call may be made; 0 where it may be made now."""
        wait = self._full_at - now - (self.burst - 1) / self.rate
        return wait if wait > _SHORTEST_WAIT else 0.0

    def take(self, now: float) -> None:
        """Take one token."""
        self._full_at = max(self._full_at, now) + 1 / self.rate

    def drain(self, now: float) -> None:
        """Empty the bucket: the next call is one interval away."""
        self._full_at = max(self._full_at, now + self.burst / self.rate)

    def learn(self, rate: float, now: float) -> None:
        """Go on at another rate. The debt is rescaled, or a faster rate would stall the bucket."""
        if self._full_at > now:
            self._full_at = now + (self._full_at - now) * self.rate / rate
        self.rate = rate


class Quotas:
    """The buckets of one account. Thread-safe; to be shared by all its connections."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._lock = Lock()
        plans = {name: operation.plan for name, operation in OPERATIONS.items()} | FURTHER_PLANS
        self._buckets = {name: TokenBucket(plan) for name, plan in plans.items()}

    def _of(self, operation: Operation) -> list[TokenBucket]:
        names = [operation.name] + ([operation.also] if operation.also else [])
        return [self._buckets[name] for name in names]

    def acquire(self, operation: Operation, longest_wait: float) -> None:
        """Wait until the operation may be called, and count the call.

        Raises ``MarketplaceError`` (``throttled``, with ``retry_after``) without waiting where the
        wait would be longer than ``longest_wait`` seconds.
        """
        buckets = self._of(operation)
        while True:
            with self._lock:
                now = self._clock()
                wait = max(bucket.wait(now) for bucket in buckets)
                if wait <= 0:
                    for bucket in buckets:
                        bucket.take(now)
                    return
            if wait > longest_wait:
                raise MarketplaceError(
                    f"{operation.name}: Amazon's quota for this account is used up, so the call was not made. "
                    f"It can be made in {math.ceil(wait)} seconds.",
                    code="throttled",
                    retryable=True,
                    retry_after=wait,
                )
            self._sleep(wait)

    def learn(self, operation: Operation, headers: Mapping[str, str]) -> None:
        """Take over the rate that an answer names; anything unreadable is ignored.

        A further quota of the operation, of which no answer tells, is taken to grow and shrink in
        proportion: an application with a raised plan has it raised throughout.
        """
        try:
            rate = float(headers.get("x-amzn-RateLimit-Limit", ""))
        except ValueError:
            return
        if not math.isfinite(rate) or rate <= 0:
            return
        with self._lock:
            now = self._clock()
            self._adjust(operation.name, rate, now)
            if operation.also:
                self._adjust(operation.also, FURTHER_PLANS[operation.also].rate * rate / operation.plan.rate, now)

    def _adjust(self, name: str, rate: float, now: float) -> None:
        bucket = self._buckets[name]
        if not math.isclose(bucket.rate, rate, rel_tol=1e-9):
            bucket.learn(rate, now)

    def drain(self, operation: Operation) -> None:
        """Note that Amazon refused a call for its quota."""
        with self._lock:
            now = self._clock()
            for bucket in self._of(operation):
                bucket.drain(now)
