"""Core trees in their scalar form, for tests: whole numbers in, exact values out."""

from __future__ import annotations

from fractions import Fraction

from acorn_engine.language import core
from acorn_engine.language.scalar import ScalarCompiler, Source, fits, scaled_table
from acorn_engine.types import MISSING, Failure, Kind, Missing, Money

NUMERIC = {Kind.NUMBER, Kind.MONEY}


def compiled(node, inputs, tables, currency):
    """Return a function of a row (values by name) and a day, and its source.

    ``inputs`` are ``Input`` by name. Values are fractions, texts, booleans, dates or ``MISSING``.
    """
    source = Source()
    compiler = ScalarCompiler(source)
    names = {name: f"f{number}" for number, name in enumerate(inputs)}
    for name, given in inputs.items():
        compiler.bind(name, names[name], given)
    bound = sorted({each.table for each in core.post_order(node) if isinstance(each, core.Lookup)})
    for number, table in enumerate(bound):
        compiler.bind_table(table, f"t{number}", whole=fits(tables.get(table), currency))
    held = compiler.add(node)
    if held.kind is Kind.NUMBER:
        whole = held.bottom is None
        answer = held.top if whole else f"Fraction({held.top}, {compiler.numbers._bottom(held)})"
        absent = f"{held.top} is None or {held.top}.__class__ is Failure"
        source.line(f"return {held.top} if {absent} else {answer}")
    else:
        source.line(f"return {held.top}")
    parameters = ["today", *names.values(), *(f"t{number}" for number in range(len(bound)))]
    function = source.function(", ".join(parameters))
    scaled = [scaled_table(tables.get(table), currency) for table in bound]

    def run(row, today):
        given = [number_of(row.get(name, MISSING), inputs[name]) for name in inputs]
        found = function(today, *given, *scaled)
        assert isinstance(found, Failure) <= held.may_fail, source.text
        assert (found is None) <= held.may_miss, source.text
        return MISSING if found is None else found

    return run, source.text


def number_of(value, given):
    """Return a value as it is handed in."""
    if value is None or isinstance(value, Missing):
        return None
    if given.kind not in NUMERIC:
        return value
    amount = value.amount if isinstance(value, Money) else Fraction(value)
    scaled = amount * 10**given.scale
    assert scaled.denominator == 1, (value, given)
    return scaled.numerator
