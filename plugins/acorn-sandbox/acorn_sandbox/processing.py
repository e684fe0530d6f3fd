"""A JSON_LISTINGS_FEED document: validate, apply message by message, write the processing report."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from acorn_sandbox import exact, views
from acorn_sandbox.attributes import AVAILABILITY
from acorn_sandbox.checks import is_one_of
from acorn_sandbox.issues import (
    BAD_ACCOUNT,
    BAD_HEADER,
    BAD_MESSAGE,
    BAD_VERSION,
    Issue,
    error,
    for_report,
    has_errors,
)
from acorn_sandbox.marketplaces import MARKETPLACES
from acorn_sandbox.message_schema import identity, message_faults
from acorn_sandbox.messages import Part, submit
from acorn_sandbox.standing import issues_of
from acorn_sandbox.state import Feed, State

MOST_MESSAGES: Final = 25_000
MOST_BYTES: Final = 10 * 1024 * 1024
_INCLUDED: Final = frozenset(
    {"summaries", "attributes", "issues", "offers", "fulfillmentAvailability", "procurement", "relationships",
     "productTypes"}
)  # fmt: skip


class FeedRefusedError(Exception):
    """A document that cannot be processed at all: the feed ends FATAL with this issue."""

    def __init__(self, issue: Issue) -> None:
        super().__init__(issue["message"])
        self.issue = issue


@dataclass(slots=True)
class Tally:
    """What became of a feed's messages."""

    lines: list[dict[str, Any]] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    processed: int = 0
    invalid: int = 0

    def add(self, issues: list[Issue], message_id: int | None = None, sku: str | None = None) -> None:
        """Count a message and its issues."""
        self.processed += 1
        self.lines += [for_report(issue, message_id, sku) for issue in issues]
        if has_errors(issues):
            self.invalid += 1
        elif sku is not None:
            self.accepted.append(sku)


def process(state: State, feed: Feed, content: bytes) -> bytes:
    """Process a feed's document and return its report as bytes.

    A feed with the effect ``fatal`` applies only its share of the messages; one with ``no_effect``
    reports all of them and applies none. Raises ``FeedRefusedError``.
    """
    document = _parse(content)
    header = document.get("header")
    tally = Tally()
    fault = _header_fault(header, feed)
    if fault is not None:
        tally.lines.append(for_report(fault))
    else:
        messages = _allowed(feed, _messages(document))
        _apply(state, feed, messages, tally, "rest" if feed.stocked else "all")
    return exact.dumps(_report(state, feed, header, tally)).encode()


def apply_stock(state: State, feed: Feed, content: bytes) -> None:
    """Apply only the quantities of a feed's patches, as Amazon does before it applies the prices.

    A new or wholly replaced listing gets its quantity with the rest.
    """
    feed.stocked = True
    if feed.effect == "no_effect" or AVAILABILITY.encode() not in content:
        return
    with suppress(FeedRefusedError):
        document = _parse(content)
        if _header_fault(document.get("header"), feed) is None:
            messages = [one for one in _allowed(feed, _messages(document)) if _is_stock_patch(one)]
            _apply(state, feed, messages, Tally(), "stock")


def _is_stock_patch(message: Any) -> bool:
    if not isinstance(message, dict):
        return False
    if message.get("operationType") == "PARTIAL_UPDATE":
        attributes = message.get("attributes")
        return isinstance(attributes, dict) and AVAILABILITY in attributes
    patches = message.get("patches")
    return isinstance(patches, list) and any(
        isinstance(patch, dict) and patch.get("path") == f"/attributes/{AVAILABILITY}" for patch in patches
    )


def count_messages(content: bytes) -> int:
    """Return roughly how many messages a document has, without parsing it."""
    return content.count(b'"operationType"')


def failure_report(feed: Feed, issue: Issue) -> bytes:
    """Return the report of a feed that was refused whole."""
    tally = Tally(lines=[for_report(issue)])
    return exact.dumps(_report(None, feed, None, tally)).encode()


