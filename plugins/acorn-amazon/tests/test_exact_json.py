"""JSON keeps the digits of its numbers."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from acorn_amazon import exact_json
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.mark.parametrize("text", ["1.10", "0.1", "12345678901234567890.123456789", "-0.0", "15.00", "7"])
def test_numbers_come_back_as_written(text):
    assert exact_json.dumps(exact_json.loads(text)) == text


def test_canonical_text_does_not_depend_on_the_order_of_keys():
    first, second = {"b": [{"y": 1, "x": None}], "a": True}, {"a": True, "b": [{"x": None, "y": 1}]}
    assert exact_json.dumps(first, canonical=True) == exact_json.dumps(second, canonical=True)
    assert exact_json.dumps(first) == '{"b":[{"y":1,"x":null}],"a":true}'


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "{", "[" * 100_000])
def test_what_is_no_json_is_a_value_error(text):
    with pytest.raises(ValueError):
        exact_json.loads(text)


def test_floats_and_infinite_decimals_are_refused():
    with pytest.raises(TypeError, match="float"):
        exact_json.dumps([1.5])
    with pytest.raises(ValueError, match="not a JSON number"):
        exact_json.dumps(Decimal("NaN"))


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=10)
    | st.decimals(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)


@settings(max_examples=200)
@given(VALUES)
def test_anything_comes_back_equal_and_is_json(value):
    text = exact_json.dumps(value)
    json.loads(text)
    assert exact_json.loads(text) == value
