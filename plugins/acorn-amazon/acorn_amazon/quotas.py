"""Amazon's usage plans as quotas of one seller: waited for before a call, corrected by what Amazon answers.

Amazon counts by application, seller and operation in each region, with further limits besides
(``FURTHER_PLANS``, ``APPLICATION_PLANS``); whichever is used up first refuses the call.
"""

from __future__ import annotations

import hashlib
import math
import time
from typing import TYPE_CHECKING, Final

from acorn_amazon.operations import FEED_TYPE, FURTHER_PLANS, OPERATIONS, Operation, Plan
from acorn_engine.marketplace import MarketplaceError
from acorn_engine.quotas import MemoryBuckets, Quota, interval

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from acorn_engine.quotas import Buckets

APPLICATION_PLANS: Final[dict[str, Plan]] = {
    "getListingsItem": Plan(100, 100),
    "patchListingsItem": Plan(100, 100),
    "putListingsItem": Plan(100, 100),
    "deleteListingsItem": Plan(100, 100),
}
"""What all sellers of one application may ask together, by operation.

Source: Amazon's page of the Listings Items API's rate limits; for a patch the limit of one with product data. It names
no burst: a second's worth is taken. No answer tells of these.
"""


def application_of(client_id: str) -> str:
    """Return a short name for an application, which does not give its client id away."""
    return hashlib.blake2b(client_id.encode(), digest_size=8).hexdigest()


class Quotas:
    """The quotas of one seller. Thread-safe.

    ``buckets`` keep them: shared by processes, or without any in memory, by ``clock``. ``endpoint``, ``application`` and
    ``seller`` say whose they are. ``imitation``: the endpoint is a sandbox, whose limits all run at
    the same speed, so that those of which no answer tells follow the rate that one names; at
    Amazon they stay as published.
    """

    def __init__(
        self,
        buckets: Buckets | None = None,
        *,
        endpoint: str = "",
        application: str = "",
        seller: str = "",
        imitation: bool = False,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._buckets = MemoryBuckets(clock) if buckets is None else buckets
        self._imitation = imitation
        self._sleep = sleep
        self._own = {
            name: _quota(operation.plan, endpoint, application, seller, name) for name, operation in OPERATIONS.items()
        }
        # Whether applications count their feeds together is not published: all of a seller's do here.
        self._further = {
            name: _quota(plan, endpoint, "*", seller, name)
            if name == FEED_TYPE
            else _quota(plan, endpoint, application, "*", name)
            for name, plan in FURTHER_PLANS.items()
        }
        self._common = {
            name: _quota(plan, endpoint, application, "*", name) for name, plan in APPLICATION_PLANS.items()
        }

    def _of(self, operation: Operation) -> list[Quota]:
        """Return the operation's own quota first, then those of which no answer tells."""
        found = [self._own[operation.name]]
        if operation.also:
            found.append(self._further[operation.also])
        if operation.name in self._common:
            found.append(self._common[operation.name])
        return found

    def acquire(self, operation: Operation, longest_wait: float) -> None:
        """Wait until the operation may be called, and count the call.

        Raises ``MarketplaceError`` (``throttled``, with ``retry_after``) where the wait would be
        longer than ``longest_wait`` seconds in all: at once, unless others were faster meanwhile.
        """
        quotas = self._of(operation)
        waited = 0.0
        while wait := self._buckets.take(quotas):
            if waited + wait > longest_wait:
                raise MarketplaceError(
                    f"{operation.name}: Amazon's quota for this account is used up, so the call was not made. "
                    f"It can be made in {math.ceil(wait)} seconds.",
                    code="throttled",
                    retryable=True,
                    retry_after=wait,
                    who="time",
                    remedy=f"Wait {math.ceil(wait)} seconds, then try again; the outbox does so by itself.",
                )
            self._sleep(wait)
            waited += wait

    def learn(self, operation: Operation, headers: Mapping[str, str]) -> None:
        """Note that a call was answered, and take over the rate that the answer names if it can be read."""
        quotas = self._of(operation)
        rate = _rate(headers)
        every: dict[str, int] = {}
        if rate is not None:
            every[quotas[0].name] = interval(rate)
            if self._imitation:
                factor = operation.plan.rate / rate
                every |= {quota.name: max(math.ceil(quota.every * factor), 1) for quota in quotas[1:]}
        self._buckets.answered(quotas, every)

    def drain(self, operation: Operation) -> None:
        """Note that Amazon refused a call for its quota."""
        self._buckets.drain(self._of(operation))


def _quota(plan: Plan, endpoint: str, application: str, seller: str, name: str) -> Quota:
    return Quota(f"{endpoint} {application} {seller} {name}", interval(plan.rate), plan.burst)


def _rate(headers: Mapping[str, str]) -> float | None:
    try:
        rate = float(headers.get("x-amzn-RateLimit-Limit", ""))
    except ValueError:
        return None
    return rate if math.isfinite(rate) and rate > 0 else None
