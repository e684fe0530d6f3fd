"""Amazon's storage behind signed addresses: documents are put there and fetched from there.

An address is good for five minutes, so whoever repeats a transfer asks for a new one first. The
access token never goes there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from acorn_amazon.documents import decompressed
from acorn_amazon.endpoints import require_private
from acorn_amazon.errors import AmazonError, refusal, unreadable
from acorn_amazon.remedies import Remedy

if TYPE_CHECKING:
    from acorn_amazon.client import Client
    from acorn_amazon.transport import Answer

_SUCCESS: Final = 200
_REFUSED: Final = frozenset({400, 403})
_EXPIRED: Final = Remedy(
    "server",
    "address",
    "time",
    "The signed address had run out, or the storage failed. Try again: each try takes a new address.",
    retryable=True,
)


@dataclass(frozen=True, slots=True)
class Document:
    """A downloaded document's own bytes, unpacked, and the Content-Type that came with them."""

    data: bytes
    content_type: str


def put(client: Client, what: str, url: str, content_type: str, document: bytes) -> None:
    """Store a document at a signed address.

    ``content_type`` must be the very text that the address was made for. Raises ``MarketplaceError``.
    """
    address = require_private(url, f"the {what} address that Amazon gave")
    answer = client.transport.exchange(what, "PUT", address, headers={"content-type": content_type}, content=document)
    if answer.status != _SUCCESS:
        raise _refused(client, what, answer)


def fetch(client: Client, what: str, url: str, compression: str | None) -> Document:
    """Fetch a document from a signed address, and unpack it. ``compression`` is Amazon's, such as ``GZIP``.

    Raises ``MarketplaceError``; one that is damaged or cut off may be fetched again.
    """
    address = require_private(url, f"the {what} address that Amazon gave")
    answer = client.transport.exchange(f"{what} download", "GET", address)
    if answer.status != _SUCCESS:
        raise _refused(client, f"{what} download", answer)
    try:
        data = decompressed(answer, compression)
    except ValueError as error:
        raise unreadable(f"{what} download", str(error), answer.status, answer.headers) from None
    return Document(data, answer.headers.get("Content-Type", ""))


def _refused(client: Client, what: str, answer: Answer) -> AmazonError:
    error = refusal(what, answer.status, answer.headers, answer.body, client.cleaner)
    if answer.status not in _REFUSED:
        return error
    said = client.cleaner.clean(answer.body.decode("utf-8", "replace"))
    return AmazonError(
        f"{what}: Amazon's storage answered {answer.status}{f': {said}' if said else ''}. {_EXPIRED.text}",
        remedy=_EXPIRED,
        status=answer.status,
        request_id=error.request_id,
    )
