"""Random chains over random offers: every proposal of the columns is that of the trace."""

from __future__ import annotations

import os
import random as randomness

from random_chains import random_chain, random_offers, random_world
from rule_worlds import DE, JP, NOW, TYPES, agree, schema

from acorn_engine.evaluate import evaluate
from acorn_engine.sites import SiteClock

SEED = int(os.environ.get("ACORN_TEST_SEED", randomness.randrange(10**9)))


def test_columns_and_trace_agree_on_random_chains():
    random = randomness.Random(SEED)
    codes, scalar = {}, 0
    for number in range(int(os.environ.get("ACORN_TEST_CHAINS", "60"))):
        site = random.choice([DE, DE, JP])
        known, tables = random_world(random, site)
        chain, text = random_chain(random, site, known)
        offers = random_offers(random, site, known, tables)
        clock = SiteClock(site, NOW)
        proposals = evaluate(chain, offers, clock)
        agree(chain, offers, proposals, clock, message=f"seed {SEED}, chain {number}: {text}")
        scalar += proposals.scalar_rows
        for group in proposals.groups:
            for code in proposals.frame[f"hold_code.{group}"].drop_nulls():
                codes[code] = codes.get(code, 0) + 1
    print(f"seed {SEED}: {codes}, {scalar} scalar rows")
    assert {"missing", "failed"} <= codes.keys(), f"seed {SEED}: the chains hold nothing: {codes}"
    assert set(schema()) == set(TYPES)
