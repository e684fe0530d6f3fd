"""What stands beside what Acorn owns."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from acorn_amazon.neighbours import KEYS, day_of, neighbours_of, without_nulls
from acorn_amazon.sites import SITES_BY_NAME

HERE = {"marketplace_id": "A1PA6795UKMFR9", "currency": "EUR"}
PRICE = [{"schedule": [{"value_with_tax": Decimal("19.99")}]}]


def test_an_offer_with_nothing_else_has_empty_neighbours(de):
    offer = HERE | {"audience": "ALL", "our_price": PRICE, "minimum_seller_allowed_price": PRICE}
    assert neighbours_of({"purchasable_offer": [offer]}, de) == "{}"
    assert neighbours_of({}, de) == "{}"


def test_the_text_is_canonical(de):
    one = [
        HERE | {"audience": "B2B", "our_price": PRICE},
        HERE | {"audience": "BZR"},
        HERE | {"map_price": PRICE, "x": 1},
    ]
    other = [dict(reversed(instance.items())) for instance in reversed(one)]
    assert neighbours_of({"purchasable_offer": one}, de) == neighbours_of({"purchasable_offer": other}, de)


def test_numbers_keep_their_digits(de):
    text = neighbours_of({"purchasable_offer": [HERE | {"map_price": [{"value": Decimal("12.10")}]}]}, de)
    assert json.loads(text)["extras"] == ',"map_price":[{"value":12.10}]'


def test_null_end_dates_are_dropped_because_amazon_refuses_them_back(de):
    offer = HERE | {"audience": "ALL", "end_at": {"value": None}, "start_at": {"value": "2025-01-01"}}
    b2b = HERE | {"audience": "B2B", "end_at": {"value": None}, "our_price": PRICE}
    found = json.loads(neighbours_of({"purchasable_offer": [offer, b2b]}, de))
    assert found["extras"] == ',"start_at":{"value":"2025-01-01"}'
    assert "end_at" not in found["others"]


def test_an_instance_without_an_audience_is_ours_and_other_sites_are_not_here(de):
    instances = [
        HERE | {"map_price": PRICE},
        {"marketplace_id": "A13V1IB3VIYZZH", "currency": "EUR", "audience": "B2B"},
    ]
    assert set(json.loads(neighbours_of({"purchasable_offer": instances}, de))) == {"extras"}


def test_another_currency_and_a_second_instance_of_our_audience_are_others(de):
    instances = [HERE | {"audience": "ALL"}, HERE | {"audience": "ALL"}, HERE | {"currency": "USD", "audience": "ALL"}]
    assert json.loads(neighbours_of({"purchasable_offer": instances}, de))["others"].count('"marketplace_id"') == 2


def test_only_known_keys_are_written(de):
    sale = [
        {"schedule": [{"value_with_tax": 1, "start_at": "2026-11-01T12:00:00Z", "end_at": "2026-11-02T12:00:00Z"}] * 2}
    ]
    attributes = {
        "purchasable_offer": [HERE | {"x": 1, "discounted_price": sale}, HERE | {"audience": "B2B"}],
        "fulfillment_availability": [
            {"fulfillment_channel_code": "DEFAULT", "restock_date": "2026-12-01", "is_inventory_available": True},
            {"fulfillment_channel_code": "OTHER"},
        ],
    }
    found = json.loads(neighbours_of(attributes, de))
    assert set(found) == set(KEYS)
    assert "is_inventory_available" not in found["availability_extras"]


@pytest.mark.parametrize("odd", ["text", [1], [{"schedule": "x"}], [None], {"a": 1}])
def test_odd_shapes_do_not_break_a_read(de, odd):
    json.loads(neighbours_of({"purchasable_offer": odd, "fulfillment_availability": odd}, de))
    json.loads(neighbours_of({"purchasable_offer": [HERE | {"discounted_price": odd}]}, de))


@pytest.mark.parametrize(
    ("shown", "day"),
    [
        ("2026-11-01", "2026-11-01"),
        ("2026-11-01T00:00:00Z", "2026-11-01"),
        ("2026-11-01T23:59:59.000Z", "2026-11-01"),
        ("2026-10-31T23:00:00Z", "2026-11-01"),
        ("2026-11-01T22:30:00+01:00", "2026-11-01"),
        ("2026-11-01T10:00:00", "2026-11-01"),
        ("soon", None),
        ("", None),
        (None, None),
        (20261101, None),
    ],
)
def test_instants_become_days_of_the_site(de, shown, day):
    assert day_of(shown, de) == day


def test_days_follow_the_sites_own_clock():
    assert day_of("2026-11-01T03:00:00Z", SITES_BY_NAME["amazon.com"]) == "2026-10-31"
    assert day_of("2026-11-01T18:00:00Z", SITES_BY_NAME["amazon.co.jp"]) == "2026-11-02"


def test_nulls_go_and_what_they_leave_empty_goes_with_them():
    assert without_nulls({"a": {"b": None}, "c": [None, {"d": None}], "e": {}, "f": 0}) == {"c": [{}], "e": {}, "f": 0}
