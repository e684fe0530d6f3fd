"""Random chains over random offers: every proposal of the columns is that of the trace."""

from __future__ import annotations

import json
import os
import random as randomness
from datetime import timedelta
from decimal import Decimal

import polars as pl
from expression_worlds import DAYS, WORDS
from random_expressions import Expressions
from rule_worlds import DE, JP, NOW, TYPES, agree, facts, offers_of, rates, schema, vocabulary

from acorn_engine.evaluate import evaluate
from acorn_engine.fields import Field
from acorn_engine.problems import RuleError
from acorn_engine.ruleset import load_chain
from acorn_engine.sites import SiteClock
from acorn_engine.types import NUMBER, TEXT, Kind

SEED = int(os.environ.get("ACORN_TEST_SEED", randomness.randrange(10**9)))
FIELDS = (Field("points", NUMBER, "half_up", "points"), Field("note", TEXT, "none", "note"))
SETTABLE = {
    "price": Kind.MONEY,
    "sale_price": Kind.MONEY,
    "minimum_price": Kind.MONEY,
    "floor_price": Kind.MONEY,
    "ceiling_price": Kind.MONEY,
    "sale_from": Kind.DATE,
    "quantity": Kind.NUMBER,
    "handling_days": Kind.NUMBER,
    "points": Kind.NUMBER,
    "note": Kind.TEXT,
    "eligible": Kind.BOOLEAN,
}
NAMES = {
    Kind.NUMBER: ["vat_rate", "stock", "weight_kg", "quantity", "current_quantity", "points"],
    Kind.MONEY: ["price", "price", "competitor_price", "floor_price", "ceiling_price", "current_price", "sale_price"],
    Kind.TEXT: ["brand", "cost_currency", "note"],
    Kind.BOOLEAN: ["clearance", "eligible"],
    Kind.DATE: ["launched", "sale_from"],
    "bought": ["cost"],
    "kinds": [Kind.NUMBER, Kind.MONEY, Kind.TEXT, Kind.BOOLEAN, Kind.DATE],
}

WINDOWS = ["mon 11:00 - mon 12:30", "mon 12:00 - tue 00:00", "sun 22:00 - mon 12:00", "sat 00:00 - mon 00:00"]


def random_rule(random, number, currency):
    """Return one rule as JSON, which is YAML as well."""
    expressions = Expressions(random, NAMES, currency)
    sets = {}
    for name in random.sample(["price", *SETTABLE, "attributes.a", "attributes.b"], random.choice([1, 1, 2, 3])):
        kind = SETTABLE.get(name) or random.choice(NAMES["kinds"])
        text = expressions.text(kind, random.randrange(3))
        sets[name] = text if name in SETTABLE else f"={text}" if random.random() < 0.7 else {"x": [1, "ä"]}
    rule = {"id": f"r{number}", "set": sets}
    if random.random() < 0.6:
        rule["when"] = expressions.text(Kind.BOOLEAN, random.randrange(3))
    if random.random() < 0.2:
        rule["final"] = True
    if random.random() < 0.15:
        rule[random.choice(["valid_from", "valid_to"])] = (
            NOW.date() + timedelta(days=random.choice([-1, 0, 1]))
        ).isoformat()
    if random.random() < 0.1:
        rule["active"] = random.choice(WINDOWS)
    return rule


def random_chain(random, site, known):
    """Return a chain of rules that are accepted."""
    rules, wanted = [], random.choice([1, 2, 3, 4, 5, 6, 10])
    while len(rules) < wanted:
        rule = random_rule(random, len(rules), site.currency)
        try:
            one = json.dumps({"acorn": 1, "rules": [*rules, rule]}, ensure_ascii=False)
            chain = load_chain([("random.yaml", one)], vocabulary(site, known, FIELDS))
        except RuleError:
            continue
        rules.append(rule)
    return chain, one


def random_offers(random, site, known, tables):
    def value(name, of):
        if random.random() < 0.12:
            return None
        if of.kind is Kind.MONEY:
            digits = 2 if name == "cost" else site.digits
            scaled = (
                random.choice([0, 1, -5, 1995, 2000, 10**12, -(10**12), 10**25])
                if random.random() < 0.2
                else random.randrange(10**5)
            )
            return str(Decimal(scaled).scaleb(-digits))
        pools = {
            "cost_currency": ["USD", "CNY", "EUR", "JPY", "CHF"],
            "vat_rate": ["0.19", "0", "0.2"],
            "stock": [0, 1, 5, 20, -3, 10**9],
            "current_quantity": [0, 1, 5, 20],
            "weight_kg": ["0", "0.5000", "1.2345", "1e20"],
            "brand": [*WORDS, "\x00\x1f\x7f\u2028", '"\\/'],
            "launched": [*DAYS, NOW.date(), NOW.date() - timedelta(days=40)],
        }
        return random.choice(pools.get(name, [True, False]))

    rows = [{name: value(name, of) for name, of in TYPES.items()} for _ in range(40)]
    for row in rows:
        row["seen_at"] = random.choice([None, NOW, NOW - timedelta(hours=1), NOW - timedelta(hours=2)])
    return offers_of(*rows, site=site, known=known, tables=tables, extra={"seen_at": pl.Datetime("us", "UTC")})


def test_columns_and_trace_agree_on_random_chains():
    random = randomness.Random(SEED)
    codes, scalar = {}, 0
    for number in range(int(os.environ.get("ACORN_TEST_CHAINS", "60"))):
        site = random.choice([DE, DE, JP])
        known = facts()
        if random.random() < 0.4:
            age = {"largest_age": timedelta(hours=1)}
            known = facts(
                stock={"as_of": "seen_at", **age},
                competitor_price={"as_of": NOW - timedelta(minutes=random.choice([30, 90])), **age},
            )
        tables = rates(site, USD="0.92", CNY=("0.127361123456", "stale") if random.random() < 0.3 else "0.127361123456")
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
