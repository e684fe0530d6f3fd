"""What a site shows of an attribute keeps every digit."""

from __future__ import annotations

import json
from decimal import Decimal

import polars as pl
import pytest
from judging import change, judged, offer

from acorn_engine.guard.candidates import same_data
from acorn_engine.guard.shown_attributes import shown_attribute

PLAIN = [
    '{"x":null}', '{"x":true}', '{"x":"a\\"b"}', '{"x":[1,{"k":"v","a":null}]}', '{"y":1}', "nothing", "[]", "", None,
    '{"x":{"b":1,"a":"ü😀"}}', '{"x":1,"x":2}', '{"x":"\\u00e4"}', '{"x":["\\u001f/"]}', '{"x":0.10}', '{"x":-5}',
]  # fmt: skip


def shown(*texts):
    return shown_attribute(pl.Series(texts, dtype=pl.String), "x").to_list()


@pytest.mark.parametrize(
    "number",
    [
        "123456789012345.678901",
        "0.10000000000000000001",
        "12345678901234567890123",
        "1e400",
        "9007199254740993",
        "1E-7",
    ],
)
def test_a_number_is_shown_digit_for_digit(number):
    assert shown(f'{{"x":{number}}}') == [number]
    nested = f'[{{"value":{number},"unit":"kg","of":[{number},null]}}]'
    assert shown(f'{{"w":1,"x":{nested}}}') == [nested]


def test_objects_with_and_without_long_numbers_are_read_alike():
    """The same objects, once with a long number beside what is read."""
    plain = shown(*PLAIN)
    beside = [text.replace("{", '{"long":1234567890.1234567890,', 1) if text else text for text in PLAIN]
    known = [
        None if value is None else value.replace('{"long":1234567890.1234567890,', "{") for value in shown(*beside)
    ]
    both = [
        (json.loads(one, parse_float=Decimal), json.loads(other, parse_float=Decimal))
        if one is not None and one[0] in "[{0-"
        else (one, other)
        for one, other in zip(plain, known, strict=True)
    ]
    assert all(one == other for one, other in both), both
    assert plain[:3] == [None, "true", 'a"b']


def test_an_object_that_is_none_or_nests_too_deep_shows_nothing():
    assert shown('{"x":1234567890123456', '["1234567890123456"]', "1e5", '{"x":' + "[" * 10**5 + "1e5") == [None] * 4


@pytest.mark.parametrize(
    ("wanted", "current", "same"),
    [
        ("123456789012345.678901", "123456789012345.678902", False),
        ("123456789012345.678901", "123456789012345.678901", True),
        ("0.3", "0.30", True),
        ("0.3", "0.30000000000000000001", False),
    ],
)
def test_attributes_that_differ_in_the_last_digit_differ(wanted, current, same):
    assert same_data(wanted, current) is same
    row = offer(**{"attributes.n": wanted, "current_attributes": f'{{"n":{current}}}'})
    changes = judged(row, attributes=["n"]).changes
    assert changes.is_empty() is same
    if not same:
        assert change(judged(row, attributes=["n"]), "attributes.n")["from"] == current
