"""The JSON Schema for editors agrees with what the loader takes."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import pytest
import yaml

from acorn_engine.fields import Field
from acorn_engine.ruleset import rule_schema
from acorn_engine.types import NUMBER

BOOK = Path(__file__).parents[2] / "rules"


@pytest.fixture
def validator(vocabulary):
    schema = rule_schema(vocabulary.kinds, vocabulary.fields)
    json.dumps(schema)
    jsonschema_rs.meta.validate(schema)
    return jsonschema_rs.validator_for(schema)


RIGHT = [
    "acorn: 1",
    "{acorn: 1, rules: [{id: a, set: {price: 1, attributes.a: {b: [1]}}, final: true, active: sat 00:00 - mon 00:00}]}",
    "{acorn: 1, rules: [{id: a, use: price_step, with: {step: 1}}], guards: [{id: b, hold: price > 1, because: x}]}",
    "{acorn: 1, disable: [a], because: x, parameters: {a: 28%, b: [1, 2]}, define: {c: a + 1}}",
    "{acorn: 1, examples: [{name: a, site: s, given: {cost: 1, rate: {USD: 1}}, expect: {price: null, rule: a}}]}",
]
WRONG = [
    "rules: []",
    "acorn: 2",
    "{acorn: 1, ruels: []}",
    "{acorn: 1, rules: [{id: a}]}",
    "{acorn: 1, rules: [{id: a, set: {price: 1}, use: price_step}]}",
    "{acorn: 1, rules: [{id: a, set: {prise: 1}}]}",
    "{acorn: 1, rules: [{id: a, set: {}}]}",
    "{acorn: 1, rules: [{id: a, set: {price: 1}, wehn: x}]}",
    "{acorn: 1, rules: [{id: a, set: {price: 1}, with: {a: 1}}]}",
    "{acorn: 1, rules: [{id: a, use: unknown}]}",
    "{acorn: 1, rules: [{id: a, use: price_step, with: {step: 1, x: 2}}]}",
    "{acorn: 1, guards: [{id: b, hold: x}]}",
    "{acorn: 1, guards: [{id: b, hold: x, halt: y, because: z}]}",
    "{acorn: 1, disable: [a]}",
    "{acorn: 1, examples: [{name: a, given: {}, expect: {}}]}",
]


@pytest.mark.parametrize("text", RIGHT)
def test_right(validator, load, text):
    validator.validate(yaml.safe_load(text))


@pytest.mark.parametrize("text", WRONG)
def test_wrong_for_the_schema_is_wrong_for_the_loader(validator, refused, text):
    assert not validator.is_valid(yaml.safe_load(text))
    assert refused(text)


def test_kinds_and_fields_of_plugins_are_in_it(vocabulary):
    points = Field("points", NUMBER, "down", "points", description="loyalty points")
    schema = rule_schema(vocabulary.kinds, {"points": points})
    rule = schema["properties"]["rules"]["items"]
    assert rule["properties"]["use"]["enum"] == ["price_step"]
    assert rule["properties"]["set"]["properties"]["points"]["description"] == "loyalty points"
    assert schema["$defs"]["price_step"]["additionalProperties"] is False
    assert "price" in rule_schema()["properties"]["rules"]["items"]["properties"]["set"]["properties"]
