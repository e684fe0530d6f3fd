"""Random guards over random proposals: the answers of the columns are those of the reference."""

from __future__ import annotations

import json
import os
import random as randomness
from collections import Counter
from fractions import Fraction

import pytest
from random_chains import FIELDS, random_chain, random_offers
from rule_worlds import CLOCK, DE, JP, NOW, chain_of, facts, offers_of, rates

from acorn_engine.evaluate import bind_columns, evaluate, row_values
from acorn_engine.guard.candidates import all_fields, complete
from acorn_engine.guard.offer_guards import OfferGuards
from acorn_engine.language import Reference
from acorn_engine.sites import SiteClock
from acorn_engine.types import MISSING, Failure, Kind, Money

SEED = int(os.environ.get("ACORN_TEST_SEED", randomness.randrange(10**9)))


def proposed(field, raw, site):
    """Return a proposed value as the reference reads it."""
    if raw is None:
        return MISSING
    if field.type.kind is Kind.MONEY:
        return Money(Fraction(raw, 10**site.digits), site.currency)
    return Fraction(raw) if field.type.kind is Kind.NUMBER else raw


def asked(chain, offers, clock):
    """Return proposals with the answers of every guard, and the fields."""
    proposals = evaluate(chain, offers, clock)
    fields = all_fields(proposals.fields)
    frame = complete(proposals.frame, fields, chain.site)
    return OfferGuards(chain, chain.guards, fields, offers.tables, clock, "hold").ask(frame)[0], fields


@pytest.mark.parametrize(
    ("condition", "outcome"),
    [
        ("max(1, 2) < min(3, length(currency))", "true"),
        ("days_between(today, date('2026-01-01')) > 0 and 1 / 0 > 1", "false"),
        ("0 < 1 / (length(site) - length(site))", "failed"),
        ("note == 'a'", "missing"),
        ("points > 1", "missing"),
    ],
)
def test_a_guard_may_read_constants_alone_and_fields_that_no_rule_sets(condition, outcome):
    rest = f"guards:\n  - {{id: g, hold: {json.dumps(condition)}, because: held}}\n"
    chain = chain_of("- id: a\n  set: {price: 20.00 EUR}", fields=FIELDS, rest=rest)
    frame, _ = asked(chain, offers_of({}, {}, {}), CLOCK)
    for name in ("true", "missing", "failed"):
        assert frame[f"_guard.0.{name}"].to_list() == [name == outcome] * 3


def test_guards_answer_as_the_reference_does():
    random, counts = randomness.Random(f"guards {SEED}"), Counter()
    for number in range(int(os.environ.get("ACORN_TEST_CHAINS", "25"))):
        site, known = random.choice([DE, DE, JP]), facts()
        tables = rates(site, USD="0.92", CNY="0.127361123456")
        chain, text = random_chain(random, site, known, guards=4)
        offers, clock = random_offers(random, site, known, tables), SiteClock(site, NOW)
        frame, fields = asked(chain, offers, clock)
        leaves = bind_columns(frame, chain.vocabulary.facts, site)
        for row in frame.iter_rows(named=True):
            values = row_values(row, leaves)
            values |= {
                name: proposed(field, row[f"to.{name}"], site) for name, field in fields.items() if "." not in name
            }
            for place, guard in enumerate(chain.guards):
                value = Reference(guard.condition.scope, tables, clock.today).evaluate(guard.condition, values).value
                wanted = (value is True, value is MISSING, isinstance(value, Failure))
                found = tuple(row[f"_guard.{place}.{name}"] for name in ("true", "missing", "failed"))
                told = f"ACORN_TEST_SEED={SEED}, chain {number}: {guard.condition.syntax.text} on {row}: {text}"
                assert found == wanted, told
                counts[wanted] += 1
    assert len(counts) == 4, f"ACORN_TEST_SEED={SEED}: {counts}"
