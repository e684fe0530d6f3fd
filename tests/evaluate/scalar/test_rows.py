"""Rows that columns cannot hold take the scalar form: every one of them as the trace has it."""

from __future__ import annotations

import os
import random as randomness

import pytest
from random_chains import random_chain, random_offers, random_world
from rule_worlds import DE, JP, NOW, agree, chain_of, outcome

from acorn_engine.evaluate import evaluate, scalar_rows
from acorn_engine.sites import SiteClock

SEED = int(os.environ.get("ACORN_TEST_SEED", randomness.randrange(10**9)))
HUGE = "100000000000000000000000.01"


def test_many_rows_beyond_the_columns_are_what_their_traces_are():
    chain = chain_of("""
- id: a
  set: {price: fx(cost) / 3 if cost_currency == 'EUR' else competitor_price * 2, quantity: stock}
- id: b
  when: current_price < 1 and price > 1
  set: {price: current_price * 2}
""")
    rows = [
        {"competitor_price": HUGE if n % 2 else "1.50", "cost": HUGE, "cost_currency": ["EUR", None][n % 2], "stock": n,
         "current_price": "0.50"}
        for n in range(20)
    ]  # fmt: skip
    assert sum(row["scalar"] for row in outcome(chain, *rows)) > scalar_rows.FEW


@pytest.mark.parametrize("few", [0, 1_000])
def test_whichever_way_they_are_run(monkeypatch, few):
    print(f"ACORN_TEST_SEED={SEED}")
    monkeypatch.setattr(scalar_rows, "FEW", few)
    random, scalar = randomness.Random(SEED), 0
    for number in range(25):
        site = random.choice([DE, JP])
        known, tables = random_world(random, site)
        chain, text = random_chain(random, site, known)
        offers = random_offers(random, site, known, tables)
        proposals = evaluate(chain, offers, SiteClock(site, NOW))
        agree(chain, offers, proposals, SiteClock(site, NOW), message=f"ACORN_TEST_SEED={SEED}, chain {number}: {text}")
        scalar += proposals.scalar_rows
    assert scalar
