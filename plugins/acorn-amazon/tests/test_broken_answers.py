"""Answers that break Amazon's models, in every place and in every way: a clear error, or a member that is not needed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from acorn_amazon import feeds, fees, inventory, listings, offers, orders, pricing, reports, restrictions
from acorn_amazon.answers import Money
from acorn_amazon.product_types import ProductTypes
from acorn_amazon.reading import row_of
from acorn_amazon.sites import SITES_BY_NAME

from acorn_engine.marketplace import MarketplaceError

SITE = SITES_BY_NAME["amazon.com"]
SINCE = datetime(2026, 11, 1, tzinfo=UTC)
SELLER = "A2EXAMPLE"
DOLLARS = Money(Decimal(10), "USD")
QUESTIONS = [fees.FeeQuestion("S", DOLLARS, key=key) for key in ("UmaS1", "UmaS2")]

CALLS = {
    "getFeed": lambda client: feeds.poll(client, "1"),
    "getFeeds": lambda client: feeds.recent(client, SITE, SINCE),
    "putListingsItem": lambda client: listings.put(client, SELLER, SITE, "S", "X", {}),
    "deleteListingsItem": lambda client: listings.delete(client, SELLER, SITE, "S"),
    "searchListingsItems": lambda client: listings.search(client, SELLER, SITE),
    "getListingsItem": lambda client: row_of(listings.get(client, SELLER, SITE, "GM-ZDPI-9B4E"), SITE),
    "getListingsRestrictions": lambda client: restrictions.restrictions(client, SELLER, SITE, "B1"),
    "searchDefinitionsProductTypes": lambda client: ProductTypes(client).search(SITE),
    "getCompetitiveSummary": lambda client: pricing.competitive_summaries(client, SITE, ["B00ZIAODGE"]),
    "getFeaturedOfferExpectedPriceBatch": lambda client: pricing.expected_prices(client, SITE, ["MY_SKU"]),
    "getItemOffersBatch": lambda client: offers.item_offers(client, SITE, ["B000P6Q7MY"]),
    "getListingOffersBatch": lambda client: offers.listing_offers(client, SITE, ["GC-QTMS-SV2I"]),
    "getPricing": lambda client: offers.own_prices(client, SITE, ["NABetaASINB00V5DG6IQ"]),
    "getCompetitivePricing": lambda client: offers.competitive_prices(client, SITE, ["B00V5DG6IQ"]),
    "getMyFeesEstimates": lambda client: fees.estimate_fees(client, SITE, QUESTIONS),
    "createReport": lambda client: reports.create_report(client, "X", [SITE]),
    "getReport": lambda client: reports.get_report(client, "1"),
    "getReports": lambda client: reports.find_reports(client, ["X"]),
    "getReportDocument": lambda client: reports.fetch_report(
        client, reports.RemoteReport("1", "X", "DONE", SINCE, "d1")
    ),
    "searchOrders": lambda client: list(orders.search_orders(client, [SITE], created_after=SINCE)),
    "getOrder": lambda client: orders.get_order(client, "123-4567890-1234567"),
    "getInventorySummaries": lambda client: inventory.fba_inventory(client, SITE),
}

STOCK = {
    "payload": {
        "granularity": {"granularityType": "Marketplace", "granularityId": SITE.marketplace_id},
        "inventorySummaries": [
            {
                "sellerSku": "S",
                "lastUpdatedTime": "2026-11-23T12:00:01Z",
                "inventoryDetails": {"fulfillableQuantity": 1, "reservedQuantity": {"totalReservedQuantity": 2}},
                "totalQuantity": 3,
            }
        ],
    },
    "pagination": {},
}


def broken(value):
    """Yield the value with one thing wrong, in every place; of lists the first item is taken."""
    for wrong in (None, "x", -1.5, [None], {}):
        if wrong != value:
            yield wrong
    if isinstance(value, dict):
        for key, member in value.items():
            yield {other: kept for other, kept in value.items() if other != key}
            for less in broken(member):
                yield value | {key: less}
    elif isinstance(value, list):
        for index, member in enumerate(value[:1]):
            for less in broken(member):
                yield [*value[:index], less, *value[index + 1 :]]


@pytest.mark.parametrize("name", CALLS)
def test_no_broken_answer_is_anything_but_an_error_of_the_marketplace(amazon, connection, models, name):
    status, example = (200, STOCK) if name == "getInventorySummaries" else models.examples(name)[0]
    if "url" in example:
        example = example | {"url": "http://127.0.0.1:9/storage/1"}
    if name == "searchListingsItems":
        example = example | {"pagination": {}}
    client = connection.client.patient(1e9)
    text = json.dumps(example)
    tried = [json.dumps(one) for one in broken(example)]
    tried += [text[:end] for end in range(0, len(text), max(1, len(text) // 20))]
    refused = set()
    for one in tried:
        amazon.script[name] = [(status, one.encode())]
        amazon.other_script = [(200, b"x")]
        try:
            CALLS[name](client)
        except MarketplaceError as error:
            refused.add((error.code, bool(error.who), bool(error.remedy)))
    assert refused
    assert refused <= {("server", True, True), ("unanswered", True, True), ("invalid", True, True)}
