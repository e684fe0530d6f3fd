"""Random chains of rules and guards, and offers for them, for comparing what runs them."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import polars as pl
from expression_worlds import DAYS, WORDS
from random_expressions import Expressions
from rule_worlds import NOW, TYPES, facts, offers_of, rates, vocabulary

from acorn_engine.fields import Field
from acorn_engine.problems import RuleError
from acorn_engine.ruleset import load_chain
from acorn_engine.types import NUMBER, TEXT, Kind

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


def random_guard(random, number, currency):
    """Return a guard of one offer."""
    condition = Expressions(random, NAMES, currency).text(Kind.BOOLEAN, random.randrange(1, 4))
    return {"id": f"g{number}", random.choice(["hold", "reject"]): condition, "because": "a guard fired"}


def random_chain(random, site, known, guards=0):
    """Return a chain of rules and guards that are accepted, and its text."""
    rules, wanted = [], random.choice([1, 2, 3, 4, 5, 6, 10])
    while len(rules) < wanted:
        rule = random_rule(random, len(rules), site.currency)
        try:
            chain, one = _loaded(site, known, [*rules, rule], [])
        except RuleError:
            continue
        rules.append(rule)
    asked = []
    while len(asked) < guards:
        guard = random_guard(random, len(asked), site.currency)
        try:
            chain, one = _loaded(site, known, rules, [*asked, guard])
        except RuleError:
            continue
        asked.append(guard)
    return chain, one


def _loaded(site, known, rules, guards):
    text = json.dumps({"acorn": 1, "rules": rules, "guards": guards}, ensure_ascii=False)
    return load_chain([("random.yaml", text)], vocabulary(site, known, FIELDS)), text


def random_offers(random, site, known, tables):
    """Return forty random offers, some with instants that are too old."""

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


def random_world(random, site):
    """Return (facts, tables) of a site: often with ages, sometimes with a rate that is too old."""
    known = facts()
    if random.random() < 0.4:
        age = {"largest_age": timedelta(hours=1)}
        known = facts(
            stock={"as_of": "seen_at", **age},
            competitor_price={"as_of": NOW - timedelta(minutes=random.choice([30, 90])), **age},
        )
    cny = ("0.127361123456", "stale") if random.random() < 0.3 else "0.127361123456"
    return known, rates(site, USD="0.92", CNY=cny)
