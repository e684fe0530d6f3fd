"""Facts and rates that are too old hold what an applied rule makes of them."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import polars as pl
import pytest
from rule_worlds import NOW, chain_of, facts, outcome, rates

from acorn_engine.facts import FactTable, TableEntry

HOUR = timedelta(hours=1)
FOLLOW = "- id: follow\n  when: not is_missing(stock)\n  set: {price: competitor_price - tick}\n"
SEEN = {"seen_at": pl.Datetime("us", "UTC")}


def known(**of):
    return facts(competitor_price={"largest_age": HOUR, **of})


def test_one_instant_for_the_whole_column_holds_every_applied_rule():
    row = {"competitor_price": "9.00", "stock": 1}
    for age, code in ((HOUR, None), (HOUR + timedelta(seconds=1), "stale")):
        dated = known(as_of=NOW - age)
        found = outcome(chain_of(FOLLOW, known=dated), row, {"competitor_price": "9.00"}, known=dated)
        assert [each["hold_code.price"] for each in found] == [code, None]
        assert found[0]["to.price"] == 899
    assert (found[0]["hold.price"], found[0]["hold_facts.price"]) == ("follow", "competitor_price")


def test_each_row_may_have_its_own_instant_and_one_without_is_too_old():
    dated = known(as_of="seen_at")
    rows = [
        {"competitor_price": "9.00", "stock": 1, "seen_at": seen}
        for seen in (NOW, NOW - HOUR, NOW - 2 * HOUR, None, NOW + HOUR)
    ]
    found = outcome(chain_of(FOLLOW, known=dated), *rows, known=dated, extra=SEEN)
    assert [each["hold_code.price"] for each in found] == [None, None, "stale", "stale", None]


def test_a_column_of_instants_that_is_not_there_makes_present_values_too_old():
    dated = known(as_of="nowhere")
    rules = FOLLOW + "- id: none\n  set: {quantity: 5 if is_missing(competitor_price) else 6}\n"
    found = outcome(chain_of(rules, known=dated), {"competitor_price": "9.00", "stock": 1}, {}, known=dated)
    assert [each["hold_code.availability"] for each in found] == ["stale", None]
    assert [each["to.quantity"] for each in found] == [6, 5]


def test_age_does_not_matter_when_it_is_off_or_when_the_rule_does_not_apply():
    dated = known(as_of=NOW - 9 * HOUR)
    chain = chain_of(FOLLOW, known=dated)
    row = {"competitor_price": "9.00", "stock": 1}
    assert outcome(chain, row, known=dated, stale="off")[0]["hold.price"] is None
    assert outcome(chain, {"competitor_price": "9.00"}, known=dated)[0]["hold.price"] is None
    for_ever = facts(competitor_price={"as_of": NOW - 9 * HOUR})
    assert outcome(chain_of(FOLLOW, known=for_ever), row, known=for_ever)[0]["hold.price"] is None


def test_a_missing_set_is_graver_than_a_stale_fact():
    dated = known(as_of=NOW - 9 * HOUR)
    found = outcome(chain_of(FOLLOW, known=dated), {"stock": 1}, known=dated)[0]
    assert (found["hold_code.price"], found["hold_facts.price"]) == ("missing", "competitor_price")


@pytest.mark.parametrize(("cost_currency", "code"), [("USD", "stale"), ("CNY", None), ("EUR", None)])
def test_only_the_rates_that_the_row_uses_count(cost_currency, code):
    chain = chain_of("- id: r\n  set: {price: fx(cost)}\n")
    tables = rates(USD=("0.92", "stale"), CNY="0.13")
    found = outcome(chain, {"cost": "5.00", "cost_currency": cost_currency}, tables=tables)[0]
    assert found["hold_code.price"] == code
    assert found["hold_facts.price"] == ("rate" if code else None)


def test_a_rate_written_down_and_a_rate_that_has_expired():
    chain = chain_of("- id: r\n  set: {price: fx(5.00 USD)}\n")
    for expires, code in ((NOW, "stale"), (NOW + HOUR, None)):
        entries = {"USD": TableEntry(Fraction("0.9"), expires_at=expires)}
        found = outcome(chain, {}, tables={"rate": FactTable("rate", {"EUR": entries})})[0]
        assert (found["to.price"], found["hold_code.price"]) == (450, code)
