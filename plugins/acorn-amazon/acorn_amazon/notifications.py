"""Notifications as they come from a queue: the text of one message becomes a typed record.

Amazon writes some types in camelCase and others in PascalCase, and two of them under names that its
own schemas contradict; both are read. A type that is not known is ``Unknown``, never an error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from acorn_amazon import exact_json
from acorn_amazon.answers import Part
from acorn_amazon.notification_records import (
    Content,
    FeedFinished,
    ListingIssues,
    ListingStatus,
    OfferChange,
    OfferSeen,
    OrderChange,
    OrderedItem,
    PriceSeen,
    PricingHealth,
    ReportFinished,
    Unknown,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime


class NotificationError(ValueError):
    """A message that is no notification, or lacks what its type requires. It names the member."""


@dataclass(frozen=True, slots=True)
class Notification:
    """One message. Amazon may send it twice and in any order: ``id`` tells that, ``event_at`` orders."""

    type: str
    id: str
    payload_version: str
    event_at: datetime
    published_at: datetime
    subscription_id: str
    content: Content


class _Payload(Part):
    """A part of a notification, its names in camelCase."""

    def unusable(self, where: str) -> Exception:
        """Return the error for a member that makes no sense."""
        return NotificationError(f"{self.operation}: the message has no usable '{where}'; it was not read")


def parse(message: str | bytes) -> Notification:
    """Read one message. Raises ``NotificationError``; a message that is none is not to be retried."""
    try:
        data = exact_json.loads(message)
    except ValueError as error:
        raise NotificationError(f"the message is not JSON ({error}); it was not read") from None
    envelope = _Payload("notification", _camel(data))
    kind = envelope.text("notificationType")
    envelope = _Payload(kind, envelope.data)
    metadata = envelope.part("notificationMetadata")
    reader = _READERS.get(kind)
    if reader is None:
        content: Content = Unknown(_original(data))
    else:
        wrapper, read = reader
        payload = envelope.part("payload")
        content = read(payload.part(wrapper) if wrapper else payload)
    return Notification(
        type=kind,
        id=metadata.text("notificationId"),
        payload_version=envelope.text("payloadVersion"),
        event_at=envelope.moment("eventTime"),
        published_at=metadata.moment("publishTime"),
        subscription_id=metadata.text("subscriptionId"),
        content=content,
    )


def _name(key: str) -> str:
    return key.lower() if key.isupper() else key[:1].lower() + key[1:]


def _camel(value: Any) -> Any:
    """Return the same data with every name in camelCase."""
    if isinstance(value, dict):
        return {_name(key): _camel(member) for key, member in value.items()}
    return [_camel(item) for item in value] if isinstance(value, list) else value


def _original(data: Mapping[str, Any]) -> Mapping[str, Any]:
    payload = data.get("Payload", data.get("payload"))
    return payload if isinstance(payload, dict) else {}


def _fulfilment(part: Part, key: str) -> str | None:
    value = part.optional_text(key)
    return {"AMAZON": "amazon", "AFN": "amazon", "MERCHANT": "merchant", "MFN": "merchant"}.get(
        (value or "").upper(), value
    )


def _points(part: Part) -> int | None:
    points = part.optional_part("points")
    return points.optional_whole("pointsNumber") if points else None


def _price(part: Part) -> PriceSeen:
    return PriceSeen(
        condition=part.text("condition"),
        listing=part.optional_money("listingPrice"),
        shipping=part.optional_money("shipping"),
        landed=part.optional_money("landedPrice"),
        points=_points(part),
        fulfilment=_fulfilment(part, "fulfillmentType") or _fulfilment(part, "fulfillmentChannel"),
        quantity=part.optional_whole("quantityTier"),
        seller_id=part.optional_text("sellerId"),
    )


def _prices(parts: Sequence[Part]) -> tuple[PriceSeen, ...]:
    return tuple(_price(part) for part in parts)


def _offer(part: Part) -> OfferSeen:
    prime, origin = part.optional_part("primeInformation"), part.optional_part("shipsFrom")
    is_prime = None
    if prime is not None:
        is_prime = prime.optional_flag("isOfferPrime" if "isOfferPrime" in prime.data else "isPrime")
    by_amazon = part.optional_flag("isFulfilledByAmazon")
    return OfferSeen(
        seller_id=part.text("sellerId"),
        sub_condition=part.text("subCondition"),
        listing=part.money("listingPrice"),
        shipping=part.optional_money("shipping"),
        points=_points(part),
        fulfilment=None if by_amazon is None else "amazon" if by_amazon else "merchant",
        is_featured=part.optional_flag("isBuyBoxWinner"),
        is_prime=is_prime,
        ships_from=origin.optional_text("country") if origin else None,
        tiers=tuple(
            (tier.whole("quantityTier"), tier.money("listingPrice"))
            for tier in part.optional_parts("quantityDiscountPrice")
        ),
    )


def _offers(part: Part) -> OfferChange:
    trigger, summary = part.part("offerChangeTrigger"), part.part("summary")
    return OfferChange(
        seller_id=part.text("sellerId"),
        marketplace_id=trigger.text("marketplaceId"),
        asin=trigger.text("asin"),
        condition=trigger.text("itemCondition"),
        changed_at=trigger.moment("timeOfOfferChange"),
        business=part.operation == "B2B_ANY_OFFER_CHANGED",
        offers=tuple(_offer(offer) for offer in part.parts("offers")),
        lowest=_prices(summary.optional_parts("lowestPrices")),
        featured=_prices(summary.optional_parts("buyBoxPrices")),
        offer_count=sum(count.whole("offerCount") for count in summary.optional_parts("numberOfOffers")),
        competitive_price_threshold=summary.optional_money("competitivePriceThreshold"),
        list_price=summary.optional_money("listPrice"),
    )


def _health(part: Part) -> PricingHealth:
    trigger, summary = part.part("offerChangeTrigger"), part.part("summary")
    reference = summary.part("referencePrice")
    return PricingHealth(
        issue=part.text("issueType"),
        seller_id=part.text("sellerId"),
        marketplace_id=trigger.text("marketplaceId"),
        asin=trigger.text("asin"),
        condition=trigger.text("itemCondition"),
        changed_at=trigger.moment("timeOfOfferChange"),
        ours=_price(part.part("merchantOffer")),
        featured=_prices(summary.optional_parts("buyBoxPrices")),
        average_price=reference.optional_money("averageSellingPrice"),
        competitive_price_threshold=reference.optional_money("competitivePriceThreshold"),
        retail_price=reference.optional_money("retailOfferPrice"),
        list_price=reference.optional_money("msrpPrice"),
    )


def _feed(part: Part) -> FeedFinished:
    return FeedFinished(
        account_id=part.text("accountId"),
        seller_id=part.optional_text("sellerId"),
        feed_id=part.text("feedId"),
        feed_type=part.text("feedType"),
        state=part.text("processingStatus"),
        report_id=part.optional_text("resultFeedDocumentId") or None,
    )


def _report(part: Part) -> ReportFinished:
    return ReportFinished(
        account_id=part.text("accountId"),
        seller_id=part.optional_text("sellerId"),
        report_id=part.text("reportId"),
        report_type=part.text("reportType"),
        state=part.text("processingStatus"),
        document_id=part.optional_text("reportDocumentId") or None,
    )


def _issues(part: Part) -> ListingIssues:
    return ListingIssues(
        seller_id=part.text("sellerId"),
        marketplace_id=part.optional_text("marketplaceId"),
        asin=part.optional_text("asin"),
        seller_sku=part.text("sku"),
        severities=part.texts("severities"),
        enforcements=part.texts("enforcementActions"),
    )


def _status(part: Part) -> ListingStatus:
    return ListingStatus(
        seller_id=part.text("sellerId"),
        marketplace_id=part.optional_text("marketplaceId"),
        asin=part.optional_text("asin"),
        seller_sku=part.text("sku"),
        status=part.texts("status"),
        created_at=part.optional_moment("createdDate"),
    )


def _order(part: Part) -> OrderChange:
    trigger, summary = part.part("orderChangeTrigger"), part.part("summary")
    fulfilment = _fulfilment(summary, "fulfillmentType")
    if fulfilment is None:
        raise summary.fault("fulfillmentType")
    return OrderChange(
        seller_id=part.text("sellerId"),
        order_id=part.text("amazonOrderId"),
        marketplace_id=summary.text("marketplaceId"),
        level=part.text("notificationLevel"),
        change=part.text("orderChangeType"),
        reason=trigger.optional_text("changeReason"),
        changed_at=trigger.optional_moment("timeOfOrderChange"),
        status=summary.text("orderStatus"),
        fulfilment=fulfilment,
        items=tuple(
            OrderedItem(
                order_item_id=item.text("orderItemId"),
                seller_sku=item.text("sellerSKU"),
                quantity=item.whole("quantity"),
                quantity_shipped=item.optional_whole("quantityShipped"),
                status=item.optional_text("orderItemStatus"),
                cancel_requested=item.optional_flag("isBuyerRequestedCancel"),
            )
            for item in summary.parts("orderItems")
        ),
    )


_READERS: Final[dict[str, tuple[str | None, Callable[[Part], Content]]]] = {
    "ANY_OFFER_CHANGED": ("anyOfferChangedNotification", _offers),
    "B2B_ANY_OFFER_CHANGED": ("b2BAnyOfferChangedNotification", _offers),
    "PRICING_HEALTH": (None, _health),
    "FEED_PROCESSING_FINISHED": ("feedProcessingFinishedNotification", _feed),
    "REPORT_PROCESSING_FINISHED": ("reportProcessingFinishedNotification", _report),
    "LISTINGS_ITEM_ISSUES_CHANGE": (None, _issues),
    # Amazon's schema and its own example of this type do not agree on its name.
    "LISTINGS_ITEM_STATUS_CHANGE": (None, _status),
    "LISTINGS_ITEM_STATUS_CHANGED": (None, _status),
    "ORDER_CHANGE": ("orderChangeNotification", _order),
}
