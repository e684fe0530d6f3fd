"""Price endings as expressions."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from acorn_currency.endings import PriceEnding, ending_definition, expand_price_ending


@pytest.mark.parametrize(
    ("ending", "direction", "digits", "text"),
    [
        ("0.99", "up", 2, "round_up(x - 0.99, 1) + 0.99"),
        ("0.95", "down", 2, "round_down(x - 0.95, 1) + 0.95"),
        ("80", "nearest", 0, "round(x - 80, 100) + 80"),
        ("1", "up", 2, "round_up(x - 1, 10) + 1"),
        ("0", "up", 2, "round_up(x - 0, 1) + 0"),
    ],
)
def test_the_period_is_the_smallest_power_of_ten_above_the_ending(ending, direction, digits, text):
    assert ending_definition(Fraction(ending), direction, digits) == text


def test_an_ending_finer_than_the_minor_unit_is_an_error():
    with pytest.raises(
        ValueError, match="an ending of 0.99 does not exist in this site's currency, whose smallest unit is 1"
    ):
        ending_definition(Fraction("0.99"), "up", 0)
    with pytest.raises(ValueError, match="cannot be negative"):
        ending_definition(Fraction(-1), "up", 2)


def test_the_kind_leaves_a_price_alone_that_no_rule_proposed():
    [rule] = expand_price_ending(PriceEnding(ending=Decimal("0.99")))
    assert rule.when == "not is_missing(price)"
    assert rule.set == {"price": "ending(price, 0.99, 'up')"}
