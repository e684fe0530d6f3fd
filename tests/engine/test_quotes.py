"""Quotes that were learnt say what quotes in columns say, whatever the offer, the rules and the guards."""

from __future__ import annotations

import json
import os
import pickle
import random as randomness
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import polars as pl
import pytest
from random_expressions import Expressions

from acorn_engine.explain import Explanation
from acorn_engine.facts import FactTable, TableEntry
from acorn_engine.plugins import Fact, Field, Function, GuardSpec, Parameter, hookimpl
from acorn_engine.problems import AcornError, RuleError
from acorn_engine.types import BOOLEAN, INTEGER, NUMBER, SITE_MONEY, TEXT, Kind, Type

SEED = int(os.environ.get("ACORN_TEST_SEED", randomness.randrange(10**9)))
NOW = datetime(2026, 3, 2, 11, 0, 5, tzinfo=UTC)
COLUMNS = {
    "competitor_price": "money",
    "weight_kg": "number",
    "clearance": "boolean",
    "launched": "date",
    "duty": "money:duty_currency",
    "duty_currency": "text",
    "season": {"type": "text", "default": "all"},
}
NAMES = {
    Kind.NUMBER: ["vat_rate", "stock", "weight_kg", "quantity", "current_quantity", "points", "aged", "listed"],
    Kind.MONEY: ["price", "price", "competitor_price", "floor_price", "ceiling_price", "current_price", "sale_price"],
    Kind.TEXT: ["brand", "cost_currency", "season", "sku"],
    Kind.BOOLEAN: ["clearance", "eligible", "known"],
    Kind.DATE: ["launched", "sale_from"],
    "bought": ["cost", "duty"],
    "kinds": [Kind.NUMBER, Kind.MONEY, Kind.TEXT, Kind.BOOLEAN, Kind.DATE],
}
SETTABLE = {
    "price": Kind.MONEY,
    "sale_price": Kind.MONEY,
    "sale_from": Kind.DATE,
    "sale_to": Kind.DATE,
    "minimum_price": Kind.MONEY,
    "floor_price": Kind.MONEY,
    "ceiling_price": Kind.MONEY,
    "quantity": Kind.NUMBER,
    "handling_days": Kind.NUMBER,
    "points": Kind.NUMBER,
    "eligible": Kind.BOOLEAN,
}
FX = Function(
    "fx",
    (Parameter("given", Type(Kind.MONEY, None)),),
    SITE_MONEY,
    "site_money(amount(given) * lookup('rate', currency_of(given)))",
    "fx(cost)",
)


class Provider:
    """Facts that say what they follow from, a function, a field and guards."""

    guards = ()
    follows_from = ("_country", "brand")

    @hookimpl
    def acorn_functions(self):
        yield FX

    @hookimpl
    def acorn_fields(self):
        yield Field("points", NUMBER, "half_up", "points")

    @hookimpl
    def acorn_facts(self, now):
        rates = {
            "EUR": TableEntry(Fraction(1)),
            "USD": TableEntry(
                Fraction("0.92"), "a bank", NOW - timedelta(days=1), expires_at=NOW + timedelta(seconds=20)
            ),
            "CNY": TableEntry(Fraction("0.127361123456"), stale=True),
        }
        yield FactTable("rate", {"EUR": rates}, "the provider")
        brand = pl.col("brand").str.len_chars() * Decimal("0.01")
        yield Fact("vat_rate", NUMBER, brand.cast(pl.Decimal(38, 4)), "tax", follows_from=self.follows_from)
        old = {"as_of": NOW - timedelta(minutes=59, seconds=50), "largest_age": timedelta(hours=1)}
        yield Fact("aged", INTEGER, pl.lit(7), "old", **old, follows_from=())
        yield Fact(
            "known", BOOLEAN, pl.col("vat_rate").is_not_null(), "more", follows_from=("vat_rate",), needs=("vat_rate",)
        )
        yield Fact("listed", INTEGER, pl.len().over("sku").cast(pl.Int64), "count", follows_from=())
        yield Fact("label", TEXT, pl.lit("ä"), "text", follows_from=())

    @hookimpl
    def acorn_guards(self):
        yield from self.guards


