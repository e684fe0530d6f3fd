"""Amazon's stock, page by page."""

from __future__ import annotations

import time

import pytest
from acorn_sandbox.clock import Timing, stamp
from acorn_sandbox.server import SandboxServer

DE, FR = "A1PA6795UKMFR9", "A13V1IB3VIYZZH"
PATH = "/fba/inventory/v1/summaries"
SITE = {"granularityType": "Marketplace", "granularityId": DE, "marketplaceIds": DE}


def goods(count):
    stock = {"fulfillment_availability": [{"fulfillment_channel_code": "AMAZON_EU"}]}
    return [
        {"seller_id": "A2EXAMPLE", "marketplace_id": DE, "sku": f"K{n:03}", "product_type": "LAMP", "attributes": stock}
        for n in range(count)
    ]


@pytest.fixture
def clock():
    return [time.time()]


@pytest.fixture
def warehouse(clock, connect):
    with SandboxServer(seed=goods(120), timing=Timing(now=lambda: clock[0])) as server:
        yield connect(server)


def skus(answer):
    return [one["sellerSku"] for one in answer["payload"]["inventorySummaries"]]


def test_pages_of_fifty(warehouse, clock):
    seen, more = [], {}
    for size in (50, 50, 20):
        answer = warehouse.call("GET", PATH, params=SITE | more).json()
        assert len(skus(answer)) == size
        seen += skus(answer)
        clock[0] += 2
        more = {"nextToken": answer.get("pagination", {}).get("nextToken")}
    assert more == {"nextToken": None}
    assert seen == [f"K{n:03}" for n in range(120)]


def test_a_page_token_lives_thirty_seconds(warehouse, clock):
    token = warehouse.call("GET", PATH, params=SITE).json()["pagination"]["nextToken"]
    clock[0] += 31
    answer = warehouse.call("GET", PATH, params=SITE | {"nextToken": token})
    assert answer.status_code == 400
    assert "expired" in answer.json()["errors"][0]["message"]


def test_skus_and_changes(warehouse, clock):
    assert skus(warehouse.call("GET", PATH, params=SITE | {"sellerSkus": "K003,K007,none"}).json()) == ["K003", "K007"]
    assert skus(warehouse.call("GET", PATH, params=SITE | {"sellerSku": "K009"}).json()) == ["K009"]
    clock[0] += 100
    state = warehouse.server._sandbox.state
    stock = state.market.stock("A2EXAMPLE", "EU", "K005")
    stock.updated = clock[0]
    state.market.put_stock("A2EXAMPLE", "EU", "K005", stock)
    changed = warehouse.call("GET", PATH, params=SITE | {"startDateTime": stamp(clock[0] - 10), "sellerSkus": "K003"})
    assert skus(changed.json()) == ["K005"]
    assert "inventoryDetails" not in changed.json()["payload"]["inventorySummaries"][0]


@pytest.mark.parametrize(
    "query",
    [
        {},
        SITE | {"granularityType": "Planet"},
        SITE | {"granularityId": FR},
        SITE | {"marketplaceIds": f"{DE},{FR}"},
        SITE | {"marketplaceIds": "nowhere"},
        SITE | {"startDateTime": "2001-01-01T00:00:00Z"},
        SITE | {"startDateTime": "soon"},
        SITE | {"details": "perhaps"},
        SITE | {"nextToken": "x"},
        SITE | {"nextToken": "WzEsMl0="},
        SITE | {"sellerSkus": ",".join(f"K{n}" for n in range(51))},
    ],
)
def test_what_is_refused(refusing, connect, query):
    answer = connect(refusing).call("GET", PATH, params=query)
    assert answer.status_code == 400
    assert answer.json()["errors"]
