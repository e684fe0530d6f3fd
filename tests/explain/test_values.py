"""Values, numbers and ages in words."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from judging import SITE

from acorn_engine.explain.values import age_text, decimal_text, plain, words
from acorn_engine.types import BOOLEAN, DATE, INTEGER, MISSING, NUMBER, SITE_MONEY, TEXT, Failure, Money


@pytest.mark.parametrize(
    ("value", "of", "as_json", "as_words"),
    [
        (Money(Fraction(2799, 100), "EUR"), SITE_MONEY, "27.99", "27.99 EUR"),
        (Money(Fraction(20), "EUR"), SITE_MONEY, "20.00", "20.00 EUR"),
        (Money(Fraction(1, 2), "USD"), SITE_MONEY, "0.5", "0.5 USD"),
        (Fraction(2799, 100), SITE_MONEY, "27.99", "27.99 EUR"),
        (Fraction(19, 100), NUMBER, "0.19", "0.19"),
        (Decimal("0.190"), NUMBER, "0.19", "0.19"),
        (Fraction(3), INTEGER, 3, "3"),
        (Fraction(3), NUMBER, "3", "3"),
        (Fraction(1, 3), NUMBER, "0.33333333…", "0.33333333…"),
        (Fraction(-1, 3), NUMBER, "-0.33333333…", "-0.33333333…"),
        (True, BOOLEAN, True, "true"),
        (False, BOOLEAN, False, "false"),
        (date(2026, 12, 24), DATE, "2026-12-24", "2026-12-24"),
        ("x", TEXT, "x", "x"),
        (("a", "b"), None, "a, b", "a, b"),
        (MISSING, NUMBER, None, "missing"),
        (None, TEXT, None, "missing"),
        (Failure("x", "y"), NUMBER, None, "missing"),
    ],
)
def test_values(value, of, as_json, as_words):
    assert plain(value, of, SITE) == as_json
    assert type(plain(value, of, SITE)) is type(as_json)
    assert words(value, of, SITE) == as_words


def test_numbers_keep_their_sign_and_places():
    assert decimal_text(Fraction(-5, 100), 2) == "-0.05"
    assert decimal_text(Fraction(5), 2) == "5.00"
    assert decimal_text(Fraction(1, 8), 2) == "0.125"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (3600, "1 h"),
        (3661, "1 h 1 min"),
        (90_061, "1 d 1 h"),
        (86_400, "1 d"),
        (-1, "not yet"),
    ],
)
def test_ages(seconds, text):
    assert age_text(timedelta(seconds=seconds)) == text
