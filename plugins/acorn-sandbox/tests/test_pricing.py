"""Prices beside one's own: batches, their parts' own statuses, and that all operations see one market."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
from acorn_sandbox import exact
from acorn_sandbox.clock import Timing
from acorn_sandbox.market import CompetitorOffer
from acorn_sandbox.server import SandboxServer

DE, JP = "A1PA6795UKMFR9", "A1VC38T7YXB528"
LAMP, CASE, BOTTLE = "ACORN-LAMP", "ACORN-CASE", "ACORN-BOTTLE"
SUMMARY = "/products/pricing/2022-05-01/items/competitiveSummary"
EXPECTED = "/products/pricing/2022-05-01/offer/featuredOfferExpectedPrice"
EVERYTHING = ["featuredBuyingOptions", "referencePrices", "lowestPricedOffers", "similarItems"]


@pytest.fixture
def clock():
    return [time.time()]


@pytest.fixture
def shop(clock, connect):
    with SandboxServer(timing=Timing(now=lambda: clock[0])) as server:
        yield connect(server)


@pytest.fixture
def ask(shop, clock):
    """Call an operation, each time after its bucket has filled; numbers are exact."""

    def call(method, path, *, status=200, **more):
        clock[0] += 60
        answer = shop.call(method, path, **more)
        assert answer.status_code == status, answer.text
        return exact.loads(answer.content)

    return call


def rivals(seller, asin, *prices, site=DE):
    """Let these be the item's competitors: ``(price, shipping, fulfilled by Amazon)``."""
    market = seller.server._sandbox.state.market
    offers = [
        CompetitorOffer(f"ARIVAL{number}", Decimal(price), Decimal(shipping), amazon, 0.0)
        for number, (price, shipping, amazon) in enumerate(prices)
    ]
    market.put_competitors(site, asin, offers)


def asin_of(seller, sku, site=DE):
    return seller.server._sandbox.state.listing(seller.id, site, sku).asin


def summary_part(asin, site=DE, included=EVERYTHING, **more):
    return {"asin": asin, "marketplaceId": site, "includedData": included, "method": "GET", "uri": SUMMARY, **more}


def expected_part(sku, site=DE, **more):
    return {"sku": sku, "marketplaceId": site, "method": "GET", "uri": EXPECTED, **more}


def eur(amount):
    return {"amount": Decimal(amount), "currencyCode": "EUR"}


def test_a_competitive_summary(shop, ask):
    asin = asin_of(shop, LAMP)
    rivals(shop, asin, ("23.99", "0", False), ("22.00", "4.99", True))
    batch = {"requests": [summary_part(asin), summary_part("B000000000"), summary_part("x"), summary_part(asin, "no")]}
    good, *bad = ask("POST", "/batches" + SUMMARY, json=batch)["responses"]
    assert [one["status"]["statusCode"] for one in bad] == [404, 400, 400]
    assert all(one["body"]["errors"] for one in bad)
    body = good["body"]
    (option,) = body["featuredBuyingOptions"]
    assert option["segmentedFeaturedOffers"][0]["sellerId"] == "ARIVAL0"
    (lowest,) = body["lowestPricedOffers"]
    assert [(one["sellerId"], one["listingPrice"]) for one in lowest["offers"]] == [
        ("ARIVAL0", eur("23.99")),
        (shop.id, eur("24.50")),
        ("ARIVAL1", eur("22.00")),
    ]
    assert body["referencePrices"] == [{"name": "CompetitivePrice", "price": eur("23.99")}]
    assert body["similarItems"] == []


def test_lowest_offers_by_condition_and_japans_threshold(shop, ask):
    asin = asin_of(shop, LAMP, JP)
    rivals(shop, asin, ("3300", "0", True), site=JP)
    inputs = [{"itemCondition": condition, "offerType": "Consumer"} for condition in ("Used", "New")]
    part = summary_part(asin, JP, ["lowestPricedOffers", "referencePrices"], lowestPricedOffersInputs=inputs)
    (answer,) = ask("POST", "/batches" + SUMMARY, json={"requests": [part]})["responses"]
    (lowest,) = answer["body"]["lowestPricedOffers"]
    assert lowest["lowestPricedOffersInput"]["itemCondition"] == "New"
    assert {one["name"] for one in answer["body"]["referencePrices"]} == {
        "CompetitivePrice",
        "CompetitivePriceThreshold",
    }
    assert str(lowest["offers"][0]["listingPrice"]["amount"]) == "3300"


