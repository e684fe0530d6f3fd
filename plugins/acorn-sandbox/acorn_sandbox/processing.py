"""A JSON_LISTINGS_FEED document: validate, apply message by message, write the processing report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from acorn_sandbox import exact, views
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
from acorn_sandbox.messages import Message, submit
from acorn_sandbox.state import Feed, State

MOST_MESSAGES: Final = 25_000
MOST_BYTES: Final = 10 * 1024 * 1024
_LARGEST_ID: Final = 2_147_483_647
_REQUIREMENTS: Final = frozenset({"LISTING", "LISTING_PRODUCT_ONLY", "LISTING_OFFER_ONLY"})
_OPERATIONS: Final = frozenset({"add", "replace", "merge", "delete"})
_INCLUDED: Final = frozenset(
    {"summaries", "attributes", "issues", "offers", "fulfillmentAvailability", "procurement", "relationships",
     "productTypes"}
)  # fmt: skip
_FORBIDDEN: Final[dict[str, frozenset[str]]] = {
    "UPDATE": frozenset({"patches"}),
    "PARTIAL_UPDATE": frozenset({"requirements", "patches"}),
    "PATCH": frozenset({"requirements", "attributes"}),
    "DELETE": frozenset({"productType", "requirements", "attributes", "patches"}),
}


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
        messages = _messages(document)
        share = feed.share if feed.share is not None else 0.5
        allowed = int(len(messages) * share) if feed.effect == "fatal" else len(messages)
        _apply(state, feed, messages[:allowed], tally)
    return exact.dumps(_report(state, feed, header, tally)).encode()


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


def _apply(state: State, feed: Feed, messages: list[Any], tally: Tally) -> None:
    marketplace = MARKETPLACES[feed.marketplace_ids[0]]
    sites = frozenset({marketplace.id})
    seen: set[int] = set()
    effect = feed.effect != "no_effect"
    for message in messages:
        faults = [error(BAD_MESSAGE, text) for text in message_faults(message, seen)]
        message_id, sku = _identity(message)
        if not faults:
            faults = submit(state, feed.seller_id, marketplace, message, sites=sites, effect=effect)
        tally.add(faults, message_id, sku)


def _identity(message: Any) -> tuple[int | None, str | None]:
    if not isinstance(message, dict):
        return None, None
    message_id, sku = message.get("messageId"), message.get("sku")
    known = isinstance(message_id, int) and not isinstance(message_id, bool) and message_id >= 1
    return message_id if known else None, sku if isinstance(sku, str) and sku else None


def message_faults(message: Any, seen: set[int]) -> Iterator[str]:
    """Yield how a message breaks the feed's message schema; ``seen`` collects the ids."""
    if not isinstance(message, dict):
        yield "A message is not an object."
        return
    message_id, sku = _identity(message)
    if message_id is None or message_id > _LARGEST_ID:
        yield f"'messageId' must be an integer from 1 to {_LARGEST_ID}."
    elif message_id in seen:
        yield f"The messageId {message_id} is used more than once."
    else:
        seen.add(message_id)
    if sku is None:
        yield "'sku' must be a text of at least one character."
    operation = message.get("operationType")
    if not isinstance(operation, str) or operation not in _FORBIDDEN:
        yield f"'{operation}' is not an operationType."
        return
    for key in _FORBIDDEN[operation]:
        if key in message:
            yield f"'{key}' is not applicable to the operationType {operation}."
    if operation != "DELETE":
        yield from _content_faults(message, operation)


def _content_faults(message: Message, operation: str) -> Iterator[str]:
    if not isinstance(message.get("productType"), str) or not message["productType"]:
        yield "'productType' is required."
    if operation == "PATCH":
        patches = message.get("patches")
        if not isinstance(patches, list) or not patches:
            yield "'patches' must be a list of at least one patch."
        elif not all(map(_is_patch, patches)):
            yield "A patch must have an op of add, replace, merge or delete, a path, and a list of objects as its value."
    elif not isinstance(message.get("attributes"), dict) or not message["attributes"]:
        yield "'attributes' must be an object with at least one attribute."
    if "requirements" in message and not is_one_of(message["requirements"], _REQUIREMENTS):
        yield f"'{message['requirements']}' is not one of the requirements."


def _is_patch(patch: Any) -> bool:
    if (
        not isinstance(patch, dict)
        or not is_one_of(patch.get("op"), _OPERATIONS)
        or not isinstance(patch.get("path"), str)
    ):
        return False
    value = patch.get("value", [])
    return isinstance(value, list) and all(isinstance(instance, dict) for instance in value)


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
        kinds = [issue["severity"] for listing in listings for issue in listing.issues]
        report["summary"]["itemSummary"] = {
            "items": len(listings),
            "errors": kinds.count("ERROR"),
            "warnings": kinds.count("WARNING"),
        }
    return report
