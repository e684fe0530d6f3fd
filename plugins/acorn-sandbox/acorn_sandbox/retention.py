"""What the sandbox forgets, as Amazon does, so that a long run needs no more memory than a short one."""

from __future__ import annotations

from typing import Final

from acorn_sandbox.state import State

_EVERY_SECONDS: Final = 10.0


class Retention:
    """Removes documents and feeds whose time is over."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._next = 0.0

    def sweep(self) -> None:
        """Forget what is too old; looks only every few seconds.

        Of an upload that has expired its name stays a while; one that a feed still waits for stays whole.
        """
        now, timing = self._state.now(), self._state.timing
        if now < self._next:
            return
        self._next = now + _EVERY_SECONDS
        waiting = [feed for lane in self._state.lanes.values() for feed in lane]
        awaited = {feed.document_id for feed in waiting}
        for document in list(self._state.documents.values()):
            age = now - document.created
            if document.id in awaited:
                continue
            if age >= timing.report_seconds:
                self._state.remove_document(document.id)
            elif not document.report and age >= timing.document_seconds:
                self._state.remove_content(document.id)
        self._state.market.forget_orders(now - timing.order_seconds)
        kept = {feed.id for feed in waiting}
        for feed in list(self._state.feeds.values()):
            if now - feed.created >= timing.feed_seconds and feed.id not in kept:
                self._state.remove_feed(feed)
