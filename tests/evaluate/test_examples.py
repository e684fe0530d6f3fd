"""Examples of rule files: what passes, and how a difference reads."""

from __future__ import annotations

import pytest
from rule_worlds import CLOCK, DE, JP, NOW, vocabulary

from acorn_engine.evaluate import run_examples
from acorn_engine.ruleset import load_chain
from acorn_engine.sites import SiteClock
from acorn_engine.types import Money

RULES = """
acorn: 1
rules:
  - id: landed
    when: not clearance
    set: {price: fx(cost) * 1.25 * (1 + vat_rate), attributes.origin: {code: CN, share: 1.5}}
  - id: sale
    when: launched < today
    set: {sale_from: today, quantity: stock - 1}
  - id: needs-competitor
    when: competitor_price > 5
    set: {handling_days: 2}
"""
EXAMPLE = """
  - name: it
    site: amazon.de
    given: {%s}
    expect: {%s}
"""
GOOD = "cost: 20.00 USD, rate: {USD: 0.92}, vat_rate: 19%, clearance: false"


def run(given, expect, site=DE, defaults=None):
    text = RULES + "examples:" + EXAMPLE % (given, expect)
    chain = load_chain([("r.yaml", text.replace("amazon.de", site.name))], vocabulary(site))
    (result,) = run_examples(chain, SiteClock(site, NOW), defaults=defaults)
    assert result.passed == (not result.differences)
    return list(result.differences)


@pytest.mark.parametrize(
    ("given", "expect"),
    [
        (GOOD, "price: 27.37, rule: landed"),
        (GOOD, "price: 27.37 EUR, quantity: null, held: false, hold: null"),
        (GOOD, "attributes.origin: {share: 1.50, code: CN}"),
        ("cost: 20.00, cost_currency: EUR, vat_rate: 0, clearance: false", "price: 25"),
        ("cost: 20.00 EUR, rate: {USD: 0.92}, vat_rate: 0, clearance: false", "price: 25"),
        ("launched: 2026-03-01, stock: 4", "sale_from: 2026-03-02, quantity: 3, rule: sale, price: null"),
        ("clearance: false", "held: true, hold: landed"),
        ("clearance: false", "held: price"),
        ("clearance: false", "held: missing"),
        ("competitor_price: 6 EUR", "handling_days: 2"),
    ],
)
def test_what_should_pass_passes(given, expect):
    assert run(given, expect) == []


def test_the_site_gives_currency_and_date():
    assert run("cost: 10.00 USD, rate: {USD: 150}, vat_rate: 10%, clearance: false", "price: 2063", site=JP) == []


def test_facts_that_follow_from_the_site_may_be_left_out():
    given = "cost: 20.00 EUR, clearance: false"
    assert run(given, "price: 25", defaults={"vat_rate": 0 * CLOCK.site.tick}) == []


@pytest.mark.parametrize(
    ("given", "expect", "told"),
    [
        (GOOD, "price: 29.99", "price: expected 29.99, got 27.37 EUR (rule landed)"),
        (GOOD, "rule: sale", "rule: expected sale, got landed"),
        (GOOD, "held: true", "held: expected true, got nothing held"),
        (GOOD, "hold: landed", "hold: expected landed, got nothing held"),
        (
            "clearance: false",
            "price: 5",
            "price: expected 5, got missing; price is held by landed: missing (cost, cost_currency, vat_rate)",
        ),
        (
            "clearance: false",
            "held: false",
            "held: expected false, got price held by landed: missing (cost, cost_currency, vat_rate); "
            "attributes.origin held by landed: missing (cost, cost_currency, vat_rate)",
        ),
        (
            "stock: 1",
            "handling_days: 2",
            "handling_days: expected 2, got missing; needs-competitor did not apply: competitor_price missing",
        ),
        (
            GOOD,
            "attributes.origin: {code: DE}",
            'attributes.origin: expected {"code":"DE"}, got {"code":"CN","share":1.5} (rule landed)',
        ),
        ("cost: 5.00", "price: 5", "'cost' needs a currency: write cost: 20.00 USD, or give 'cost_currency'"),
        ("cost: 5.00 USD, cost_currency: CNY", "price: 5", "'cost' is in USD, but 'cost_currency' is CNY"),
        ("competitor_price: 6 USD", "price: 5", "'competitor_price' is money in EUR, not an amount in USD"),
        ("clearance: 1", "price: 5", "'clearance' is boolean, not 1"),
        ("rate: {USD: dear}", "price: 5", "'rate' holds numbers; USD is dear"),
        ("launched: today", "price: 5", "'launched' is date, not today"),
    ],
)
def test_a_difference_says_what_was_expected_what_came_and_why(given, expect, told):
    assert told in run(given, expect)


def test_only_examples_of_the_chains_site_and_of_the_file_asked_for_run():
    one = (
        RULES
        + "examples:"
        + EXAMPLE % (GOOD, "rule: landed")
        + EXAMPLE.replace("amazon.de", "amazon.fr") % (GOOD, "rule: x")
    )
    other = "acorn: 1\nrules: [{id: other, set: {quantity: 7}}]\nexamples:" + EXAMPLE % ("stock: 1", "quantity: 7")
    chain = load_chain([("one.yaml", one), ("two.yaml", other)], vocabulary())
    assert [(result.file, result.passed) for result in run_examples(chain, CLOCK)] == [
        ("one.yaml", False),
        ("two.yaml", True),
    ]
    (result,) = run_examples(chain, CLOCK, file="two.yaml")
    assert (result.name, result.site) == ("it", "amazon.de")
    assert result.trace.values["price"] != Money(0 * DE.tick, "EUR")
    assert result.place.line


GUARDED = """
acorn: 1
rules:
  - id: landed
    set: {price: fx(cost) * 1.25}
guards:
  - id: big-move
    hold: abs(price / current_price - 1) > 12%%
    because: too far
examples:
  - name: a guard
    site: amazon.de
    given: {cost: 20.00 EUR, current_price: %s}
    expect: {price: 25, guard: %s}
"""


@pytest.mark.parametrize(
    ("current", "expected", "told"),
    [
        ("24.00", "null", []),
        ("20.00", "big-move", []),
        ("20.00", "null", ["guard: expected none, got big-move"]),
        ("24.00", "big-move", ["guard: expected big-move, got none"]),
    ],
)
def test_an_example_may_say_which_guard_fires(current, expected, told):
    chain = load_chain([("r.yaml", GUARDED % (current, expected))], vocabulary(DE))
    (result,) = run_examples(chain, SiteClock(DE, NOW))
    assert list(result.differences) == told
