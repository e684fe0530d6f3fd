"""A client that we did not write works against the sandbox, unchanged but for the address."""

from __future__ import annotations

import io
import json
import time
import warnings
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import httpx2
import pytest
from acorn_sandbox.alive import sell

DE = "A1PA6795UKMFR9"
LAMP = "ACORN-LAMP"


@pytest.fixture
def amazon(server):
    """python-amazon-sp-api, told where the sandbox is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sp_api import api
        from sp_api.auth import AccessTokenClient
        from sp_api.auth.access_token_client import cache

    cache.clear()  # one for the whole process, whatever the address
    address = server.url.removeprefix("http://")

    class Login(AccessTokenClient):
        scheme = "http://"
        host = address

    options = {
        "marketplace": SimpleNamespace(endpoint=server.url, marketplace_id=DE, region="eu-west-1", name="DE"),
        "credentials": {"refresh_token": "Atzr|A2EXAMPLE", "lwa_app_id": "any", "lwa_client_secret": "s"},
        "auth_token_client_class": Login,
    }
    kinds = {
        "feeds": api.Feeds,
        "listings": api.ListingsItems,
        "sellers": api.Sellers,
        "definitions": api.ProductTypeDefinitions,
        "reports": api.Reports,
        "orders": api.OrdersV20260101,
        "pricing": api.ProductsV20220501,
        "pricing_v0": api.ProductsV0,
        "fees": api.ProductFees,
        "inventories": api.Inventories,
        "restrictions": api.ListingsRestrictions,
    }
    clients = {name: kind(**options) for name, kind in kinds.items()}
    yield SimpleNamespace(**clients)
    for client in clients.values():
        client._transport.close()
        client._auth._transport.close()


@pytest.mark.filterwarnings("ignore")
def test_token_document_upload_feed_report(amazon, server, message, offer):
    document = {
        "header": {"sellerId": "A2EXAMPLE", "version": "2.0"},
        "messages": [message(1, LAMP, "purchasable_offer", offer(20)), message(2, "NONE", "brand", {"value": "x"})],
    }
    file = io.BytesIO(json.dumps(document).encode())
    answer = amazon.feeds.create_feed_document(file, content_type="application/json; charset=UTF-8")
    created = amazon.feeds.create_feed(
        "JSON_LISTINGS_FEED", answer.payload["feedDocumentId"], marketplaceIds=[DE]
    ).payload
    for _ in range(500):
        feed = amazon.feeds.get_feed(created["feedId"]).payload
        if feed["processingStatus"] == "DONE":
            break
        time.sleep(0.01)
    report = json.loads(amazon.feeds.get_feed_document(feed["resultFeedDocumentId"]))
    assert report["summary"]["messagesAccepted"] == 1
    found = amazon.feeds.get_feeds(feedTypes="JSON_LISTINGS_FEED").payload["feeds"]
    assert [one["feedId"] for one in found] == [created["feedId"]]
    (listing,) = server.truth(sku=LAMP, marketplace_id=DE)
    assert listing["attributes"]["purchasable_offer"] == [offer(20)]


@pytest.mark.filterwarnings("ignore")
def test_listings_get_patch_and_search(amazon, server, offer):
    item = amazon.listings.get_listings_item("A2EXAMPLE", LAMP, includedData="attributes,offers").payload
    assert item["offers"][0]["price"] == {"currencyCode": "EUR", "amount": "24.50"}
    body = {
        "productType": "LAMP",
        "patches": [{"op": "replace", "path": "/attributes/purchasable_offer", "value": [offer(21)]}],
    }
    answer = amazon.listings.patch_listings_item("A2EXAMPLE", LAMP, body=body).payload
    assert answer["status"] == "ACCEPTED"
    assert server.truth(sku=LAMP, marketplace_id=DE)[0]["attributes"]["purchasable_offer"] == [offer(21)]
    assert amazon.sellers.get_marketplace_participation().payload


@pytest.mark.filterwarnings("ignore")
def test_product_types(amazon):
    found = amazon.definitions.search_definitions_product_types(keywords="lamp", marketplaceIds=[DE]).payload
    assert [one["name"] for one in found["productTypes"]] == ["LAMP"]
    definition = amazon.definitions.get_definitions_product_type("LAMP", marketplaceIds=[DE]).payload
    schema = httpx2.get(definition["schema"]["link"]["resource"]).json()
    assert "purchasable_offer" in schema["properties"]


@pytest.mark.filterwarnings("ignore")
def test_reports(amazon):
    created = amazon.reports.create_report(reportType="GET_MERCHANT_LISTINGS_ALL_DATA", marketplaceIds=[DE]).payload
    for _ in range(500):
        report = amazon.reports.get_report(created["reportId"]).payload
        if report["processingStatus"] == "DONE":
            break
        time.sleep(0.01)
    answer = amazon.reports.get_report_document(report["reportDocumentId"], download=True)
    assert answer.character_code.lower() == "cp1252"
    head, *lines = answer.payload["document"].splitlines()
    skus = [line.split("\t")[head.split("\t").index("seller-sku")] for line in lines]
    assert LAMP in skus
    found = amazon.reports.get_reports(reportTypes=["GET_MERCHANT_LISTINGS_ALL_DATA"]).payload["reports"]
    assert [one["reportId"] for one in found] == [created["reportId"]]


@pytest.mark.filterwarnings("ignore")
def test_orders(amazon, server):
    state = server._sandbox.state
    orders = [sell(state, state.listing("A2EXAMPLE", DE, LAMP), 1) for _ in range(3)]
    time.sleep(0.1)  # two minutes at this speed
    since = datetime.now(UTC) - timedelta(hours=1)
    query = {"createdAfter": since.isoformat(), "maxResultsPerPage": 2, "includedData": ["PROCEEDS", "FULFILLMENT"]}
    first = amazon.orders.search_orders(**query)
    more = amazon.orders.search_orders(**query, paginationToken=first.next_token)
    assert more.next_token is None
    found = {one["orderId"]: one for one in first.payload["orders"] + more.payload["orders"]}
    assert set(found) == {order.id for order in orders}
    one = amazon.orders.get_order(orders[0].id, includedData=["FULFILLMENT"]).payload["order"]
    assert one["fulfillment"]["fulfillmentStatus"] == "PENDING"


@pytest.mark.filterwarnings("ignore")
def test_pricing_batches(amazon, server):
    asin = server._sandbox.state.listing("A2EXAMPLE", DE, LAMP).asin
    part = {
        "asin": asin,
        "marketplaceId": DE,
        "includedData": ["featuredBuyingOptions", "lowestPricedOffers"],
        "uri": "/products/pricing/2022-05-01/items/competitiveSummary",
        "method": "GET",
    }
    (summary,) = amazon.pricing.get_competitive_summary_batch([part]).payload["responses"]
    assert summary["status"]["statusCode"] == 200
    part = {
        "sku": LAMP,
        "marketplaceId": DE,
        "uri": "/products/pricing/2022-05-01/offer/featuredOfferExpectedPrice",
        "method": "GET",
    }
    (expected,) = amazon.pricing.get_featured_offer_expected_price_batch([part]).payload["responses"]
    assert expected["body"]["featuredOfferExpectedPriceResults"][0]["resultStatus"]
    part = {
        "uri": f"/products/pricing/v0/items/{asin}/offers",
        "method": "GET",
        "MarketplaceId": DE,
        "ItemCondition": "New",
    }
    (offers,) = amazon.pricing_v0.get_item_offers_batch([part]).payload["responses"]
    assert LAMP not in offers["request"].values()
    assert any(one["MyOffer"] for one in offers["body"]["payload"]["Offers"])
    part["uri"] = f"/products/pricing/v0/listings/{LAMP}/offers"
    (listed,) = amazon.pricing_v0.get_listing_offers_batch([part]).payload["responses"]
    assert listed["body"]["payload"]["Offers"] == offers["body"]["payload"]["Offers"]
    (own,) = amazon.pricing_v0.get_product_pricing_for_skus([LAMP]).payload
    assert own["Product"]["Offers"][0]["RegularPrice"] == {"CurrencyCode": "EUR", "Amount": 24.5}
    assert amazon.pricing_v0.get_competitive_pricing_for_asins([asin]).payload[0]["status"] == "Success"


@pytest.mark.filterwarnings("ignore")
def test_fees_inventory_and_restrictions(amazon, server):
    from sp_api.base import SellingApiException

    result = amazon.fees.get_product_fees_estimate_for_sku(LAMP, 20.0, currency="EUR", is_fba=True).payload
    assert result["FeesEstimateResult"]["FeesEstimate"]["TotalFeesEstimate"] == {"CurrencyCode": "EUR", "Amount": 6.6}
    batch = amazon.fees.get_product_fees_estimate([{"id_type": "SellerSKU", "id_value": LAMP, "price": 20.0,
                                                    "currency": "EUR"}])  # fmt: skip
    assert batch.payload[0]["Status"] == "Success"
    (stock,) = amazon.inventories.get_inventory_summary_marketplace(details=True, marketplaceIds=[DE]).payload[
        "inventorySummaries"
    ]
    assert stock["sellerSku"] == "ACORN-CASE"
    query = {"sellerId": "A2EXAMPLE", "marketplaceIds": [DE], "conditionType": "new_new"}
    asin = server._sandbox.state.listing("A2EXAMPLE", DE, LAMP).asin
    assert amazon.restrictions.get_listings_restrictions(asin=asin, **query).payload == {"restrictions": []}
    with pytest.raises(SellingApiException):
        amazon.fees.get_product_fees_estimate([])
