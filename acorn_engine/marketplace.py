"""What a marketplace provider does for the engine: encode, submit, poll, report, read.

The engine owns every decision, every retry and every record; a provider turns wishes into
its marketplace's words and answers into the records below.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    import polars as pl

    from acorn_engine.sites import Site

SubmissionState = Literal["queued", "running", "done", "cancelled", "fatal"]
Mender = Literal["seller", "developer", "marketplace", "time"]
Buffer = bytes | bytearray | memoryview


@dataclass(frozen=True, slots=True)
class Limits:
    """What one submission may hold, and how many may be created.

    ``submissions`` per ``per_seconds`` and account: so many at once, and then one at a time as the
    interval gives them back. ``further`` are further quotas of submissions, as (at once, seconds
    until one more); ``patch_seconds`` how long one ``patch`` takes at least. All are used to say how
    long a plan takes.
    """

    messages: int
    bytes: int
    submissions: int
    per_seconds: float
    further: tuple[tuple[int, float], ...] = ()
    patch_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Account:
    """One seller in one region, as configured; never holds a secret."""

    name: str
    marketplace: str
    seller_id: str
    sites: tuple[str, ...]
    endpoint: str | None = None
    auth_endpoint: str | None = None
    quantity_site: str | None = None
    patch_up_to: int = 50
    neighbours: Literal["read", "none"] = "read"

    def goes_one_by_one(self, changes: int) -> bool:
        """Say whether a plan that sends so many changes of this account sends them one by one, not in a feed."""
        return changes <= self.patch_up_to


@dataclass(frozen=True, slots=True)
class Credentials:
    """The secrets of one account. They are never printed."""

    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class RemoteSubmission:
    """A submission as the marketplace shows it."""

    id: str
    state: SubmissionState
    created_at: datetime
    report_id: str | None = None


@dataclass(frozen=True, slots=True)
class Issue:
    """What the marketplace says of a message; ``message_id`` is absent for the whole submission."""

    severity: Literal["error", "warning", "info"]
    message: str
    code: str | None = None
    message_id: int | None = None
    seller_sku: str | None = None
    attribute: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """The marketplace's answer to a submission.

    ``complete`` is false where the report was cut off or does not account for every message.
    """

    issues: tuple[Issue, ...]
    processed: int
    accepted: int
    invalid: int
    complete: bool = True


class MarketplaceError(Exception):
    """A call that failed for a known reason. The text holds no secret.

    ``code`` is stable (``unauthorized``, ``throttled``, ``not_found``, ``invalid``, ``server``…),
    ``status`` the HTTP status, ``request_id`` what support asks for, ``retry_after`` seconds.
    ``retryable`` says whether the same call may succeed later. ``who`` can mend it: ``seller``
    (whoever runs the account), ``developer`` (of this program, or of the plugin), ``marketplace``,
    or ``time`` (nobody need do anything); ``remedy`` says in plain words how. The call had no effect.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str,
        status: int | None = None,
        request_id: str | None = None,
        retryable: bool = False,
        retry_after: float | None = None,
        who: Mender | None = None,
        remedy: str | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.request_id = request_id
        self.retryable = retryable
        self.retry_after = retry_after
        self.who = who
        self.remedy = remedy


class UnansweredError(MarketplaceError):
    """A call that may or may not have had its effect: the answer was lost."""


class Connection(Protocol):
    """One account's conversation with its marketplace. Thread-safe; blocking.

    Every method may raise ``MarketplaceError``. Those that change something at the marketplace
    (``submit``, ``patch``) raise ``UnansweredError`` when the answer was lost; they are never
    retried inside.
    """

    def upload(self, document: bytes) -> str:
        """Store a document with the marketplace and return its id. Safe to repeat."""
        ...

    def submit(self, site: Site, document_id: str) -> str:
        """Create a submission of an uploaded document for one site and return its id."""
        ...

    def recent(self, site: Site, since: datetime) -> Sequence[RemoteSubmission]:
        """Return the submissions of this kind created at or after ``since``, newest first."""
        ...

    def poll(self, submission_id: str) -> RemoteSubmission:
        """Return a submission's present state."""
        ...

    def report(self, report_id: str) -> Report:
        """Return the report of a finished submission."""
        ...

    def patch(self, site: Site, seller_sku: str, message: str) -> Report:
        """Apply one message (JSON text, as encoded) to one listing at once."""
        ...

    def read(self, site: Site, seller_skus: Sequence[str]) -> pl.DataFrame:
        """Read offers in full.

        Returns one row per SKU that the marketplace knows, with the columns of ``READ_SCHEMA``.
        """
        ...

    def close(self) -> None:
        """Release sockets. The connection cannot be used afterwards."""
        ...


