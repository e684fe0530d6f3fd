"""The Feeds API v2021-06-30."""

from __future__ import annotations

from typing import Any, Final

from acorn_sandbox import faults as fault_kinds
from acorn_sandbox.calls import Answer, Call, Handler, stores
from acorn_sandbox.clock import instant_of, stamp
from acorn_sandbox.errors import invalid, not_found
from acorn_sandbox.faults import Faults
from acorn_sandbox.links import Links
from acorn_sandbox.paging import read_token, token
from acorn_sandbox.queues import JSON_FEED, Queues
from acorn_sandbox.quotas import Quotas
from acorn_sandbox.records import feed_document_id, is_feed_document
from acorn_sandbox.state import Document, Feed, State

_STRUCK_LATER: Final = frozenset({"stuck", "fatal", "truncated_report", "no_effect", "cancelled"})

_LEGACY: Final = (
    "POST_PRODUCT_DATA POST_INVENTORY_AVAILABILITY_DATA POST_PRODUCT_OVERRIDES_DATA POST_PRODUCT_PRICING_DATA "
    "POST_PRODUCT_IMAGE_DATA POST_PRODUCT_RELATIONSHIP_DATA POST_FLAT_FILE_INVLOADER_DATA "
    "POST_FLAT_FILE_LISTINGS_DATA POST_FLAT_FILE_BOOKLOADER_DATA POST_FLAT_FILE_CONVERGENCE_LISTINGS_DATA "
    "POST_FLAT_FILE_PRICEANDQUANTITYONLY_UPDATE_DATA POST_UIEE_BOOKLOADER_DATA"
)
LEGACY_TYPES: Final = frozenset(_LEGACY.split())
"""Feed types that Amazon ends FATAL since 2025-07-31."""
_OTHER: Final = (
    "POST_ORDER_FULFILLMENT_DATA POST_ORDER_ACKNOWLEDGEMENT_DATA POST_PAYMENT_ADJUSTMENT_DATA "
    "POST_FLAT_FILE_FULFILLMENT_DATA UPLOAD_VAT_INVOICE"
)
OTHER_TYPES: Final = frozenset(_OTHER.split())
"""Feed types that are alive at Amazon but mean nothing to the sandbox: they end FATAL too."""


