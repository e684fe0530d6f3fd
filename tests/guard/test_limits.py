"""What always holds: floor ≤ minimum ≤ price ≤ maximum ≤ ceiling, sale < price, every price ≥ floor."""

from __future__ import annotations

from datetime import date

import pytest
from judging import change, judged, offer, verdicts

from acorn_engine.guard import GuardSettings

DAYS = {"sale_from": date(2026, 11, 24), "sale_to": date(2026, 11, 30)}


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"price": "19.99"}, "below_floor"),
        ({"price": "28.00", "minimum_price": "19.99"}, "minimum_below_floor"),
        ({"price": "28.00", "minimum_price": "28.01"}, "below_minimum"),
        ({"price": "28.00", "maximum_price": "27.99"}, "above_maximum"),
        ({"price": "28.00", "ceiling": "30.00", "maximum_price": "30.01"}, "maximum_above_ceiling"),
        ({"price": "30.01", "ceiling": "30.00", "maximum_price": "30.01"}, "above_ceiling"),
        ({"price": "30.01", "ceiling": "30.00"}, "above_maximum"),
        ({"price": "28.00", "sale_price": "28.00", **DAYS}, "sale_not_below_price"),
        ({"price": "28.00", "sale_price": "19.99", **DAYS}, "sale_below_floor"),
        ({"price": "28.00", "other_prices": '["25.00", "19.99"]'}, "other_price_below_floor"),
        ({"price": "28.00", "other_prices": "[19.9]"}, "other_price_below_floor"),
        (
            {"price": "28.00", "sale_price": "22.00", "sale_from": date(2026, 12, 1), "sale_to": date(2026, 11, 30)},
            "sale_dates",
        ),
    ],
)
def test_every_limit_rejects(values, code):
    result = judged(offer(**values))
    assert set(verdicts(result).values()) == {("reject", code)}
    assert change(result, "price")["guard"] == code


@pytest.mark.parametrize(
    "values",
    [
        {"price": "20.00"},
        {"price": "28.00", "minimum_price": "28.00", "maximum_price": "28.00", "ceiling": "28.00"},
        {"price": "28.00", "sale_price": "27.99", **DAYS},
        {"price": "28.00", "sale_price": "20.00", **DAYS},
        {"price": "28.00", "other_prices": '["20.00", "20"]'},
        {"price": "28.00", "other_prices": None},
    ],
)
def test_equal_is_allowed_but_for_the_sale(values):
    assert {verdict for verdict, _ in verdicts(judged(offer(**values))).values()} == {"send"}


def test_the_sentence_names_the_numbers():
    result = judged(offer(price="19.99"))
    assert change(result, "price")["because"] == "the price 19.99 EUR is below the floor 20.00 EUR"
    assert change(result, "price")["params"] == '{"floor_price":"20.00","price":"19.99"}'


@pytest.mark.parametrize("floor", [None, "0.00", "-1.00"])
def test_no_floor_means_no_price_change(floor):
    result = judged(offer(price="28.00", floor=floor, minimum_price=None, quantity=1, current_quantity=3))
    assert verdicts(result)["price"] == ("hold", "no_floor")
    assert verdicts(result)["quantity"] == ("send", "rule")


def test_a_price_that_stands_and_is_not_changed_limits_the_sale():
    result = judged(offer(current_price="27.99", sale_price="27.99", **DAYS))
    assert verdicts(result)["sale_price"] == ("reject", "sale_not_below_price")
    unknown = judged(offer(current_price=None, sale_price="22.00", **DAYS))
    assert verdicts(unknown)["sale_price"] == ("hold", "price_unknown")


def test_a_sale_that_stands_limits_the_price_until_it_is_over():
    standing = {"current_sale_price": "25.00", "current_sale_from": date(2026, 11, 1)}
    running = offer(price="24.00", current_sale_to=date(2026, 11, 23), **standing)
    over = offer("B", price="24.00", current_sale_to=date(2026, 11, 22), **standing)
    result = judged(running, over)
    assert verdicts(result)["price"] == ("reject", "sale_not_below_price")
    assert verdicts(result, "B")["price"] == ("send", "rule")


def test_a_maximum_that_stands_limits_the_price():
    assert verdicts(judged(offer(price="28.00", current_maximum_price="27.00"))) == {
        "price": ("reject", "above_maximum")
    }


def test_a_sale_without_days_and_days_without_a_sale_are_held():
    assert verdicts(judged(offer(sale_price="22.00")))["sale_price"] == ("hold", "sale_dates_missing")
    assert set(verdicts(judged(offer(**DAYS))).values()) == {("hold", "sale_price_missing")}


@pytest.mark.parametrize("text", ['["x"]', "19.99", '["19.99"', '["1e5"]', '{"a": 1}'])
def test_other_prices_that_cannot_be_read_hold(text):
    assert verdicts(judged(offer(price="28.00", other_prices=text))) == {"price": ("hold", "neighbours_unknown")}


def test_below_floor_may_hold():
    settings = GuardSettings(below_floor="hold")
    result = judged(offer(price="19.99"), offer("B", price="28.00", other_prices='["1.00"]'), settings=settings)
    assert verdicts(result)["price"] == ("hold", "below_floor")
    assert verdicts(result, "B")["price"] == ("hold", "other_price_below_floor")


def test_below_floor_may_raise_the_price_to_the_floor():
    settings = GuardSettings(below_floor="raise")
    result = judged(
        offer(price="0.01"),
        offer("B", price="28.00", sale_price="3.00", **DAYS),
        offer("C", price="28.00"),
        settings=settings,
    )
    raised = change(result, "price")
    assert (raised["to"], raised["verdict"], raised["code"], raised["guard"]) == (
        "20.00",
        "send",
        "raised_to_floor",
        "below_floor",
    )
    assert raised["because"] == "raised to the floor 20.00 EUR"
    assert raised["rule"] == "r1"
    assert change(result, "sale_price", "B")["to"] == "20.00"
    assert change(result, "price", "C")["code"] == "rule"


def test_raising_never_lifts_a_price_where_there_is_no_floor():
    result = judged(offer(price="0.01", floor=None, minimum_price=None), settings=GuardSettings(below_floor="raise"))
    assert (change(result, "price")["to"], verdicts(result)["price"]) == ("0.01", ("hold", "no_floor"))


def test_raising_does_not_help_other_prices_or_one_that_is_not_proposed():
    settings = GuardSettings(below_floor="raise")
    result = judged(offer(price="28.00", other_prices='["1.00"]'), settings=settings)
    assert verdicts(result)["price"] == ("reject", "other_price_below_floor")


def test_a_raised_price_is_judged_by_the_guards_as_it_stands():
    result = judged(
        offer(price="0.01", current_price="50.00"), settings=GuardSettings(below_floor="raise"), built_in=True
    )
    assert (change(result, "price")["to"], change(result, "price")["guard"]) == ("20.00", "largest_move")
