"""Random core trees and rows, for comparing columns with a second opinion."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import polars as pl

from acorn_engine.facts import FactTable, TableEntry
from acorn_engine.language import core
from acorn_engine.language.columns import ColumnBuilder, Leaf
from acorn_engine.sites import Site
from acorn_engine.types import BOOLEAN, DATE, INTEGER, MISSING, NUMBER, SITE_MONEY, TEXT, Kind

TODAY = date(2026, 3, 1)
EUR = Site("amazon.de", "amazon", "A1", "DE", "EUR", 2, "de_DE", "eu", "Europe/Berlin", True)
JPY = Site("amazon.co.jp", "amazon", "A2", "JP", "JPY", 0, "ja_JP", "fe", "Asia/Tokyo", True)
LEAVES = {
    "cost": Leaf("cost", SITE_MONEY, 2),
    "price": Leaf("price", SITE_MONEY, 2),
    "fine": Leaf("fine", NUMBER, 6),
    "vat": Leaf("vat", NUMBER, 4),
    "stock": Leaf("stock", INTEGER, 0),
    "brand": Leaf("brand", TEXT),
    "currency": Leaf("currency", TEXT),
    "hot": Leaf("hot", BOOLEAN),
    "new": Leaf("new", BOOLEAN),
    "since": Leaf("since", DATE),
}
SCHEMA = {
    "cost": pl.Decimal(38, 2),
    "price": pl.Decimal(38, 2),
    "fine": pl.Decimal(38, 6),
    "vat": pl.Decimal(38, 4),
    "stock": pl.Int64,
    "brand": pl.String,
    "currency": pl.String,
    "hot": pl.Boolean,
    "new": pl.Boolean,
    "since": pl.Date,
}
RATES = {"USD": Fraction("0.921457"), "CNY": Fraction("0.127361123456"), "JPY": Fraction("0.006")}
TABLES = {"rate": FactTable("rate", {"EUR": {key: TableEntry(value) for key, value in RATES.items()}, "JPY": {}})}
LITERALS = [
    "0",
    "1",
    "2",
    "0.5",
    "0.01",
    "100",
    "1.19",
    "0.05",
    "3",
    "-1",
    "0.333",
    "1e12",
    "1e-9",
    "1e29",
    "1e-31",
    "7",
]
TEXTS = ["", "a", "Ab", "ß", "ÄÖ", "Straße", "漢字", "😀b", "ΑΣ", "USD", "CNY", "ı", "\u1c89x", "ab", "CHF"]
DAYS = [date(2026, 2, 28), date(2026, 3, 1), date(1969, 12, 31), date(1, 1, 1), date(9999, 12, 31)]


class Trees:
    """Typed random trees; nodes are drawn again from those made before, so that trees share."""

    def __init__(self, random):
        self.random = random
        self.made = {}

    def tree(self, kind, depth):
        random = self.random
        if self.made.get(kind) and random.random() < 0.15:
            return random.choice(self.made[kind])
        ends = depth <= 0 or random.random() < 0.1
        node = self.leaf(kind) if ends else getattr(self, kind.value)(depth - 1)
        self.made.setdefault(kind, []).append(node)
        return node

    def leaf(self, kind):
        random = self.random
        literal = random.random() < 0.35
        if kind is Kind.NUMBER:
            if literal:
                return core.Literal(Fraction(random.choice(LITERALS)))
            name = random.choice(["cost", "price", "fine", "vat", "stock"])
            return core.Name(name, Kind.MONEY if name in {"cost", "price"} else Kind.NUMBER)
        if kind is Kind.TEXT:
            return (
                core.Literal(random.choice(TEXTS)) if literal else core.Name(random.choice(["brand", "currency"]), kind)
            )
        if kind is Kind.BOOLEAN:
            return core.Literal(random.random() < 0.5) if literal else core.Name(random.choice(["hot", "new"]), kind)
        return core.Literal(random.choice(DAYS)) if literal else core.Name(random.choice(["since", "today"]), kind)

    def either(self, kind, depth):
        if self.random.random() < 0.5:
            return core.Conditional(self.tree(Kind.BOOLEAN, depth), self.tree(kind, depth), self.tree(kind, depth))
        return core.Default(self.tree(kind, depth), self.tree(kind, depth))

    def number(self, depth):
        random, number = self.random, lambda: self.tree(Kind.NUMBER, depth)
        draw = random.random()
        if draw < 0.55:
            return core.Arithmetic(random.choice("+-*//"), number(), number())
        if draw < 0.62:
            return random.choice([core.Negate, core.Absolute])(number())
        if draw < 0.72:
            return core.Extreme(random.choice(["min", "max"]), tuple(number() for _ in range(random.choice([2, 2, 3]))))
        if draw < 0.82:
            step = core.Literal(Fraction(random.choice(["0.01", "1", "0.05", "100", "0.03"])))
            step = step if random.random() < 0.8 else number()
            return core.Round(random.choice(["half_up", "up", "down"]), number(), step)
        if draw < 0.86:
            return core.Lookup(random.choice(["rate", "rate", "none"]), self.tree(Kind.TEXT, min(depth, 1)))
        if draw < 0.88:
            return core.TextCall("length", (self.tree(Kind.TEXT, depth),))
        if draw < 0.9:
            return core.DateCall("days_between", (self.tree(Kind.DATE, depth), self.tree(Kind.DATE, depth)))
        return self.either(Kind.NUMBER, depth)

    def boolean(self, depth):
        random = self.random
        draw = random.random()
        if draw < 0.3:
            a, b, c = (self.tree(Kind.NUMBER, depth) for _ in range(3))
            link = lambda x, y: core.Compare(random.choice(["==", "!=", "<", "<=", ">", ">="]), x, y)  # noqa: E731
            return link(a, b) if draw < 0.2 else core.Logic("and", (link(a, b), link(b, c)))
        if draw < 0.55:
            items = tuple(self.tree(Kind.BOOLEAN, depth) for _ in range(random.choice([2, 2, 3])))
            return core.Logic(random.choice(["and", "or"]), items)
        if draw < 0.62:
            return core.Not(self.tree(Kind.BOOLEAN, depth))
        if draw < 0.7:
            kind = random.choice([Kind.NUMBER, Kind.TEXT])
            drawn = [LITERALS, TEXTS][kind is Kind.TEXT]
            read = Fraction if kind is Kind.NUMBER else str
            members = tuple(core.Literal(read(random.choice(drawn))) for _ in range(random.randrange(4)))
            return core.Member(self.tree(kind, depth), members, random.random() < 0.5)
        if draw < 0.76:
            kind = random.choice([Kind.NUMBER, Kind.TEXT, Kind.BOOLEAN, Kind.DATE])
            return core.IsMissing(self.tree(kind, depth))
        if draw < 0.82:
            op = random.choice(["starts_with", "ends_with", "contains"])
            return core.TextCall(op, (self.tree(Kind.TEXT, depth), self.tree(Kind.TEXT, depth)))
        if draw < 0.9:
            kind = random.choice([Kind.TEXT, Kind.BOOLEAN, Kind.DATE])
            op = random.choice(["==", "!="] if kind is not Kind.DATE else ["==", "!=", "<", "<=", ">", ">="])
            return core.Compare(op, self.tree(kind, depth), self.tree(kind, depth))
        return self.either(Kind.BOOLEAN, depth)

    def text(self, depth):
        draw = self.random.random()
        if draw < 0.4:
            return core.TextCall(self.random.choice(["lower", "upper"]), (self.tree(Kind.TEXT, depth),))
        if draw < 0.6:
            return core.DateCall("weekday", (self.tree(Kind.DATE, depth),))
        return self.either(Kind.TEXT, depth)

    def date(self, depth):
        if self.random.random() < 0.4:
            return core.Extreme(
                self.random.choice(["min", "max"]), (self.tree(Kind.DATE, depth), self.tree(Kind.DATE, depth))
            )
        return self.either(Kind.DATE, depth)


def rows(random, count):
    """Return random rows: ties, zeros, tiny and huge amounts, and a tenth missing."""

    def amount(scale):
        draw = random.random()
        if draw < 0.15:
            return Decimal(0)
        if draw < 0.25:
            return Decimal(random.choice([1, -1, 5, 10**12, -(10**12), 10**20])).scaleb(-scale)
        return Decimal(random.randrange(-(10 ** random.randrange(1, 10)), 10 ** random.randrange(1, 10))).scaleb(-scale)

    def row():
        drawn = {
            "cost": amount(2),
            "price": amount(2),
            "fine": amount(6),
            "vat": Decimal(random.choice(["0.19", "0.2", "0", "0.0725"])),
            "stock": random.choice([0, 1, 5, 20, -3, 10**9]),
            "brand": random.choice(TEXTS),
            "currency": random.choice(["USD", "CNY", "CHF", "JPY"]),
            "hot": random.random() < 0.5,
            "new": random.random() < 0.5,
            "since": TODAY + timedelta(days=random.randrange(-400, 400)),
        }
        return {name: None if random.random() < 0.1 else value for name, value in drawn.items()}

    return [row() for _ in range(count)]


def frame(drawn):
    return pl.DataFrame(drawn, schema=SCHEMA)


def values(row):
    """Return a row as the second opinion reads it."""
    return {
        name: MISSING
        if value is None
        else Fraction(value)
        if isinstance(value, Decimal | int) and not isinstance(value, bool)
        else value
        for name, value in row.items()
    }


def builder(site=EUR, leaves=LEAVES):
    return ColumnBuilder(site, TABLES, TODAY, leaves)


def run(data, made, columns, engine="streaming"):
    """Return ``columns`` of the frame after all temporaries."""
    lazy = data.lazy()
    for level in made.take_levels():
        lazy = lazy.with_columns(level)
    return lazy.select(**columns).collect(engine=engine)
