"""Usage plans: a token bucket per account and operation, and the quota of JSON listings feeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from acorn_sandbox import exact
from acorn_sandbox.clock import Timing
from acorn_sandbox.errors import quota_exceeded
from acorn_sandbox.operations import Operation
from acorn_sandbox.storage import Storage

JSON_FEEDS: Final = 5
"""How many JSON_LISTINGS_FEED a seller may create per region in ``JSON_FEED_SECONDS``: a bucket too.

Source: SP-API changelog, 2025-05-06.
"""
JSON_FEED_SECONDS: Final = 300.0
_KIND: Final = "bucket"
_JSON_FEED: Final = "JSON_LISTINGS_FEED"

# A client that spaces its calls exactly must not be refused for the network's jitter.
_FORGIVEN_SECONDS: Final = 0.05


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled: float


class Quotas:
    """Every bucket; rates are Amazon's times the sandbox's speed."""

    def __init__(self, timing: Timing, storage: Storage) -> None:
        self._timing = timing
        self._storage = storage
        self._buckets: dict[tuple[str, str], _Bucket] = {}
        for key, value in storage.load(_KIND):
            account, name = exact.loads(key)
            tokens, filled = exact.loads(value)
            self._buckets[account, name] = _Bucket(float(tokens), float(filled))

    def rate(self, operation: Operation) -> float:
        """Return the requests per real second that an account has for an operation."""
        return operation.rate * self._timing.speed

    def take(self, account: str, operation: Operation) -> None:
        """Spend one request. Raises ``ApiError`` 429."""
        self._take((account, operation.name), self.rate(operation), operation.burst)

    def take_json_feed(self, account: str, region: str) -> None:
        """Spend one JSON listings feed. Raises ``ApiError`` 429."""
        rate = JSON_FEEDS / JSON_FEED_SECONDS * self._timing.speed
        self._take((account, f"{_JSON_FEED} {region}"), rate, JSON_FEEDS)

    def _take(self, key: tuple[str, str], rate: float, burst: int) -> None:
        now = self._timing.now()
        bucket = self._buckets.setdefault(key, _Bucket(burst, now))
        bucket.tokens = min(bucket.tokens + max(now - bucket.filled, 0.0) * rate, burst)
        bucket.filled = now
        if bucket.tokens < 1 - min(_FORGIVEN_SECONDS * rate, 0.5):
            raise quota_exceeded()
        bucket.tokens -= 1
        if self._storage.keeps:
            self._storage.save(_KIND, exact.dumps(key), exact.dumps([bucket.tokens, bucket.filled]))