@pytest.mark.parametrize(
    ("price", "shipping", "amazon", "expected"),
    [("23.99", "0", False, "23.99"), ("20.00", "2.50", True, "22.49"), ("24.50", "0", True, "24.49")],
)
def test_the_expected_price_makes_an_offer_the_featured_one(shop, ask, offer, price, shipping, amazon, expected):
    asin = asin_of(shop, LAMP)
    rivals(shop, asin, (price, shipping, amazon))

    def result():
        (answer,) = ask("POST", "/batches" + EXPECTED, json={"requests": [expected_part(LAMP)]})["responses"]
        (one,) = answer["body"]["featuredOfferExpectedPriceResults"]
        return one

    first = result()
    assert first["resultStatus"] == "VALID_FOEP"
    assert first["currentFeaturedOffer"] == first["competingFeaturedOffer"]
    assert first["featuredOfferExpectedPrice"]["listingPrice"] == eur(expected)
    shop.replace(LAMP, "purchasable_offer", offer(Decimal(expected)))
    assert result()["currentFeaturedOffer"]["offerIdentifier"]["sellerId"] == shop.id
    shop.replace(LAMP, "purchasable_offer", offer(Decimal(expected) + Decimal("0.01")))
    assert result()["currentFeaturedOffer"]["offerIdentifier"]["sellerId"] == "ARIVAL0"


def test_expected_prices_that_are_none(shop, ask):
    rivals(shop, asin_of(shop, LAMP))
    batch = {"requests": [expected_part(LAMP), expected_part(BOTTLE), expected_part("NONE"), expected_part(LAMP, "x")]}
    alone, unbuyable, *bad = ask("POST", "/batches" + EXPECTED, json=batch)["responses"]
    (result,) = alone["body"]["featuredOfferExpectedPriceResults"]
    assert result["resultStatus"] == "NO_COMPETING_OFFER"
    assert result["currentFeaturedOffer"]["offerIdentifier"]["sellerId"] == shop.id
    assert unbuyable["body"]["featuredOfferExpectedPriceResults"][0]["resultStatus"] == "OFFER_NOT_ELIGIBLE"
    assert [one["status"]["statusCode"] for one in bad] == [400, 400]
    assert bad[0]["body"]["errors"][0]["code"] == "INVALID_SKU"
    assert bad[0]["request"] == {"sku": "NONE", "marketplaceId": DE}


def item_part(path, site=DE, **more):
    return {"uri": path, "method": "GET", "MarketplaceId": site, "ItemCondition": "New", **more}


def test_offers_by_item_and_by_listing_agree(shop, ask, offer):
    asin = asin_of(shop, LAMP)
    rivals(shop, asin, ("23.99", "0", False), ("22.00", "4.99", True))
    shop.replace(LAMP, "purchasable_offer", offer(Decimal("24.50")), offer(Decimal("23.10"), audience="B2B"))
    path = f"/products/pricing/v0/items/{asin}/offers"
    parts = [item_part(path), item_part(path, "nowhere"), item_part("/other"),
             item_part(path, CustomerType="Business"), item_part("/products/pricing/v0/items/x/offers")]  # fmt: skip
    answers = ask("POST", "/batches/products/pricing/v0/itemOffers", json={"requests": parts})["responses"]
    assert [one["status"]["statusCode"] for one in answers] == [200, 400, 400, 200, 400]
    assert answers[0]["request"]["Asin"] == asin
    payload = answers[0]["body"]["payload"]
    assert [one["SellerId"] for one in payload["Offers"]] == ["ARIVAL0", shop.id, "ARIVAL1"]
    assert [one["IsBuyBoxWinner"] for one in payload["Offers"]] == [True, False, False]
    assert [one["MyOffer"] for one in payload["Offers"]] == [False, True, False]
    assert payload["Summary"]["TotalOfferCount"] == 3
    assert payload["Summary"]["BuyBoxPrices"][0]["LandedPrice"] == {"CurrencyCode": "EUR", "Amount": Decimal("23.99")}
    business = answers[3]["body"]["payload"]["Offers"]
    assert business[0]["SellerId"] == shop.id
    assert str(business[0]["ListingPrice"]["Amount"]) == "23.10"
    parts = [item_part(f"/products/pricing/v0/listings/{sku}/offers") for sku in (LAMP, "NO%20NE", BOTTLE)]
    mine, none, empty = ask("POST", "/batches/products/pricing/v0/listingOffers", json={"requests": parts})["responses"]
    assert mine["body"]["payload"]["Offers"] == payload["Offers"]
    assert (none["status"]["statusCode"], none["request"]["SellerSKU"]) == (400, "NO NE")
    assert {one["MyOffer"] for one in empty["body"]["payload"]["Offers"]} <= {False}
    query = {"MarketplaceId": DE, "ItemCondition": "New"}
    assert ask("GET", path, params=query)["payload"]["Offers"] == payload["Offers"]
    single = ask("GET", f"/products/pricing/v0/listings/{LAMP}/offers", params=query)
    assert single["payload"]["Offers"] == payload["Offers"]
    used = ask("GET", path, params=query | {"ItemCondition": "Used"})["payload"]
    assert (used["status"], used["Offers"]) == ("NoBuyableOffers", [])


