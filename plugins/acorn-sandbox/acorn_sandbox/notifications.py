"""Notifications as Amazon puts them into a queue, made from the sandbox's state.

The sandbox has no queue: a program or a test takes a payload here and hands it to whatever reads
them. Types and shapes are those of Amazon's notification schemas: ``ANY_OFFER_CHANGED``,
``B2B_ANY_OFFER_CHANGED``, ``LISTINGS_ITEM_…`` and ``ORDER_CHANGE`` have keys in upper camel case,
``PRICING_HEALTH``, ``FEED_…`` and ``REPORT_PROCESSING_FINISHED`` in lower.
"""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Final

from acorn_sandbox import notification_shapes as shapes
from acorn_sandbox import views
from acorn_sandbox.clock import stamp
from acorn_sandbox.marketplaces import MARKETPLACES, Marketplace
from acorn_sandbox.offers import NEW, featured, of_condition, offer_of, offers_of
from acorn_sandbox.prices import standard_price
from acorn_sandbox.reports import Reports
from acorn_sandbox.standing import issues_of
from acorn_sandbox.state import Listing, State

Payload = shapes.Payload

APPLICATION: Final = "amzn1.sellerapps.app.acorn-sandbox"
_ORDER_STATUS: Final = {
    "PENDING_AVAILABILITY": "PendingAvailability",
    "PENDING": "Pending",
    "UNSHIPPED": "Unshipped",
    "PARTIALLY_SHIPPED": "PartiallyShipped",
    "SHIPPED": "Shipped",
    "CANCELLED": "Canceled",
    "UNFULFILLABLE": "Unfulfillable",
}


