"""Programs are compiled once, serve what they may, and never change a result."""

from __future__ import annotations

import os
import random as randomness
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import polars as pl
import pytest
from random_chains import random_chain, random_offers, random_world
from rule_worlds import CLOCK, DE, JP, NOW, agree, chain_of, facts, offers_of, rates

from acorn_engine.evaluate import Programs, evaluate, inputs, programs, segments
from acorn_engine.facts import Offers
from acorn_engine.sites import SiteClock

SEED = int(os.environ.get("ACORN_TEST_SEED", randomness.randrange(10**9)))
LANDED = """
- id: landed
  set: {price: fx(cost) * 1.5}
- id: follow
  when: competitor_price < price
  set: {price: competitor_price}
"""
COST = {"cost": "20.00", "cost_currency": "USD"}


@pytest.fixture
def compiled(monkeypatch):
    """Return the facts of every program that is compiled."""
    made = []

    class Counted(programs.Program):
        def __init__(self, outline, facts, *rest):
            made.append(facts)
            super().__init__(outline, facts, *rest)

    monkeypatch.setattr(programs, "Program", Counted)
    return made


def prices(chain, offers, kept, clock=CLOCK, stale="hold"):
    proposals = evaluate(chain, offers, clock, stale, kept)
    agree(chain, offers, proposals, clock, stale)
    return proposals.frame["to.price"].to_list()


def test_a_program_serves_the_same_rules_however_often_they_are_read(compiled):
    kept = Programs()
    for _ in range(3):
        assert prices(chain_of(LANDED), offers_of(COST, {**COST, "cost": "19.00"}), kept) == [2760, 2622]
    assert len(compiled) == 1


def test_it_serves_offers_of_which_more_is_known_and_no_others(compiled):
    kept, chain = Programs(), chain_of(LANDED)
    prices(
        chain, offers_of({**COST, "competitor_price": "30.00"}, {**COST, "cost": None, "cost_currency": "CNY"}), kept
    )
    narrower = offers_of({**COST, "cost": "1.00", "competitor_price": "1.20"})
    assert prices(chain, narrower, kept) == [120]
    assert len(compiled) == 1
    assert prices(chain, offers_of({**COST, "cost": "2000.00"}), kept) == [276000], "more than was measured"
    assert prices(chain, offers_of({**COST, "cost_currency": "EUR"}), kept) == [3000], "a currency that did not occur"
    assert len(compiled) == 3


def test_other_rules_sites_rates_days_and_ages_have_programs_of_their_own(compiled):
    kept, one = Programs(), offers_of(COST)
    assert prices(chain_of(LANDED), one, kept) == [2760]
    assert prices(chain_of(LANDED.replace("1.5", "2")), one, kept) == [3680]
    assert prices(chain_of(LANDED), Offers(one.frame, one.facts, rates(USD="0.5")), kept) == [1500]
    old = facts(cost={"as_of": NOW - timedelta(days=2), "largest_age": timedelta(days=1)})
    assert prices(chain_of(LANDED, known=old), offers_of(COST, known=old), kept) == [2760]
    assert prices(chain_of(LANDED, known=old), offers_of(COST, known=old), kept, stale="off") == [2760]
    dated = chain_of("- id: d\n  set: {price: \"1.00 EUR if today == date('2026-03-02') else 2.00 EUR\"}")
    assert prices(dated, one, kept) == [100]
    assert prices(dated, one, kept, SiteClock(DE, NOW + timedelta(days=1))) == [200]
    assert len(compiled) == 6, "without ages, the program of the undated facts serves"
    assert prices(chain_of(LANDED), one, kept, SiteClock(DE, NOW + timedelta(days=1))) == [2760]
    assert len(compiled) == 6, "a day that no rule reads makes no difference"


def test_the_least_used_are_forgotten(compiled):
    kept, one = Programs(most=2), offers_of(COST)
    chains = [chain_of(LANDED.replace("1.5", f"1.{number}")) for number in range(3)]
    for chain in (*chains, chains[2], chains[1], chains[0]):
        prices(chain, one, kept)
    assert len(compiled) == 4


def test_threads_share_programs():
    kept, chain = Programs(), chain_of(LANDED)
    offers = [offers_of({**COST, "cost": f"{number}.00"}) for number in range(1, 33)]
    with ThreadPoolExecutor(8) as pool:
        frames = list(pool.map(lambda one: evaluate(chain, one, CLOCK, programs=kept).frame, offers))
    assert [frame["to.price"].to_list() for frame in frames] == [[138 * number] for number in range(1, 33)]


def test_one_program_serves_random_offers_exactly(monkeypatch):
    """Also with the constants of many rows, and by the engine for many rows."""
    random, kept = randomness.Random(SEED), Programs()
    for number in range(int(os.environ.get("ACORN_TEST_CHAINS", "25"))):
        monkeypatch.setattr(inputs, "MANY_ROWS", random.choice([1, 1000]))
        monkeypatch.setattr(segments, "MANY_ROWS", random.choice([0, 250_000]))
        site = random.choice([DE, JP])
        known, tables = random_world(random, site)
        chain, text = random_chain(random, site, known)
        clock = SiteClock(site, NOW)
        for rows in (40, 15, 1, 3):
            drawn = random_offers(random, site, known, tables)
            offers = Offers(drawn.frame.head(rows), drawn.facts, drawn.tables)
            proposals = evaluate(chain, offers, clock, programs=kept)
            agree(chain, offers, proposals, clock, message=f"ACORN_TEST_SEED={SEED}, chain {number}: {text}")


def test_columns_that_hold_one_value_are_compared_from_either_side():
    chain = chain_of("- id: r\n  when: 5 >= stock and 'a' == brand\n  set: {price: 1.00 EUR}")
    one = offers_of({}, {})
    frame = one.frame.with_columns(stock=pl.lit(5, dtype=pl.Int64), brand=pl.lit("a"))
    assert prices(chain, Offers(frame, one.facts, one.tables), None) == [100, 100]
