"""Properties: two opinions on random expressions, and nothing that a text can do raises."""

from __future__ import annotations

import os
import random
from datetime import date
from fractions import Fraction

import pytest
from column_oracle import FAILED, evaluate
from expression_tools import TABLES, TODAY, scope
from hypothesis import given, settings
from hypothesis import strategies as st
from random_expressions import Expressions

from acorn_engine.language import ExpressionError, Reference, check, core, parse
from acorn_engine.types import MISSING, Failure, Kind, Money

KINDS = [Kind.NUMBER, Kind.MONEY, Kind.TEXT, Kind.BOOLEAN, Kind.DATE]
DRAWN = {
    Kind.NUMBER: ["stock", "weight", "margin"],
    Kind.MONEY: ["price", "current_price", "fx(cost)", "fx(default(cost, 3))", "charm(price, 0.99)", "default(price, 5)"],
    Kind.TEXT: ["brand", "category"],
    Kind.BOOLEAN: ["clearance", "bulky", "foreign(cost)", "foreign(cost) or bulky"],
    Kind.DATE: ["launch", "retirement"],
    "bought": ["cost", "default(cost, 3)", "cost * 2", "(cost if clearance else 5)", "min(cost, 7)", "cny_cost", "4 USD",
               "round(cost, 0.1)", "-cost", "abs(cost - 1)", "cost * (cost / (cost if bulky else 2))"],
    "kinds": KINDS,
}  # fmt: skip
RATES = {"rate": {key: entry.value for key, entry in TABLES["rate"].entries["EUR"].items()}}


def random_row(draw):
    def some(values):
        return MISSING if draw.random() < 0.3 else draw.choice(values)

    numbers = [Fraction(top, bottom) for top in (0, 1, -1, 5, 7, 100, 10**12) for bottom in (1, 3, 100)]
    row = {name: some(numbers) for name in ("price", "current_price", "cost", "cny_cost", "stock", "weight")}
    row["cost_currency"] = some(["USD", "EUR", "XAU"])
    row |= {name: some(["a", "Ab", "", "Straße"]) for name in ("brand", "category")}
    row |= {name: some([True, False]) for name in ("clearance", "bulky")}
    return row | {name: some([date(2026, 2, 28), date(2027, 1, 1)]) for name in ("launch", "retirement")}


@pytest.mark.parametrize("run", range(4))
def test_the_text_and_its_core_tree_mean_the_same(run):
    """Walking the text, and walking the lowered tree, are two programs that share only the reading."""
    seed = int(os.environ.get("ACORN_TEST_SEED", random.SystemRandom().randrange(10**9))) + run
    print(f"ACORN_TEST_SEED={seed - run}")
    draw = random.Random(seed)
    used = scope()
    reference = Reference(used, TABLES, TODAY)
    compared = {"value": 0, "missing": 0, "failed": 0}
    for _ in range(150):
        text = Expressions(draw, DRAWN).text(draw.choice(KINDS), draw.choice([2, 3, 4, 5]))
        try:
            found = check(parse(text), used)
        except ExpressionError:
            continue
        for _ in range(4):
            row = random_row(draw)
            one = reference.evaluate(found, row).value
            # In columns, money is missing where its currency is.
            columns = row | ({"cost": MISSING} if row["cost_currency"] is MISSING else {})
            other = evaluate(found.node, columns, RATES, TODAY)
            if isinstance(one, Failure):
                assert other is FAILED, (text, row, one, other)
                compared["failed"] += 1
            elif one is MISSING:
                assert other is MISSING, (text, row, one, other)
                compared["missing"] += 1
            else:
                amount = one.amount if isinstance(one, Money) else one
                assert (type(amount), amount) == (type(other), other), (text, row, one, other)
                assert isinstance(one, Money) is (found.type.kind is Kind.MONEY), (text, one)
                compared["value"] += 1
    assert all(compared.values()), compared


@settings(max_examples=150, deadline=None)
@given(st.randoms(use_true_random=False))
def test_no_well_typed_expression_raises_and_only_what_is_read_counts(draw):
    used = scope()
    text = Expressions(draw, DRAWN).text(draw.choice(KINDS), 4)
    try:
        found = check(parse(text), used)
    except ExpressionError as error:
        assert all(0 <= fault.start <= fault.end <= len(text) for fault in error.faults)  # noqa: PT017
        return
    row = random_row(draw)
    reference = Reference(used, TABLES, TODAY)
    whole = reference.evaluate(found, row)
    assert whole == reference.evaluate(found, {name: row[name] for name in row if name in found.reads})
    assert (whole.value is MISSING) == bool(whole.missing)
    names = {node.name for node in core.post_order(found.node) if isinstance(node, core.Name)}
    assert names - {"today"} <= found.reads


@settings(max_examples=60, deadline=None)
@given(st.integers(-(10**6), 10**6), st.integers(0, 10))
def test_a_literal_means_what_it_says(whole, places):
    text = f"{abs(whole)}e-{places}" if whole >= 0 else f"-{abs(whole)}e-{places}"
    used = scope()
    found = Reference(used, {}, TODAY).evaluate(check(parse(text), used), {})
    assert found.value == Fraction(whole, 10**places)