class Feeds:
    """Documents and feeds of every account."""

    def __init__(self, state: State, queues: Queues, quotas: Quotas, faults: Faults, links: Links) -> None:
        self._state = state
        self._queues = queues
        self._quotas = quotas
        self._faults = faults
        self._links = links
        self.handlers: dict[str, Handler] = {
            "createFeedDocument": self.create_document,
            "createFeed": self.create,
            "getFeed": self.get,
            "getFeeds": self.find,
            "cancelFeed": self.cancel,
            "getFeedDocument": self.get_document,
        }

    def create_document(self, call: Call) -> Answer:
        """Return the id and the upload URL of a new, empty document."""
        identifier = feed_document_id()
        document = Document(identifier, call.account, call.body["contentType"], self._state.now())
        self._state.put_document(document)
        expired = self._faults.strike("createFeedDocument", fault_kinds.LINK, call.account) is not None
        url = self._links.make(call.base, "PUT", identifier, expired=expired)
        return Answer(201, {"feedDocumentId": identifier, "url": url})

    def create(self, call: Call) -> Answer:
        """Queue a feed of an uploaded document."""
        kind, ids = call.body["feedType"], call.body["marketplaceIds"]
        if kind not in LEGACY_TYPES | OTHER_TYPES | {JSON_FEED}:
            raise invalid(f"Invalid feedType '{kind}'.")
        if kind == JSON_FEED and len(ids) != 1:
            raise invalid("Too many 'marketplaceIds' values provided. Expected a maximum of 1.")
        site = stores(ids)[0]
        self._check_document(call)
        if kind == JSON_FEED:
            self._quotas.take_json_feed(call.account, site.region)
        struck = self._faults.strike("createFeed", fault_kinds.FEED, call.account)
        feed = Feed(
            id=self._state.next_feed_id(),
            seller_id=call.account,
            type=kind,
            marketplace_ids=ids,
            document_id=call.body["inputFeedDocumentId"],
            created=self._state.now(),
            effect=struck.kind if struck else None,
            share=struck.share if struck else None,
        )
        self._queues.add(feed)
        return Answer(202, {"feedId": feed.id})

    def get(self, call: Call) -> Answer:
        """Return a feed's present state."""
        feed = self._feed(call)
        if feed.ended is None and feed.effect is None:
            possible = _STRUCK_LATER - {"no_effect"} if feed.stocked else _STRUCK_LATER
            struck = self._faults.strike("getFeed", possible, call.account)
            if struck is not None:
                feed.effect, feed.share = struck.kind, struck.share
                self._state.put_feed(feed)
        return Answer(body=shown(feed))

    def find(self, call: Call) -> Answer:
        """Return feeds that match the filters, newest first; a new feed shows up late."""
        query = call.query
        if "nextToken" in query:
            if call.given != {"nextToken"}:
                raise invalid("nextToken must be the only parameter.")
            query = read_token(query["nextToken"], "nextToken")
            if not isinstance(query, dict):
                raise invalid("Invalid 'nextToken'.")
        elif "feedTypes" not in query:
            raise invalid("Either feedTypes or nextToken is required.")
        matching = self._matching(call.account, query)
        page = matching[: query["pageSize"]]
        answer: dict[str, Any] = {"feeds": [shown(feed) for feed in page]}
        if len(matching) > len(page):
            answer["nextToken"] = token(query | {"after": int(page[-1].id)})
        return Answer(body=answer)

    def cancel(self, call: Call) -> Answer:
        """Cancel a feed that has not started."""
        feed = self._feed(call)
        if feed.status != "IN_QUEUE":
            raise invalid(f"The feed {feed.id} is {feed.status}; only a feed that is IN_QUEUE can be cancelled.")
        self._queues.cancel(feed)
        return Answer()

    def get_document(self, call: Call) -> Answer:
        """Return a URL on which a document, or a processing report, can be downloaded."""
        document = self._document(call.path["feedDocumentId"], call.account)
        if document is None:
            raise not_found("The feed document does not exist.")
        options = ["gzip"] if call.query.get("enableContentEncodingUrlHeader") else []
        if self._faults.strike("getFeedDocument", frozenset({"truncated_report"}), call.account):
            options.append("truncated")
        expired = self._faults.strike("getFeedDocument", fault_kinds.LINK, call.account) is not None
        url = self._links.make(call.base, "GET", document.id, ",".join(options), expired=expired)
        answer = {"feedDocumentId": document.id, "url": url}
        return Answer(body=answer | ({"compressionAlgorithm": "GZIP"} if document.report else {}))

    def _check_document(self, call: Call) -> None:
        document = self._document(call.body["inputFeedDocumentId"], call.account)
        if document is None or document.report:
            raise invalid("The input feed document does not exist.", "inputFeedDocumentId")
        if document.created + self._state.timing.document_seconds <= self._state.now():
            raise invalid("The input feed document has expired.", "inputFeedDocumentId")
        if not document.size:
            raise invalid("The input feed document is empty.", "inputFeedDocumentId")

    def _document(self, document_id: str, account: str) -> Document | None:
        document = self._state.documents.get(document_id)
        if document is None or document.seller_id != account or not is_feed_document(document_id):
            return None
        return document

    def _feed(self, call: Call) -> Feed:
        feed = self._state.feeds.get((call.account, call.path["feedId"]))
        if feed is None:
            raise not_found(f"The feed {call.path['feedId']} does not exist.")
        return feed

    def _matching(self, account: str, query: dict[str, Any]) -> list[Feed]:
        now = self._state.now()
        since = instant_of(query["createdSince"]) if "createdSince" in query else now - self._state.timing.feed_seconds
        until = instant_of(query["createdUntil"]) if "createdUntil" in query else now
        until = min(until, now - self._state.timing.shown_late_seconds)
        matching = [
            feed
            for (seller, _), feed in self._state.feeds.items()
            if seller == account
            and since <= feed.created <= until
            and feed.type in query["feedTypes"]
            and feed.status in query.get("processingStatuses", (feed.status,))
            and ("marketplaceIds" not in query or set(query["marketplaceIds"]) & set(feed.marketplace_ids))
            and int(feed.id) < query.get("after", int(feed.id) + 1)
        ]
        return sorted(matching, key=lambda feed: int(feed.id), reverse=True)


def shown(feed: Feed) -> dict[str, Any]:
    """Return a feed as Amazon shows it."""
    answer: dict[str, Any] = {
        "feedId": feed.id,
        "feedType": feed.type,
        "marketplaceIds": feed.marketplace_ids,
        "createdTime": stamp(feed.created),
        "processingStatus": feed.status,
    }
    if feed.started is not None:
        answer["processingStartTime"] = stamp(feed.started)
    if feed.ended is not None and feed.started is not None:
        answer["processingEndTime"] = stamp(feed.ended)
    if feed.result_id is not None:
        answer["resultFeedDocumentId"] = feed.result_id
    return answer