def _parse(content: bytes) -> dict[str, Any]:
    if len(content) > MOST_BYTES:
        raise FeedRefusedError(error(BAD_MESSAGE, f"The document is larger than {MOST_BYTES} bytes."))
    try:
        document = exact.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as fault:
        raise FeedRefusedError(error(BAD_MESSAGE, f"The document is not JSON in UTF-8: {fault}.")) from None
    if not isinstance(document, dict):
        raise FeedRefusedError(error(BAD_MESSAGE, "The document is not a JSON object."))
    return document


def _header_fault(header: Any, feed: Feed) -> Issue | None:
    if not isinstance(header, dict) or not isinstance(header.get("sellerId"), str):
        return error(BAD_HEADER, "Attribute 'Merchant' is required, but not present.")
    if header.get("version") != "2.0":
        return error(BAD_VERSION, "The version attribute does not match '2.0'.")
    if header["sellerId"] != feed.seller_id:
        return error(BAD_ACCOUNT, "Invalid 'accountId' provided.")
    report = header.get("report")
    if report is not None and not _is_report_header(report):
        return error(BAD_HEADER, "The 'report' of the header is invalid.")
    return None


def _is_report_header(report: Any) -> bool:
    if not isinstance(report, dict) or report.get("apiVersion") != "2021-08-01":
        return False
    included = report.get("includedData")
    return isinstance(included, list) and bool(included) and all(is_one_of(part, _INCLUDED) for part in included)


def _messages(document: dict[str, Any]) -> list[Any]:
    messages = document.get("messages")
    if not isinstance(messages, list) or not messages:
        raise FeedRefusedError(error(BAD_MESSAGE, "The document has no messages."))
    if len(messages) > MOST_MESSAGES:
        text = f"The document has {len(messages)} messages; the maximum is {MOST_MESSAGES}."
        raise FeedRefusedError(error(BAD_MESSAGE, text))
    return messages


def _allowed(feed: Feed, messages: list[Any]) -> list[Any]:
    """Return the messages that a feed comes to: of one that will end FATAL its share."""
    share = feed.share if feed.share is not None else 0.5
    return messages[: int(len(messages) * share)] if feed.effect == "fatal" else messages


def _apply(state: State, feed: Feed, messages: list[Any], tally: Tally, part: Part) -> None:
    marketplace = MARKETPLACES[feed.marketplace_ids[0]]
    sites = frozenset({marketplace.id})
    seen: set[int] = set()
    effect = feed.effect != "no_effect"
    for message in messages:
        faults = [error(BAD_MESSAGE, text) for text in message_faults(message, seen)]
        message_id, sku = identity(message)
        if not faults:
            faults = submit(state, feed.seller_id, marketplace, message, sites=sites, effect=effect, part=part)
        tally.add(faults, message_id, sku)


def _report(state: State | None, feed: Feed, header: Any, tally: Tally) -> dict[str, Any]:
    severities = [line["severity"] for line in tally.lines]
    report: dict[str, Any] = {
        "header": {"sellerId": feed.seller_id, "version": "2.0", "feedId": feed.id},
        "issues": tally.lines,
        "summary": {
            "errors": severities.count("ERROR"),
            "warnings": severities.count("WARNING"),
            "messagesProcessed": tally.processed,
            "messagesAccepted": tally.processed - tally.invalid,
            "messagesInvalid": tally.invalid,
        },
    }
    wanted = header.get("report") if isinstance(header, dict) else None
    if state is not None and isinstance(wanted, dict) and _is_report_header(wanted):
        report["header"]["report"] = {key: wanted[key] for key in ("includedData", "apiVersion")}
        site = feed.marketplace_ids[0]
        found = [state.listing(feed.seller_id, site, sku) for sku in dict.fromkeys(tally.accepted)]
        listings = [listing for listing in found if listing is not None]
        report["items"] = [views.item(state, [listing], wanted["includedData"]) for listing in listings]
        kinds = [issue["severity"] for listing in listings for issue in issues_of(listing)]
        report["summary"]["itemSummary"] = {
            "items": len(listings),
            "errors": kinds.count("ERROR"),
            "warnings": kinds.count("WARNING"),
        }
    return report
