"""How patient the outbox is. Every time is a ``timedelta``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final


@dataclass(frozen=True, slots=True)
class OutboxSettings:
    """The outbox's waiting times and sizes.

    ``verify_within``: how long a value may take to show before it ``differs``.
    ``unreadable_after``: how much longer an offer may stay unreadable before it is ``unknown``.
    ``lookup_after``: how long after an unanswered submission the marketplace is first asked what it
    has, ``lookups`` times, with waits that double up to ``lookup_most``, before anything is
    submitted again: new submissions show up late.
    ``give_up_after``: how long a step may fail before its part becomes a dead letter.
    ``unknown_first``, ``unknown_for``: how soon, and for how long, unknown outcomes are read again.
    ``processing_within``: how long a submission may queue and run before it counts as stuck.
    ``read_batch``: offers a read. ``lease``: longer than any one call. ``clock_skew``: how far the
    marketplace's clock may be from ours. ``expiring_within``: when ``status`` warns of a plan.
    """

    verify_within: timedelta = timedelta(minutes=15)
    unreadable_after: timedelta = timedelta(hours=6)
    lookup_after: timedelta = timedelta(seconds=60)
    lookup_most: timedelta = timedelta(minutes=30)
    lookups: int = 6
    give_up_after: timedelta = timedelta(days=2)
    unknown_first: timedelta = timedelta(minutes=15)
    unknown_for: timedelta = timedelta(days=7)
    processing_within: timedelta = timedelta(hours=12)
    poll_first: timedelta = timedelta(seconds=5)
    poll_most: timedelta = timedelta(minutes=2)
    read_first: timedelta = timedelta(seconds=5)
    read_most: timedelta = timedelta(minutes=4)
    read_batch: int = 20
    retry_first: timedelta = timedelta(seconds=5)
    retry_most: timedelta = timedelta(minutes=15)
    lease: timedelta = timedelta(minutes=3)
    clock_skew: timedelta = timedelta(minutes=10)
    expiring_within: timedelta = timedelta(minutes=30)


def backoff(first: timedelta, most: timedelta, attempts: int) -> timedelta:
    """Return how long to wait after ``attempts`` tries: doubling from ``first`` up to ``most``."""
    return min(most, first * (1 << min(attempts, 20)))


PATCH_ATTEMPTS: Final = 3
"""How often one message is patched in all, each time after a look at the offer."""

UPLOAD_ATTEMPTS: Final = 2
"""How often a document that the marketplace calls invalid is uploaded before its part is given up."""

REPORT_ATTEMPTS: Final = 5
"""How often a report is asked for, beyond the first time, where the marketplace calls the call invalid."""
