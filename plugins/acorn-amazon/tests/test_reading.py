"""Listings as rows."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from acorn_amazon.reading import plain, row_of
from acorn_amazon.sites import SITES_BY_NAME

from acorn_engine.marketplace import READ_SCHEMA

HERE = "A1PA6795UKMFR9"


def amount(text):
    return [{"schedule": [{"value_with_tax": Decimal(text)}]}]


def item(**changes):
    base = {
        "sku": "S",
        "summaries": [
            {"marketplaceId": "A13V1IB3VIYZZH", "productType": "WRONG"},
            {"marketplaceId": HERE, "productType": "LUGGAGE", "status": ["BUYABLE"]},
        ],
        "attributes": {
            "item_name": [
                {"value": "Koffer", "language_tag": "de_DE", "marketplace_id": HERE},
                {"value": "Valise", "language_tag": "fr_FR", "marketplace_id": "A13V1IB3VIYZZH"},
            ],
            "elsewhere": [{"value": 1, "marketplace_id": "A13V1IB3VIYZZH"}],
            "item_weight": [{"value": Decimal("1.10"), "unit": "kilograms"}],
            "purchasable_offer": [
                {
                    "marketplace_id": HERE,
                    "currency": "EUR",
                    "audience": "ALL",
                    "our_price": amount("19.9"),
                    "minimum_seller_allowed_price": amount("15"),
                    "maximum_seller_allowed_price": amount("30.00"),
                }
            ],
            "fulfillment_availability": [
                {"fulfillment_channel_code": "DEFAULT", "quantity": 7, "lead_time_to_ship_max_days": 2}
            ],
        },
        "offers": [
            {"marketplaceId": HERE, "offerType": "B2B", "price": {"currencyCode": "EUR", "amount": "18.0"}},
            {"marketplaceId": HERE, "offerType": "B2C", "price": {"currencyCode": "EUR", "amount": "19.90"}},
        ],
        "fulfillmentAvailability": [{"fulfillmentChannelCode": "DEFAULT", "quantity": 6}],
        "issues": [],
    }
    return base | changes


def offer_with(**changes):
    found = item()
    found["attributes"]["purchasable_offer"][0] |= changes
    return found


def test_a_whole_listing(de):
    row = row_of(item(), de)
    assert list(row) == list(READ_SCHEMA)
    assert row | {"attributes": None} == {
        "seller_sku": "S",
        "product_type": "LUGGAGE",
        "fulfilment": "merchant",
        "price": "19.90",
        "sale_price": None,
        "sale_from": None,
        "sale_to": None,
        "minimum_price": "15.00",
        "maximum_price": "30.00",
        "quantity": "6",
        "handling_days": "2",
        "attributes": None,
        "other_prices": "[]",
        "neighbours": "{}",
        "issues": "[]",
    }
    assert row["attributes"] == (
        '{"item_name":[{"value":"Koffer","language_tag":"de_DE","marketplace_id":"A1PA6795UKMFR9"}],'
        '"item_weight":[{"value":1.10,"unit":"kilograms"}]}'
    )


def test_a_price_that_was_submitted_but_not_applied_is_not_the_price(de):
    stale = item(
        offers=[{"marketplaceId": HERE, "offerType": "B2C", "price": {"currencyCode": "EUR", "amount": "24.99"}}]
    )
    assert row_of(stale, de)["price"] == "24.99"


def test_without_a_live_offer_the_submitted_price_stands(de):
    assert row_of(item(offers=[]), de)["price"] == "19.90"
    other = [{"marketplaceId": HERE, "offerType": "B2C", "price": {"currencyCode": "USD", "amount": "5.00"}}]
    assert row_of(item(offers=other), de)["price"] == "19.90"


def test_a_sale_does_not_become_the_price(de):
    sale = [
        {"schedule": [{"value_with_tax": Decimal("9.99"), "start_at": "2026-11-01T17:00:00Z", "end_at": "2026-11-30"}]}
    ]
    found = offer_with(discounted_price=sale)
    found["offers"][1]["price"]["amount"] = "9.99"
    row = row_of(found, de)
    assert (row["price"], row["sale_price"], row["sale_from"], row["sale_to"]) == (
        "19.90",
        "9.99",
        "2026-11-01",
        "2026-11-30",
    )


def test_business_prices_and_tiers_are_other_prices(de):
    found = item()
    found["attributes"]["purchasable_offer"] += [
        {
            "marketplace_id": HERE,
            "currency": "EUR",
            "audience": "B2B",
            "our_price": amount("18.95"),
            "quantity_discount_plan": [
                {"schedule": [{"discount_type": "fixed", "levels": [{"lower_bound": 2, "value": Decimal("17.5")}]}]},
                {
                    "schedule": [
                        {"discount_type": "percent", "levels": [{"lower_bound": 9, "value": 15}, {"value": "x"}]}
                    ]
                },
            ],
        },
        {"marketplace_id": HERE, "currency": "USD", "audience": "ALL", "our_price": amount("1.00")},
        {"marketplace_id": HERE, "currency": "EUR", "audience": "BZR", "our_price": amount("0.00")},
    ]
    # 18.95 less 15 % is 16.1075: the least a buyer may pay is rounded down.
    assert json.loads(row_of(found, de)["other_prices"]) == ["18.95", "17.50", "16.10"]


def test_later_sales_are_other_prices(de):
    periods = [{"value_with_tax": Decimal("9.99")}, {"value_with_tax": Decimal("8.88")}]
    assert json.loads(row_of(offer_with(discounted_price=[{"schedule": periods}]), de)["other_prices"]) == ["8.88"]


def test_an_amazon_channel_makes_the_offer_amazons_even_beside_a_merchant_channel(de):
    both = [{"fulfillmentChannelCode": "DEFAULT", "quantity": 6}, {"fulfillmentChannelCode": "AMAZON_EU"}]
    assert row_of(item(fulfillmentAvailability=both), de)["fulfilment"] == "amazon"
    found = item(fulfillmentAvailability=[])
    found["attributes"]["fulfillment_availability"].append({"fulfillment_channel_code": "AMAZON_NA"})
    assert row_of(found, de)["fulfilment"] == "amazon"


def test_an_unknown_channel_is_unknown(de):
    found = item(fulfillmentAvailability=[])
    del found["attributes"]["fulfillment_availability"]
    row = row_of(found, de)
    assert (row["fulfilment"], row["quantity"], row["handling_days"]) == (None, None, None)


def test_a_missing_live_quantity_is_taken_from_the_attribute_and_zero_is_zero(de):
    assert row_of(item(fulfillmentAvailability=[]), de)["quantity"] == "7"
    zero = [{"fulfillmentChannelCode": "DEFAULT", "quantity": 0}]
    assert row_of(item(fulfillmentAvailability=zero), de)["quantity"] == "0"


def test_issues_of_this_site_are_kept(de):
    issues = [
        {"code": "90220", "message": "m", "severity": "ERROR", "attributeNames": ["size"], "categories": []},
        {"code": "1", "message": "elsewhere", "severity": "WARNING", "categories": [], "marketplaceIds": ["X"]},
        {"code": "2", "message": "here", "severity": "INFO", "categories": [], "marketplaceIds": [HERE]},
    ]
    assert json.loads(row_of(item(issues=issues), de)["issues"]) == [
        {"code": "90220", "message": "m", "severity": "error", "attribute": "size"},
        {"code": "2", "message": "here", "severity": "info", "attribute": None},
    ]


def test_a_listing_of_another_site_is_no_row(de):
    assert row_of({"sku": "S", "summaries": [], "attributes": {}}, de) is None
    assert row_of({"sku": "S", "summaries": [{"marketplaceId": "A13V1IB3VIYZZH"}]}, de) is None


def test_missing_prices_are_missing_not_zero(de):
    found = item(offers=None)
    del found["attributes"]["purchasable_offer"]
    row = row_of(found, de)
    assert (row["price"], row["minimum_price"], row["sale_price"]) == (None, None, None)


@pytest.mark.parametrize(
    ("number", "digits", "text"),
    [
        ("19.9", 2, "19.90"),
        ("15", 2, "15.00"),
        ("2980", 0, "2980"),
        ("2980.0", 0, "2980"),
        ("1.005", 2, "1.005"),
        ("1E+2", 2, "100.00"),
    ],
)
def test_prices_have_the_currencys_decimals(number, digits, text):
    assert plain(Decimal(number), digits) == text


def test_yen_read_without_decimals():
    japan = SITES_BY_NAME["amazon.co.jp"]
    offer = {"marketplace_id": japan.marketplace_id, "currency": "JPY", "our_price": amount("2980.00")}
    assert row_of({"sku": "S", "attributes": {"purchasable_offer": [offer]}}, japan)["price"] == "2980"
