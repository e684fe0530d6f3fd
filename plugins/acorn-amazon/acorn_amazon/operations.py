"""The operations that Acorn calls, with Amazon's usage plans, as data.

Rates (per second) and bursts are those printed in Amazon's models; they are where a bucket
starts, and an answer's ``x-amzn-RateLimit-Limit`` corrects them. The feed-type limit is Amazon's
announcement of 2025-05-06: five JSON_LISTINGS_FEED in five minutes per region. Amazon has named
two limits for previews, 1 and 20 a second; the lower one counts until an answer says more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

FEED_TYPE: Final = "JSON_LISTINGS_FEED"
PREVIEW: Final = "VALIDATION_PREVIEW"


@dataclass(frozen=True, slots=True)
class Plan:
    """A usage plan: ``rate`` calls a second, up to ``burst`` at once."""

    rate: float
    burst: int


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the API.

    ``path`` has ``{names}``. ``changes`` says that a repeated call would have a repeated effect,
    so that a lost answer must not be answered by calling again. ``also`` names a further quota.
    ``silent`` says that a success has no body.
    """

    name: str
    method: str
    path: str
    plan: Plan
    changes: bool = False
    also: str | None = None
    silent: bool = False


_FEEDS: Final = "/feeds/2021-06-30"
_ITEMS: Final = "/listings/2021-08-01/items/{sellerId}"
_TYPES: Final = "/definitions/2020-09-01/productTypes"
_REPORTS: Final = "/reports/2021-06-30"
_ORDERS: Final = "/orders/2026-01-01/orders"
_PRICING: Final = "/products/pricing/v0"
_BATCHES: Final = "/batches/products/pricing"
_FEES: Final = "/products/fees/v0"

_ALL: Final = (
    Operation("createFeedDocument", "POST", f"{_FEEDS}/documents", Plan(0.5, 15)),
    Operation("getFeedDocument", "GET", f"{_FEEDS}/documents/{{feedDocumentId}}", Plan(0.0222, 10)),
    Operation("createFeed", "POST", f"{_FEEDS}/feeds", Plan(0.0083, 15), changes=True, also=FEED_TYPE),
    Operation("getFeeds", "GET", f"{_FEEDS}/feeds", Plan(0.0222, 10)),
    Operation("getFeed", "GET", f"{_FEEDS}/feeds/{{feedId}}", Plan(2, 15)),
    Operation("cancelFeed", "DELETE", f"{_FEEDS}/feeds/{{feedId}}", Plan(2, 15), changes=True, silent=True),
    Operation("searchListingsItems", "GET", _ITEMS, Plan(5, 5)),
    Operation("getListingsItem", "GET", f"{_ITEMS}/{{sku}}", Plan(5, 10)),
    Operation("putListingsItem", "PUT", f"{_ITEMS}/{{sku}}", Plan(5, 10), changes=True),
    Operation("patchListingsItem", "PATCH", f"{_ITEMS}/{{sku}}", Plan(5, 5), changes=True),
    Operation("deleteListingsItem", "DELETE", f"{_ITEMS}/{{sku}}", Plan(5, 5), changes=True),
    Operation("getListingsRestrictions", "GET", "/listings/2021-08-01/restrictions", Plan(5, 10)),
    Operation("searchDefinitionsProductTypes", "GET", _TYPES, Plan(5, 10)),
    Operation("getDefinitionsProductType", "GET", f"{_TYPES}/{{productType}}", Plan(5, 10)),
    Operation("getCompetitiveSummary", "POST", f"{_BATCHES}/2022-05-01/items/competitiveSummary", Plan(0.033, 1)),
    Operation(
        "getFeaturedOfferExpectedPriceBatch",
        "POST",
        f"{_BATCHES}/2022-05-01/offer/featuredOfferExpectedPrice",
        Plan(0.033, 1),
    ),
    Operation("getPricing", "GET", f"{_PRICING}/price", Plan(0.5, 1)),
    Operation("getCompetitivePricing", "GET", f"{_PRICING}/competitivePrice", Plan(0.5, 1)),
    Operation("getItemOffersBatch", "POST", f"{_BATCHES}/v0/itemOffers", Plan(0.1, 1)),
    Operation("getListingOffersBatch", "POST", f"{_BATCHES}/v0/listingOffers", Plan(0.5, 1)),
    Operation("getMyFeesEstimates", "POST", f"{_FEES}/feesEstimate", Plan(0.5, 1)),
    Operation("createReport", "POST", f"{_REPORTS}/reports", Plan(0.0167, 15), changes=True),
    Operation("getReports", "GET", f"{_REPORTS}/reports", Plan(0.0222, 10)),
    Operation("getReport", "GET", f"{_REPORTS}/reports/{{reportId}}", Plan(2, 15)),
    Operation(
        "cancelReport", "DELETE", f"{_REPORTS}/reports/{{reportId}}", Plan(0.0222, 10), changes=True, silent=True
    ),
    Operation("getReportDocument", "GET", f"{_REPORTS}/documents/{{reportDocumentId}}", Plan(0.0167, 15)),
    Operation("getInventorySummaries", "GET", "/fba/inventory/v1/summaries", Plan(2, 2)),
    Operation("searchOrders", "GET", _ORDERS, Plan(0.0056, 20)),
    Operation("getOrder", "GET", f"{_ORDERS}/{{orderId}}", Plan(0.5, 30)),
    Operation("getMarketplaceParticipations", "GET", "/sellers/v1/marketplaceParticipations", Plan(0.016, 15)),
)

OPERATIONS: Final[dict[str, Operation]] = {operation.name: operation for operation in _ALL}

PREVIEWS: Final[dict[str, Operation]] = {
    name: replace(OPERATIONS[name], changes=False, also=PREVIEW) for name in ("putListingsItem", "patchListingsItem")
}
"""The same operations with ``mode=VALIDATION_PREVIEW``: they change nothing, so they are safe to repeat."""

FURTHER_PLANS: Final[dict[str, Plan]] = {FEED_TYPE: Plan(5 / 300, 5), PREVIEW: Plan(1, 1)}
