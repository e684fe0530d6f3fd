"""Feed documents: what is uploaded, and the processing report that comes back."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from acorn_amazon import exact_json
from acorn_amazon.operations import OPERATIONS
from acorn_engine.json_text import concatenated, written
from acorn_engine.marketplace import Issue, Limits, MarketplaceError, Report

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acorn_amazon.transport import Answer
    from acorn_engine.marketplace import Buffer

# 25,000 messages is the schema's limit, five feeds in five minutes per region Amazon's announcement
# of 2025-05-06, 10 MiB its best practice; the margin leaves room for the header and message ids.
_LARGEST_DOCUMENT: Final = 10 * 1024 * 1024
_MARGIN: Final = 1024 * 1024
_CREATE: Final = OPERATIONS["createFeed"].plan
LIMITS: Final = Limits(
    messages=25_000,
    bytes=_LARGEST_DOCUMENT - _MARGIN,
    submissions=5,
    per_seconds=300.0,
    further=((_CREATE.burst, 1 / _CREATE.rate),),
    patch_seconds=1 / OPERATIONS["patchListingsItem"].plan.rate,
)
CONTENT_TYPE: Final = "application/json; charset=UTF-8"
# Issue texts are stored and shown to every operator of a project, so they have one language.
ISSUE_LOCALE: Final = "en_US"
LARGEST_REPORT: Final = 256 * 1024 * 1024
_END: Final = "]}"
_GZIP: Final = b"\x1f\x8b"
_LONGEST_FOREIGN_REPORT: Final = 500


def build(messages: Sequence[tuple[int, str]], seller_id: str) -> bytes:
    """Wrap messages (id, JSON text) into a JSON_LISTINGS_FEED 2.0 document, UTF-8.

    Raises ``MarketplaceError`` where the document would be empty or beyond Amazon's limits.
    """
    _check_count(len(messages))
    body = ",".join([f'{{"messageId":{number},{message[1:]}' for number, message in messages])
    document = f"{_start(seller_id)}{body}{_END}".encode()
    _check_size(len(document))
    return document


def buffers(messages: pl.DataFrame, seller_id: str) -> list[Buffer]:
    """Return the same document of a frame with ``message_id`` and ``message``, in pieces that follow one another."""
    _check_count(messages.height)
    one = concatenated([',{"messageId":', pl.col("message_id"), ",", pl.col("message").str.slice(1)])
    first, *others = written(messages, one)
    # Every message has a comma before it, and the first one must not.
    pieces: list[Buffer] = [_start(seller_id).encode(), first[1:], *others, _END.encode()]
    _check_size(sum(len(piece) for piece in pieces))
    return pieces


def _start(seller_id: str) -> str:
    header = json.dumps(
        {"sellerId": seller_id, "version": "2.0", "issueLocale": ISSUE_LOCALE},
        ensure_ascii=False,
        separators=(",", ":"),
    )
    return f'{{"header":{header},"messages":['


def _check_count(messages: int) -> None:
    if not 1 <= messages <= LIMITS.messages:
        raise MarketplaceError(
            f"a document holds 1 to {LIMITS.messages} messages, not {messages}. Nothing was sent.",
            code="too_large" if messages else "invalid",
            who="developer",
            remedy="Cut the messages into parts of that size.",
        )


def _check_size(size: int) -> None:
    if size > _LARGEST_DOCUMENT:
        raise MarketplaceError(
            f"the document has {size} bytes; Amazon takes {_LARGEST_DOCUMENT}. Nothing was sent. "
            "Cut it into smaller parts.",
            code="too_large",
            who="developer",
            remedy="Cut it into smaller parts.",
        )


def decompressed(answer: Answer, compression: str | None) -> bytes:
    """Return a downloaded document's own bytes.

    Unpacks gzip where Amazon or the header names it and the bytes are gzip. Raises ``ValueError``
    where it is damaged or unpacks to more than 256 MiB.
    """
    encoding = answer.headers.get("Content-Encoding", "").lower()
    if not (compression or encoding == "gzip") or not answer.body.startswith(_GZIP):
        return answer.body
    unpacker = zlib.decompressobj(wbits=31)
    try:
        data = unpacker.decompress(answer.body, LARGEST_REPORT)
    except zlib.error as error:
        raise ValueError(f"it is damaged ({error})") from None
    if unpacker.unconsumed_tail:
        raise ValueError("it is larger than 256 MiB")
    if not unpacker.eof:
        raise ValueError("it is cut off")
    return data


def decoded(data: bytes, content_type: str) -> str:
    """Return a document's text: the charset of its Content-Type, else UTF-8.

    Never fails: bytes that the charset does not know become U+FFFD.
    """
    _, _, parameters = content_type.partition(";")
    charset = "utf-8"
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip():
            charset = value.strip().strip('"').lower()
    # Amazon writes Cp1252, which is windows-1252 under a name of its own.
    charset = {"cp1252": "windows-1252", "utf-8": "utf-8-sig", "utf8": "utf-8-sig"}.get(charset, charset)
    try:
        return data.decode(charset, "replace")
    except LookupError:
        return data.decode("utf-8-sig", "replace")


def _whole(data: Any) -> int:
    return data if isinstance(data, int) and not isinstance(data, bool) and data >= 0 else 0


def _issue(data: Mapping[str, Any]) -> Issue:
    severity = {"ERROR": "error", "WARNING": "warning", "INFO": "info"}.get(str(data.get("severity")).upper(), "error")
    message_id = data.get("messageId")
    attribute = data.get("attributeName")
    if attribute is None and isinstance(data.get("attributeNames"), list):
        attribute = ", ".join(str(name) for name in data["attributeNames"]) or None
    return Issue(
        severity=severity,  # type: ignore[arg-type]
        message=str(data.get("message") or "Amazon gave no reason"),
        code=None if data.get("code") is None else str(data["code"]),
        message_id=message_id if isinstance(message_id, int) else None,
        seller_sku=None if data.get("sku") is None else str(data["sku"]),
        attribute=None if attribute is None else str(attribute),
    )


def issues_of(data: Any, seller_sku: str | None = None) -> tuple[Issue, ...]:
    """Return the issues of a report or of a listing; anything that is none is left out."""
    found = data if isinstance(data, list) else []
    return tuple(_issue({"sku": seller_sku, **item}) for item in found if isinstance(item, dict))


def _unusable(message: str) -> Report:
    return Report(issues=(Issue("error", message),), processed=0, accepted=0, invalid=0, complete=False)


def parse_report(text: str) -> Report:
    """Read a processing report.

    It is complete where its summary accounts for every message that it processed and for every
    error that it lists. A report that is cut off, or of another format (a FATAL feed may have
    one), is one issue with its first words, and not complete.
    """
    try:
        data = exact_json.loads(text)
    except ValueError:
        words = " ".join(text[:_LONGEST_FOREIGN_REPORT].split())
        shown = f"it begins: {words}" if words else "it is empty"
        return _unusable(f"Amazon's report cannot be read as JSON; {shown}")
    summary = data.get("summary") if isinstance(data, dict) else None
    if not isinstance(summary, dict):
        return _unusable("Amazon's report has no summary")
    issues = issues_of(data.get("issues"))
    processed, accepted, invalid = (
        _whole(summary.get(key)) for key in ("messagesProcessed", "messagesAccepted", "messagesInvalid")
    )
    errors = [issue for issue in issues if issue.severity == "error"]
    # Each invalid message has an error of its own, unless all of them fell together.
    named = len({issue.message_id for issue in errors} - {None})
    complete = (
        processed == accepted + invalid
        and isinstance(data.get("issues"), list)
        and len(errors) >= _whole(summary.get("errors"))
        and (named >= invalid or accepted == 0)
        and all(
            isinstance(summary.get(key), int) for key in ("messagesProcessed", "messagesAccepted", "messagesInvalid")
        )
    )
    return Report(issues=issues, processed=processed, accepted=accepted, invalid=invalid, complete=complete)
