"""The core tree: equal trees are equal at once, and no depth needs recursion."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from acorn_engine.language import core
from acorn_engine.types import Kind

PRICE = core.Name("price", Kind.MONEY)
ONE = core.Literal(Fraction(1))


def test_trees_built_apart_are_equal_and_hash_alike():
    first = core.Arithmetic("+", core.Name("price", Kind.MONEY), core.Literal(Fraction(1)))
    second = core.Arithmetic("+", PRICE, ONE)
    assert first == second
    assert hash(first) == hash(second)
    assert len({first, second}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (core.Literal(Fraction(1)), core.Literal("1")),
        (core.Literal(Fraction(1)), core.Literal(True)),
        (core.Literal("2026-01-01"), core.Literal(date(2026, 1, 1))),
        (core.Name("a", Kind.NUMBER), core.Name("a", Kind.MONEY)),
        (core.Arithmetic("-", PRICE, ONE), core.Arithmetic("-", ONE, PRICE)),
        (core.Negate(PRICE), core.Absolute(PRICE)),
        (core.Extreme("min", (PRICE, ONE)), core.Extreme("max", (PRICE, ONE))),
        (core.Logic("and", (PRICE, ONE)), core.Logic("and", (PRICE, ONE, ONE))),
        (core.TextCall("contains", (PRICE, ONE)), core.TextCall("starts_with", (PRICE, ONE))),
        (core.Member(PRICE, (ONE,), negated=False), core.Member(PRICE, (ONE,), negated=True)),
        (core.Member(PRICE, (core.Literal("ab"),), negated=False),
         core.Member(PRICE, (core.Literal("a"), core.Literal("b")), negated=False)),
    ],
)  # fmt: skip
def test_different_trees_differ(one, other):
    assert one != other
    assert one != "something else"


@pytest.mark.timeout(120)
def test_doubling_a_hundred_times_is_instant_and_walked_once_each():
    first, second = PRICE, core.Name("price", Kind.MONEY)
    for _ in range(100):
        first, second = core.Arithmetic("+", first, first), core.Arithmetic("+", second, second)
    assert first == second
    assert first.depth == 100
    assert len(list(core.post_order(first, second))) == 101


def test_a_deep_tree_is_walked_without_recursion_operands_first():
    node = PRICE
    for _ in range(5000):
        node = core.Negate(node)
    found = list(core.post_order(node))
    assert found[0] == PRICE
    assert found[-1] is node
    assert node.depth == 5000


def test_operands_come_in_the_order_of_evaluation():
    node = core.Conditional(core.Compare("<", PRICE, ONE), core.Negate(ONE), PRICE)
    assert node.children == (node.test, node.then, node.other)
    assert list(core.post_order(node)) == [PRICE, ONE, node.test, node.then, node]


def test_a_frozen_node_cannot_change():
    with pytest.raises(AttributeError):
        PRICE.name = "other"


@pytest.mark.parametrize(
    ("node", "kind"),
    [
        (PRICE, Kind.MONEY),
        (core.Literal("a"), Kind.TEXT),
        (core.Literal(True), Kind.BOOLEAN),
        (core.Literal(date(2026, 1, 1)), Kind.DATE),
        (core.Negate(PRICE), Kind.NUMBER),
        (core.Compare("<", PRICE, ONE), Kind.BOOLEAN),
        (core.Logic("or", ()), Kind.BOOLEAN),
        (core.Not(PRICE), Kind.BOOLEAN),
        (core.IsMissing(PRICE), Kind.BOOLEAN),
        (core.Member(PRICE, (), negated=False), Kind.BOOLEAN),
        (core.Conditional(PRICE, PRICE, PRICE), Kind.NUMBER),
        (core.Default(core.Name("launch", Kind.DATE), PRICE), Kind.DATE),
        (core.Extreme("min", (PRICE, PRICE)), Kind.NUMBER),
        (core.Lookup("rate", core.Literal("USD")), Kind.NUMBER),
        (core.TextCall("lower", (PRICE,)), Kind.TEXT),
        (core.TextCall("length", (PRICE,)), Kind.NUMBER),
        (core.TextCall("contains", (PRICE, PRICE)), Kind.BOOLEAN),
        (core.DateCall("weekday", (PRICE,)), Kind.TEXT),
        (core.DateCall("days_between", (PRICE, PRICE)), Kind.NUMBER),
    ],
)
def test_the_kind_of_a_node(node, kind):
    assert node.kind is kind
