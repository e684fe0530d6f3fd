"""Corners in which columns could differ from the trace, or wrap: every row is compared."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import pytest
from rule_worlds import CLOCK, NOW, agree, chain_of, facts, offers_of, outcome

from acorn_engine.evaluate import evaluate
from acorn_engine.facts import FactInfo, Offers
from acorn_engine.types import NUMBER


def replaced(offers, **columns):
    """Return offers with other columns."""
    return Offers(offers.frame.with_columns(**columns), offers.facts, offers.tables)


def test_a_current_price_of_36_digits_is_an_overflow_and_never_wraps_to_a_small_price():
    """Times 100, the amount is 44 more than 2^128."""
    chain = chain_of("- id: raise\n  set: {price: current_price * 1.1}")
    amounts = ["3402823669209384634633746074317682115", "-3402823669209384634633746074317682115", "5", None]
    current = pl.Series(amounts).cast(pl.Decimal(38, 0))
    offers = replaced(offers_of({}, {}, {}, {}), current_price=current)
    proposals = evaluate(chain, offers, CLOCK)
    agree(chain, offers, proposals)
    assert proposals.frame["to.price"].to_list() == [None, None, 550, None]
    assert proposals.frame["hold_code.price"].to_list() == ["overflow", "overflow", "moves_every_run", "missing"]
    assert proposals.scalar_rows == 2


@pytest.mark.parametrize("scale", [0, 12, 28, 30, 33, 36])
def test_facts_of_any_number_of_decimals_are_exact(scale):
    chain = chain_of("- id: raise\n  set: {price: current_price * weight_kg + 0.004}")
    written = pl.Series(["12.5" if scale else "12", "0"]).cast(pl.Decimal(38, scale))
    offers = replaced(offers_of({}, {}), current_price=written, weight_kg=written)
    proposals = evaluate(chain, offers, CLOCK)
    agree(chain, offers, proposals)
    assert proposals.frame["to.price"].to_list() == [15625 if scale else 14400, 0]


def test_money_in_a_currency_of_no_characters_is_there():
    chain = chain_of("- id: gap\n  when: is_missing(cost)\n  set: {price: 1.00 EUR}")
    row = {"cost": "1"}
    proposed = outcome(chain, *({**row, "cost_currency": currency} for currency in ("", None, "USD")))
    assert [row["to.price"] for row in proposed] == [None, 100, None]


@pytest.mark.parametrize("code", ["missing", "stale"])
def test_a_hold_names_all_of_seventy_facts(code):
    names = [f"fact_{number:02}" for number in range(70)]
    age = {"as_of": NOW - timedelta(days=3), "largest_age": timedelta(days=1)} if code == "stale" else {}
    known = {**facts(), **{name: FactInfo(name, NUMBER, **age) for name in names}}
    chain = chain_of(f"- id: sum\n  set: {{price: 1.00 EUR * ({' + '.join(names)})}}", known=known)
    given = dict.fromkeys(names, "1")
    rows = [given, given | {names[69]: None}, given | {names[0]: None}, given | dict.fromkeys(names)]
    found = outcome(chain, *rows, known=known, extra=dict.fromkeys(names, pl.Decimal(38, 2)))
    told = [row["hold_facts.price"].split(",") if row["hold_facts.price"] else [] for row in found]
    if code == "missing":
        assert told == [[], [names[69]], [names[0]], names]
        assert not any(row["scalar"] for row in found)
    else:
        assert told[0] == names


def test_attributes_of_any_text_date_and_number_are_the_json_of_the_trace():
    chain = chain_of(
        "- id: all\n  set: {attributes.text: =brand, attributes.day: =launched, attributes.number: =weight_kg,"
        " attributes.money: =competitor_price, attributes.flag: =clearance, attributes.whole: =stock}"
    )
    words = [chr(code) for code in range(33)] + ["\x7f\x80\u2028\u2029\ufeff", '"\\/', "a\u0000b", "😀\ud7ff\uffff", ""]
    rows = [
        {"brand": word, "launched": day, "weight_kg": number, "competitor_price": amount, "clearance": True, "stock": 0}
        for word, day, number, amount in zip(
            words,
            [date(1, 1, 1), date(9999, 12, 31)] * len(words),
            ["-0.0001", "0", "1e7", "99999999.9999"] * len(words),
            ["-0.10", "0.01", "9999999999.99"] * len(words),
            strict=False,
        )
    ]
    found = outcome(chain, *rows)
    assert {row["to.attributes.number"] for row in found} == {"-0.0001", "0", "10000000", "99999999.9999"}


def test_days_outside_the_calendar_are_missing_and_held():
    chain = chain_of("- id: day\n  set: {sale_from: launched}")
    days = pl.Series([-719163, 2932897, 0], dtype=pl.Int32).cast(pl.Date)
    proposals = evaluate(chain, replaced(offers_of({}, {}, {}), launched=days), CLOCK)
    assert proposals.frame["to.sale_from"].to_list() == [None, None, date(1970, 1, 1)]
    assert proposals.frame["hold_code.price"].to_list() == ["missing", "missing", None]
    assert proposals.scalar_rows == 2


def test_results_at_the_largest_and_beyond_are_kept_or_overflows():
    chain = chain_of(
        "- id: large\n  set: {quantity: weight_kg * 1e11, sale_price: 1e10 EUR * weight_kg,"
        " attributes.n: =weight_kg * 1e11 + 0.0000005}"
    )
    found = outcome(chain, *({"weight_kg": text} for text in ("1", "10", "10.0001", "-10", "1e20", "0.0001")))
    assert [row["to.quantity"] for row in found] == [10**11, None, None, None, None, 10**7]
    assert [row["hold_code.price"] for row in found] == [None, *["overflow"] * 4, None]
    assert Decimal(found[0]["to.attributes.n"]) == Decimal("100000000000.000001")
