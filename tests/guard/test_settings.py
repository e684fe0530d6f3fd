"""The ``[guards]`` section: limits, their text, how to switch one off."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from judging import change, judged, offer, proposals, verdicts
from pydantic import ValidationError

from acorn_engine.guard import GuardSettings, Known
from acorn_engine.guard.settings import percent_text


def test_an_absent_key_means_the_default():
    settings = GuardSettings()
    assert settings.largest_move == Fraction(1, 5)
    assert settings.changed_share == Fraction(2, 5)
    assert settings.decimal_shift == 5
    assert (settings.first_price, settings.stale, settings.above_stock) == ("hold", "hold", "reject")
    assert settings.below_floor == "reject"
    assert settings.switched_off == {}
    assert [spec.id for spec in settings.specs()] == [
        "decimal_shift",
        "decimal_shift_sale",
        "first_price",
        "largest_move",
        "largest_move_sale",
        "above_stock",
        "changed_share",
    ]


@pytest.mark.parametrize("text", ["12.5%", " 12.5 %", "12.50%"])
def test_percents_are_exact(text):
    assert GuardSettings(largest_move=text).largest_move == Fraction(1, 8)


@pytest.mark.parametrize("value", ["20", 20, 0.2, "-1%", True, "20 percent", None, "1e3%"])
def test_a_share_is_text_with_a_percent_sign(value):
    with pytest.raises(ValidationError, match=r"is not a share; write it as text with a percent sign, like \"20%\""):
        GuardSettings(largest_move=value)


@pytest.mark.parametrize(
    ("value", "factor"), [(5, 5), ("2.5", Fraction(5, 2)), (2.5, Fraction(5, 2)), (Decimal("1.1"), Fraction(11, 10))]
)
def test_a_factor_is_a_number(value, factor):
    assert GuardSettings(decimal_shift=value).decimal_shift == factor


@pytest.mark.parametrize("value", ["x", -1, True, "nan", float("inf"), [5]])
def test_a_factor_that_is_no_number_is_an_error(value):
    with pytest.raises(ValidationError, match="is not a factor; write a number such as 5"):
        GuardSettings(decimal_shift=value)


def test_unknown_keys_are_errors():
    with pytest.raises(ValidationError, match="largest_mvoe"):
        GuardSettings.model_validate({"largest_mvoe": "20%"})


@pytest.mark.parametrize(
    "name", ["largest_move", "changed_share", "decimal_shift", "first_price", "stale", "above_stock"]
)
def test_each_may_be_switched_off_with_a_reason(name):
    settings = GuardSettings.model_validate({name: {"off": "the sale"}})
    assert settings.switched_off == {name: "the sale"}
    assert not any(spec.id.startswith(name) for spec in settings.specs())
    with pytest.raises(ValidationError):
        GuardSettings.model_validate({name: {"off": ""}})


def test_the_floor_cannot_be_switched_off():
    with pytest.raises(ValidationError, match="below_floor"):
        GuardSettings.model_validate({"below_floor": {"off": "why not"}})


def test_a_zero_limit_means_zero_and_holds_every_move():
    result = judged(offer(price="28.00"), built_in=True, settings=GuardSettings(largest_move="0%"))
    assert verdicts(result)["price"] == ("hold", "guard")
    assert change(result, "price")["because"] == "27.99 EUR to 28.00 EUR is a move of more than 0%"


def test_a_zero_share_halts_on_any_change_however_small_the_catalogue():
    off = GuardSettings(changed_share=0)
    assert [halt.guard for halt in judged(offer(price="28.00"), built_in=True, settings=off).halts] == ["changed_share"]
    assert judged(offer(price="27.99"), built_in=True, settings=off).halts == ()


def test_a_zero_shift_rejects_every_price():
    result = judged(offer(price="28.00"), built_in=True, settings=GuardSettings(decimal_shift=0))
    assert change(result, "price")["guard"] == "decimal_shift"


@pytest.mark.parametrize(("price", "fires"), [("33.58", False), ("33.59", True), ("22.40", False), ("22.39", True)])
def test_largest_move_fires_above_its_limit_not_at_it(price, fires):
    assert (
        verdicts(
            judged(
                offer(
                    price=price,
                ),
                built_in=True,
            )
        )["price"][0]
        == "hold"
    ) is fires
    exact = judged(
        offer(current_price="25.00", price="30.00"), offer("B", current_price="25.00", price="30.01"), built_in=True
    )
    assert verdicts(exact)["price"][0] == "send"
    assert verdicts(exact, "B")["price"][0] == "hold"


@pytest.mark.parametrize(("price", "fires"), [("99.99", False), ("100.00", True), ("500.00", True)])
def test_decimal_shift_rejects_new_divided_by_current_of_five_or_more(price, fires):
    result = judged(offer(current_price="20.00", price=price), built_in=True)
    assert (verdicts(result)["price"][0] == "reject") is fires


@pytest.mark.parametrize(("price", "fires"), [("4.01", False), ("4.00", True), ("0.20", True)])
def test_decimal_shift_rejects_a_fifth_or_less(price, fires):
    result = judged(offer(current_price="20.00", price=price, floor="0.01"), built_in=True)
    assert (verdicts(result)["price"][0] == "reject") is fires
    assert change(result, "price")["guard"] == ("decimal_shift" if fires else "largest_move")


def test_first_price_is_the_one_guard_of_a_price_with_nothing_to_compare():
    result = judged(
        offer(current_price=None, price="25.00"), offer("B", current_price="0.00", price="25.00"), built_in=True
    )
    assert [change(result, "price", sku)["guard"] for sku in "AB"] == ["first_price", "first_price"]
    assert change(result, "price")["because"] == "there is no current price to compare 25.00 EUR with"
    assert change(result, "price")["verdict"] == "hold"
    strict = judged(
        offer(current_price=None, price="25.00"), built_in=True, settings=GuardSettings(first_price="reject")
    )
    assert change(strict, "price")["verdict"] == "reject"
    free = judged(
        offer(current_price=None, price="25.00"), built_in=True, settings=GuardSettings(first_price={"off": "new shop"})
    )
    assert change(free, "price")["verdict"] == "send"


def test_the_sale_price_is_guarded_like_the_price():
    days = {"sale_from": date(2026, 11, 24), "sale_to": date(2026, 11, 30)}
    penny = judged(offer(sale_price="2.00", floor="0.01", **days), built_in=True)
    assert change(penny, "sale_price")["guard"] == "decimal_shift_sale"
    moved = judged(offer(sale_price="22.00", current_sale_price="27.00", **days), built_in=True)
    assert verdicts(moved)["sale_price"] == ("send", "rule")
    moved = judged(offer(sale_price="21.00", current_sale_price="27.00", **days), built_in=True)
    assert change(moved, "sale_price")["guard"] == "largest_move_sale"


@pytest.mark.parametrize(
    ("quantity", "current", "stock", "expected"),
    [
        (101, 3, 100, ("reject", "guard")),
        (100, 3, 100, ("send", "rule")),
        (5, 3, None, ("hold", "guard_missing")),
        (2, 3, None, ("send", "rule")),
        (0, None, None, ("hold", "guard_missing")),
        (5, None, 100, ("send", "rule")),
    ],
)
def test_above_stock(quantity, current, stock, expected):
    result = judged(offer(quantity=quantity, current_quantity=current, stock=stock), built_in=True)
    assert verdicts(result)["quantity"] == expected


@pytest.mark.parametrize(("offers", "halted"), [(49, False), (50, True)])
def test_changed_share_halts_from_fifty_offers_on(offers, halted):
    many = [offer(str(number), price="28.00") for number in range(offers)]
    result = judged(*many, built_in=True)
    assert bool(result.halts) is halted
    if halted:
        assert result.halts[0].because == "50 of 50 offers were sent in the last 24 hours or would be: more than 40%"
        assert set(result.changes["verdict"].to_list()) == {"send"}


def test_changed_share_counts_distinct_offers_sent_in_the_last_day_or_in_this_plan():
    many = [offer(str(number), price="28.00" if number < 15 else "27.99") for number in range(100)]
    sent = proposals(*many).frame.select("account", "site", "seller_sku")
    at_limit = judged(*many, built_in=True, known=Known(offers=100, sent=sent.slice(10, 30)))
    assert at_limit.counts["changed_count"] == 40
    assert at_limit.halts == ()
    above = judged(*many, built_in=True, known=Known(offers=100, sent=sent.slice(10, 31)))
    assert above.counts["changed_share"] == Fraction(41, 100)
    assert [halt.guard for halt in above.halts] == ["changed_share"]


def test_shares_count_all_known_offers():
    result = judged(offer(price="28.00"), known=Known(offers=400))
    assert result.counts["changed_share"] == Fraction(1, 400)


def test_percent_text_is_exact():
    assert percent_text(Fraction(1, 8)) == "12.5%"
    assert percent_text(Fraction(0)) == "0%"
    assert percent_text(Fraction(2)) == "200%"
