"""What notifications say, as records. Times are aware, amounts exact; what Amazon leaves out is ``None``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from acorn_amazon.answers import Money


@dataclass(frozen=True, slots=True)
class PriceSeen:
    """One price of a summary, the lowest or the featured one, of one condition and channel.

    ``fulfilment`` is ``amazon`` or ``merchant``; ``quantity`` the units from which it holds (business).
    """

    condition: str
    listing: Money | None
    shipping: Money | None
    landed: Money | None
    points: int | None
    fulfilment: str | None
    quantity: int | None
    seller_id: str | None


@dataclass(frozen=True, slots=True)
class OfferSeen:
    """One of the at most 20 best offers. ``tiers`` are (units, price each) of business offers."""

    seller_id: str
    sub_condition: str
    listing: Money
    shipping: Money | None
    points: int | None
    fulfilment: str | None
    is_featured: bool | None
    is_prime: bool | None
    ships_from: str | None
    tiers: tuple[tuple[int, Money], ...]


@dataclass(frozen=True, slots=True)
class OfferChange:
    """ANY_OFFER_CHANGED, or B2B_ANY_OFFER_CHANGED (``business``): the offers of an ASIN in one condition."""

    seller_id: str
    marketplace_id: str
    asin: str
    condition: str
    changed_at: datetime
    business: bool
    offers: tuple[OfferSeen, ...]
    lowest: tuple[PriceSeen, ...]
    featured: tuple[PriceSeen, ...]
    offer_count: int
    competitive_price_threshold: Money | None
    list_price: Money | None


@dataclass(frozen=True, slots=True)
class PricingHealth:
    """PRICING_HEALTH: an own offer may not be featured any more for its price."""

    issue: str
    seller_id: str
    marketplace_id: str
    asin: str
    condition: str
    changed_at: datetime
    ours: PriceSeen
    featured: tuple[PriceSeen, ...]
    average_price: Money | None
    competitive_price_threshold: Money | None
    retail_price: Money | None
    list_price: Money | None


@dataclass(frozen=True, slots=True)
class FeedFinished:
    """FEED_PROCESSING_FINISHED: ``state`` is DONE, CANCELLED or FATAL."""

    account_id: str
    seller_id: str | None
    feed_id: str
    feed_type: str
    state: str
    report_id: str | None


@dataclass(frozen=True, slots=True)
class ReportFinished:
    """REPORT_PROCESSING_FINISHED: ``state`` is DONE, CANCELLED or FATAL."""

    account_id: str
    seller_id: str | None
    report_id: str
    report_type: str
    state: str
    document_id: str | None


@dataclass(frozen=True, slots=True)
class ListingIssues:
    """LISTINGS_ITEM_ISSUES_CHANGE, of both payload versions: severities and what Amazon enforces."""

    seller_id: str
    marketplace_id: str | None
    asin: str | None
    seller_sku: str
    severities: tuple[str, ...]
    enforcements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListingStatus:
    """LISTINGS_ITEM_STATUS_CHANGE: ``status`` is of BUYABLE, DISCOVERABLE, DELETED; empty means neither."""

    seller_id: str
    marketplace_id: str | None
    asin: str | None
    seller_sku: str
    status: tuple[str, ...]
    created_at: datetime | None


@dataclass(frozen=True, slots=True)
class OrderedItem:
    """One line of a changed order."""

    order_item_id: str
    seller_sku: str
    quantity: int
    quantity_shipped: int | None
    status: str | None
    cancel_requested: bool | None


@dataclass(frozen=True, slots=True)
class OrderChange:
    """ORDER_CHANGE: an order, or the lines of one, changed."""

    seller_id: str
    order_id: str
    marketplace_id: str
    level: str
    change: str
    reason: str | None
    changed_at: datetime | None
    status: str
    fulfilment: str
    items: tuple[OrderedItem, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """A notification of a type that this version does not read; ``payload`` is as Amazon sent it."""

    payload: Mapping[str, Any] = field(repr=False)


Content = (
    OfferChange | PricingHealth | FeedFinished | ReportFinished | ListingIssues | ListingStatus | OrderChange | Unknown
)
