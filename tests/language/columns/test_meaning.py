"""Random expressions as text: the reference and the columns agree in value, missing and failure."""

from __future__ import annotations

import os
import random as randomness
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import polars as pl
import pytest
from column_trees import EUR, JPY, RATES, TEXTS, TODAY, run
from random_expressions import Expressions

from acorn_engine.facts import FactTable, TableEntry
from acorn_engine.language import ExpressionError, Reference, Scope, check, parse, round_to
from acorn_engine.language.columns import ColumnBuilder, Leaf
from acorn_engine.plugins.records import Function, Parameter
from acorn_engine.types import (
    BOOLEAN,
    DATE,
    INTEGER,
    MISSING,
    NUMBER,
    SITE_MONEY,
    TEXT,
    Failure,
    Kind,
    Missing,
    Money,
    Type,
    money,
)

SEED = int(os.environ.get("ACORN_TEST_SEED", randomness.randrange(10**9)))
TYPES = {
    "cost": SITE_MONEY,
    "price": SITE_MONEY,
    "bought": money("bought_in"),
    "dollars": money("USD"),
    "bought_in": TEXT,
    "fine": NUMBER,
    "vat": NUMBER,
    "stock": INTEGER,
    "brand": TEXT,
    "hot": BOOLEAN,
    "new": BOOLEAN,
    "since": DATE,
}
SCALES = {"cost": 2, "price": 4, "bought": 2, "dollars": 2, "fine": 6, "vat": 4, "stock": 0}
NAMES = {
    Kind.NUMBER: ["fine", "vat", "stock"],
    Kind.MONEY: ["cost", "price", "cost", "price"],
    Kind.TEXT: ["brand", "bought_in"],
    Kind.BOOLEAN: ["hot", "new"],
    Kind.DATE: ["since"],
    "bought": ["bought", "dollars", "cost"],
    "kinds": [Kind.NUMBER, Kind.MONEY, Kind.TEXT, Kind.BOOLEAN, Kind.DATE],
}
FUNCTIONS = {
    "fx": Function(
        "fx",
        (Parameter("given", Type(Kind.MONEY, None)),),
        SITE_MONEY,
        "site_money(amount(given) * lookup('rate', currency_of(given)))",
        "fx(cost)",
    )
}
TABLES = {
    "rate": FactTable(
        "rate",
        {
            "EUR": {key: TableEntry(value) for key, value in {**RATES, "EUR": Fraction(1)}.items()},
            "JPY": {"JPY": TableEntry(Fraction(1)), "USD": TableEntry(Fraction("149.832157"))},
        },
    )
}


def drawn_rows(random, count):
    def value(name):
        draw = random.random()
        if draw < 0.1:
            return None
        if name in SCALES:
            digits = random.choice([1, 2, 4, 6, 9])
            whole = (
                random.choice([0, 1, -1, 5, 10**12, -(10**18)])
                if draw < 0.3
                else random.randrange(-(10**digits), 10**digits)
            )
            return Decimal(whole).scaleb(-SCALES[name]) if SCALES[name] else whole
        pools = {
            "bought_in": ["USD", "CNY", "EUR", "CHF"],
            "brand": TEXTS,
            "since": [TODAY + timedelta(days=random.randrange(-400, 400)), date(1969, 12, 31)],
        }
        return random.choice(pools.get(name, [True, False]))

    return [{name: value(name) for name in TYPES} for _ in range(count)]


def frame_of(rows):
    dtypes = {Kind.TEXT: pl.String, Kind.BOOLEAN: pl.Boolean, Kind.DATE: pl.Date}
    schema = {
        name: pl.Int64 if name == "stock" else pl.Decimal(38, SCALES[name]) if name in SCALES else dtypes[of.kind]
        for name, of in TYPES.items()
    }
    return pl.DataFrame(rows, schema=schema)


def reference_row(row, site):
    """Return a row as the reference reads it."""

    def value(name, raw):
        of = TYPES[name].at_site(site.currency)
        if raw is None:
            return MISSING
        if of.kind is Kind.MONEY:
            currency = row[of.tag_column] if of.tag_column else of.tag
            return Money(Fraction(raw), currency) if currency else MISSING
        return Fraction(raw) if of.kind is Kind.NUMBER else raw

    return {name: value(name, raw) for name, raw in row.items()}


def reading(operand, kind, digits, mode):
    """Return the column of an operand's value."""
    readings = {Kind.BOOLEAN: operand.boolean, Kind.TEXT: operand.text, Kind.DATE: operand.date}
    return readings[kind]() if kind in readings else operand.rounded(digits, mode)


@pytest.mark.parametrize("site", [EUR, JPY], ids=["EUR", "JPY"])
def test_reference_and_columns_agree_on_random_expressions(site):
    random = randomness.Random(f"{SEED}{site.name}")
    compared = flagged = checked_count = refused = 0
    leaves = {name: Leaf(name, of.at_site(site.currency), SCALES.get(name, 0)) for name, of in TYPES.items()}
    scope = Scope(site, TYPES, functions=FUNCTIONS)
    wanted = int(os.environ.get("ACORN_TEST_TREES", "150"))
    while checked_count < wanted:
        kind = random.choice([Kind.NUMBER, Kind.MONEY, Kind.MONEY, Kind.BOOLEAN, Kind.BOOLEAN, Kind.TEXT, Kind.DATE])
        text = Expressions(random, NAMES).text(kind, random.randrange(1, 5))
        try:
            checked = check(parse(text), scope)
        except ExpressionError:
            refused += 1
            assert refused < 20 * wanted, f"seed {SEED}: hardly any expression is accepted, as {text}"
            continue
        checked_count += 1
        rows = drawn_rows(random, 40)
        made = ColumnBuilder(site, TABLES, TODAY, leaves)
        operand = made.add(checked)
        digits, mode = random.choice([0, 2, 6]), random.choice(["half_up", "up", "down"])
        value = reading(operand, checked.type.kind, digits, mode)
        columns = {"v": value, "missing": operand.missing, "failed": operand.failed, "flagged": operand.flagged}
        found = run(frame_of(rows), made, columns).rows(named=True)
        reference = Reference(scope, TABLES, TODAY)
        for row, out in zip(rows, found * (len(rows) // len(found)), strict=True):
            if out["flagged"]:
                flagged += 1
                continue
            compared += 1
            expected = reference.evaluate(checked, reference_row(row, site)).value
            message = f"seed {SEED}: {text} on {row}: columns {out}, reference {expected}"
            assert out["failed"] == isinstance(expected, Failure), message
            assert out["missing"] == isinstance(expected, Missing), message
            if isinstance(expected, Failure | Missing):
                continue
            amount = expected.amount if isinstance(expected, Money) else expected
            if checked.type.kind in (Kind.NUMBER, Kind.MONEY):
                amount = round_to(amount, Fraction(1, 10**digits), mode) * 10**digits
            assert out["v"] == amount, message
    print(f"seed {SEED}: {checked_count} expressions, {compared} compared, {flagged} flagged, {refused} refused")
    assert compared > 5 * flagged, f"seed {SEED}: too many rows left to the scalar form"
