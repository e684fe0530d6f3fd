"""Notifications: every example of Amazon's own schemas is read; what is broken names what is missing."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from acorn_amazon.answers import Money
from acorn_amazon.notification_records import (
    FeedFinished,
    ListingIssues,
    ListingStatus,
    OfferChange,
    OrderChange,
    PricingHealth,
    ReportFinished,
    Unknown,
)
from acorn_amazon.notifications import NotificationError, parse

SCHEMAS = {
    "AnyOfferChangedNotification": OfferChange,
    "FeedProcessingFinishedNotification": FeedFinished,
    "ListingsItemIssuesChangeNotification": ListingIssues,
    "ListingsItemIssuesChangeNotification_2023-12-13": ListingIssues,
    "ListingsItemStatusChangeNotification": ListingStatus,
    "OrderChangeNotification": OrderChange,
    "PricingHealthNotification": PricingHealth,
    "ReportProcessingFinishedNotification": ReportFinished,
}

BUSINESS = {
    "NotificationVersion": "1.0",
    "NotificationType": "B2B_ANY_OFFER_CHANGED",
    "PayloadVersion": "1.0",
    "EventTime": "2026-11-23T12:00:01Z",
    "NotificationMetadata": {
        "ApplicationId": "app",
        "SubscriptionId": "sub",
        "PublishTime": "2026-11-23T12:00:02Z",
        "NotificationId": "n1",
    },
    "Payload": {
        "B2BAnyOfferChangedNotification": {
            "SellerId": "A2EXAMPLE",
            "OfferChangeTrigger": {
                "MarketplaceId": "A1PA6795UKMFR9",
                "ASIN": "B01",
                "ItemCondition": "New",
                "TimeOfOfferChange": "2026-11-23T12:00:00Z",
            },
            "Summary": {
                "NumberOfOffers": [{"Condition": "new", "FulfillmentChannel": "Merchant", "OfferCount": 3}],
                "BuyBoxEligibleOffers": [{"Condition": "new", "FulfillmentChannel": "Merchant", "OfferCount": 3}],
                "LowestPrices": [
                    {
                        "Condition": "new",
                        "FulfillmentChannel": "Amazon",
                        "OfferType": "B2B",
                        "QuantityTier": 5,
                        "DiscountType": "QUANTITY_DISCOUNT",
                        "ListingPrice": {"Amount": 17.1, "CurrencyCode": "EUR"},
                    }
                ],
                "BuyBoxPrices": [
                    {
                        "Condition": "new",
                        "OfferType": "B2B",
                        "QuantityTier": 1,
                        "ListingPrice": {"Amount": 18, "CurrencyCode": "EUR"},
                        "SellerId": "A3",
                    }
                ],
            },
            "Offers": [
                {
                    "SellerId": "A3",
                    "SubCondition": "new",
                    "ShippingTime": {"MinimumHours": 24, "MaximumHours": 48},
                    "ListingPrice": {"Amount": 18, "CurrencyCode": "EUR"},
                    "Shipping": {"Amount": 0, "CurrencyCode": "EUR"},
                    "IsFulfilledByAmazon": True,
                    "IsBuyBoxWinner": True,
                    "PrimeInformation": {"IsPrime": True, "IsNationalPrime": True},
                    "QuantityDiscountPrice": [
                        {
                            "QuantityTier": 5,
                            "QuantityDiscountType": "QUANTITY_DISCOUNT",
                            "ListingPrice": {"Amount": 17.1, "CurrencyCode": "EUR"},
                        }
                    ],
                }
            ],
        }
    },
}


def examples(models, name):
    path = models.SPAPI / "schemas" / f"{name}.json"
    found = json.loads(path.read_text(encoding="utf-8"))["examples"]
    assert found
    return found


@pytest.mark.parametrize("name", SCHEMAS)
def test_amazons_own_examples_are_read(models, name):
    for example in examples(models, name):
        found = parse(json.dumps(example))
        assert isinstance(found.content, SCHEMAS[name])
        metadata = example.get("NotificationMetadata") or example["notificationMetadata"]
        assert found.id == (metadata.get("NotificationId") or metadata["notificationId"])
        assert found.event_at.tzinfo is not None


def test_offers_of_an_asin_are_read_exactly(models):
    (example,) = examples(models, "AnyOfferChangedNotification")
    text = json.dumps(example).replace('"Amount": 23.0', '"Amount": 23.10000000000000000001')
    change = parse(text).content
    assert change.offers[0].listing == Money(Decimal("23.10000000000000000001"), "USD")
    assert (change.offers[0].fulfilment, change.offers[0].points, change.offers[0].is_prime) == ("amazon", 33333, True)
    assert (change.asin, change.business, change.offer_count) == ("123", False, 31)
    assert [price.fulfilment for price in change.lowest] == ["merchant", "amazon"]
    assert change.competitive_price_threshold == Money(Decimal("22.0"), "USD")
    assert change.changed_at == datetime(2020, 7, 13, 19, 42, 4, 284_000, tzinfo=UTC)


def test_business_offers_have_tiers(models):
    definition = models.schema("B2bAnyOfferChangedNotification")
    assert definition is not None
    # As published the schema accepts anything; its definition is what counts.
    text = (models.SPAPI / "schemas" / "B2bAnyOfferChangedNotification.json").read_text(encoding="utf-8")
    models.check({"$ref": "#/definitions/NotificationResponse"}, json.loads(text), BUSINESS, "B2B")
    change = parse(json.dumps(BUSINESS)).content
    assert (change.business, change.asin) == (True, "B01")
    assert change.offers[0].tiers == ((5, Money(Decimal("17.1"), "EUR")),)
    assert (change.lowest[0].quantity, change.featured[0].seller_id) == (5, "A3")


def test_a_price_that_endangers_an_own_offer_is_told_with_its_references(models):
    (example,) = examples(models, "PricingHealthNotification")
    health = parse(json.dumps(example)).content
    assert (health.issue, health.ours.landed) == ("BuyBoxDisqualification", Money(Decimal("8188.72"), "USD"))
    assert health.competitive_price_threshold == Money(Decimal(8000), "USD")


def test_finished_feeds_and_changed_orders_are_read(models):
    feed = parse(json.dumps(examples(models, "FeedProcessingFinishedNotification")[0])).content
    assert (feed.feed_id, feed.state, feed.seller_id) == ("53347018456", "DONE", "A3TH9S8BH6GOGM")
    for example in examples(models, "OrderChangeNotification"):
        order = parse(json.dumps(example)).content
        assert order.items
        assert order.fulfilment in {"amazon", "merchant"}


def test_a_type_that_is_not_known_is_told_and_kept():
    message = {**BUSINESS, "NotificationType": "BRAND_NEW_THING", "Payload": {"Thing": {"ASIN": "B01"}}}
    found = parse(json.dumps(message))
    assert found.type == "BRAND_NEW_THING"
    assert found.content == Unknown({"Thing": {"ASIN": "B01"}})


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (b"", "not JSON"),
        ("{", "not JSON"),
        ("[]", "no usable 'content'"),
        ("{}", "no usable 'notificationType'"),
        (json.dumps({**BUSINESS, "NotificationMetadata": None}), "B2B_ANY_OFFER_CHANGED: .* 'notificationMetadata'"),
        (json.dumps({**BUSINESS, "Payload": {}}), "'payload.b2BAnyOfferChangedNotification'"),
        (json.dumps(BUSINESS).replace('"Amount": 18', '"Amount": "much"'), "listingPrice.amount|listingPrice.Amount"),
        (json.dumps(BUSINESS).replace('"ASIN": "B01"', '"ASIN": null'), "offerChangeTrigger.asin"),
        (json.dumps(BUSINESS).replace("2026-11-23T12:00:01Z", "yesterday"), "'eventTime'"),
    ],
)
def test_what_is_broken_names_what_is_missing(message, words):
    with pytest.raises(NotificationError, match=words):
        parse(message)


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_required_member_that_is_taken_away_is_missed_or_not_needed(models, name):
    """No shape of a broken notification raises anything else than ``NotificationError``."""

    def without(value):
        if isinstance(value, dict):
            for key, member in value.items():
                yield {other: kept for other, kept in value.items() if other != key}
                for wrong in (None, 7, "x", [], {}):
                    yield value | {key: wrong}
                for less in without(member):
                    yield value | {key: less}
        elif isinstance(value, list):
            for index, member in enumerate(value):
                for less in without(member):
                    yield [*value[:index], less, *value[index + 1 :]]

    refused = 0
    for broken in without(examples(models, name)[0]):
        try:
            parse(json.dumps(broken))
        except NotificationError:
            refused += 1
    assert refused > 10
