"""The queues of feeds: one lane per seller and marketplace, one feed at a time, in order.

Nothing runs in the background: whoever looks brings the lanes up to the present first. A feed's
changes show when it ends, but for its quantities, which show half-way.
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from typing import Any, Final

from acorn_sandbox import exact
from acorn_sandbox.processing import FeedRefusedError, apply_stock, count_messages, failure_report, process
from acorn_sandbox.records import feed_document_id
from acorn_sandbox.state import Document, Feed, State

JSON_FEED: Final = "JSON_LISTINGS_FEED"
_REPORT_TYPE: Final = "application/json; charset=UTF-8"


class Queues:
    """Moves feeds from IN_QUEUE through IN_PROGRESS to their end."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add(self, feed: Feed) -> None:
        """Put a new feed at the end of its lane."""
        feed.messages = count_messages(self._state.content(feed.document_id) or b"")
        self._state.put_feed(feed)
        self._state.lanes.setdefault(feed.lane, deque()).append(feed)

    def add_foreign(self, seller_id: str, marketplace_id: str, messages: list[Any] | None = None) -> Feed:
        """Queue a feed as another tool of the seller's would; without ``messages`` it changes nothing."""
        now = self._state.now()
        harmless = [{"messageId": 1, "sku": "SKU-OF-ANOTHER-TOOL", "operationType": "DELETE"}]
        header = {"sellerId": seller_id, "version": "2.0"}
        content = exact.dumps({"header": header, "messages": messages or harmless}).encode()
        document = Document(feed_document_id(), seller_id, _REPORT_TYPE, now)
        self._state.put_document(document, content)
        feed = Feed(self._state.next_feed_id(), seller_id, JSON_FEED, [marketplace_id], document.id, now)
        self.add(feed)
        return feed

    def cancel(self, feed: Feed) -> None:
        """End a feed that has not started."""
        self._state.lanes[feed.lane].remove(feed)
        feed.status, feed.ended = "CANCELLED", self._state.now()
        self._state.put_feed(feed)

    def advance(self) -> None:
        """Bring every lane up to the present."""
        now = self._state.now()
        for key, lane in list(self._state.lanes.items()):
            while lane and self._advance_head(lane[0], now):
                lane.popleft()
            if not lane:
                del self._state.lanes[key]

    def _advance_head(self, feed: Feed, now: float) -> bool:
        """Move the first feed of a lane on; say whether it has left the lane."""
        timing = self._state.timing
        if feed.started is None:
            start = max(feed.created + timing.queue_seconds, self._state.free_at.get(feed.lane, 0.0))
            if start > now:
                return False
            self._start(feed, start)
        if feed.status == "CANCELLED":
            return True
        if feed.effect == "stuck":
            self._apply_share(feed)
            return True
        started, lasts = feed.started or now, timing.processing_seconds(feed.messages)
        end = started + lasts
        if end > now:
            if started + lasts / 2 <= now and not feed.stocked and feed.type == JSON_FEED:
                apply_stock(self._state, feed, self._state.content(feed.document_id) or b"")
                self._state.put_feed(feed)
            return False
        content = self._state.content(feed.document_id) or b""
        self._finish(feed, content, end)
        return True

    def _start(self, feed: Feed, start: float) -> None:
        if feed.effect == "cancelled":
            feed.status, feed.ended = "CANCELLED", start
        else:
            feed.status, feed.started = "IN_PROGRESS", start
        self._state.put_feed(feed)

    def _finish(self, feed: Feed, content: bytes, end: float) -> None:
        feed.ended, feed.status = end, "DONE"
        report: bytes | None = None
        if feed.type != JSON_FEED:
            feed.status = "FATAL"
        else:
            try:
                report = process(self._state, feed, content)
            except FeedRefusedError as refused:
                feed.status, report = "FATAL", failure_report(feed, refused.issue)
        if feed.effect == "fatal":
            feed.status, report = "FATAL", None
        if feed.effect == "truncated_report" and report is not None:
            report = report[: len(report) // 2]
        if report is not None:
            feed.result_id = feed_document_id()
            self._state.put_document(Document(feed.result_id, feed.seller_id, _REPORT_TYPE, end, report=True), report)
        self._state.free_at[feed.lane] = end
        self._state.put_feed(feed)

    def _apply_share(self, feed: Feed) -> None:
        """Apply as much of a stuck feed as its fault says; it stays IN_PROGRESS for ever."""
        if feed.share:
            feed.effect = "fatal"
            with suppress(FeedRefusedError):
                process(self._state, feed, self._state.content(feed.document_id) or b"")
            feed.effect = "stuck"
