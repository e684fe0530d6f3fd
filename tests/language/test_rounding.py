"""Rounding to a step: half up is half away from zero, up and down are directions of the line."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acorn_engine.language import round_to

CENT = Fraction(1, 100)


@pytest.mark.parametrize(
    ("value", "step", "half_up", "up", "down"),
    [
        ("1.005", "0.01", "1.01", "1.01", "1.00"),
        ("-1.005", "0.01", "-1.01", "-1.00", "-1.01"),
        ("1.0049", "0.01", "1.00", "1.01", "1.00"),
        ("-0.004", "0.01", "0", "0", "-0.01"),
        ("0", "0.01", "0", "0", "0"),
        ("2.5", "1", "3", "3", "2"),
        ("-2.5", "1", "-3", "-2", "-3"),
        ("1.12", "0.05", "1.10", "1.15", "1.10"),
        ("1.125", "0.05", "1.15", "1.15", "1.10"),
        ("7", "5", "5", "10", "5"),
        ("7.5", "5", "10", "10", "5"),
    ],
)
def test_rounding(value, step, half_up, up, down):
    for mode, expected in (("half_up", half_up), ("up", up), ("down", down)):
        assert round_to(Fraction(value), Fraction(step), mode) == Fraction(expected)
    assert round_to(Fraction(value), Fraction(step), "none") == Fraction(value)


@pytest.mark.parametrize("step", [0, -1])
def test_a_step_must_be_above_zero(step):
    with pytest.raises(ValueError, match="a step must be above zero"):
        round_to(Fraction(1), Fraction(step), "half_up")


@given(st.fractions(), st.fractions(min_value=Fraction(1, 1000), max_value=1000))
def test_rounding_gives_the_nearest_multiple(value, step):
    half, up, down = (round_to(value, step, mode) for mode in ("half_up", "up", "down"))
    assert all((found / step).denominator == 1 for found in (half, up, down))
    assert down <= value <= up
    assert up - down in {0, step}
    assert abs(half - value) <= step / 2
    assert round_to(-value, step, "half_up") == -half
    assert round_to(-value, step, "up") == -down
