"""One account's conversation with Amazon: feeds, listings, reports."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from acorn_amazon import exact_json
from acorn_amazon.documents import CONTENT_TYPE, ISSUE_LOCALE, decoded, decompressed, issues_of, parse_report
from acorn_amazon.endpoints import require_private
from acorn_amazon.errors import member, refusal, unreadable
from acorn_amazon.operations import FEED_TYPE
from acorn_amazon.reading import row_of
from acorn_engine.marketplace import READ_SCHEMA, MarketplaceError, RemoteSubmission, Report, SubmissionState
from acorn_engine.sites import Site, utc

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acorn_amazon.client import Client
    from acorn_engine.marketplace import Account

_STATES: Final[dict[str, SubmissionState]] = {
    "IN_QUEUE": "queued",
    "IN_PROGRESS": "running",
    "DONE": "done",
    "CANCELLED": "cancelled",
    "FATAL": "fatal",
}
_SKUS_PER_SEARCH: Final = 20
_FEEDS_PER_PAGE: Final = "100"
_MOST_PAGES: Final = 100
_INCLUDED: Final = ("summaries", "attributes", "issues", "offers", "fulfillmentAvailability")
_MISSED: Final = frozenset({"invalid", "not_found", "too_large"})


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _submission(feed: Any, operation: str) -> RemoteSubmission:
    status = member(feed, "processingStatus", str, operation)
    if status not in _STATES:
        raise unreadable(operation, f"the status '{status}' is not one of its own", 200, {})
    created = member(feed, "createdTime", str, operation)
    try:
        moment = _moment(created)
    except ValueError:
        raise unreadable(operation, f"'{created}' is not a time", 200, {}) from None
    report_id = feed.get("resultFeedDocumentId")
    return RemoteSubmission(
        id=member(feed, "feedId", str, operation),
        state=_STATES[status],
        created_at=moment,
        report_id=report_id if isinstance(report_id, str) and report_id else None,
    )


class AmazonConnection:
    """Implements ``acorn_engine.marketplace.Connection``. Thread-safe; blocking."""

    def __init__(self, client: Client, account: Account) -> None:
        self._client = client
        self._account = account

    def upload(self, document: bytes) -> str:
        """Store a document and return its id. Safe to repeat: an unused document has no effect."""
        return self._client.retry(lambda: self._upload_once(document))

    def _upload_once(self, document: bytes) -> str:
        # The address is good for five minutes only, so each try takes a new one.
        body = exact_json.dumps({"contentType": CONTENT_TYPE})
        created = self._client.once("createFeedDocument", body=body)
        document_id: str = member(created, "feedDocumentId", str, "createFeedDocument")
        url = require_private(member(created, "url", str, "createFeedDocument"), "the upload address that Amazon gave")
        # The address is signed for exactly this content type; the access token must not go there.
        answer = self._client.transport.exchange(
            "upload", "PUT", url, headers={"content-type": CONTENT_TYPE}, content=document
        )
        if answer.status != 200:
            raise _stored(refusal("upload", answer.status, answer.headers, answer.body, self._client.cleaner))
        return document_id

    def submit(self, site: Site, document_id: str) -> str:
        """Create a feed of an uploaded document, for one site: Amazon takes no more than one."""
        body = exact_json.dumps(
            {"feedType": FEED_TYPE, "marketplaceIds": [site.marketplace_id], "inputFeedDocumentId": document_id}
        )
        return str(self._client.call("createFeed", body=body, require="feedId")["feedId"])

    def recent(self, site: Site, since: datetime) -> Sequence[RemoteSubmission]:
        """Return this site's listings feeds created at or after ``since``, newest first."""
        query: Mapping[str, str | Sequence[str]] = {
            "feedTypes": [FEED_TYPE],
            "marketplaceIds": [site.marketplace_id],
            "createdSince": utc(since),
            "pageSize": _FEEDS_PER_PAGE,
        }
        found: dict[str, RemoteSubmission] = {}
        for _ in range(_MOST_PAGES):
            page = self._client.call("getFeeds", query=query)
            for feed in member(page, "feeds", list, "getFeeds"):
                submission = _submission(feed, "getFeeds")
                found[submission.id] = submission
            token = page.get("nextToken")
            if not token:
                ordered = sorted(found.values(), key=lambda one: (one.created_at, one.id), reverse=True)
                # ``createdSince`` was sent in whole seconds.
                return [one for one in ordered if one.created_at >= since.replace(microsecond=0)]
            # Amazon refuses the token together with anything else.
            query = {"nextToken": str(token)}
        raise unreadable("getFeeds", f"its list has more than {_MOST_PAGES} pages", 200, {})

    def poll(self, submission_id: str) -> RemoteSubmission:
        """Return a feed's present state."""
        return _submission(self._client.call("getFeed", path={"feedId": submission_id}), "getFeed")

    def report(self, report_id: str) -> Report:
        """Return the processing report of a finished feed."""
        return parse_report(self._client.retry(lambda: self._download_once(report_id)))

    def _download_once(self, report_id: str) -> str:
        given = self._client.once("getFeedDocument", path={"feedDocumentId": report_id})
        url = require_private(member(given, "url", str, "getFeedDocument"), "the report address that Amazon gave")
        answer = self._client.transport.exchange("report download", "GET", url)
        if answer.status != 200:
            raise _stored(refusal("report download", answer.status, answer.headers, answer.body, self._client.cleaner))
        try:
            data = decompressed(answer, given.get("compressionAlgorithm"))
        except ValueError as error:
            raise unreadable("report download", str(error), answer.status, answer.headers) from None
        return decoded(data, answer.headers.get("Content-Type", ""))

    def patch(self, site: Site, seller_sku: str, message: str) -> Report:
        """Apply one message to one listing. Amazon's INVALID is an answer, not an error."""
        content = exact_json.loads(message)
        body = exact_json.dumps({"productType": content["productType"], "patches": content["patches"]})
        answer = self._client.call(
            "patchListingsItem",
            path={"sellerId": self._account.seller_id, "sku": seller_sku},
            query={"marketplaceIds": [site.marketplace_id], "issueLocale": ISSUE_LOCALE},
            body=body,
            require="status",
        )
        accepted = answer["status"] == "ACCEPTED"
        return Report(
            issues=issues_of(answer.get("issues"), seller_sku),
            processed=1,
            accepted=int(accepted),
            invalid=int(not accepted),
        )

    def read(self, site: Site, seller_skus: Sequence[str]) -> pl.DataFrame:
        """Read offers in full: one row per SKU that stands on the site, in the order asked for.

        Twenty SKUs go in one search; one that the search can't carry or doesn't return is asked
        for by itself, so that an absent row means an absent listing.
        """
        wanted = list(dict.fromkeys(seller_skus))
        # The search splits its list at commas, and trims: such a SKU could match another listing.
        listable = [sku for sku in wanted if "," not in sku and sku == sku.strip()]
        found: dict[str, Mapping[str, Any]] = {}
        for start in range(0, len(listable), _SKUS_PER_SEARCH):
            found |= self._search(site, listable[start : start + _SKUS_PER_SEARCH])
        for sku in wanted:
            if sku not in found and (item := self._item(site, sku)) is not None:
                found[sku] = item
        rows = [row_of(found[sku], site) for sku in wanted if sku in found]
        return pl.DataFrame(
            [row for row in rows if row is not None], schema=dict.fromkeys(READ_SCHEMA, pl.String()), orient="row"
        )

    def _search(self, site: Site, skus: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        query: dict[str, str | Sequence[str]] = {
            "marketplaceIds": [site.marketplace_id],
            "identifiersType": "SKU",
            "identifiers": skus,
            "includedData": _INCLUDED,
            "issueLocale": ISSUE_LOCALE,
            "pageSize": str(_SKUS_PER_SEARCH),
        }
        found: dict[str, Mapping[str, Any]] = {}
        for _ in range(_MOST_PAGES):
            try:
                page = self._client.call("searchListingsItems", path={"sellerId": self._account.seller_id}, query=query)
            except MarketplaceError as error:
                if error.code in _MISSED:
                    return found
                raise
            for item in member(page, "items", list, "searchListingsItems"):
                # A SKU that was not asked for is another listing, whatever the search thinks.
                if isinstance(item, dict) and item.get("sku") in skus:
                    found[item["sku"]] = item
            pagination = page.get("pagination")
            token = pagination.get("nextToken") if isinstance(pagination, dict) else None
            if not token or len(found) == len(skus):
                break
            query["pageToken"] = str(token)
        return found

    def _item(self, site: Site, sku: str) -> Mapping[str, Any] | None:
        try:
            item = self._client.call(
                "getListingsItem",
                path={"sellerId": self._account.seller_id, "sku": sku},
                query={
                    "marketplaceIds": [site.marketplace_id],
                    "includedData": _INCLUDED,
                    "issueLocale": ISSUE_LOCALE,
                },
            )
        except MarketplaceError as error:
            if error.code == "not_found":
                return None
            raise
        if member(item, "sku", str, "getListingsItem") != sku:
            raise unreadable("getListingsItem", "it shows another SKU than asked for", 200, {})
        return {**item}

    def participations(self) -> list[str]:
        """Return the marketplace ids in which the account may sell; used to check credentials."""
        answer = self._client.call("getMarketplaceParticipations")
        entries = member(answer, "payload", list, "getMarketplaceParticipations")
        return [
            str(entry["marketplace"]["id"])
            for entry in entries
            if isinstance(entry, dict)
            and isinstance(entry.get("marketplace"), dict)
            and isinstance(entry.get("participation"), dict)
            and entry["participation"].get("isParticipating")
        ]

    def close(self) -> None:
        """Release sockets."""
        self._client.transport.close()


def _stored(error: MarketplaceError) -> MarketplaceError:
    """Let a refusal of Amazon's storage be tried again: its signed address may have run out."""
    if error.status in {400, 403}:
        error.retryable = True
        error.code = "server"
    return error
