"""Usage plans: a token bucket per account and operation, and the quota of JSON listings feeds."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from acorn_sandbox.clock import Timing
from acorn_sandbox.errors import quota_exceeded
from acorn_sandbox.operations import Operation

JSON_FEEDS: Final = 5
"""How many JSON_LISTINGS_FEED a seller may create per region in ``JSON_FEED_SECONDS``.

Source: SP-API changelog, 2025-05-06.
"""
JSON_FEED_SECONDS: Final = 300.0

# A client that spaces its calls exactly must not be refused for the network's jitter.
_FORGIVEN_SECONDS: Final = 0.05


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled: float


class Quotas:
    """Every bucket; rates are Amazon's times the sandbox's speed."""

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._buckets: dict[tuple[str, str], _Bucket] = {}
        self._json_feeds: dict[tuple[str, str], deque[float]] = {}

    def rate(self, operation: Operation) -> float:
        """Return the requests per real second that an account has for an operation."""
        return operation.rate * self._timing.speed

    def take(self, account: str, operation: Operation) -> None:
        """Spend one request. Raises ``ApiError`` 429."""
        now = self._timing.now()
        bucket = self._buckets.setdefault((account, operation.name), _Bucket(operation.burst, now))
        gained = max(now - bucket.filled, 0.0) * self.rate(operation)
        bucket.tokens = min(bucket.tokens + gained, operation.burst)
        bucket.filled = now
        if bucket.tokens < 1 - min(_FORGIVEN_SECONDS * self.rate(operation), 0.5):
            raise quota_exceeded()
        bucket.tokens -= 1

    def take_json_feed(self, account: str, region: str) -> None:
        """Spend one JSON listings feed. Raises ``ApiError`` 429."""
        now = self._timing.now()
        created = self._json_feeds.setdefault((account, region), deque())
        while created and created[0] <= now - JSON_FEED_SECONDS / self._timing.speed + _FORGIVEN_SECONDS:
            created.popleft()
        if len(created) >= JSON_FEEDS:
            raise quota_exceeded()
        created.append(now)
