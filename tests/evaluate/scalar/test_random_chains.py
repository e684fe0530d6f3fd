"""Random chains over random offers: the generated function says what the trace says."""

from __future__ import annotations

import os
import random as randomness

from random_chains import random_chain, random_offers, random_world
from rule_worlds import DE, JP, NOW
from scalar_tools import number_of

from acorn_engine.evaluate import Tracer, bind_columns, row_values
from acorn_engine.evaluate.reads import groups_of
from acorn_engine.evaluate.scalar import Moment, ScalarChain, inputs_of
from acorn_engine.evaluate.scalar_rows import trace_row
from acorn_engine.sites import SiteClock

SEED = int(os.environ.get("ACORN_TEST_SEED", randomness.randrange(10**9)))


def test_the_generated_function_and_the_trace_agree_on_random_chains():
    print(f"ACORN_TEST_SEED={SEED}")
    random = randomness.Random(SEED)
    codes = {}
    for number in range(int(os.environ.get("ACORN_TEST_CHAINS", "60"))):
        site = random.choice([DE, DE, JP])
        known, tables = random_world(random, site)
        chain, text = random_chain(random, site, known)
        offers = random_offers(random, site, known, tables)
        clock = SiteClock(site, NOW)
        stale = random.choice(["hold", "hold", "off"])
        leaves = bind_columns(offers.frame, offers.facts, site)
        tracer = Tracer(chain, tables, clock, offers.facts, stale)
        scalar = ScalarChain(chain, inputs_of(leaves), tables, clock, offers.facts, stale)
        assert scalar.groups == groups_of(tracer.shown)
        moment, prepared = Moment(NOW, tables, site.currency), scalar.tables(tables)
        for row in offers.frame.iter_rows(named=True):
            values = row_values(row, leaves)
            trace = tracer.trace(values)
            given = [number_of(values.get(each.name), each.given) for each in scalar.readings]
            found = scalar.run(given, prepared, clock.today, moment)
            message = f"ACORN_TEST_SEED={SEED}, chain {number}: {text}\n{row}\n{trace.steps}\n{scalar.source}"
            expected = trace_row(trace, tracer.shown, scalar.groups)
            told = scalar.row(found)
            differing = {name: (told[name], value) for name, value in expected.items() if told[name] != value}
            assert not differing, f"(scalar, trace) {differing}\n{message}"
            assert found.last_rule == trace.last_rule, message
            assert scalar.values(found) == dict(trace.values), message
            assert dict(zip(scalar.shown, found.rules, strict=True)) == dict(trace.rules), message
            assert {g: h for g, h in zip(scalar.groups, found.holds, strict=True) if h} == dict(trace.holds), message
            for hold in trace.holds.values():
                codes[hold.code] = codes.get(hold.code, 0) + 1
    print(codes)
    assert {"missing", "failed", "overflow"} <= codes.keys(), codes
