"""What is measured of the facts is true of them, and a program relies on no more."""

from __future__ import annotations

from datetime import date

import polars as pl
from rule_worlds import CLOCK, chain_of, offers_of

from acorn_engine.evaluate.inputs import inputs
from acorn_engine.evaluate.outline import outline
from acorn_engine.evaluate.program import Program
from acorn_engine.evaluate.staleness import Ages
from acorn_engine.facts import Offers

ALL = """
- id: all
  when: brand == 'x' and clearance and launched < today
  set: {price: fx(cost) + competitor_price * vat_rate * weight_kg, quantity: stock}
"""


def measured(*rows, rules=ALL, frame=None, **options):
    offers = offers_of(*rows, **options)
    if frame is not None:
        offers = Offers(frame(offers.frame), offers.facts, offers.tables)
    chain = chain_of(rules)
    known = outline(chain, CLOCK)
    ages = Ages(offers.facts, offers.tables, CLOCK, known.slots, "hold")
    return (*inputs(known, offers, ages), known, offers)


def test_numbers_are_measured_and_rounded_to_what_other_offers_keep():
    found, known, *_ = measured(
        {
            "stock": 3,
            "vat_rate": "0.1900",
            "weight_kg": "-0.5",
            "competitor_price": "19.95",
            "launched": date(2026, 1, 1),
        },
        {"stock": 20, "vat_rate": "0", "weight_kg": "1", "competitor_price": None, "launched": date(2026, 3, 1)},
    )
    leaves = known.leaves
    assert leaves["stock"].span == (1, 31)
    assert leaves["vat_rate"].span == (0, 2047)
    assert leaves["weight_kg"].span == (-8191, 16383)
    assert leaves["competitor_price"].span == (1, 2047)
    assert leaves["competitor_price"].mask == "~absent.competitor_price"
    assert found["~absent.competitor_price"].to_list() == [False, True]
    assert found["competitor_price"].to_list() == [1995, 1995], "a gap holds any of the column's own numbers"
    assert found.schema["launched"] == pl.Int64
    assert leaves["stock"].present
    assert not leaves["brand"].present


def test_what_does_not_fit_64_bits_stays_as_it_is():
    found, known, *_ = measured({"cost": "1e25", "cost_currency": "USD"}, {"cost": "1", "cost_currency": "USD"})
    assert known.leaves["cost"].span is None
    assert isinstance(found.schema["cost"], pl.Decimal)
    assert known.leaves["cost_currency"].among == ("USD",)


def test_one_value_of_many_offers_is_a_constant_and_of_few_is_not():
    def same(frame):
        return pl.concat([frame] * 1000).with_columns(stock=pl.lit(7, dtype=pl.Int64))

    assert measured({}, frame=same)[1].leaves["stock"].span == (7, 7)
    assert measured({"stock": 7})[1].leaves["stock"].span == (1, 7)


def test_many_different_texts_are_not_told_apart():
    assert measured(*({"cost_currency": f"C{n}"} for n in range(9)))[1].leaves["cost_currency"].among is None
    late = [{"cost_currency": "USD"}] * 1000 + [{"cost_currency": "CNY"}, {}]
    assert measured(*late)[1].leaves["cost_currency"].among == ("CNY", "USD")


def test_a_column_without_values_or_rows_is_measured_as_well():
    found, known, *_ = measured({}, {})
    assert known.leaves["stock"].span == (0, 0)
    assert found["~absent.stock"].to_list() == [True, True]
    assert measured()[1].leaves["stock"].present


def test_conditions_that_no_row_of_the_site_meets_leave_no_column():
    rules = """
- id: other-site
  when: site == 'amazon.fr' and stock > 3
  set: {quantity: stock}
- id: here
  when: site in ['amazon.de', 'amazon.fr']
  set: {price: 1.00 EUR}
- id: never
  when: stock > 100
  set: {handling_days: 1}
"""
    frame, known, sketch, offers = measured({"stock": 20}, rules=rules)
    program = Program(sketch, known, offers.tables, CLOCK.today)
    assert {name for name, setters in program.setters.items() if setters} == {"price"}
    assert not any(name.startswith("rule.") for name in program.run(frame).columns)
    assert {"quantity", "handling_days"}.isdisjoint(program.fields)
    assert not program.troubles


def test_a_fact_that_none_of_many_offers_has_is_no_column():
    def many(frame):
        return pl.concat([frame] * 1000)

    _, known, sketch, offers = measured({"stock": 1}, rules="- id: q\n  set: {quantity: stock}", frame=many)
    assert known.leaves.keys() == {"stock"}
    assert dict(known.absent).keys() == {"floor_price", "ceiling_price"}
    assert set(Program(sketch, known, offers.tables, CLOCK.today).fields) == {"eligible", "quantity"}