class NoQuotes:
    """Works every quote out in columns."""

    def answer(self, *_):
        return None

    def learn(self, *_):
        pass


class Watched:
    """Counts what was answered without columns."""

    def __init__(self, quotes):
        self.quotes, self.answered = quotes, 0

    def answer(self, *given):
        found = self.quotes.answer(*given)
        self.answered += found is not None
        return found

    def learn(self, *given):
        self.quotes.learn(*given)


class Pair:
    """Two engines on one project and one clock: one that learns quotes, and one that does not."""

    def __init__(self, here, *plugins):
        self.at = NOW
        plugins = [here.shop, *plugins]
        from acorn_engine import builtin

        self.quick, self.slow = (here.engine(now=lambda: self.at, plugins=[*plugins, builtin]) for _ in range(2))
        self.watched = Watched(self.quick._context.quotes)
        self.quick._context._kept["quotes"] = self.watched
        self.slow._context._kept["quotes"] = NoQuotes()

    def both(self, offer, context=""):
        """Return what the two say, which is the same."""
        answers = []
        for engine in (self.quick, self.slow):
            try:
                answers.append(engine.quote("shop.de", offer))
            except AcornError as error:
                answers.append(str(error))
        quick, slow = answers
        told = [answer if isinstance(answer, str) else answer.to_json() for answer in answers]
        assert told[0] == told[1], f"{context}\n{offer}"
        assert quick == slow, f"{context}\n{offer}"
        if isinstance(slow, Explanation):
            assert quick.render() == slow.render()
        return quick


def pair(world, rules, provider=None, **sections):
    here = world(rules, columns=COLUMNS, **sections)
    return Pair(here, *([provider] if provider else []))


def random_rules(random):
    expressions = Expressions(random, NAMES)
    rules = []
    for number in range(random.randrange(2, 8)):
        sets = {}
        for name in random.sample(
            ["price", "price", *SETTABLE, "attributes.a", "attributes.b"], random.choice([1, 1, 2, 3])
        ):
            kind = SETTABLE.get(name) or random.choice(NAMES["kinds"])
            text = expressions.text(kind, random.randrange(3))
            sets[name] = text if name in SETTABLE else f"={text}" if random.random() < 0.7 else {"x": [1, "ä"]}
        rule = {
            "id": f"r{number}",
            "set": sets,
            "because": random.choice(["", "{price} and {brand}, {stock} at {cost}"]),
        }
        if random.random() < 0.5:
            rule["when"] = expressions.text(Kind.BOOLEAN, random.randrange(3))
        if random.random() < 0.2:
            rule["final"] = True
        rules.append(rule)
    return json.dumps({"acorn": 1, "rules": rules}, ensure_ascii=False)


def random_guards(random):
    expressions = Expressions(random, NAMES)
    fields = [(), (), ("price",), ("quantity", "handling_days")]
    return [
        GuardSpec(
            f"g{number}",
            random.choice(["hold", "reject"]),
            expressions.text(Kind.BOOLEAN, random.randrange(1, 3)),
            random.choice(["", "no {price} of {current_price} for {sku}, {weight_kg}"]),
            random.choice(fields),
        )
        for number in range(random.randrange(3))
    ]


