"""Every notification against Amazon's schema of its type."""

from __future__ import annotations

import json
import time
from decimal import Decimal

import jsonschema_rs
import pytest
from acorn_sandbox import exact
from acorn_sandbox.alive import sell
from acorn_sandbox.market import CompetitorOffer

DE = "A1PA6795UKMFR9"
LAMP, BOTTLE = "ACORN-LAMP", "ACORN-BOTTLE"


@pytest.fixture
def state(server):
    return server._sandbox.state


@pytest.fixture
def notifications(server):
    return server.notifications


@pytest.fixture
def lamp(state):
    listing = state.listing("A2EXAMPLE", DE, LAMP)
    rivals = [
        CompetitorOffer("ARIVAL1", Decimal("23.99"), Decimal("0.00"), False, 0.0),
        CompetitorOffer("ARIVAL2", Decimal("22.00"), Decimal("4.99"), True, 0.0),
    ]
    state.market.put_competitors(DE, listing.asin, rivals)
    return listing


@pytest.fixture
def check(models):
    def checked(name, payload, definition=None):
        schema = json.loads((models.folder / "schemas" / f"{name}.json").read_text(encoding="utf-8"))
        if definition is not None:
            schema = {"$ref": f"#/definitions/{definition}", "definitions": schema["definitions"]}
        read = exact.loads(exact.dumps(payload))
        faults = [
            f"{list(fault.instance_path)}: {fault.message}"
            for fault in jsonschema_rs.Draft7Validator(schema, validate_formats=True).iter_errors(read)
        ]
        assert not faults, faults
        return read

    return checked


def test_offers_changed(notifications, lamp, check):
    payload = notifications.any_offer_changed("A2EXAMPLE", DE, lamp.asin)
    read = check("AnyOfferChangedNotification", payload)["Payload"]["AnyOfferChangedNotification"]
    assert [one["SellerId"] for one in read["Offers"]] == ["ARIVAL1", "A2EXAMPLE", "ARIVAL2"]
    assert str(read["Summary"]["BuyBoxPrices"][0]["LandedPrice"]["Amount"]) == "23.99"
    payload = notifications.b2b_any_offer_changed("A2EXAMPLE", DE, lamp.asin)
    # As published the schema of this one accepts any object: its definition is what judges.
    check("B2bAnyOfferChangedNotification", payload, "NotificationResponse")
    # In the schema each list is judged by its first item only.
    content = payload["Payload"]["B2BAnyOfferChangedNotification"]
    for offer in content["Offers"]:
        check("B2bAnyOfferChangedNotification", offer, "Offer")
    for line in content["Summary"]["LowestPrices"]:
        check("B2bAnyOfferChangedNotification", line, "LowestPrice")


def test_an_item_without_offers(notifications, check):
    check("AnyOfferChangedNotification", notifications.any_offer_changed("A2EXAMPLE", DE, "B000000000"))


def test_pricing_health_only_while_another_is_featured(notifications, state, lamp, check):
    read = check("PricingHealthNotification", notifications.pricing_health("A2EXAMPLE", DE, LAMP))
    assert read["payload"]["summary"]["buyBoxPrices"][0]["landedPrice"]["amount"] == Decimal("23.99")
    state.market.put_competitors(DE, lamp.asin, [])
    assert notifications.pricing_health("A2EXAMPLE", DE, LAMP) is None
    assert notifications.pricing_health("A2EXAMPLE", DE, BOTTLE) is None


def test_feeds_and_reports_finished(notifications, seller, message, offer, check):
    feed_id = seller.submit([message(1, LAMP, "purchasable_offer", offer(20))])
    seller.wait(feed_id)
    payload = notifications.feed_processing_finished("A2EXAMPLE", feed_id)
    read = check("FeedProcessingFinishedNotification", payload)["payload"]["feedProcessingFinishedNotification"]
    assert (read["feedId"], read["processingStatus"]) == (feed_id, "DONE")
    for kind, status in (
        ("GET_MERCHANT_LISTINGS_ALL_DATA", "DONE"),
        ("GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL", "CANCELLED"),
    ):
        asked = {"reportType": kind, "marketplaceIds": [DE]}
        report_id = seller.call("POST", "/reports/2021-06-30/reports", json=asked).json()["reportId"]
        time.sleep(0.1)
        report = seller.call("GET", f"/reports/2021-06-30/reports/{report_id}").json()
        payload = notifications.report_processing_finished("A2EXAMPLE", report_id)
        content = check("ReportProcessingFinishedNotification", payload)["payload"][
            "reportProcessingFinishedNotification"
        ]
        assert content["processingStatus"] == report["processingStatus"] == status
        assert content.get("reportDocumentId") == report.get("reportDocumentId")


def test_listings_change(notifications, seller, offer, check):
    seller.replace(LAMP, "purchasable_offer", offer(20, minimum=30))
    ids = "A2EXAMPLE", DE, LAMP
    read = check("ListingsItemIssuesChangeNotification_2023-12-13", notifications.listings_item_issues_change(*ids))
    assert read["Payload"]["Severities"] == sorted({one["severity"] for one in seller.get_item(LAMP).json()["issues"]})
    assert "ERROR" in read["Payload"]["Severities"]
    payload = notifications.listings_item_status_change(*ids)
    assert payload["Payload"]["Status"] == ["BUYABLE", "DISCOVERABLE"]
    # The schema knows only this word for the type, and Amazon's example contradicts it.
    check("ListingsItemStatusChangeNotification", payload | {"NotificationType": "LISTINGS_ITEM_STATUS_CHANGED"})
    gone = notifications.listings_item_status_change("A2EXAMPLE", DE, "NONE")
    assert gone["Payload"]["Status"] == ["DELETED"]
    check("ListingsItemStatusChangeNotification", gone | {"NotificationType": "LISTINGS_ITEM_STATUS_CHANGED"})


@pytest.mark.parametrize("status", ["PENDING", "UNSHIPPED", "SHIPPED", "CANCELLED"])
def test_orders_change(notifications, state, check, status):
    order = sell(state, state.listing("A2EXAMPLE", DE, LAMP), 2)
    order.status = status
    read = check("OrderChangeNotification", notifications.order_change("A2EXAMPLE", order.id))
    assert read["Payload"]["OrderChangeNotification"]["Summary"]["OrderItems"][0]["Quantity"] == 2


def test_what_is_not_there_is_named(notifications):
    for ask in (
        lambda: notifications.pricing_health("A2EXAMPLE", DE, "NONE"),
        lambda: notifications.listings_item_issues_change("A2EXAMPLE", DE, "NONE"),
        lambda: notifications.feed_processing_finished("A2EXAMPLE", "NONE"),
        lambda: notifications.report_processing_finished("A2EXAMPLE", "NONE"),
        lambda: notifications.order_change("A2EXAMPLE", "NONE"),
    ):
        with pytest.raises(LookupError, match="NONE"):
            ask()
