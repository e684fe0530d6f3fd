"""The generated source: small, shallow, and free of anything that a person wrote."""

from __future__ import annotations

import re
from fractions import Fraction

from expression_tools import NAMES, TABLES, TODAY, checked
from scalar_tools import compiled

from acorn_engine.language import core
from acorn_engine.language.scalar import Input
from acorn_engine.types import MISSING, Kind

INPUTS = {name: Input(of.kind, 2) for name, of in NAMES.items()}
STOCK = core.Name("stock", Kind.NUMBER)
CLEARANCE = core.Name("clearance", Kind.BOOLEAN)
WORDS = re.compile(r"[A-Za-z_]+[0-9]*|[0-9]+")
TEMPLATE = {
    *("if", "elif", "else", "is", "not", "None", "and", "or", "in", "return", "pass", "True", "False", "Failure"),
    *("__class__", "Fraction", "BY_ZERO", "STEP", "1", "0", "today", "lower", "get", "len"),
}  # fmt: skip


def test_nothing_that_a_person_wrote_gets_into_the_source():
    text = "default(lower(brand), 'x\"); import os #') in ['__import__', 'b'] and stock * 12.345678 > length('é')"
    run, source = compiled(checked(text).node, INPUTS, TABLES, "EUR")
    words = set(WORDS.findall(source))
    assert {word for word in words if not re.fullmatch(r"[a-z][0-9]+", word)} <= TEMPLATE, source
    assert run({"brand": "__IMPORT__", "stock": Fraction(1)}, TODAY) is True


def test_a_tree_that_doubles_a_hundred_times_is_written_once_a_level():
    node = STOCK
    for _ in range(100):
        node = core.Conditional(CLEARANCE, core.Arithmetic("-", node, node), core.Extreme("max", (node, node)))
    run, source = compiled(node, INPUTS, TABLES, "EUR")
    assert source.count("\n") < 2_000
    assert run({"stock": Fraction(3), "clearance": False}, TODAY) == 3
    assert run({"stock": Fraction(3), "clearance": True}, TODAY) == 0
    assert run({"stock": Fraction(3)}, TODAY) is MISSING


def test_a_very_deep_tree_needs_no_deep_stack_and_no_deep_indentation():
    node, truth = STOCK, CLEARANCE
    for number in range(1_800):
        node = core.Default(core.Negate(node), core.Literal(Fraction(number)))
        truth = core.Logic("or", (core.Not(truth), core.Compare("==", STOCK, core.Literal(Fraction(number)))))
    run, source = compiled(core.Conditional(truth, node, node), INPUTS, TABLES, "EUR")
    assert max(len(line) - len(line.lstrip()) for line in source.splitlines()) < 200
    assert run({"stock": Fraction(7), "clearance": False}, TODAY) in {7, -7}


def test_a_shared_part_is_written_once():
    _, source = compiled(checked("stock * 3 > 5 and stock * 3 < 9 or stock * 3 == 4").node, INPUTS, TABLES, "EUR")
    assert len([line for line in source.splitlines() if re.search(r"f\d+ \* k\d+$", line)]) == 1, source
