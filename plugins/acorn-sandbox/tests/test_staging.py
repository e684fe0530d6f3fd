from __future__ import annotations

import time

import httpx2
import pytest
from acorn_sandbox.server import SandboxServer

from acorn_engine.problems import AcornError

DE, FR = "A1PA6795UKMFR9", "A13V1IB3VIYZZH"
SELLER, LAMP = "A2EXAMPLE", "ACORN-LAMP"


def test_a_feed_of_another_tool_is_listed_and_changes_what_it_says(seller, offer, message):
    harmless, changing = seller.server.stage(
        "feeds",
        {"seller_id": SELLER, "marketplace_id": FR},
        {
            "seller_id": SELLER,
            "marketplace_id": DE,
            "messages": [message(1, LAMP, "purchasable_offer", offer(33))],
        },
    )
    before = seller.attribute(LAMP, "purchasable_offer", FR)
    for made in (harmless, changing):
        feed = seller.wait(made["feed_id"])
        assert seller.report_of(feed)["summary"]["messagesAccepted"] == 1
    time.sleep(0.05)
    found = seller.call("GET", "/feeds/2021-06-30/feeds", params={"feedTypes": "JSON_LISTINGS_FEED"}).json()["feeds"]
    assert {feed["feedId"] for feed in found} == {harmless["feed_id"], changing["feed_id"]}
    assert seller.attribute(LAMP, "purchasable_offer") == [offer(33)]
    assert seller.attribute(LAMP, "purchasable_offer", FR) == before
    listed = httpx2.get(seller.server.url + "/_sandbox/feeds").json()
    assert [(one["feed_id"], one["status"], one["messages"]) for one in listed] == [
        (harmless["feed_id"], "DONE", 1),
        (changing["feed_id"], "DONE", 1),
    ]


def test_an_order_by_hand_lowers_the_quantity_that_the_seller_reads(seller):
    (order,) = seller.server.stage("orders", {"seller_id": SELLER, "marketplace_id": DE, "sku": LAMP, "quantity": 2})
    assert seller.attribute(LAMP, "fulfillment_availability", FR)[0]["quantity"] == 10
    assert httpx2.get(seller.server.url + "/_sandbox/orders").json() == [order]
    assert order["items"] == [{"sku": LAMP, "quantity": 2, "price": 24.5}]


def test_competitors_by_hand(server):
    one = {"marketplace_id": DE, "asin": "B0X", "seller_id": "A7", "price": "19.90"}
    assert server.stage("competitors", one, one | {"seller_id": "A8", "shipping": 2}) == [
        {"marketplace_id": DE, "asin": "B0X", "offers": 1},
        {"marketplace_id": DE, "asin": "B0X", "offers": 2},
    ]
    assert server.stage("competitors", one | {"price": None})[0]["offers"] == 1


def test_steps_by_hand_make_orders(server):
    assert server.stage("steps", {"steps": 100}) == [{"steps": 100}]
    assert httpx2.get(server.url + "/_sandbox/orders").json()


def test_with_a_seed_number_a_living_sandbox_repeats_itself():
    def live(number):
        with SandboxServer(speed=1, random_seed=number, alive=True) as server:
            server.stage("steps", {"steps": 60})
            orders = httpx2.get(server.url + "/_sandbox/orders").json()
            return [(one["order_id"], one["status"], one["items"]) for one in orders]

    assert live(5) == live(5) != live(6)


@pytest.mark.parametrize(
    ("what", "record", "said"),
    [
        ("feeds", {"seller_id": SELLER}, "marketplace_id"),
        ("feeds", {"seller_id": SELLER, "marketplace_id": "X"}, "Invalid marketplace"),
        ("feeds", {"seller_id": SELLER, "marketplace_id": DE, "messages": []}, "messages"),
        ("orders", {"seller_id": SELLER, "marketplace_id": DE, "sku": "NONE"}, "has no 'NONE'"),
        ("orders", {"seller_id": SELLER, "marketplace_id": DE, "sku": LAMP, "quantity": 0}, "quantity"),
        ("orders", {"seller_id": SELLER, "marketplace_id": DE, "sku": "ACORN-BOTTLE"}, "cannot be bought"),
        ("competitors", {"marketplace_id": DE, "asin": "B0", "seller_id": "A", "price": "1.999"}, "price"),
        ("competitors", {"marketplace_id": DE, "asin": "B0", "seller_id": "A", "price": "NaN"}, "price"),
        ("competitors", {"marketplace_id": DE, "asin": "B0", "seller_id": "A", "price": "1e40"}, "price"),
        ("steps", {"steps": 0}, "steps"),
        ("nothing", {}, "has no"),
    ],
)
def test_what_makes_no_sense_is_refused(refusing, what, record, said):
    with pytest.raises(AcornError, match=said):
        refusing.stage(what, record)


def test_methods_that_are_not_possible(refusing):
    assert httpx2.get(refusing.url + "/_sandbox/steps").status_code == 405
    assert httpx2.delete(refusing.url + "/_sandbox/orders").status_code == 405
    assert httpx2.post(refusing.url + "/_sandbox/orders", json=[3]).status_code == 400
