from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest
from fake_marketplace import DE, FakeMarketplace
from hypothesis import given
from hypothesis import strategies as st

from acorn_engine.outbox.compare import canonical_number, same_number, same_value, shown_value

numbers = st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9).map(
    lambda value: format(value, "f")
)
spellings = st.builds(
    lambda zeros, text, more: (
        text.replace("-", "-" + "0" * zeros, 1) if "-" in text else "0" * zeros + text + "0" * more
    ),
    st.integers(0, 2),
    numbers,
    st.integers(0, 3),
)


@given(st.lists(st.tuples(spellings, spellings), min_size=1, max_size=20))
def test_columns_and_scalars_agree_on_what_is_the_same_number(pairs):
    frame = pl.DataFrame(pairs, schema=["a", "b"], orient="row")
    same = frame.select(canonical_number(pl.col("a")) == canonical_number(pl.col("b"))).to_series().to_list()
    assert same == [Decimal(a) == Decimal(b) for a, b in pairs] == [same_number(a, b) for a, b in pairs]


@pytest.mark.parametrize(
    ("text", "plain"),
    [("29.90", "29.9"), ("29.00", "29"), ("100", "100"), ("007", "7"), ("-0.0", "0"), (".5", "0.5"), (" 1.0 ", "1")],
)
def test_one_spelling(text, plain):
    assert pl.select(canonical_number(pl.lit(text))).item() == plain


def test_missing_is_no_number():
    assert same_number(None, None)
    assert not same_number(None, "0")
    assert not same_number("1", None)
    assert not same_number("1", "one")


def test_fields_compare_in_their_own_way():
    market = FakeMarketplace({})
    assert same_value("price", "29.9", "29.90", market, DE)
    assert same_value("sale_from", "2026-12-01", "2026-12-01", market, DE)
    assert not same_value("sale_from", "2026-12-01", "2026-12-02", market, DE)
    assert same_value("attributes.x", '{"a":1,"b":2}', '{"b": 2, "a": 1}', market, DE)
    assert not same_value("attributes.x", "1", None, market, DE)
    assert same_value("attributes.x", None, None, market, DE)


def test_attributes_are_shown_digit_for_digit():
    offer = {"attributes": '{"weight": [{"value": 0.10000000000000000001, "unit": "公斤"}], "on": true}'}
    assert shown_value("attributes.weight", offer) == '[{"value": 0.10000000000000000001, "unit": "公斤"}]'
    assert shown_value("attributes.on", offer) == "true"
    assert shown_value("attributes.none", offer) is None
    assert shown_value("price", {"price": "1.20"}) == "1.20"
    assert shown_value("attributes.x", {"attributes": None}) is None
