"""The scalar form says what the reference says: values, what is missing, and which failure."""

from __future__ import annotations

import os
import random as randomness
from datetime import date
from fractions import Fraction

import column_trees
import pytest
from column_oracle import FAILED, evaluate
from expression_tools import NAMES, TABLES, TODAY, scope
from random_expressions import Expressions
from scalar_tools import compiled

from acorn_engine.facts import FactTable, TableEntry
from acorn_engine.language import ExpressionError, Reference, check, parse
from acorn_engine.language.scalar import Input
from acorn_engine.types import MISSING, Failure, Kind, Money

SEED = int(os.environ.get("ACORN_TEST_SEED", randomness.SystemRandom().randrange(10**9)))
MANY = int(os.environ.get("ACORN_TEST_EXPRESSIONS", "300"))
KINDS = [Kind.NUMBER, Kind.MONEY, Kind.TEXT, Kind.BOOLEAN, Kind.DATE]
CHARM = ["price", "current_price", "fx(cost)", "fx(default(cost, 3))", "charm(price, 0.99)", "default(price, 5)"]
DRAWN = {
    Kind.NUMBER: ["stock", "weight", "margin", "length(brand)"],
    Kind.MONEY: CHARM,
    Kind.TEXT: ["brand", "category"],
    Kind.BOOLEAN: ["clearance", "bulky", "foreign(cost)", "foreign(cost) or bulky"],
    Kind.DATE: ["launch", "retirement"],
    "bought": [
        "cost",
        "default(cost, 3)",
        "cost * 2",
        "(cost if clearance else 5)",
        "min(cost, 7)",
        "cny_cost",
        "4 USD",
    ],
    "kinds": KINDS,
}
SCALE = 12
INPUTS = {name: Input(of.kind, SCALE if of.kind in {Kind.NUMBER, Kind.MONEY} else 0) for name, of in NAMES.items()}
ODD = {
    "rate": FactTable(
        "rate",
        {"EUR": {key: TableEntry(Fraction(value)) for key, value in (("EUR", "1"), ("USD", "1/3"), ("CNY", 2**1000))}},
    )
}


def row_of(draw):
    """Return a row: ties, zeros, tiny and huge amounts, and much missing."""

    def some(values):
        return MISSING if draw.random() < 0.2 else draw.choice(values)

    ordinary = [Fraction(n, 100) for n in (0, 1, -1, 50, 995, 1999, 2000)]
    extreme = [Fraction(n, 10**SCALE) for n in (1, -1, 10**26, -(10**26), 333333333333)]
    numbers = ordinary if draw.random() < 0.6 else ordinary + extreme
    row = {name: some(numbers) for name in ("price", "current_price", "cost", "cny_cost", "weight")}
    row["stock"] = some([Fraction(n) for n in (0, 1, 5, -3, 10**9)])
    row["cost_currency"] = some(["USD", "EUR", "CNY", "XAU"])
    row |= {name: some(["a", "Ab", "", "Straße", "ΑΣ", "漢字😀", "USD"]) for name in ("brand", "category")}
    row |= {name: some([True, False]) for name in ("clearance", "bulky")}
    return row | {name: some([date(2026, 2, 28), date(2027, 1, 1), date(1, 1, 1)]) for name in ("launch", "retirement")}


