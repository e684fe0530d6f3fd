"""An explanation names every fact that was used with its age: rates too, and what has no date at all."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import polars as pl
import pytest
from rule_worlds import CLOCK, NOW, chain_of, facts, offers_of, rates

from acorn_engine.evaluate import bind_columns, row_values, trace_offer
from acorn_engine.explain import explain_offer
from acorn_engine.facts import FactTable, TableEntry

HOUR = timedelta(hours=1)


def told(rules, tables, known=None, extra=None, **row):
    chain = chain_of(rules, known=known)
    offers = offers_of(row, known=known, tables=tables, extra=extra)
    values = row_values(offers.frame.row(0, named=True), bind_columns(offers.frame, offers.facts, chain.site))
    trace = trace_offer(chain, values, offers.tables, CLOCK, "hold", offers.facts)
    found = explain_offer(chain, values, trace, pl.DataFrame(), CLOCK, tables=offers.tables)
    return {fact.name: fact for fact in found.facts}, found.render()


@pytest.mark.parametrize(
    ("rules", "row"),
    [
        ("- id: r\n  set: {price: fx(cost)}\n", {"cost": "5.00", "cost_currency": "USD"}),
        ("- id: r\n  set: {price: fx(5.00 USD)}\n", {}),
    ],
)
def test_the_rate_that_an_offer_uses_is_told_with_its_source_and_age(rules, row):
    entry = TableEntry(Fraction("0.92"), "rates.csv", NOW - 3 * HOUR, expires_at=NOW)
    found, text = told(rules, {"rate": FactTable("rate", {"EUR": {"USD": entry}})}, **row)
    rate = found["rate[USD]"]
    assert (rate.value, rate.source, rate.age, rate.stale, rate.used) == ("0.92", "rates.csv", "3 h", True, True)
    assert "3 h old, too old" in text
    assert "rate[CNY]" not in text


def test_a_rate_that_is_not_there_is_missing_and_the_sites_own_currency_needs_none():
    rules = "- id: r\n  set: {price: fx(cost)}\n"
    found, _ = told(rules, rates(), cost="5.00", cost_currency="GBP")
    assert found["rate[GBP]"].text == "missing"
    found, _ = told(rules, rates(), cost="5.00", cost_currency="EUR")
    assert not [name for name in found if name.startswith("rate")]


@pytest.mark.parametrize(("price", "stale"), [("9.00", True), (None, False)])
def test_a_value_without_a_date_where_dates_are_kept_is_too_old(price, stale):
    known = facts(competitor_price={"as_of": "seen_at", "largest_age": HOUR})
    rules = "- id: r\n  set: {price: competitor_price}\n"
    found, text = told(rules, rates(), known, {"seen_at": pl.Datetime("us", "UTC")}, competitor_price=price)
    assert found["competitor_price"].stale is stale
    assert ("undated, too old (at most 1 h)" in text) is stale