class Notifications:
    """Makes payloads; amounts are exact decimals, to be written by ``exact.dumps``.

    Every method raises ``LookupError`` for a listing, feed, report or order that is not there.
    """

    def __init__(self, state: State, reports: Reports) -> None:
        self._state = state
        self._reports = reports

    def any_offer_changed(self, seller_id: str, marketplace_id: str, asin: str) -> Payload:
        """Return ANY_OFFER_CHANGED of an item: its new offers, best first, as the pricing API shows them now."""
        site, offers = MARKETPLACES[marketplace_id], of_condition(offers_of(self._state, marketplace_id, asin), NEW)
        best = featured(offers)
        counts = shapes.counts(offers)
        reference = shapes.money(site, best.landed if best else Decimal(0))
        summary = {
            "NumberOfOffers": counts,
            "LowestPrices": shapes.lowest(offers),
            "BuyBoxPrices": [{"Condition": "new"} | shapes.prices(best)] if best else [],
            "ListPrice": reference,
            "MinimumAdvertisedPrice": reference,
            "SuggestedLowerPricePlusShipping": reference,
            "TotalBuyBoxEligibleOffers": len(offers),
            "SalesRankings": [],
            "NumberOfBuyBoxEligibleOffers": counts,
            "CompetitivePriceThreshold": reference,
        }
        content = {
            "SellerId": seller_id,
            "OfferChangeTrigger": self._trigger(site, asin) | {"OfferChangeType": "External"},
            "Summary": summary,
            # The schema requires points everywhere, though only Japan has them.
            "Offers": [
                shapes.shown(offer) | {"Points": {"PointsNumber": 0}, "PrimeInformation": shapes.prime(offer)}
                for offer in offers[:20]
            ],
        }
        return self._upper("ANY_OFFER_CHANGED", {"AnyOfferChangedNotification": content})

    def b2b_any_offer_changed(self, seller_id: str, marketplace_id: str, asin: str) -> Payload:
        """Return B2B_ANY_OFFER_CHANGED of an item: its new offers as a business sees them."""
        site = MARKETPLACES[marketplace_id]
        offers = of_condition(offers_of(self._state, marketplace_id, asin, business=True), NEW)
        best, tier = featured(offers), {"OfferType": "B2B", "QuantityTier": 1}
        prime = {True: {"IsPrime": True, "IsNationalPrime": True}, False: {"IsPrime": False, "IsNationalPrime": False}}
        content = {
            "SellerId": seller_id,
            "OfferChangeTrigger": self._trigger(site, asin),
            "Summary": {
                "NumberOfOffers": shapes.counts(offers),
                "BuyBoxEligibleOffers": shapes.counts(offers),
                "LowestPrices": [line | tier for line in shapes.lowest(offers)],
                "BuyBoxPrices": [{"Condition": "new", "SellerId": best.seller_id} | tier | shapes.prices(best)]
                if best
                else [],
            },
            "Offers": [
                shapes.shown(offer)
                | {"PrimeInformation": prime[offer.fulfilled_by_amazon], "IsBuyBoxWinner": offer is best}
                for offer in offers[:20]
            ],
        }
        return self._upper("B2B_ANY_OFFER_CHANGED", {"B2BAnyOfferChangedNotification": content})

    def pricing_health(self, seller_id: str, marketplace_id: str, sku: str) -> Payload | None:
        """Return PRICING_HEALTH of a listing, or ``None`` where it has no offer or is the featured one."""
        listing = self._listing(seller_id, marketplace_id, sku)
        own, site = offer_of(self._state, listing), listing.marketplace
        offers = of_condition(offers_of(self._state, site.id, listing.asin), NEW)
        best = featured(offers)
        if own is None or best is None or best.seller_id == own.seller_id:
            return None
        counts = [
            {"condition": "new", "fulfillmentType": shapes.fulfilment(amazon), "offerCount": count}
            for amazon, count in shapes.by_channel(offers).items()
        ]
        payload = {
            "issueType": "BuyBoxDisqualification",
            "sellerId": listing.seller_id,
            "offerChangeTrigger": {
                "marketplaceId": site.id,
                "asin": listing.asin,
                "itemCondition": "new",
                "timeOfOfferChange": stamp(self._state.now()),
            },
            "merchantOffer": {"condition": "new", "fulfillmentType": shapes.fulfilment(own.fulfilled_by_amazon)}
            | shapes.lower_prices(own),
            "summary": {
                "numberOfOffers": counts,
                "buyBoxEligibleOffers": counts,
                "buyBoxPrices": [{"condition": "new"} | shapes.lower_prices(best)],
                "salesRankings": [],
                "referencePrice": {
                    "competitivePriceThreshold": shapes.lower_money(best, best.landed),
                    "msrpPrice": shapes.lower_money(own, standard_price(listing) or own.price),
                },
            },
        }
        return self._lower("PRICING_HEALTH", "1.0", payload)

    def feed_processing_finished(self, seller_id: str, feed_id: str) -> Payload:
        """Return FEED_PROCESSING_FINISHED of a feed that has ended."""
        feed = self._state.feeds[seller_id, feed_id]
        content = {
            "sellerId": feed.seller_id,
            "accountId": f"amzn1.merchant.o.{feed.seller_id}",
            "feedId": feed.id,
            "feedType": feed.type,
            "processingStatus": feed.status,
        }
        if feed.result_id is not None:
            content["resultFeedDocumentId"] = feed.result_id
        payload = {"feedProcessingFinishedNotification": content}
        return self._lower("FEED_PROCESSING_FINISHED", "2020-09-04", payload)

    def report_processing_finished(self, seller_id: str, report_id: str) -> Payload:
        """Return REPORT_PROCESSING_FINISHED of a report that has ended."""
        report = self._reports.report(seller_id, report_id)
        if report is None:
            raise LookupError(f"The report {report_id} of {seller_id} does not exist.")
        content = {
            "sellerId": report.seller_id,
            "accountId": f"amzn1.merchant.o.{report.seller_id}",
            "reportId": report.id,
            "reportType": report.type,
            "processingStatus": report.status,
        }
        if report.document_id is not None:
            content["reportDocumentId"] = report.document_id
        payload = {"reportProcessingFinishedNotification": content}
        return self._lower("REPORT_PROCESSING_FINISHED", "2020-09-04", payload)

    def listings_item_status_change(self, seller_id: str, marketplace_id: str, sku: str) -> Payload:
        """Return LISTINGS_ITEM_STATUS_CHANGE of a SKU; one that has no listing is DELETED.

        Amazon's schema allows only another word for the type, which its own example does not use.
        """
        listing = self._state.listing(seller_id, marketplace_id, sku)
        payload: Payload = {"SellerId": seller_id, "MarketplaceId": marketplace_id, "Sku": sku, "Status": ["DELETED"]}
        if listing is not None:
            status = views.status_of(self._state, listing)
            payload |= {"Asin": listing.asin, "CreatedDate": stamp(listing.created), "Status": status}
        return self._upper("LISTINGS_ITEM_STATUS_CHANGE", payload)

    def listings_item_issues_change(self, seller_id: str, marketplace_id: str, sku: str) -> Payload:
        """Return LISTINGS_ITEM_ISSUES_CHANGE of a listing, version 2023-12-13."""
        listing = self._listing(seller_id, marketplace_id, sku)
        issues = issues_of(listing)
        actions = (issue.get("enforcements", {}).get("actions", []) for issue in issues)
        payload = {
            "SellerId": seller_id,
            "MarketplaceId": marketplace_id,
            "Asin": listing.asin,
            "Sku": sku,
            "Severities": sorted({issue["severity"] for issue in issues}),
            "EnforcementActions": sorted({action["action"] for some in actions for action in some}),
        }
        return self._upper("LISTINGS_ITEM_ISSUES_CHANGE", payload, "2023-12-13")

    def order_change(self, seller_id: str, order_id: str) -> Payload:
        """Return ORDER_CHANGE of an order whose status has changed."""
        order = self._state.market.order(seller_id, order_id)
        if order is None:
            raise LookupError(f"The order {order_id} of {seller_id} does not exist.")
        shipped = order.status == "SHIPPED"
        count = sum(item.quantity for item in order.items)
        items = [
            {
                "OrderItemId": item.id,
                "SellerSKU": item.sku,
                "SupplySourceId": None,
                "OrderItemStatus": "Shipped" if shipped else "Unshipped",
                "Quantity": item.quantity,
                "QuantityShipped": item.quantity if shipped else 0,
            }
            for item in order.items
        ]
        content = {
            "NotificationLevel": "OrderLevel",
            "SellerId": order.seller_id,
            "AmazonOrderId": order.id,
            "OrderChangeType": "OrderStatusChange",
            "OrderChangeTrigger": {"TimeOfOrderChange": stamp(order.updated), "ChangeReason": "Order status changed"},
            "Summary": {
                "MarketplaceId": order.marketplace_id,
                "OrderStatus": _ORDER_STATUS[order.status],
                "PurchaseDate": stamp(order.created),
                "DestinationPostalCode": None,
                "FulfillmentType": shapes.fulfilment(order.fulfilled_by == "AMAZON"),
                "OrderType": "StandardOrder",
                "NumberOfItemsShipped": count if shipped else 0,
                "NumberOfItemsUnshipped": 0 if shipped else count,
                "OrderItems": items,
            },
        }
        return self._upper("ORDER_CHANGE", {"OrderChangeNotification": content})

    def _listing(self, seller_id: str, marketplace_id: str, sku: str) -> Listing:
        listing = self._state.listing(seller_id, marketplace_id, sku)
        if listing is None:
            raise LookupError(f"{seller_id} has no SKU {sku} on {marketplace_id}.")
        return listing

    def _trigger(self, site: Marketplace, asin: str) -> Payload:
        now = stamp(self._state.now())
        return {"MarketplaceId": site.id, "ASIN": asin, "ItemCondition": "New", "TimeOfOfferChange": now}

    def _upper(self, kind: str, payload: Payload, version: str = "1.0") -> Payload:
        now = stamp(self._state.now())
        return {
            "NotificationVersion": "1.0",
            "NotificationType": kind,
            "PayloadVersion": version,
            "EventTime": now,
            "Payload": payload,
            "NotificationMetadata": {
                "ApplicationId": APPLICATION,
                "SubscriptionId": f"subscription-{kind.lower()}",
                "PublishTime": now,
                "NotificationId": str(uuid.uuid4()),
            },
        }

    def _lower(self, kind: str, version: str, payload: Payload) -> Payload:
        now = stamp(self._state.now())
        return {
            "notificationVersion": version,
            "notificationType": kind,
            "payloadVersion": version,
            "eventTime": now,
            "payload": payload,
            "notificationMetadata": {
                "applicationId": APPLICATION,
                "subscriptionId": f"subscription-{kind.lower()}",
                "publishTime": now,
                "notificationId": str(uuid.uuid4()),
            },
        }