READ_SCHEMA: dict[str, str] = {
    "seller_sku": "text",
    "product_type": "text; null if unknown",
    "fulfilment": "merchant | amazon | null",
    "price": "plain decimal text in the site's currency, or null",
    "sale_price": "plain decimal text, or null",
    "sale_from": "ISO date text, or null",
    "sale_to": "ISO date text, or null",
    "minimum_price": "plain decimal text, or null",
    "maximum_price": "plain decimal text, or null",
    "quantity": "plain integer text, or null",
    "handling_days": "plain integer text, or null",
    "attributes": "JSON text: an object of every other attribute by name, as the marketplace gave it",
    "other_prices": "JSON text: a list of further prices of the offer (business, tiers) as decimal text",
    "neighbours": "text owned by the provider: what else stands in what a price change replaces",
    "issues": "JSON text: a list of {code, message, severity, attribute}",
}
"""The columns of ``Connection.read``, every one ``String``."""


class Marketplace(Protocol):
    """A provider of sites."""

    name: str
    sites: tuple[Site, ...]
    limits: Limits

    def encode(self, offers: pl.DataFrame, account: Account, site: Site) -> pl.DataFrame:
        """Turn one wave of changes into messages, in columns.

        ``offers`` has one row per offer: ``seller_sku, product_type, fulfilment, currency``;
        the whole price group as it should stand after the change (``price, sale_price,
        sale_from, sale_to, minimum_price, maximum_price``: text or null) with ``price_changed``
        (boolean); ``quantity`` and ``handling_days`` (text; null where not to be sent);
        ``attributes`` (JSON text: an object of attribute name to literal value, or null); and
        ``neighbours`` (as ``Connection.read`` gave it, or null where nothing else stands there).
        Returns ``seller_sku`` and ``message``: the JSON text of one message without its id. A third
        column, ``refused`` (text), may say why an offer has none: then its ``message`` is null. An
        offer that is left out counts as refused too. Where the whole call is refused
        (``MarketplaceError``), the wave is halved until the offers at fault are found, at the price of
        many calls.
        """
        ...

    def document(self, messages: Sequence[tuple[int, str]], account: Account, site: Site) -> bytes:
        """Wrap messages (id, JSON text) into one document, UTF-8.

        A provider may have ``document_buffers`` besides, with the signature of the function of that
        name but for the marketplace: the same bytes in pieces, for documents made of whole columns.
        """
        ...

    def attribute_matches(self, wanted: str, shown: str | None, site: Site) -> bool:
        """Say whether an attribute (JSON text) reads back as planned."""
        ...

    def connect(self, account: Account, credentials: Credentials, options: Mapping[str, object]) -> Connection:
        """Open a connection for one account. Makes no request."""
        ...


def document_buffers(
    marketplace: Marketplace, messages: pl.DataFrame, account: Account, site: Site
) -> Sequence[Buffer]:
    """Return one document in pieces, to be written or joined one after the other.

    ``messages`` has ``message_id`` (integer) and ``message`` (JSON text), in the order of the document.
    The bytes are those of ``Marketplace.document``, straight from columns where the provider can do that.
    """
    columns = messages.select("message_id", "message")
    in_columns: Callable[[pl.DataFrame, Account, Site], Sequence[Buffer]] | None = getattr(
        marketplace, "document_buffers", None
    )
    if in_columns is None:
        return [marketplace.document(list(columns.iter_rows()), account, site)]
    return in_columns(columns, account, site)
