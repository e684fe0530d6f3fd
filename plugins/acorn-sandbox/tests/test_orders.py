"""Orders: found by time, page by page, with the data that was asked for."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from acorn_sandbox.alive import sell
from acorn_sandbox.clock import Timing, stamp
from acorn_sandbox.server import SandboxServer

DE, FR = "A1PA6795UKMFR9", "A13V1IB3VIYZZH"
PATH = "/orders/2026-01-01/orders"
LAMP, CASE = "ACORN-LAMP", "ACORN-CASE"
ALL_DATA = "BUYER,RECIPIENT,PROCEEDS,EXPENSE,PROMOTION,CANCELLATION,FULFILLMENT,PACKAGES,TAX,PAYMENT,FULFILLMENT_ORDERS"


@pytest.fixture
def clock():
    return [time.time()]


@pytest.fixture
def shop(clock, connect):
    with SandboxServer(timing=Timing(now=lambda: clock[0])) as server:
        yield connect(server)


def buy(seller, sku=LAMP, quantity=1, site=DE):
    state = seller.server._sandbox.state
    order = sell(state, state.listing(seller.id, site, sku), quantity)
    assert order is not None
    return order


def since(clock, seconds=3600):
    return stamp(clock[0] - seconds)


def found(seller, **query):
    answer = seller.call("GET", PATH, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def ids(answer):
    return [order["orderId"] for order in answer["orders"]]


def test_an_order_is_found_two_minutes_later(shop, clock):
    order = buy(shop, quantity=2)
    assert ids(found(shop, createdAfter=since(clock))) == []
    clock[0] += 121
    answer = found(shop, createdAfter=since(clock))
    assert ids(answer) == [order.id]
    assert answer["createdBefore"] == stamp(clock[0] - 120)
    (item,) = answer["orders"][0]["orderItems"]
    assert (item["product"]["sellerSku"], item["quantityOrdered"]) == (LAMP, 2)
    assert item["product"]["price"]["unitPrice"] == {"amount": "24.50", "currencyCode": "EUR"}
    assert item["product"]["asin"] == shop.get_item(LAMP).json()["summaries"][0]["asin"]
    assert "proceeds" not in answer["orders"][0]
    whole = found(shop, createdAfter=since(clock), includedData=ALL_DATA)["orders"][0]
    assert whole["proceeds"]["grandTotal"] == {"amount": "49.00", "currencyCode": "EUR"}
    assert whole["fulfillment"]["fulfillmentStatus"] == "PENDING"


def test_pages_hold_every_order_once(shop, clock):
    orders = [buy(shop).id for _ in range(5)]
    clock[0] += 200
    query = {"createdAfter": since(clock), "maxResultsPerPage": 2}
    pages, more = [], {}
    while True:
        answer = found(shop, **query, **more)
        pages.append(ids(answer))
        if "pagination" not in answer:
            break
        more = {"paginationToken": answer["pagination"]["nextToken"]}
        buy(shop)  # what comes meanwhile is no part of the pages
        clock[0] += 150
    assert [len(page) for page in pages] == [2, 2, 1]
    assert sorted(one for page in pages for one in page) == sorted(orders)


def test_filters(shop, clock):
    lamp, case, french = buy(shop), buy(shop, CASE), buy(shop, site=FR)
    clock[0] += 1000
    lamp.status, lamp.updated = "SHIPPED", clock[0]
    shop.server._sandbox.state.market.put_order(lamp)
    clock[0] += 200
    after = {"createdAfter": since(clock)}
    assert set(ids(found(shop, **after))) == {lamp.id, case.id, french.id}
    assert ids(found(shop, **after, marketplaceIds=FR)) == [french.id]
    assert ids(found(shop, **after, fulfilledBy="AMAZON")) == [case.id]
    assert ids(found(shop, **after, fulfillmentStatuses="SHIPPED,CANCELLED")) == [lamp.id]
    assert ids(found(shop, lastUpdatedAfter=since(clock, 500))) == [lamp.id]
    assert ids(found(shop, **after, createdBefore=since(clock, 1500))) == []
    packed = shop.call("GET", f"{PATH}/{lamp.id}", params={"includedData": ALL_DATA}).json()["order"]
    assert packed["packages"][0]["packageItems"] == [{"orderItemId": lamp.items[0].id, "quantity": 1}]
    assert packed["orderItems"][0]["fulfillment"] == {"quantityFulfilled": 1, "quantityUnfulfilled": 0}


def test_orders_lower_the_stock_that_inventory_shows(shop, clock):
    query = {"granularityType": "Marketplace", "granularityId": DE, "marketplaceIds": DE, "details": "true"}

    def details():
        clock[0] += 1
        answer = shop.call("GET", "/fba/inventory/v1/summaries", params=query).json()
        return answer["payload"]["inventorySummaries"][0]["inventoryDetails"]

    before = details()["fulfillableQuantity"]
    buy(shop, CASE, 3)
    assert details()["fulfillableQuantity"] == before - 3
    assert details()["reservedQuantity"]["totalReservedQuantity"] == 3


def test_what_is_refused(shop, clock):
    buy(shop)
    buy(shop)
    clock[0] += 600
    now = datetime.fromtimestamp(clock[0], UTC).isoformat().replace("+00:00", "Z")
    after = {"createdAfter": since(clock)}
    next_page = found(shop, **after, maxResultsPerPage=1)["pagination"]["nextToken"]
    for query in (
        {},
        {"createdAfter": "yesterday"},
        after | {"lastUpdatedAfter": since(clock)},
        after | {"lastUpdatedBefore": since(clock)},
        after | {"createdBefore": now},
        after | {"createdBefore": since(clock, 9999)},
        after | {"maxResultsPerPage": 0},
        after | {"maxResultsPerPage": 101},
        after | {"marketplaceIds": "nowhere"},
        after | {"fulfilledBy": "me"},
        after | {"includedData": "EVERYTHING"},
        after | {"paginationToken": "x"},
        after | {"paginationToken": "e30="},
        after | {"paginationToken": next_page, "marketplaceIds": DE},
    ):
        answer = shop.call("GET", PATH, params=query)
        assert answer.status_code == 400, query
        assert answer.json()["errors"][0]["code"] == "InvalidInput"
    clock[0] += 86401
    shop.token = shop.refresh()
    assert shop.call("GET", PATH, params=after | {"paginationToken": next_page}).status_code == 400


def test_anothers_order_is_not_found(shop, connect):
    order = buy(shop)
    assert shop.call("GET", f"{PATH}/{order.id}").json()["order"]["orderId"] == order.id
    assert connect(shop.server, "B1OTHER").call("GET", f"{PATH}/{order.id}").status_code == 404
    assert shop.call("GET", f"{PATH}/000-0000000-0000000").status_code == 404
