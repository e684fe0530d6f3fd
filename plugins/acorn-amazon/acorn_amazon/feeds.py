"""Feeds 2021-06-30: a document is stored, a feed is made of it, watched, and its report fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from acorn_amazon import exact_json, storage
from acorn_amazon.answers import Part
from acorn_amazon.documents import CONTENT_TYPE, decoded, parse_report
from acorn_amazon.errors import member, unreadable
from acorn_amazon.operations import FEED_TYPE
from acorn_engine.marketplace import RemoteSubmission, Report, SubmissionState
from acorn_engine.sites import Site, utc

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from acorn_amazon.client import Client

_STATES: Final[dict[str, SubmissionState]] = {
    "IN_QUEUE": "queued",
    "IN_PROGRESS": "running",
    "DONE": "done",
    "CANCELLED": "cancelled",
    "FATAL": "fatal",
}
_FEEDS_PER_PAGE: Final = "100"
_MOST_PAGES: Final = 100


def submission_of(feed: Any, operation: str) -> RemoteSubmission:
    """Return one of Amazon's ``Feed`` objects as the engine's record."""
    part = Part(operation, feed)
    status = part.text("processingStatus")
    if status not in _STATES:
        raise unreadable(operation, f"the status '{status}' is not one of its own", 200, {})
    return RemoteSubmission(
        id=part.text("feedId"),
        state=_STATES[status],
        created_at=part.moment("createdTime"),
        report_id=part.optional_text("resultFeedDocumentId") or None,
    )


def upload(client: Client, document: bytes) -> str:
    """Store a document and return its id. Safe to repeat: an unused document has no effect."""
    return client.retry(lambda: _upload_once(client, document))


def _upload_once(client: Client, document: bytes) -> str:
    created = client.once("createFeedDocument", body=exact_json.dumps({"contentType": CONTENT_TYPE}))
    document_id: str = member(created, "feedDocumentId", str, "createFeedDocument")
    storage.put(client, "upload", member(created, "url", str, "createFeedDocument"), CONTENT_TYPE, document)
    return document_id


def submit(client: Client, site: Site, document_id: str) -> str:
    """Create a feed of an uploaded document, for one site: Amazon takes no more than one."""
    body = exact_json.dumps(
        {"feedType": FEED_TYPE, "marketplaceIds": [site.marketplace_id], "inputFeedDocumentId": document_id}
    )
    return str(client.call("createFeed", body=body, require="feedId")["feedId"])


def cancel(client: Client, feed_id: str) -> None:
    """Cancel a feed that is still queued; Amazon refuses (``invalid``) once it has begun.

    Raises ``UnansweredError`` where the answer was lost: ``poll`` shows whether it took effect.
    """
    client.call("cancelFeed", path={"feedId": feed_id})


def recent(client: Client, site: Site, since: datetime) -> Sequence[RemoteSubmission]:
    """Return the site's listings feeds created at or after ``since``, newest first."""
    query: Mapping[str, str | Sequence[str]] = {
        "feedTypes": [FEED_TYPE],
        "marketplaceIds": [site.marketplace_id],
        "createdSince": utc(since),
        "pageSize": _FEEDS_PER_PAGE,
    }
    found: dict[str, RemoteSubmission] = {}
    for _ in range(_MOST_PAGES):
        page = client.call("getFeeds", query=query)
        for feed in member(page, "feeds", list, "getFeeds"):
            submission = submission_of(feed, "getFeeds")
            found[submission.id] = submission
        token = page.get("nextToken")
        if not token:
            ordered = sorted(found.values(), key=lambda one: (one.created_at, one.id), reverse=True)
            # ``createdSince`` was sent in whole seconds.
            return [one for one in ordered if one.created_at >= since.replace(microsecond=0)]
        # Amazon refuses the token together with anything else.
        query = {"nextToken": str(token)}
    raise unreadable("getFeeds", f"its list has more than {_MOST_PAGES} pages", 200, {})


def poll(client: Client, feed_id: str) -> RemoteSubmission:
    """Return a feed's present state."""
    return submission_of(client.call("getFeed", path={"feedId": feed_id}), "getFeed")


def report(client: Client, document_id: str) -> Report:
    """Return the processing report of a finished feed."""
    return parse_report(client.retry(lambda: _download_once(client, document_id)))


def _download_once(client: Client, document_id: str) -> str:
    given = client.once("getFeedDocument", path={"feedDocumentId": document_id})
    url: str = member(given, "url", str, "getFeedDocument")
    document = storage.fetch(client, "report", url, given.get("compressionAlgorithm"))
    return decoded(document.data, document.content_type)
