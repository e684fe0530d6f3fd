"""Attributes that read back as planned, or not."""

from __future__ import annotations

import json

import pytest
from acorn_amazon.attributes import matches, wrap

HERE = "A1PA6795UKMFR9"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("gpsr_manufacturer_reference", '"a@b.example"'),
        ("gpsr_safety_attestation", "true"),
        ("item_name", '"Koffer"'),
        ("bullet_point", '["one","two"]'),
        ("epr_eco_fee_eubr", "0.10"),
        ("compliance_media", '[{"content_type":"warranty","levels":[1,2]}]'),
        ("weight", '{"value":1.10,"unit":"kg"}'),
    ],
)
def test_what_is_sent_reads_back_as_planned(de, name, value):
    assert matches(value, wrap(name, value, de), de)


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        ('"a"', None),
        ('"a"', "not json"),
        ('"a"', '[{"value":"b"}]'),
        ('"a"', '[{"value":"a"},{"value":"b"}]'),
        ('["a","b"]', '[{"value":"a"}]'),
        ('["a","a"]', '[{"value":"a"},{"value":"b"}]'),
        ('"1"', '[{"value":1}]'),
        ("true", '[{"value":1}]'),
        ("true", '[{"value":"true"}]'),
        ("1", '[{"value":true}]'),
        ('"a"', '[{"value":"a","unit":"kg"}]'),
        ('{"value":1,"unit":"kg"}', '[{"value":1,"unit":"g"}]'),
        ('{"value":1,"unit":"kg"}', '[{"value":1}]'),
        ('{"levels":[1,2]}', '[{"levels":[2,1]}]'),
        ('{"levels":[1]}', '[{"levels":1}]'),
        ('"a"', json.dumps([{"value": "a", "marketplace_id": "A13V1IB3VIYZZH"}])),
    ],
)
def test_what_differs_does_not_match(de, wanted, shown):
    assert not matches(wanted, shown, de)


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        ("1.1", '[{"value":1.10}]'),
        ("5", '[{"value":5.0}]'),
        ('["a","b"]', '[{"value":"b"},{"value":"a"}]'),
        ('{"unit":"kg","value":1}', '[{"value":1.0,"unit":"kg","language_tag":"de_DE"}]'),
        (
            '"a"',
            json.dumps([{"value": "a", "marketplace_id": HERE}, {"value": "x", "marketplace_id": "A13V1IB3VIYZZH"}]),
        ),
        ('"a"', '"a"'),
        ('["a","b"]', '["a","b"]'),
        ("[]", "[]"),
    ],
)
def test_what_amazon_adds_or_reorders_matches(de, wanted, shown):
    assert matches(wanted, shown, de)