ODD = {
    "cost": ["abc", "1,5", "-3", "12.50 EUR", "1e3", "１２.５０", "0.1234567890123", "9" * 17],
    "stock": ["1.5", "-1", "many", "007"],
    "brand": ["Ã¼ber", "#N/A", "\u200bAb", "Straße", "漢字", "e\u0301"],
    "cost_currency": ["RMB", "usd", "XXX"],
    "clearance": ["maybe", "YES", "是"],
    "launched": ["01.02.2026", "2026-02-30", "2026-02-03T00:00"],
    "fulfilment": ["Merchant", "FBA"],
    "current_price": ["19.999", "12,00", 12.5],
    "sku": ["1E+10", " S1", "Ü1", ""],
}
USUAL = {
    "sku": ["S1", "S2", "A 3"],
    "seller_sku": ["S1", "other"],
    "cost": [None, "10", Decimal("12.50"), 7, "0.123456", "999999999999999.99"],
    "cost_currency": ["USD", "EUR", "CNY", "CHF", " eur "],
    "stock": [None, 0, 3, "12", 10**9],
    "brand": [None, "Ab", "acme", ""],
    "competitor_price": [None, "19.99", "5", Decimal("7.5"), "0.001"],
    "weight_kg": [None, "0.5", "1.2500", "0", "-1"],
    "clearance": [None, True, False, "yes", "0"],
    "launched": [None, date(2026, 2, 1), "2026-03-02"],
    "fulfilment": ["merchant", "merchant", "amazon", None],
    "product_type": [None, "HOME"],
    "current_price": [None, "20", "19.99", Decimal("0.00"), "4.00"],
    "current_quantity": [None, 0, 5],
    "current_sale_price": [None, "18.00"],
    "sale_from": [None, date(2026, 3, 1)],
    "current_sale_to": [None, date(2026, 3, 1), "2026-04-01"],
    "floor_price": [None, "3.00", "15", "0", "-1", "10.005"],
    "ceiling_price": [None, "30.00", "12"],
    "minimum_price": [None, "4.00"],
    "duty": [None, "1.50"],
    "duty_currency": ["USD", None],
    "season": [None, "winter"],
    "asin": [None, "B00TEST"],
    "gtin": [None, "4006381333931", "123"],
    "note here": ["x", None, 3],
}


READ = ["cost", "cost_currency", "stock", "brand", "competitor_price", "weight_kg", "clearance", "launched", "duty",
        "duty_currency", "season"]  # fmt: skip
"""What random rules read of an offer, besides what every offer has."""


def random_offer(random, names):
    offer = {name: random.choice(USUAL[name]) for name in names}
    if random.random() < 0.15:
        name = random.choice([name for name in names if name in ODD])
        offer[name] = random.choice(ODD[name])
    return offer


@pytest.mark.parametrize("run", range(3))
def test_random_offers_under_random_rules_and_guards(world, run):
    seed = SEED + run
    print(f"ACORN_TEST_SEED={SEED}")
    random = randomness.Random(seed)
    chains, asked, answered = 0, 0, 0
    while chains < int(os.environ.get("ACORN_TEST_QUOTES", "3")):
        provider = Provider()
        rules, provider.guards = random_rules(random), random_guards(random)
        rest = [name for name in USUAL if name not in READ]
        names = [*READ, *random.sample(rest, random.randrange(4, len(rest)))]
        random.shuffle(names)
        guards = {"below_floor": random.choice(["reject", "raise", "hold"])}
        if random.random() < 0.3:
            guards["stale"] = {"off": "a test"}
        accounts = {
            "eu": {
                "marketplace": "shop",
                "seller_id": "S1",
                "sites": ["shop.de"],
                "neighbours": random.choice(["none", "read"]),
            }
        }
        made = pair(world, rules, provider, guards=guards, accounts=accounts)
        context = f"ACORN_TEST_SEED={SEED}, run {run}, chain {chains}\n{rules}\n{provider.guards}"
        try:
            made.slow.quote("shop.de", {name: USUAL[name][0] for name in names})
        except RuleError:
            continue
        except AcornError:
            pass
        chains += 1
        for _ in range(25):
            made.at = NOW + timedelta(seconds=random.randrange(50))
            made.both(random_offer(random, names), context)
            asked += 1
        answered += made.watched.answered
    print(f"{answered} of {asked} answered without columns")
    assert answered > asked / 20


RULES = """
acorn: 1
rules:
  - {id: landed, when: not clearance, set: {price: fx(cost) * (1 + vat_rate) * 1.5}, because: "landed at {cost}"}
  - {id: shelf, set: {quantity: stock}}
"""
OFFER = {"sku": "S1", "cost": "10.00", "cost_currency": "USD", "stock": 5, "brand": "acme", "clearance": False,
         "fulfilment": "merchant", "current_price": "14.00", "floor_price": "5.00"}  # fmt: skip


