"""The incidents that cost sellers their goods, as tests."""

from __future__ import annotations

import pytest
from judging import change, judged, offer, verdicts

from acorn_engine.guard import GuardSettings
from acorn_engine.plugins.records import GuardSpec


@pytest.mark.parametrize("floor", [None, "0.00", "-0.01"])
@pytest.mark.parametrize("policy", ["reject", "raise", "hold"])
def test_2012_blank_minimum(floor, policy):
    """A blank minimum was taken for zero, and goods went for 0.01. A blank floor is missing: no price goes out."""
    settings = GuardSettings(below_floor=policy, decimal_shift={"off": "x"}, largest_move={"off": "x"})
    rows = [
        offer(price="0.01", floor=floor, minimum_price=None),
        offer("B", price="28.00", floor=floor, minimum_price=None),
    ]
    result = judged(*rows, settings=settings, built_in=True)
    assert set(result.changes["verdict"].to_list()) == {"hold"}
    assert set(result.changes["code"].to_list()) == {"no_floor"}


def test_2014_penny_price():
    """Everything at one penny for an hour: a floor, a shifted decimal point and the share each stop it."""
    below = judged(offer(price="0.01"), built_in=True)
    assert verdicts(below)["price"][0] == "reject"
    low_floor = judged(offer(price="0.01", floor="0.01"), built_in=True)
    assert (change(low_floor, "price")["verdict"], change(low_floor, "price")["guard"]) == ("reject", "decimal_shift")
    settings = GuardSettings(decimal_shift={"off": "x"}, largest_move={"off": "x"})
    many = [offer(str(number), price="0.01", floor="0.01") for number in range(60)]
    assert [halt.guard for halt in judged(*many, settings=settings, built_in=True).halts] == ["changed_share"]


def test_2018_missing_value_ratchet():
    """A blank id made "am I the featured offer?" always false. Missing is not false: the change is held."""
    ratchet = GuardSpec("not-mine", "reject", "competitor_price < price", "")
    result = judged(offer(price="27.98"), guards=[ratchet])
    assert verdicts(result) == {"price": ("hold", "guard_missing")}
    negated = judged(offer(price="27.98"), guards=[GuardSpec("mine", "reject", "not clearance", "", ("price",))])
    assert verdicts(negated) == {"price": ("hold", "guard_missing")}
    rule = offer(price=None) | {"hold.price": "r1", "hold_code.price": "moves_every_run"}
    assert judged(rule).changes.is_empty(), "without a value nothing is proposed"
    moving = offer(price="27.98") | {"hold.price": "r1", "hold_code.price": "moves_every_run"}
    assert verdicts(judged(moving)) == {"price": ("hold", "moves_every_run")}
