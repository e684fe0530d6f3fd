"""A sandbox that is alive: what moves shows in the operations, and nothing moves without."""

from __future__ import annotations

import time

import pytest
from acorn_sandbox.clock import Timing, stamp
from acorn_sandbox.server import SandboxServer

DE = "A1PA6795UKMFR9"
SKUS = ("ACORN-KETTLE", "ACORN-LAMP", "ACORN-CASE")
STOCK = {"granularityType": "Marketplace", "granularityId": DE, "marketplaceIds": DE, "details": "true"}


@pytest.fixture
def shop(connect):
    now = [time.time()]

    def tick():
        now[0] += 3
        return now[0]

    with SandboxServer(timing=Timing(now=tick), random_seed=7) as server:
        yield connect(server)


def seen(seller):
    """What a client can see of the world: offers, stock, orders."""
    asins = [seller.get_item(sku).json()["summaries"][0]["asin"] for sku in SKUS]
    offers = {}
    for asin in asins:
        query = {"MarketplaceId": DE, "ItemCondition": "New"}
        payload = seller.call("GET", f"/products/pricing/v0/items/{asin}/offers", params=query).json()["payload"]
        offers[asin] = [(one["SellerId"], one["ListingPrice"]["Amount"]) for one in payload["Offers"]]
    stock = seller.call("GET", "/fba/inventory/v1/summaries", params=STOCK).json()["payload"]["inventorySummaries"]
    since = stamp(time.time() - 86400)
    orders = seller.call("GET", "/orders/2026-01-01/orders", params={"createdAfter": since}).json()["orders"]
    details = [one["inventoryDetails"] for one in stock]
    return offers, details, orders


def test_steps_move_competitors_stock_and_orders(shop):
    before = seen(shop)
    assert seen(shop) == before
    assert before[2] == []
    shop.server.stage("steps", {"steps": 400})
    for _ in range(50):
        shop.call("GET", "/sellers/v1/marketplaceParticipations")  # two minutes pass
    offers, stock, orders = seen(shop)
    assert offers != before[0]
    assert stock != before[1]
    assert orders
    assert {one["salesChannel"]["marketplaceId"] for one in orders} > {DE}