@pytest.mark.parametrize("tables", [TABLES, ODD], ids=["rates", "odd rates"])
def test_random_expressions_mean_what_the_reference_says(tables):
    print(f"ACORN_TEST_SEED={SEED}")
    draw = randomness.Random(SEED)
    used = scope()
    reference = Reference(used, tables, TODAY)
    told = {"value": 0, "missing": 0}
    checked = 0
    while checked < MANY:
        text = Expressions(draw, DRAWN).text(draw.choice(KINDS), draw.choice([2, 3, 4, 5, 6]))
        try:
            found = check(parse(text), used)
        except ExpressionError:
            continue
        checked += 1
        run, source = compiled(found.node, INPUTS, tables, "EUR")
        for _ in range(30):
            row = row_of(draw)
            # Money is missing where its currency is, as the catalogue hands it in.
            if row["cost_currency"] is MISSING:
                row["cost"] = MISSING
            one, other = reference.evaluate(found, row).value, run(row, TODAY)
            amount = one.amount if isinstance(one, Money) else one
            context = f"ACORN_TEST_SEED={SEED}\n{text}\n{row}\n{source}\nreference {one!r}, scalar {other!r}"
            assert type(amount) is type(other), context
            assert amount == other or (amount is MISSING and other is MISSING), context
            kind = one.code if isinstance(one, Failure) else "missing" if one is MISSING else "value"
            told[kind] = told.get(kind, 0) + 1
    print(told)
    assert {"value", "missing", "division_by_zero"} <= told.keys(), told


LONG = ["weight", "weight", "weight", "(current_price / tick)", "1e29", "1e-29", "(1 / 3)", "round(weight, 0.07)"]


def test_long_numbers_overflow_where_the_reference_says_so():
    """Chains of operations on long numbers: the bit at which a number is too long is the same."""
    print(f"ACORN_TEST_SEED={SEED}")
    draw = randomness.Random(SEED + 1)
    used = scope()
    reference = Reference(used, TABLES, TODAY)
    told = {"value": 0, "overflow": 0}
    for _ in range(MANY // 3):
        parts = [draw.choice(LONG) for _ in range(draw.randrange(12, 40))]
        text = parts[0]
        for part in parts[1:]:
            text = f"({text} {draw.choice('******/+-')} {part})"
        found = check(parse(text), used)
        run, source = compiled(found.node, INPUTS, TABLES, "EUR")
        for _ in range(20):
            row = row_of(draw) | {"weight": Fraction(draw.randrange(1, 10**27), 10**12)}
            one, other = reference.evaluate(found, row).value, run(row, TODAY)
            assert one == other or one is other is MISSING, (
                f"ACORN_TEST_SEED={SEED}\n{text}\n{row}\n{source}\n{one} {other}"
            )
            kind = one.code if isinstance(one, Failure) else "value"
            told[kind] = told.get(kind, 0) + 1
    print(told)
    assert told["value"] > 0, told
    assert told["overflow"] > 0, told


def test_random_trees_mean_what_a_second_opinion_says():
    """Trees that no text makes: shared parts everywhere, odd literals, tables that are not there."""
    print(f"ACORN_TEST_SEED={SEED}")
    draw = randomness.Random(SEED + 2)
    inputs = {name: Input(leaf.type.kind, leaf.scale) for name, leaf in column_trees.LEAVES.items()}
    rates = {"rate": column_trees.RATES}
    told = {"value": 0, "missing": 0, "failed": 0}
    for _ in range(MANY):
        trees = column_trees.Trees(draw)
        kind = draw.choice([Kind.NUMBER, Kind.NUMBER, Kind.BOOLEAN, Kind.TEXT, Kind.DATE])
        node = trees.tree(kind, draw.choice([2, 3, 4, 5]))
        run, source = compiled(node, inputs, column_trees.TABLES, "EUR")
        for row in map(column_trees.values, column_trees.rows(draw, 20)):
            one, other = evaluate(node, row, rates, column_trees.TODAY), run(row, column_trees.TODAY)
            context = f"ACORN_TEST_SEED={SEED}\n{node}\n{row}\n{source}\noracle {one!r}, scalar {other!r}"
            if isinstance(other, Failure):
                # The second opinion knows no longest number.
                assert one is FAILED or other.code == "overflow", context
            else:
                assert (type(one), one) == (type(other), other) or one is other is MISSING, context
            told["failed" if isinstance(other, Failure) else "missing" if other is MISSING else "value"] += 1
    print(told)
    assert all(told.values()), told
