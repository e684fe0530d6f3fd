"""Numbers with commas are never taken as text without a word."""

from __future__ import annotations

from fractions import Fraction

import pytest

from acorn_engine.ruleset.scalars import ScalarError, bare_value


@pytest.mark.parametrize(
    "text", ["0,3", "12,5%", "1.234,56 EUR", "1,234.56", "-0,5", "1'234,50", "1 234,56", "1,234,567"]
)
def test_a_number_with_a_comma_is_refused(text):
    with pytest.raises(ScalarError, match="looks like a number, but numbers take a point and no commas: 1234.56"):
        bare_value(text)


@pytest.mark.parametrize("text", ["A,3", "Büro, 2 Stück", "3,", "red,blue", "12 Stück, 3 Farben"])
def test_other_text_with_a_comma_stays_text(text):
    assert bare_value(text) == text


def test_numbers_with_a_point_are_numbers():
    assert bare_value("12.5%") == Fraction(125, 1000)
