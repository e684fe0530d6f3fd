"""Every operation besides feeds over real HTTP, against the sandbox, which answers as Amazon's models say."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from acorn_amazon import listings, open_connection
from acorn_amazon.answers import Money
from acorn_amazon.fees import FeeQuestion, estimate_fees
from acorn_amazon.inventory import fba_inventory
from acorn_amazon.offers import competitive_prices, item_offers, listing_offers, own_prices
from acorn_amazon.orders import get_order, item_frame, search_orders
from acorn_amazon.pricing import competitive_summaries, expected_prices
from acorn_amazon.product_types import ProductTypes
from acorn_amazon.reports import request_report
from acorn_amazon.restrictions import restrictions
from acorn_amazon.sites import SITES_BY_NAME
from acorn_sandbox.server import SandboxServer

from acorn_engine.marketplace import Account, Credentials, MarketplaceError

SELLER = "A2EXAMPLE"
DE = SITES_BY_NAME["amazon.de"]
SKUS = ("S-1", "S-2", "箱/3", "one,two")


def seeds():
    for sku in (*SKUS, "FBA-1"):
        schedule = [{"schedule": [{"value_with_tax": Decimal("24.90")}]}]
        channel = {"fulfillment_channel_code": "DEFAULT", "quantity": 7}
        if sku == "FBA-1":
            channel = {"fulfillment_channel_code": "AMAZON_EU"}
        yield {
            "seller_id": SELLER,
            "marketplace_id": DE.marketplace_id,
            "sku": sku,
            "product_type": "LUGGAGE",
            "attributes": {
                "item_name": [{"value": "Köfferchen", "language_tag": "de_DE", "marketplace_id": DE.marketplace_id}],
                "purchasable_offer": [
                    {
                        "marketplace_id": DE.marketplace_id,
                        "currency": "EUR",
                        "audience": "ALL",
                        "our_price": schedule,
                    }
                ],
                "fulfillment_availability": [channel],
            },
        }


@pytest.fixture(scope="module")
def sandbox():
    with SandboxServer(seed=list(seeds()), speed=20_000) as server:
        yield server


@pytest.fixture(scope="module")
def amazon(sandbox):
    account = Account(
        name="eu",
        marketplace="amazon",
        seller_id=SELLER,
        sites=("amazon.de",),
        endpoint=sandbox.url,
        auth_endpoint=f"{sandbox.url}/auth/o2/token",
    )
    credentials = Credentials(client_id="c", client_secret="s", refresh_token=f"Atzr|{SELLER}")
    with open_connection(account, credentials) as connection:
        yield connection


@pytest.fixture(scope="module")
def client(amazon):
    return amazon.client


def asin_of(client, sku):
    item = listings.get(client, SELLER, DE, sku)
    return item["summaries"][0]["asin"]


def test_a_preview_changes_nothing_and_a_change_does(client):
    def patches(text):
        offer = {
            "marketplace_id": DE.marketplace_id,
            "currency": "EUR",
            "audience": "ALL",
            "our_price": [{"schedule": [{"value_with_tax": Decimal(text)}]}],
        }
        return [{"op": "replace", "path": "/attributes/purchasable_offer", "value": [offer]}]

    def shown():
        offers = listings.get(client, SELLER, DE, "S-2")["attributes"]["purchasable_offer"]
        return str(offers[0]["our_price"][0]["schedule"][0]["value_with_tax"])

    before = shown()
    answer = listings.patch(client, SELLER, DE, "S-2", "LUGGAGE", patches("19.90"), preview=True)
    assert (answer.status, shown()) == ("VALID", before)
    assert listings.patch(client, SELLER, DE, "S-2", "LUGGAGE", patches("19.90")).status == "ACCEPTED"
    until = time.monotonic() + 20
    while shown() != "19.90":
        assert time.monotonic() < until
        time.sleep(0.1)


def test_a_listing_is_put_found_and_deleted(client):
    attributes = {"item_name": [{"value": "Neu", "language_tag": "de_DE", "marketplace_id": DE.marketplace_id}]}
    answer = listings.put(client, SELLER, DE, "NEW-1", "LUGGAGE", attributes, requirements="LISTING_OFFER_ONLY")
    assert answer.status in {"ACCEPTED", "INVALID"}
    found = listings.search(client, SELLER, DE, updated_after=datetime.now(UTC) - timedelta(days=3650))
    assert set(SKUS) <= set(found["seller_sku"])
    if answer.good:
        assert listings.delete(client, SELLER, DE, "NEW-1").good
        assert listings.get(client, SELLER, DE, "NEW-1") is None


def test_prices_of_competitors_and_own_ones(client):
    asins = [asin_of(client, sku) for sku in ("S-1", "S-2")]
    summary = competitive_summaries(client, DE, asins)
    assert summary.faults.is_empty()
    assert set(summary.offers["asin"]) == set(asins)
    assert set(summary.offers["currency"]) == {"EUR"}
    expected = expected_prices(client, DE, ["S-1", "箱/3", "absent"])
    assert set(expected.prices["seller_sku"]) == {"S-1", "箱/3"}
    assert expected.faults["id"].to_list() == ["absent"]
    items = item_offers(client, DE, asins)
    assert items.faults.is_empty()
    assert set(items.rows["id"]) == set(asins)
    ours = listing_offers(client, DE, list(SKUS))
    assert ours.faults.is_empty()
    assert ours.rows.filter(ours.rows["is_ours"])["listing_price"].len() == len(SKUS)
    own = own_prices(client, DE, ["S-1", "箱/3", "absent"])
    assert set(own.rows["seller_sku"]) == {"S-1", "箱/3"}
    assert set(own.rows["listing_price"]) == {"24.90"}
    assert own.faults["id"].to_list() == ["absent"]
    assert set(competitive_prices(client, DE, asins).rows["asin"]) <= set(asins)


def test_fees_are_estimated_to_the_cent(client):
    price = Money(Decimal("24.90"), "EUR")
    found = estimate_fees(client, DE, [FeeQuestion("S-1", price), FeeQuestion("FBA-1", price, by_amazon=True)])
    assert found.faults.is_empty()
    assert found.totals["id"].to_list() == ["S-1", "FBA-1"]
    whole = found.details.filter(found.details["part_of"].is_null())
    for key, total in found.totals.select("key", "fees").rows():
        assert sum(Decimal(text) for text in whole.filter(whole["key"] == key)["final"]) == Decimal(total)


def test_product_types_are_known_by_site(client, tmp_path):
    types = ProductTypes(client, seller_id=SELLER)
    assert "LUGGAGE" in {one.name for one in types.search(DE)}
    found = types.definition(DE, "LUGGAGE")
    assert found.knows("item_name")
    assert found.knows("purchasable_offer")
    assert found.required <= found.attributes
    with pytest.raises(MarketplaceError) as caught:
        types.definition(DE, "NO_SUCH_TYPE")
    assert caught.value.code in {"invalid", "not_found"}


def test_the_listings_report_is_read_with_its_own_charset(client):
    report = request_report(client, "GET_MERCHANT_LISTINGS_ALL_DATA", [DE], interval=0.05, longest=60)
    assert "Köfferchen" in report.text(DE)
    told = []
    table = report.table(told.append, DE)
    assert {"S-1", "S-2", "one,two"} <= set(table["seller-sku"])


def test_amazons_own_stock_and_restrictions(client):
    stock = fba_inventory(client, DE)
    assert stock["seller_sku"].to_list() == ["FBA-1"]
    assert fba_inventory(client, DE, ["FBA-1", "S-1"])["seller_sku"].to_list() == ["FBA-1"]
    assert restrictions(client, SELLER, DE, asin_of(client, "S-1"), "new_new") == []


def test_orders_are_searched_and_shown(client, sandbox):
    sandbox.stage("orders", {"seller_id": SELLER, "marketplace_id": DE.marketplace_id, "sku": "S-1", "quantity": 2})
    since = datetime.now(UTC) - timedelta(days=3650)
    until = time.monotonic() + 20
    # As at Amazon, an order is not shown at once.
    while not (page := next(search_orders(client, [DE], created_after=since))).orders:
        assert time.monotonic() < until
    assert page.until > since
    frame = item_frame(page.orders)
    assert frame.select("seller_sku", "quantity").rows() == [("S-1", 2)]
    assert get_order(client, page.orders[0].order_id).items == page.orders[0].items
    with pytest.raises(MarketplaceError) as caught:
        get_order(client, "302-0000000-0000000")
    assert caught.value.code == "not_found"
