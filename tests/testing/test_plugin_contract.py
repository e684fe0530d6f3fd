"""The contract suite for plugin authors catches what a plugin does wrong."""

from __future__ import annotations

import polars as pl
import pytest
from pydantic import BaseModel, Field

from acorn_engine.plugins import Fact, Function, RuleKind, RuleSpec, Settings, hookimpl
from acorn_engine.testing import PluginContract, sample_offers
from acorn_engine.types import INTEGER, NUMBER


def suite(**hooks):
    plugin = type("Sample", (), {name: hookimpl(function) for name, function in hooks.items()})()
    return type("TestSample", (PluginContract,), {"plugin": plugin})()


class Loose(BaseModel):
    key: int = 1


class Options(BaseModel):
    size: int = Field(1, description="how many")


def test_a_good_plugin_passes():
    def acorn_facts(self, offers):
        yield Fact("row", INTEGER, pl.lit(1), "sample")

    def acorn_rule_kinds(self):
        yield RuleKind(
            "k", Options, lambda options: [RuleSpec(set={"quantity": "1"})], example="use: k\nwith: {size: 2}"
        )

    good = suite(acorn_facts=acorn_facts, acorn_rule_kinds=acorn_rule_kinds)
    for name in dir(good):
        if name.startswith("test_"):
            getattr(good, name)()


def test_a_misspelt_hook_is_caught():
    with pytest.raises(AssertionError, match="acorn_fact"):
        suite(acorn_fact=lambda self: []).test_it_loads_without_a_failure()


def test_loose_settings_are_caught():
    def acorn_settings(self):
        yield Settings("loose", Loose)

    with pytest.raises(AssertionError, match="takes unknown keys"):
        suite(acorn_settings=acorn_settings).test_its_settings_refuse_unknown_keys_and_describe_every_key()


def test_a_kind_without_rules_is_caught():
    def acorn_rule_kinds(self):
        yield RuleKind("k", Options, lambda options: [], example="use: k")

    with pytest.raises(AssertionError, match="kind 'k' gives no rule"):
        suite(acorn_rule_kinds=acorn_rule_kinds).test_its_kinds_expand_from_their_examples()


def test_a_function_without_an_example_is_caught():
    def acorn_functions(self):
        yield Function("f", (), NUMBER, "1", "g()")

    with pytest.raises(AssertionError, match="does not call it"):
        suite(acorn_functions=acorn_functions).test_its_functions_have_an_example_and_a_description()


def test_facts_that_differ_when_asked_twice_are_caught():
    drawn = iter(range(1_000))

    def acorn_facts(self, offers):
        yield Fact("row", INTEGER, pl.lit(next(drawn)), "sample")

    with pytest.raises(AssertionError, match="facts differ when asked twice"):
        suite(acorn_facts=acorn_facts).test_its_facts_fit_the_offers()


def test_the_sample_has_what_goes_wrong_in_real_catalogues():
    frame = sample_offers()
    assert frame["cost"].null_count() > 0
    assert set(frame["_currency"]) == {"EUR", "USD", "JPY"}
    assert frame.select("account", "site", "seller_sku").is_unique().all()
