"""Sites, facts and hostile rows over which random expressions are compared: ties, bounds, gaps."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import polars as pl
from column_trees import EUR, JPY, TODAY
from expression_tools import CHARM, FOREIGN, FX
from random_expressions import Expressions

from acorn_engine.facts import FactTable, TableEntry
from acorn_engine.language import ExpressionError, Scope, check, parse
from acorn_engine.language.columns import Leaf
from acorn_engine.plugins.records import Function, Parameter
from acorn_engine.sites import Site
from acorn_engine.types import BOOLEAN, DATE, INTEGER, MISSING, NUMBER, SITE_MONEY, TEXT, Kind, Money, money

KWD = Site("amazon.kw", "amazon", "A3", "KW", "KWD", 3, "ar_KW", "eu", "Asia/Kuwait", True)
"""No site has three digits so far; the arithmetic must not care."""
SITES = (EUR, JPY, KWD)
KINDS = (Kind.NUMBER, Kind.MONEY, Kind.TEXT, Kind.BOOLEAN, Kind.DATE)
TYPES = {
    "cost": SITE_MONEY,
    "price": SITE_MONEY,
    "bought": money("bought_in"),
    "freight": money("bought_in"),
    "dollars": money("USD"),
    "bought_in": TEXT,
    "fine": NUMBER,
    "vat": NUMBER,
    "course": NUMBER,
    "stock": INTEGER,
    "brand": TEXT,
    "hot": BOOLEAN,
    "new": BOOLEAN,
    "since": DATE,
    "until": DATE,
}
FEE = Function("fee", (Parameter("of", TEXT),), NUMBER, "lookup('fees', of)", "fee(brand)")
FUNCTIONS = {function.name: function for function in (FX, FOREIGN, CHARM, FEE)}
PARAMETERS = {
    "margin": Fraction("0.28"),
    "fees_part": Fraction(1, 3),
    "numbers": (Fraction(0), Fraction("0.005"), Fraction(-1)),
    "nothing": (),
    "brands": ("Ab", "ß", ""),
    "season": "Ab",
    "always": True,
    "start": date(2026, 2, 28),
}
RATES = {
    "EUR": {"EUR": "1", "USD": "0.921457123456", "CNY": "0.127361", "JPY": "0.000000000001", "GBP": "1000000000"},
    "JPY": {"JPY": "1", "USD": "149.832157000001", "EUR": "163"},
    "KWD": {"KWD": "1", "USD": "0.307"},
}
FEES = {"a": "0.15", "Ab": "-0.3", "": "0", "ß": "0.000000000000000001", "漢字": "1e15"}


def tables():
    """Return the tables of rates and fees; one rate has no end and one fee is beyond 123 bits."""
    rates = {
        site: {key: TableEntry(Fraction(value)) for key, value in entries.items()} for site, entries in RATES.items()
    }
    rates["EUR"]["XAU"] = TableEntry(Fraction(1, 3))
    fees = {key: TableEntry(Fraction(value)) for key, value in FEES.items()} | {"😀b": TableEntry(Fraction(10**45))}
    return {
        "rate": FactTable("rate", rates),
        "fees": FactTable("fees", {site.currency: fees for site in SITES}),
    }


TABLES = tables()
CODES = ["USD", "CNY", "EUR", "JPY", "GBP", "CHF", "XAU", "KWD"]
WORDS = [
    *[
        "",
        "a",
        "Ab",
        "ab",
        "AB",
        "ß",
        "ÄÖ",
        "Straße",
        "漢字",
        "😀b",
        "ΑΣ",
        "ı",
        "İ",
        "\u1c89x",
        "ﬁ",
        "ŉ",
        "ǅ",
        "e\u0301",
    ],
    *["USD", "CNY", "\u212a", "\u2126", "ẞ", "mon", " a ", "a\u0000b", "x\ny", "\U00010400", "ა", "ς"],
]
DAYS = [
    *[TODAY, date(1969, 12, 31), date(1970, 1, 1), date(2024, 2, 29), date(1, 1, 1), date(9999, 12, 31)],
    *[date(2026, 2, 28), date(1900, 3, 1)],
]


@dataclass
class World:
    """One site with its facts, their columns and the names that expressions may use."""

    site: Site
    scales: dict = field(init=False)
    leaves: dict = field(init=False)
    names: dict = field(init=False)

    def __post_init__(self):
        digits = self.site.digits
        self.scales = {"cost": digits, "price": digits + 1, "bought": 2, "freight": 4, "dollars": 2}
        self.scales |= {"fine": 6, "vat": 4, "course": 12, "stock": 0}
        self.leaves = {
            name: Leaf(name, of.at_site(self.site.currency), self.scales.get(name, 0)) for name, of in TYPES.items()
        }
        self.names = {
            Kind.NUMBER: ["fine", "vat", "course", "stock", "fine", "vat", "margin", "fees_part", "(1 / stock)"],
            Kind.MONEY: ["cost", "price", "cost", "price", "cost / stock"],
            Kind.TEXT: ["brand", "brand", "bought_in", "season", "(brand if 2 / stock > 0 else 'a')"],
            Kind.BOOLEAN: ["hot", "new", "hot", "new", "always", "(fine / stock > 1)"],
            Kind.DATE: ["since", "until", "since", "until", "start", "(since if 2 / stock > 0 else until)"],
            "tags": [["bought", "freight", "(bought / stock)"], ["dollars", "4 USD"], ["bought"]],
            "bought": ["bought", "dollars", "cost"],
            "lists": {Kind.NUMBER: ["numbers", "nothing"], Kind.TEXT: ["brands", "nothing"], Kind.MONEY: ["numbers"]},
            "calls": {
                Kind.NUMBER: ["fee({text})", "charm({number}, 0.99)", "fee(brand if 2 / stock > 0 else 'a')"],
                Kind.MONEY: ["charm({money}, 0.5, 'down')" if digits else "charm({money}, 80)", "fx({bought})"],
                Kind.BOOLEAN: ["foreign({bought})"],
            },
            "kinds": KINDS,
        }

    def scope(self, random):
        """Return a scope with a few random defines, one of which may use those before it."""
        names = {key: list(value) if isinstance(value, list) else value for key, value in self.names.items()}
        defines = {}
        scope = self._scope({})
        while len(defines) < 4:
            kind = random.choice(KINDS)
            expressions = Expressions(random, names, self.site.currency)
            text, name = expressions.text(kind, random.randrange(1, 4)), f"defined_{len(defines)}"
            try:
                checked = check(parse(text), scope)
            except ExpressionError:
                continue
            if checked.type.kind is not kind or checked.type.tag_column or checked.bare:
                continue
            defines[name] = parse(text)
            names[kind] += [name]
            scope = self._scope(defines)
        return scope, names

    def _scope(self, defines):
        return Scope(self.site, TYPES, functions=FUNCTIONS, parameters=PARAMETERS, defines=dict(defines))

    def rows(self, random, count):
        """Return random rows; first an empty one, an almost empty one, and eight on which much fails."""
        drawn = [
            {name: None if random.random() < 0.12 else self._value(random, name) for name in TYPES}
            for _ in range(count - 2)
        ]
        failing = [row | {"stock": 0} for row in drawn[:8]]
        empty = dict.fromkeys(TYPES)
        return [empty, empty | {"bought": Decimal(1), "brand": "Ab", "hot": True}, *failing, *drawn[8:]]

    def _value(self, random, name):
        if name in self.scales:
            scaled = self._scaled(random, name)
            return scaled if name == "stock" else Decimal(f"{scaled}e-{self.scales[name]}")
        if name == "bought_in":
            return random.choice(CODES)
        if name == "brand":
            return random.choice(WORDS)
        if name in {"since", "until"}:
            near = TODAY + timedelta(days=random.randrange(-400, 400))
            return random.choice(DAYS) if random.random() < 0.4 else near
        return random.random() < 0.5

    def _scaled(self, random, name):
        """Return an integer in the column's scale: a tie, a bound, beyond it, or anything."""
        scale, limit = self.scales[name], self.leaves[name].limit(self.site.digits)
        draw = random.random()
        if draw < 0.1:
            return 0
        if draw < 0.18:
            return random.choice([1, -1])
        if draw < 0.34:  # halves of the minor unit, of a cent, of one
            half = 5 * 10 ** max(0, scale - random.choice([self.site.digits, 2, 0]) - 1)
            return half * (2 * random.randrange(-30, 200) + 1)
        if draw < 0.38:
            return random.choice([limit, -limit, limit - 1, 1 - limit])
        if draw < 0.4:
            wild = [2**63 - 1, -(2**63)] if name == "stock" else [10**38 - 1, 1 - 10**38, 2**127 // 10**2]
            return random.choice([limit + 1, -limit - 1, *wild])
        whole = random.randrange(10 ** random.randrange(1, 13))
        return whole if random.random() < 0.8 else -whole

    def frame(self, rows):
        """Return rows as the columns that the engine reads."""
        dtypes = {Kind.TEXT: pl.String, Kind.BOOLEAN: pl.Boolean, Kind.DATE: pl.Date}
        schema = {
            name: pl.Int64 if name == "stock" else pl.Decimal(38, self.scales[name]) if name in self.scales
            else dtypes[of.kind]
            for name, of in TYPES.items()
        }  # fmt: skip
        return pl.DataFrame(rows, schema=schema)

    def exact(self, row):
        """Return a row as the reference reads it."""
        return {name: self._exact(name, raw, row) for name, raw in row.items()}

    def _exact(self, name, raw, row):
        of = self.leaves[name].type
        if raw is None:
            return MISSING
        if of.kind is Kind.MONEY:
            currency = row[of.tag_column] if of.tag_column else of.tag
            return Money(Fraction(raw), currency) if currency else MISSING
        return Fraction(raw) if of.kind is Kind.NUMBER else raw