def test_the_second_quote_of_a_kind_needs_no_columns(world):
    made = pair(world, RULES, Provider())
    for number in range(4):
        explained = made.both(OFFER | {"cost": f"{10 + number}.00", "sku": f"S{number}"})
        assert [change.field for change in explained.changes] == [
            "maximum_price",
            "minimum_price",
            "price",
            "quantity",
        ][1:]
    assert made.watched.answered == 3
    assert isinstance(explained, Explanation)
    assert asdict(explained) == asdict(made.slow.quote("shop.de", OFFER | {"cost": "13.00", "sku": "S3"}))
    plain = pickle.loads(pickle.dumps(explained))
    assert type(plain) is Explanation
    assert plain == explained
    assert len({explained, explained}) == 1


def test_a_new_value_that_a_plugins_fact_follows_from_is_asked_for_once(world):
    made = pair(world, RULES, Provider())
    for brand in ("acme", "acme", "zenith", "zenith", "acme"):
        made.both(OFFER | {"brand": brand})
    assert made.watched.answered == 3


def test_a_fact_that_may_follow_from_anything_is_always_asked_for(world):
    provider = Provider()
    provider.follows_from = None
    made = pair(world, RULES, provider)
    made.both(OFFER)
    made.both(OFFER)
    assert made.watched.answered == 0


def test_every_minute_plugins_are_asked_again(world):
    made = pair(world, RULES, Provider())
    made.both(OFFER)
    made.at += timedelta(seconds=54)
    made.both(OFFER)
    assert made.watched.answered == 1
    made.at += timedelta(seconds=1)
    made.both(OFFER)
    assert made.watched.answered == 1
    made.both(OFFER)
    assert made.watched.answered == 2


def test_rules_that_change_in_memory_count_at_once(world):
    made = pair(world, RULES, Provider())
    made.both(OFFER)
    for engine in (made.quick, made.slow):
        engine._context.rules = {"base.yaml": RULES.replace("1.5", "1.6")}
    explained = made.both(OFFER)
    assert made.watched.answered == 0
    assert explained.changes[-2].after == "15.31"
    made.both(OFFER)
    assert made.watched.answered == 1


def test_rules_that_change_on_disk_count_at_once(world):
    here = world(RULES, columns=COLUMNS)
    (here.folder / "rules").mkdir()
    path = here.folder / "rules" / "base.yaml"
    path.write_text(RULES)
    os.utime(path, (1, 1))
    os.utime(path.parent, (1, 1))
    here.rules = None
    made = Pair(here, Provider())
    made.both(OFFER)
    made.both(OFFER)
    assert made.watched.answered == 1
    path.write_text(RULES.replace("1.5", "1.6"))
    assert made.both(OFFER).changes[-2].after == "15.31"
    assert made.watched.answered == 1
    made.both(OFFER)
    assert made.watched.answered == 2


def test_what_no_cell_can_explain_is_left_to_the_tables(world):
    made = pair(world, RULES, Provider())
    made.both(OFFER)
    for odd in (
        {"cost": "1,5"},
        {"brand": "Ã¼ber"},
        {"stock": "-1"},
        {"cost_currency": None},
        {"cost": 1.5},
        {"sku": " S1"},
    ):
        made.both(OFFER | odd)
    assert made.watched.answered == 0
    made.both(OFFER | {"brand": None})
    made.both(OFFER | {"brand": None, "cost": " 11.00 "})
    assert made.watched.answered == 1


def test_a_guard_may_read_a_plugins_field_that_no_rule_sets(world):
    provider = Provider()
    provider.guards = [GuardSpec("many", "hold", "points > 3", "so many {points}", ("price",))]
    alone = {"marketplace": "shop", "seller_id": "S1", "sites": ["shop.de"], "neighbours": "none"}
    made = pair(world, RULES, provider, accounts={"eu": alone})
    for _ in range(2):
        explained = made.both(OFFER)
    assert [(line.code, line.text) for line in explained.guards if line.guard == "many"] == [
        ("missing", "points is missing")
    ]
    assert explained.changes[-2].text == "held: guard 'many' needs points, which is missing"
    assert made.watched.answered == 1
