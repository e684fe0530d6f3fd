from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acorn_engine.catalog.numerals import format_hint, read_numbers
from acorn_engine.catalog.options import SEPARATORS


def numbers(*texts, number_format="1234.56", **options):
    return read_numbers(pl.Series(texts, dtype=pl.String), number_format, **options)


@pytest.mark.parametrize(
    ("number_format", "text"),
    [
        ("1234.56", "1234.56"),
        ("1,234.56", "1,234.56"),
        ("1,234.56", "1234.56"),
        ("1.234,56", "1.234,56"),
        ("1234,56", "1234,56"),
        ("1 234,56", "1 234,56"),
        ("1 234,56", "1\u00a0234,56"),
        ("1 234,56", "1\u202f234,56"),
        ("1 234.56", "1 234.56"),
        ("1'234.56", "1’234.56"),
        ("1234.56", "１２３４．５６"),
        ("1234.56", "+1234.560"),
    ],
)
def test_a_declared_format_is_read_exactly(number_format, text):
    read = numbers(text, number_format=number_format)
    assert read.values.to_list() == [Decimal("1234.56")]
    assert read.scale == 2


@pytest.mark.parametrize(
    "text", ["1,234.56", "12,99", "1e3", "12.", "--1", "1 2", "٣", "NaN", "inf", "0x1", "12 €", "19%"]
)
def test_anything_else_than_declared_is_not_a_number(text):
    read = numbers(text)
    assert read.unreadable.to_list() == [True]
    assert read.values.to_list() == [None]


def test_one_dot_is_a_decimal_point_unless_declared_otherwise():
    assert numbers("1.234").values[0] == Decimal("1.234")
    assert numbers("1.234", number_format="1.234,56").values[0] == Decimal(1234)


def test_groups_must_be_thousands():
    assert numbers("12,34.5", number_format="1,234.56").unreadable[0]


def test_blank_is_missing_and_no_mistake():
    read = numbers(None, "1.50")
    assert read.values.to_list() == [None, Decimal("1.5")]
    assert read.unreadable is None


def test_more_than_twelve_decimals_or_fifteen_digits_are_flagged():
    read = numbers("0.1234567890123", "1234567890123456", "0.123456789012", "999999999999999")
    assert read.too_fine.to_list() == [True, False, False, False]
    assert read.too_large.to_list() == [False, True, False, False]
    assert read.scale == 12


def test_integers_may_be_written_with_zeros_after_the_point():
    read = numbers("7.0", "7.5", "007", integer=True)
    assert read.values.to_list() == [7, None, 7]
    assert read.too_fine.to_list() == [False, True, False]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("1,234.56", 'number_format = "1,234.56"'),
        ("12,99", 'number_format = "1.234,56"'),
        ("4.00638E+12", "a spreadsheet has rounded it"),
        ("19%", "19% is 0.19"),
    ],
)
def test_hints(text, hint):
    assert hint in (format_hint(text, "1234.56") or "")


def written(value, number_format):
    group, point = SEPARATORS[number_format]
    return f"{value:,}".replace(",", "\1").replace(".", point).replace("\1", group)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.decimals(-(10**12), 10**12, places=4, allow_nan=False), min_size=1, max_size=20),
    st.sampled_from(sorted(SEPARATORS)),
)
def test_numbers_come_back_as_they_were_written(values, number_format):
    read = numbers(*(written(value, number_format) for value in values), number_format=number_format)
    assert read.values.to_list() == values
    assert isinstance(read.values.dtype, pl.Decimal)
    assert read.values.dtype.scale == read.scale <= 4