def test_own_and_competitive_prices(shop, ask, offer):
    asin = asin_of(shop, LAMP)
    rivals(shop, asin, ("25.99", "0", False))
    sale = {"value_with_tax": 20, "start_at": "2020-01-01", "end_at": "2090-01-01"}
    shop.replace(LAMP, "purchasable_offer", offer(Decimal("24.50"), sale=sale), offer(22, audience="B2B"))
    query = {"MarketplaceId": DE, "ItemType": "Sku", "Skus": f"{LAMP},{CASE},NONE"}
    lamp, case, none = ask("GET", "/products/pricing/v0/price", params=query)["payload"]
    (own,) = lamp["Product"]["Offers"]
    assert own["BuyingPrice"]["LandedPrice"]["Amount"] == 20
    assert str(own["RegularPrice"]["Amount"]) == "24.50"
    assert case["Product"]["Offers"][0]["FulfillmentChannel"] == "AMAZON"
    assert none == {"status": "ClientError", "SellerSKU": "NONE"}
    by_asin = {"MarketplaceId": DE, "ItemType": "Asin", "Asins": asin, "OfferType": "B2B"}
    (business,) = ask("GET", "/products/pricing/v0/price", params=by_asin)["payload"]
    assert business["Product"]["Offers"][0]["BuyingPrice"]["ListingPrice"]["Amount"] == 22
    (seen,) = ask(
        "GET", "/products/pricing/v0/competitivePrice", params={"MarketplaceId": DE, "ItemType": "Asin", "Asins": asin}
    )["payload"]
    competitive = seen["Product"]["CompetitivePricing"]
    assert competitive["CompetitivePrices"][0]["belongsToRequester"] is True
    assert {"condition": "New", "Count": 2} in competitive["NumberOfOfferListings"]


def test_a_price_change_shows_in_every_operation(shop, ask, offer):
    asin = asin_of(shop, LAMP)
    rivals(shop, asin, ("23.99", "0", False))
    shop.replace(LAMP, "purchasable_offer", offer(Decimal("19.10")))
    part = summary_part(asin, included=["featuredBuyingOptions"])
    (answer,) = ask("POST", "/batches" + SUMMARY, json={"requests": [part]})["responses"]
    best = answer["body"]["featuredBuyingOptions"][0]["segmentedFeaturedOffers"][0]
    assert (best["sellerId"], str(best["listingPrice"]["amount"])) == (shop.id, "19.10")


PRICES = "/products/pricing/v0"


@pytest.mark.parametrize(
    ("method", "path", "more"),
    [
        ("POST", "/batches" + SUMMARY, {"json": {}}),
        ("POST", "/batches" + SUMMARY, {"json": {"requests": []}}),
        ("POST", "/batches" + SUMMARY, {"json": {"requests": [summary_part("B000000000")] * 21}}),
        ("POST", "/batches" + SUMMARY, {"json": {"requests": [summary_part("B000000000", included=["all"])]}}),
        ("POST", "/batches" + SUMMARY, {"content": "{", "headers": {"content-type": "text/plain"}}),
        ("POST", "/batches" + EXPECTED, {"json": {}}),
        ("POST", "/batches" + EXPECTED, {"json": {"requests": [expected_part(LAMP)] * 41}}),
        ("POST", "/batches" + EXPECTED, {"json": {"requests": [{"sku": LAMP}]}}),
        ("POST", f"/batches{PRICES}/itemOffers", {"json": {}}),
        ("POST", f"/batches{PRICES}/itemOffers", {"json": {"requests": [item_part("/x")] * 21}}),
        ("POST", f"/batches{PRICES}/listingOffers", {"json": {"requests": [{"uri": "/x", "method": "GET"}]}}),
        ("GET", f"{PRICES}/price", {"params": {"MarketplaceId": DE}}),
        ("GET", f"{PRICES}/price", {"params": {"MarketplaceId": DE, "ItemType": "Sku"}}),
        ("GET", f"{PRICES}/price", {"params": {"MarketplaceId": "x", "ItemType": "Sku", "Skus": "a"}}),
        ("GET", f"{PRICES}/competitivePrice", {"params": {"MarketplaceId": DE, "ItemType": "Ean", "Asins": "a"}}),
        ("GET", f"{PRICES}/items/B000000000/offers", {"params": {"MarketplaceId": DE}}),
        ("GET", f"{PRICES}/items/short/offers", {"params": {"MarketplaceId": DE, "ItemCondition": "New"}}),
        ("GET", f"{PRICES}/listings/NONE/offers", {"params": {"MarketplaceId": DE, "ItemCondition": "New"}}),
    ],
)
def test_what_is_refused(shop, method, path, more):
    if "headers" in more:
        more = more | {"headers": more["headers"] | {"x-amz-access-token": shop.token}}
    answer = shop.call(method, path, **more)
    assert answer.status_code == 400
    assert answer.json()["errors"]


def test_a_batch_counts_once_against_its_quota(shop):
    batch = {"requests": [expected_part(LAMP)] * 3}
    assert [shop.call("POST", "/batches" + EXPECTED, json=batch).status_code for _ in range(2)] == [200, 429]
