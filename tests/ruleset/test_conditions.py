"""Conditions that can never be true, and those that only look so."""

from __future__ import annotations

import pytest

from acorn_engine.language import parse
from acorn_engine.ruleset.conditions import impossible

NEVER = {
    "false": "it is 'false'",
    "price > 5 and false": "it is 'false'",
    "1 > 2": "1 > 2 is false",
    "'a' == 'b'": "'a' == 'b' is false",
    "price > 5 and price < 5": "'price > 5' and 'price < 5' cannot both hold",
    "price >= 5 and price < 5": "'price >= 5' and 'price < 5' cannot both hold",
    "10 < price < 5": "'10 < price' and 'price < 5' cannot both hold",
    "price == 5 and price == 6": "'price == 5' and 'price == 6' cannot both hold",
    "price == 5 and price != 5": "'price == 5' and 'price != 5' cannot both hold",
    "price == 5 and price > 5": "'price == 5' and 'price > 5' cannot both hold",
    "price > 5 and stock > 1 and price == 5": "'price > 5' and 'price == 5' cannot both hold",
    "price > 10.00 EUR and price < 9": "'price > 10.00 EUR' and 'price < 9' cannot both hold",
    "price < -5 and price > -5": "'price < -5' and 'price > -5' cannot both hold",
    "brand == 'a' and brand == 'b'": "'brand == 'a'' and 'brand == 'b'' cannot both hold",
    "brand in ['a', 'b'] and brand == 'c'": "'brand in ['a', 'b']' and 'brand == 'c'' cannot both hold",
    "brand in ['a'] and brand != 'a'": "'brand in ['a']' and 'brand != 'a'' cannot both hold",
    "clearance and not clearance": "'clearance' and 'not clearance' cannot both hold",
    "price < price": "price < price compares 'price' with itself",
    "price != price": "price != price compares 'price' with itself",
    "fulfilment == 'merchnt'": "fulfilment is never 'merchnt'",
    "fulfilment in ['fba', 'mfn']": "fulfilment is never 'fba'",
    "price > 5 and price < 5 or brand == 'a' and brand == 'b'": "'price > 5' and 'price < 5' cannot both hold",
    "false if clearance else 1 > 2": "it is 'false'",
    "cheap and price > 9": "'price < 5' and 'price > 9' cannot both hold",
    "nothing": "'price < 5' and 'price > 7' cannot both hold",
    "clearance and nothing": "'price < 5' and 'price > 7' cannot both hold",
}
POSSIBLE = [
    "true",
    "price > 5",
    "price >= 5 and price <= 5",
    "price > 5 or price < 5",
    "price > 5 and cost < 5",
    "price != 5 and price != 6",
    "brand in ['a', 'b'] and brand == 'a'",
    "brand in ['a', 'b'] and brand != 'a'",
    "brand not in ['a'] and brand == 'a b'",
    "fulfilment in ['merchant', 'mfn']",
    "fulfilment != 'merchnt'",
    "price > 5 and price < 5 or clearance",
    "price <= price",
    "cheap or price > 9",
    "is_missing(price) and price < 5",
    "price > cost and price < cost",
    "not (price > 5 and price < 5)",
    "loop",
]
DEFINES = {
    name: parse(text)
    for name, text in {"cheap": "price < 5", "nothing": "cheap and price > 7", "loop": "loop and price > 1"}.items()
}


@pytest.mark.parametrize("text", NEVER)
def test_never_true(text):
    found = impossible(parse(text), DEFINES)
    assert found is not None
    assert found.reason == NEVER[text]


@pytest.mark.parametrize("text", POSSIBLE)
def test_may_be_true(text):
    assert impossible(parse(text), DEFINES) is None


def test_parameters_are_switches(load):
    chain = load(
        "acorn: 1\nparameters: {enabled: false, country: FR}\nrules:\n"
        "  - {id: r, when: enabled and country == 'DE', set: {price: 1}}\n"
        "  - {id: s, when: site == 'amazon.fr', set: {price: 1}}\n"
    )
    assert [rule.id for rule in chain.rules] == ["r", "s"]
