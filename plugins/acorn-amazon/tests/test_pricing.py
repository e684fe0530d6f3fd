"""Competitors' prices, expected prices, offers, own prices: batches with an answer of their own for each item."""

from __future__ import annotations

import json

import pytest
from acorn_amazon import offers, pricing

from acorn_engine.marketplace import MarketplaceError

DE = "A1PA6795UKMFR9"


def money(amount, currency="EUR"):
    return {"amount": amount, "currencyCode": currency}


def old_money(amount, currency="EUR"):
    return {"Amount": amount, "CurrencyCode": currency}


def offer(seller, price, **more):
    return {"sellerId": seller, "condition": "New", "fulfillmentType": "MFN", "listingPrice": money(price)} | more


def summary(asin, status=200, **body):
    return {
        "status": {"statusCode": status, "reasonPhrase": "x"},
        "body": {"asin": asin, "marketplaceId": DE} | body,
    }


def summarised(**bodies):
    return (200, {"responses": [summary(asin, **body) for asin, body in bodies.items()]})


def test_a_summary_has_featured_and_lowest_offers_and_references(amazon, connection, de):
    featured = offer(
        "A1",
        19.9,
        shippingOptions=[{"shippingOptionType": "DEFAULT", "price": money(4.99)}],
        points={"pointsNumber": 12},
        featuredOfferSegments=[
            {"customerMembership": "PRIME", "segmentDetails": {}},
            {"customerMembership": "NON_PRIME", "segmentDetails": {}},
        ],
    )
    body = {
        "featuredBuyingOptions": [{"buyingOptionType": "New", "segmentedFeaturedOffers": [featured]}],
        "lowestPricedOffers": [
            {
                "lowestPricedOffersInput": {"itemCondition": "New", "offerType": "Consumer"},
                "offers": [offer("A2", 18, fulfillmentType="AFN", subCondition="New")],
            }
        ],
        "referencePrices": [{"name": "CompetitivePrice", "price": money(17.5)}],
    }
    amazon.on("getCompetitiveSummary", summarised(B01=body))
    found = pricing.competitive_summaries(connection.client, de, ["B01", "B01"])
    (request,) = amazon.calls("getCompetitiveSummary")[0][3]["requests"]
    assert request == {
        "asin": "B01",
        "marketplaceId": DE,
        "includedData": ["featuredBuyingOptions", "referencePrices", "lowestPricedOffers"],
        "lowestPricedOffersInputs": [{"itemCondition": "New", "offerType": "Consumer"}],
        "method": "GET",
        "uri": "/products/pricing/2022-05-01/items/competitiveSummary",
    }
    columns = ("list", "segment", "seller_id", "fulfilment", "listing_price", "shipping", "points", "currency")
    assert found.offers.select(columns).rows() == [
        ("featured", "PRIME", "A1", "merchant", "19.9", "4.99", 12, "EUR"),
        ("featured", "NON_PRIME", "A1", "merchant", "19.9", "4.99", 12, "EUR"),
        ("lowest", None, "A2", "amazon", "18", None, None, "EUR"),
    ]
    assert found.references.rows() == [("B01", "CompetitivePrice", "17.5", "EUR")]
    assert found.faults.is_empty()


def test_twenty_asins_go_in_one_call_and_calls_wait_their_turn(amazon, connection, de, waits):
    def answers(request):
        asked = json.loads(request.content)["requests"]
        assert len(asked) <= 20
        return summarised(**{one["asin"]: {} for one in asked})

    amazon.on("getCompetitiveSummary", answers)
    found = pricing.competitive_summaries(connection.client, de, [f"B{number}" for number in range(41)])
    assert found.faults.is_empty()
    assert len(amazon.calls("getCompetitiveSummary")) == 3
    # One call in 30 seconds: two of the three wait.
    assert sum(waits) > 60


