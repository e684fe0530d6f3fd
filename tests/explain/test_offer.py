"""Explanations: every decision about an offer, and why something did not change."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from judging import CLOCK, MONEY, SITE, offer, proposals, vocabulary

from acorn_engine.evaluate import bind_columns, evaluate, row_values, trace_offer
from acorn_engine.explain import explain_offer
from acorn_engine.facts import FactInfo, Offers
from acorn_engine.guard import GuardSettings, Known, judge
from acorn_engine.ruleset import load_chain
from acorn_engine.types import SITE_MONEY

RULES = """
acorn: 1
rules:
  - id: base
    when: fulfilment == 'merchant'
    set:
      price: competitor_price * 1.0333
      quantity: stock - 2
    because: a little above {competitor_price}
  - id: double
    when: brand == 'ACME'
    set: {price: price * 2}
  - id: clear
    when: clearance
    set: {handling_days: 3}
guards:
  - id: big
    hold: abs(price / current_price - 1) > 2%
    because: "{current_price} to {price} is a move of more than 2%"
"""
DEFAULTS = {"competitor_price": "27.85", "brand": "Other", "stock": 12, "current_quantity": 10}


def explained(rules=RULES, pending_since=None, age=timedelta(hours=3), **values):
    facts = {
        "competitor_price": FactInfo(
            "competitor_price", SITE_MONEY, 2, "the repricer's feed", CLOCK.now - age, timedelta(hours=5)
        ),
        "seen_price": FactInfo("seen_price", SITE_MONEY, 2, "a crawl", "seen_at", timedelta(hours=1)),
    }
    words, settings = vocabulary(facts), GuardSettings()
    chain = load_chain([("de.yaml", rules)], words, settings.specs())
    frame = proposals(offer("A", **(DEFAULTS | values))).frame
    frame = frame.drop([name for name in frame.columns if name.startswith(("to.", "rule.", "hold"))]).with_columns(
        pl.lit(values.get("floor", "20.00")).str.to_decimal(scale=2).cast(MONEY).alias("floor_price"),
        pl.lit(None, MONEY).alias("ceiling_price"),
        pl.lit("26.00").str.to_decimal(scale=2).cast(MONEY).alias("seen_price"),
        pl.lit(CLOCK.now - timedelta(days=2, hours=3)).cast(pl.Datetime("us", "UTC")).alias("seen_at"),
    )
    found = evaluate(chain, Offers(frame, words.facts), CLOCK)
    judged = judge(chain, found, CLOCK, settings, Known(1))
    row = frame.row(0, named=True)
    exact = row_values(row, bind_columns(frame, words.facts, SITE))
    exact |= {name: row[name] for name in ("account", "site", "seller_sku", "sku")}
    trace = trace_offer(chain, exact, {}, CLOCK)
    return explain_offer(chain, exact, trace, judged.changes, CLOCK, pending_since=pending_since)


def line(lines, name, key="field"):
    return next(one for one in lines if getattr(one, key) == name)


def test_facts_with_value_source_instant_and_age():
    facts = {fact.name: fact for fact in explained().facts}
    feed = facts["competitor_price"]
    assert (feed.value, feed.text, feed.source, feed.as_of, feed.age, feed.stale, feed.used) == (
        "27.85", "27.85 EUR", "the repricer's feed", "2026-11-23T06:30:00Z", "3 h", False, True,
    )  # fmt: skip
    assert (facts["stock"].value, facts["clearance"].value, facts["clearance"].text) == (12, None, "missing")
    crawl = facts["seen_price"]
    assert (crawl.age, crawl.stale, crawl.used) == ("2 d 3 h", True, False)


def test_each_rule_applied_or_not_and_why():
    rules = {rule.rule: rule for rule in explained().rules}
    assert [(rule.rule, rule.code) for rule in rules.values()] == [
        ("base", "applied"),
        ("double", "false"),
        ("clear", "missing"),
    ]
    assert rules["base"].because == "a little above 27.85 EUR"
    assert rules["base"].place.startswith("de.yaml:")
    assert rules["clear"].text == "did not apply: clearance is missing in its condition"
    assert rules["clear"].params == {"rule": "clear", "missing": ["clearance"]}


def test_before_and_after_and_the_rounding():
    rules = {rule.rule: rule for rule in explained(brand="ACME").rules}
    price = line(rules["base"].sets, "price")
    assert (price.before, price.after, price.exact, price.rounding) == (None, "28.78", "28.777405", "half_up")
    assert price.text == "missing → 28.78 EUR (exactly 28.777405, rounded half up)"
    double = line(rules["double"].sets, "price")
    assert (double.before, double.after, double.exact) == ("28.78", "57.56", None)
    assert line(rules["base"].sets, "quantity").after == 10


def test_a_rule_that_could_not_set_its_fields():
    rules = {rule.rule: rule for rule in explained(competitor_price=None).rules}
    assert (rules["base"].code, rules["base"].params) == (
        "held", {"rule": "base", "facts": ["competitor_price"], "hold": "missing"},
    )  # fmt: skip
    assert rules["base"].text == "could not set its fields, which are held: competitor_price is missing"
    assert [one.code for one in rules["base"].sets] == ["missing", None]


def test_a_rule_that_fails_in_its_condition():
    rules = "acorn: 1\nrules:\n  - {id: ratio, when: 1 / stock > 2, set: {price: current_price}}\n"
    found = explained(rules, stock=0)
    assert (found.rules[0].code, found.rules[0].params["hold"]) == ("failed", "failed")
    assert "failed in its condition, so its fields are held" in found.rules[0].text


def test_a_stale_fact_is_told_where_it_holds():
    found = explained(age=timedelta(hours=6))
    assert found.rules[0].text == "applied, but competitor_price is too old: held"
    assert line(found.changes, "price").text == "held: rule 'base' reads competitor_price, which is too old"
    assert "6 h old, too old (at most 5 h)" in found.render()


def test_final_rules_have_the_last_word():
    rules = "acorn: 1\nrules:\n  - {id: a, set: {price: 28}, final: true}\n  - {id: b, set: {price: 29}}\n"
    found = explained(rules)
    assert found.rules[1].text == "had no effect: an earlier final rule has the last word"
    assert found.rules[1].sets[0].code == "locked"


def test_rules_that_are_not_in_force():
    found = explained("acorn: 1\nrules:\n  - {id: a, set: {price: 28}, valid_from: 2027-01-01}\n")
    assert found.rules[0].text == "not in force at this time"
    assert line(found.unchanged, "price").text == "no rule that sets it applied: a: not in force"


def test_guards_that_fired_with_their_numbers():
    guards = {guard.guard: guard for guard in explained().guards}
    assert (guards["big"].code, guards["big"].params) == ("fired", {"current_price": "27.99", "price": "28.78"})
    assert guards["big"].text == "27.99 EUR to 28.78 EUR is a move of more than 2%"
    assert guards["largest_move"].code == "passed"
    assert guards["above_stock"].params == {"current_quantity": 10, "quantity": 10, "stock": 12}


def test_guards_that_cannot_be_asked():
    rules = RULES.replace("abs(price / current_price - 1) > 2%", "price / competitor_price > stock / stock")
    assert (
        line(explained(rules, competitor_price=None).guards, "big", "guard").text
        == "competitor_price and price are missing"
    )
    failed = line(explained(rules, stock=0).guards, "big", "guard")
    assert failed.code == "failed"
    assert failed.text


@pytest.mark.parametrize(
    ("values", "field", "code", "text"),
    [
        ({}, "quantity", "equals_current", "10 equals what the site shows"),
        ({}, "sale_price", "no_rule", "no rule sets it"),
        ({}, "handling_days", "no_rule_applied", "no rule that sets it applied: clear: clearance missing"),
        (
            {"clearance": False},
            "handling_days",
            "no_rule_applied",
            "no rule that sets it applied: clear: its condition is false",
        ),
        (
            {"competitor_price": "27.09", "floor": "21.00"},
            "minimum_price",
            "only_with_price",
            "21.00 EUR is sent only together with a price",
        ),
        ({"_considered": False}, "price", "not_considered", "28.78 EUR was not considered in this run"),
    ],
)
def test_why_something_did_not_change(values, field, code, text):
    found = line(explained(**values).unchanged, field)
    assert (found.code, found.text) == (code, text)


def test_held_rejected_and_sent_changes():
    assert line(explained().changes, "price").text == "held: 27.99 EUR to 28.78 EUR is a move of more than 2%"
    assert line(explained(competitor_price="1.00").changes, "price").text.startswith("rejected: ")
    sent = line(explained(competitor_price="27.20").changes, "price")
    assert (sent.verdict, sent.text, sent.rule, sent.guard) == ("send", "a little above 27.20 EUR", "base", None)


def test_pending_since():
    since = {"price": datetime(2026, 11, 23, 8, 0, tzinfo=UTC)}
    found = line(explained(_pending="price", pending_since=since).changes, "price")
    assert found.text == "pending since 2026-11-23T08:00:00Z: a value was sent and has not settled yet"
    assert found.params["since"] == "2026-11-23T08:00:00Z"
    assert line(explained(_pending="price").changes, "price").text == "a value was sent and has not settled yet"


def test_as_json():
    data = explained().to_json()
    assert json.loads(json.dumps(data))["rules"][0]["sets"][0]["after"] == "28.78"
    assert (data["format"], data["seller_sku"], data["at"]) == ("acorn.explanation/1", "A", "2026-11-23T09:30:00Z")
    assert list(data) == [
        "format",
        "account",
        "site",
        "seller_sku",
        "sku",
        "at",
        "facts",
        "rules",
        "guards",
        "changes",
        "unchanged",
    ]
    assert all(
        {"code", "params"} <= one.keys() for part in ("rules", "guards", "changes", "unchanged") for one in data[part]
    )


def test_for_a_terminal():
    text = explained(brand="全角ＡＢＣ").render()
    assert "\x1b" not in text
    lines = text.splitlines()
    assert lines[0] == "A (P-A) on amazon.de, account eu, at 2026-11-23T09:30:00Z"
    assert "  hold  price  27.99 EUR → 28.78 EUR  held: 27.99 EUR to 28.78 EUR is a move of more than 2%" in lines
    titles = ["Facts that rules and guards read", "Rules, in order", "Guards", "Changes", "Unchanged"]
    assert [one for one in lines if one in titles] == titles
    feed = next(one for one in lines if one.startswith("  competitor_price"))
    assert feed == "  competitor_price    27.85 EUR   the repricer's feed  3 h old"


def test_an_offer_that_nothing_changes_says_none():
    found = explained("acorn: 1\nrules: []\n", competitor_price=None)
    assert "Changes\n  none\n" in found.render()
