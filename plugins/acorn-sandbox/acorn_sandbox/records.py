"""What the state is made of: listings, documents, feeds."""

from __future__ import annotations

import base64
import uuid
from dataclasses import dataclass, field, fields
from hashlib import blake2b
from typing import Any, Final

from acorn_sandbox.issues import Issue
from acorn_sandbox.marketplaces import MARKETPLACES, Marketplace

Instances = list[dict[str, Any]]


@dataclass(slots=True)
class Listing:
    """A SKU on one site; ``attributes`` holds everything but ``fulfillment_availability``.

    ``issues`` are those that submissions left; ``described`` says that the seller submitted the whole
    product, not only changes or an offer.
    """

    seller_id: str
    marketplace_id: str
    sku: str
    product_type: str
    attributes: dict[str, Instances]
    created: float
    updated: float
    issues: list[Issue] = field(default_factory=list)
    described: bool = False

    @property
    def marketplace(self) -> Marketplace:
        """The site."""
        return MARKETPLACES[self.marketplace_id]

    @property
    def asin(self) -> str:
        """The catalogue item: the suggested one, or one made from the SKU."""
        suggested = self.attributes.get("merchant_suggested_asin")
        if suggested and suggested[0].get("value"):
            return str(suggested[0]["value"])
        return "B0" + base64.b32encode(blake2b(self.sku.encode(), digest_size=5).digest()).decode()


_FEED_DOCUMENT: Final = "amzn1.tortuga.4.eu."
_LISTING: Final = tuple(one.name for one in fields(Listing))


def listing_record(listing: Listing) -> dict[str, Any]:
    """Return a listing's fields by name, not copied: copies of a large feed's listings take seconds."""
    return {name: getattr(listing, name) for name in _LISTING}


def feed_document_id() -> str:
    """Return a new id of a feed document or a processing report."""
    return f"{_FEED_DOCUMENT}{uuid.uuid4()}"


def is_feed_document(document_id: str) -> bool:
    """Say whether an id is of the Feeds API; other APIs have documents too."""
    return document_id.startswith(_FEED_DOCUMENT)


@dataclass(slots=True)
class Document:
    """A feed document or a processing report; times are seconds since the epoch, ``size`` is in bytes."""

    id: str
    seller_id: str
    content_type: str
    created: float
    report: bool = False
    size: int = 0


@dataclass(slots=True)
class Feed:
    """A feed; ``effect`` is the fault that will befall it, ``share`` how much of it then applies.

    ``messages`` is roughly how many messages it has; ``stocked`` says that its quantities are there
    already, as they are before its prices.
    """

    id: str
    seller_id: str
    type: str
    marketplace_ids: list[str]
    document_id: str
    created: float
    status: str = "IN_QUEUE"
    started: float | None = None
    ended: float | None = None
    result_id: str | None = None
    effect: str | None = None
    share: float | None = None
    messages: int = 0
    stocked: bool = False

    @property
    def lane(self) -> tuple[str, str]:
        """What is processed one at a time: the feeds of a seller and marketplace."""
        return self.seller_id, self.marketplace_ids[0]
