"""The operations that Acorn calls, with Amazon's usage plans, as data.

Rates (per second) and bursts are those printed in Amazon's models (Feeds 2021-06-30, Listings
Items 2021-08-01, Sellers v1); they are where a bucket starts, and an answer's
``x-amzn-RateLimit-Limit`` corrects them. The feed-type limit is Amazon's announcement of
2025-05-06: five JSON_LISTINGS_FEED in five minutes per region.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

FEED_TYPE: Final = "JSON_LISTINGS_FEED"


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
    """

    name: str
    method: str
    path: str
    plan: Plan
    changes: bool = False
    also: str | None = None


_FEEDS: Final = "/feeds/2021-06-30"
_ITEMS: Final = "/listings/2021-08-01/items/{sellerId}"

_ALL: Final = (
    Operation("createFeedDocument", "POST", f"{_FEEDS}/documents", Plan(0.5, 15)),
    Operation("getFeedDocument", "GET", f"{_FEEDS}/documents/{{feedDocumentId}}", Plan(0.0222, 10)),
    Operation("createFeed", "POST", f"{_FEEDS}/feeds", Plan(0.0083, 15), changes=True, also=FEED_TYPE),
    Operation("getFeeds", "GET", f"{_FEEDS}/feeds", Plan(0.0222, 10)),
    Operation("getFeed", "GET", f"{_FEEDS}/feeds/{{feedId}}", Plan(2, 15)),
    Operation("searchListingsItems", "GET", _ITEMS, Plan(5, 5)),
    Operation("getListingsItem", "GET", f"{_ITEMS}/{{sku}}", Plan(5, 10)),
    Operation("patchListingsItem", "PATCH", f"{_ITEMS}/{{sku}}", Plan(5, 5), changes=True),
    Operation("getMarketplaceParticipations", "GET", "/sellers/v1/marketplaceParticipations", Plan(0.016, 15)),
)

OPERATIONS: Final[dict[str, Operation]] = {operation.name: operation for operation in _ALL}

FURTHER_PLANS: Final[dict[str, Plan]] = {FEED_TYPE: Plan(5 / 300, 5)}