def test_what_is_refused_for_the_moment_is_asked_again_and_the_rest_is_told(amazon, connection, de):
    errors = [{"code": "QuotaExceeded", "message": "slow down"}]
    amazon.on(
        "getCompetitiveSummary",
        (
            200,
            {
                "responses": [
                    summary("B1"),
                    summary("B2", 429, errors=errors),
                    summary("B3", 404, errors=[{"code": "NOT_FOUND", "message": "no such item"}]),
                    summary("B9"),
                ]
            },
        ),
        (200, {"responses": [summary("B2", 500, errors=errors)]}),
        (200, {"responses": [summary("B4"), summary("B2", 503)]}),
    )
    found = pricing.competitive_summaries(connection.client, de, ["B1", "B2", "B3", "B4"])
    asked = [sorted(one["asin"] for one in call[3]["requests"]) for call in amazon.calls("getCompetitiveSummary")]
    assert asked == [["B1", "B2", "B3", "B4"], ["B2", "B4"], ["B2", "B4"]]
    assert sorted(found.faults.rows()) == [
        ("B2", 503, "unknown", "Amazon gave no reason"),
        ("B3", 404, "NOT_FOUND", "no such item"),
    ]


def test_numbers_are_as_exact_as_amazon_writes_them(amazon, connection, de):
    text = json.dumps(summarised(B1={"referencePrices": [{"name": "x", "price": money(1)}]})[1])
    text = text.replace('"amount": 1', '"amount": 0.10000000000000000001')
    amazon.on("getCompetitiveSummary", (200, text.encode()))
    found = pricing.competitive_summaries(connection.client, de, ["B1"])
    assert found.references["price"].to_list() == ["0.10000000000000000001"]


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, "responses"),
        ({"responses": [{}]}, r"responses\[0\].body"),
        ({"responses": ["x"]}, r"responses\[0\]"),
        ({"responses": [{"body": {"asin": 1}, "status": {"statusCode": 200}}]}, r"responses\[0\].body.asin"),
        ({"responses": [{"body": {"asin": "B1"}, "status": {}}]}, r"responses\[0\].status.statusCode"),
        (
            {"responses": [summary("B1", referencePrices=[{"name": "x", "price": money("a lot")}])]},
            r"referencePrices\[0\].price.amount",
        ),
    ],
    ids=repr,
)
def test_answers_that_break_the_model_name_the_member(amazon, connection, de, body, where):
    amazon.on("getCompetitiveSummary", (200, json.dumps(body).encode()))
    with pytest.raises(MarketplaceError, match=f"no usable '.*{where}'") as caught:
        pricing.competitive_summaries(connection.client, de, ["B1"])
    assert (caught.value.cause, caught.value.who) == ("answer", "marketplace")


def test_a_cut_off_answer_is_asked_for_again(amazon, connection, de):
    amazon.on("getCompetitiveSummary", (200, b'{"responses": [{"bo'), summarised(B1={}))
    assert pricing.competitive_summaries(connection.client, de, ["B1"]).faults.is_empty()


def test_too_many_conditions_are_refused_before_anything_is_sent(connection, de):
    with pytest.raises(ValueError, match="at most 5"):
        pricing.competitive_summaries(connection.client, de, ["B1"], ["New"] * 6)


def test_expected_prices_have_a_status_each(amazon, connection, de):
    _, example = amazon.models.examples("getFeaturedOfferExpectedPriceBatch")[0]
    amazon.on("getFeaturedOfferExpectedPriceBatch", (200, example))
    found = pricing.expected_prices(connection.client, de, ["MY_SKU", "MY_UNIQUE_SKU", "MY_NONEXISTENT_SKU"])
    first = amazon.calls("getFeaturedOfferExpectedPriceBatch")[0][3]["requests"][0]
    assert first == {
        "marketplaceId": DE,
        "sku": "MY_SKU",
        "method": "GET",
        "uri": "/products/pricing/2022-05-01/offer/featuredOfferExpectedPrice",
    }
    columns = ("seller_sku", "status", "expected_price", "competing_price", "current_price", "current_seller_id")
    assert found.prices.select(columns).rows() == [
        ("MY_SKU", "VALID_FOEP", "10.0", "12.0", "12.0", "OTHER_SELLER_ID"),
        ("MY_UNIQUE_SKU", "NO_COMPETING_OFFERS", None, None, "12.0", "MY_SELLER_ID"),
    ]
    assert found.prices["expected_points"].to_list() == [3, None]
    assert found.faults.rows() == [
        (
            "MY_NONEXISTENT_SKU",
            400,
            "INVALID_SKU",
            "The requested SKU does not exist for the seller in the requested Amazon store.",
        )
    ]


