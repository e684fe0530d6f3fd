"""The sandbox's time: instants are real, durations are Amazon's divided by the speed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class Timing:
    """How long things take, in seconds of Amazon's time, and how much faster the sandbox runs.

    What a client must be on time for never shrinks below a few real seconds.
    """

    speed: float = 1.0
    queue: float = 30.0
    processing: float = 60.0
    message: float = 0.01
    access_token: float = 3600.0
    link: float = 300.0
    feed_document: float = 2 * 86400.0
    report_document: float = 28 * 86400.0
    feed: float = 90 * 86400.0
    order: float = 2 * 365 * 86400.0
    shown_late: float = 20.0
    step: float = 60.0
    shortest_token: float = 15.0
    shortest_link: float = 15.0
    shortest_document: float = 60.0
    shortest_report: float = 600.0
    shortest_feed: float = 3600.0
    shortest_order: float = 3600.0
    now: Callable[[], float] = time.time

    @property
    def token_seconds(self) -> float:
        """How long an access token lives, in real seconds."""
        return max(self.access_token / self.speed, self.shortest_token)

    @property
    def link_seconds(self) -> float:
        """How long a presigned URL lives, in real seconds."""
        return max(self.link / self.speed, self.shortest_link)

    @property
    def document_seconds(self) -> float:
        """How long an uploaded document can be used, in real seconds."""
        return max(self.feed_document / self.speed, self.shortest_document)

    @property
    def report_seconds(self) -> float:
        """How long a processing report can be downloaded, in real seconds."""
        return max(self.report_document / self.speed, self.shortest_report)

    @property
    def feed_seconds(self) -> float:
        """How long a feed is known, in real seconds."""
        return max(self.feed / self.speed, self.shortest_feed)

    @property
    def order_seconds(self) -> float:
        """How long an order that has ended is known, in real seconds."""
        return max(self.order / self.speed, self.shortest_order)

    def processing_seconds(self, messages: int) -> float:
        """How long a feed is IN_PROGRESS, in real seconds."""
        return (self.processing + self.message * messages) / self.speed

    @property
    def queue_seconds(self) -> float:
        """How long a feed is IN_QUEUE when no other is before it, in real seconds."""
        return self.queue / self.speed

    @property
    def shown_late_seconds(self) -> float:
        """How long after its creation a feed shows up in getFeeds, in real seconds."""
        return self.shown_late / self.speed

    @property
    def step_seconds(self) -> float:
        """How long it is between two things that happen by themselves, in real seconds."""
        return self.step / self.speed


def stamp(instant: float) -> str:
    """Return an instant (seconds since the epoch) as Amazon writes it: UTC with milliseconds."""
    moment = datetime.fromtimestamp(instant, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def instant_of(text: str) -> float:
    """Return the instant of an ISO 8601 text; without a zone it is UTC. Raises ``ValueError``."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