def test_amazons_examples_of_summaries_are_read(amazon, connection, de, models):
    for status, body in models.examples("getCompetitiveSummary"):
        asins = [one["body"]["asin"] for one in body["responses"]]
        amazon.script["getCompetitiveSummary"] = [(status, json.dumps(body).encode())]
        found = pricing.competitive_summaries(connection.client, de, asins)
        good = [one for one in body["responses"] if one["status"]["statusCode"] == 200]
        assert found.faults.height == len(body["responses"]) - len(good)
        assert set(found.offers["asin"]) <= {one["body"]["asin"] for one in good}
        assert found.offers.height > 0


# version 0


@pytest.mark.parametrize(("name", "key"), [("getItemOffersBatch", "Asin"), ("getListingOffersBatch", "SellerSKU")])
def test_amazons_examples_of_offers_are_read(amazon, connection, de, models, name, key):
    function = offers.item_offers if key == "Asin" else offers.listing_offers
    for status, body in models.examples(name):
        payloads = [one["body"]["payload"] for one in body["responses"]]
        ids = [payload["ASIN" if key == "Asin" else "SKU"] for payload in payloads]
        amazon.script[name] = [(status, json.dumps(body).encode())]
        found = function(connection.client, de, ids)
        assert found.faults.is_empty()
        assert found.rows.height == sum(len(payload["Offers"]) for payload in payloads) > 0
        first = payloads[0]["Offers"][0]
        assert found.rows["listing_price"][0] == str(first["ListingPrice"]["Amount"])


def test_a_sku_is_escaped_in_the_address_of_its_question(amazon, connection, de):
    refused = {
        "request": {"SellerSKU": "a/b c", "MarketplaceId": DE, "ItemCondition": "New"},
        "status": {"statusCode": 400, "reasonPhrase": "Bad"},
        "body": {"errors": [{"code": "InvalidInput", "message": "no such SKU"}]},
    }
    amazon.on("getListingOffersBatch", (200, {"responses": [refused]}))
    found = offers.listing_offers(connection.client, de, ["a/b c"])
    (question,) = amazon.calls("getListingOffersBatch")[0][3]["requests"]
    assert question["uri"] == "/products/pricing/v0/listings/a%2Fb%20c/offers"
    assert found.faults.rows() == [("a/b c", 400, "InvalidInput", "no such SKU")]


def test_own_prices_leave_out_what_a_list_cannot_hold(amazon, connection, de):
    product = {
        "Identifiers": {"MarketplaceASIN": {"MarketplaceId": DE, "ASIN": "B1"}},
        "Offers": [
            {
                "BuyingPrice": {
                    "ListingPrice": old_money(9.5),
                    "LandedPrice": old_money(14.49),
                    "Shipping": old_money(4.99),
                },
                "RegularPrice": old_money(12),
                "FulfillmentChannel": "MERCHANT",
                "ItemCondition": "New",
                "ItemSubCondition": "New",
                "SellerSKU": "S1",
                "offerType": "B2C",
            }
        ],
    }
    payload = [
        {"status": "Success", "SellerSKU": "S1", "Product": product},
        {"status": "ClientError", "SellerSKU": "S2"},
    ]
    amazon.on("getPricing", (200, {"payload": payload}))
    found = offers.own_prices(connection.client, de, ["S1", "S2", "S,3", "S4"])
    assert amazon.calls("getPricing")[0][2] == {"MarketplaceId": DE, "ItemType": "Sku", "Skus": ["S1", "S2", "S4"]}
    assert found.rows.rows() == [("S1", "B1", "B2C", "9.5", "4.99", "14.49", "12", "EUR", "merchant")]
    assert sorted(found.faults.select("id", "code").rows()) == [
        ("S,3", "not_sendable"),
        ("S2", "ClientError"),
        ("S4", "left_out"),
    ]


def test_amazons_examples_of_prices_are_read(amazon, connection, de, models):
    for status, body in models.examples("getPricing"):
        skus = [one["SellerSKU"] for one in body["payload"] if one.get("SellerSKU")]
        if skus:
            amazon.script["getPricing"] = [(status, json.dumps(body).encode())]
            assert offers.own_prices(connection.client, de, skus).faults.is_empty()
    for status, body in models.examples("getCompetitivePricing"):
        asins = [one["ASIN"] for one in body["payload"] if one.get("ASIN") and one["status"] == "Success"]
        if asins:
            amazon.script["getCompetitivePricing"] = [(status, json.dumps(body).encode())]
            found = offers.competitive_prices(connection.client, de, asins)
            assert set(found.rows["asin"]) == set(asins)
            assert found.rows["is_ours"].to_list()[0] is True
