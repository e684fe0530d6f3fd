"""Random expressions as text: the reference and the columns agree in value, missing and failure."""

from __future__ import annotations

import os
import random as randomness
from collections import Counter
from fractions import Fraction

import pytest
from column_trees import TODAY
from expression_census import Census, word
from expression_worlds import KINDS, SITES, TABLES, World
from random_expressions import Expressions

from acorn_engine.language import ExpressionError, Reference, check, parse, round_to
from acorn_engine.language.columns import ColumnBuilder
from acorn_engine.types import Kind, Money

SEED = int(os.environ.get("ACORN_TEST_SEED", randomness.randrange(10**9)))
EXPRESSIONS = int(os.environ.get("ACORN_TEST_EXPRESSIONS", "700"))
"""For each site."""
ROWS = 300
WATCHED = 20
"""So many rows of each expression are watched for what its operands come to."""

LEAST = 3
"""So often at least every operator stands in an expression, and every operand is there and is missing."""


def drawn(random, world, scope, names, count):
    """Return ``count`` random checked expressions, and how many were refused."""
    found, refused = [], 0
    while len(found) < count:
        kind = random.choice([*KINDS, Kind.NUMBER, Kind.MONEY, Kind.MONEY, Kind.BOOLEAN, "bought"])
        expressions = Expressions(random, names, world.site.currency)
        depth = random.randrange(1, 6)
        text = expressions.tagged(depth) if kind == "bought" else expressions.text(kind, depth)
        try:
            found.append(check(parse(text), scope))
        except ExpressionError:
            refused += 1
            assert refused < 50 * count, f"seed {SEED}: hardly any expression is accepted, as {text}"
    return found, refused


class Comparison:
    """One program of several expressions over one frame, against the reference row by row."""

    def __init__(self, random, world, checked):
        self.random, self.world, self.checked = random, world, checked
        self.builder = ColumnBuilder(world.site, TABLES, TODAY, world.leaves)
        self.readings = [self._reading(one) for one in checked]

    def _reading(self, checked):
        """Return the columns of an expression, and how a value of the reference looks there."""
        operand, random = self.builder.add(checked), self.random
        kind = checked.type.kind
        plain = {Kind.BOOLEAN: operand.boolean, Kind.TEXT: operand.text, Kind.DATE: operand.date}
        if kind in plain:
            return operand, plain[kind](), lambda value: value
        digits, mode = random.choice([0, 2, 3, 6, 12]), random.choice(["half_up", "up", "down"])

        def scaled(value):
            return round_to(value, Fraction(1, 10**digits), mode) * 10**digits

        return operand, operand.rounded(digits, mode), scaled

    def columns(self, frame):
        """Return value, missing, failed and flagged of each expression, as lists."""
        outputs = []
        for number, (operand, value, _) in enumerate(self.readings):
            parts = {"value": value, "missing": operand.missing, "failed": operand.failed, "flagged": operand.flagged}
            outputs += [part.alias(f"{name}.{number}") for name, part in parts.items()]
        lazy = frame.lazy()
        for level in self.builder.take_levels():
            lazy = lazy.with_columns(level)
        found = lazy.with_columns(outputs).collect(engine="streaming")
        names = ("value", "missing", "failed", "flagged")
        return [[found[f"{name}.{number}"].to_list() for name in names] for number in range(len(self.readings))]


def agrees(checked, row, known, outcome, value, seen):
    """Say whether a row of the columns is what the reference says."""
    if outcome != word(known) or outcome != "value":
        return outcome == word(known)
    if isinstance(known, Money):
        currency = row[checked.type.tag_column] if checked.type.tag_column else checked.type.tag
        return known.currency == currency and value == seen(known.amount)
    return type(value) in {int, type(known)} and value == seen(known)


def expected_of(census, reference, checked, exact, monkeypatch):
    """Return what the reference says of every row; rows that look alike to the expression are asked once."""
    known, found = {}, []
    for number, row in enumerate(exact):
        key = tuple(row[name] for name in sorted(checked.reads))
        if key not in known:
            watched = number < WATCHED
            outcome = (
                census.evaluate(reference, checked, row, monkeypatch) if watched else reference.evaluate(checked, row)
            )
            known[key] = outcome.value
        found.append(known[key])
    return found


@pytest.mark.slow
@pytest.mark.parametrize("site", SITES, ids=[site.currency for site in SITES])
def test_reference_and_columns_agree_on_random_expressions(site, monkeypatch):
    random = randomness.Random(f"{SEED}{site.name}")
    world, census, counts = World(site), Census(), Counter()
    print(f"ACORN_TEST_SEED={SEED}")
    while counts["expressions"] < EXPRESSIONS or (census.unseen(LEAST) and counts["expressions"] < 2 * EXPRESSIONS):
        scope, names = world.scope(random)
        checked, refused = drawn(random, world, scope, names, random.choice([1, 5, 10, 20]))
        rows = world.rows(random, ROWS)
        exact = [world.exact(row) for row in rows]
        comparison = Comparison(random, world, checked)
        columns = comparison.columns(world.frame(rows))
        reference = Reference(scope, TABLES, TODAY)
        for one, (_, _, seen), found in zip(checked, comparison.readings, columns, strict=True):
            census.of_expression(one.syntax)
            expected = expected_of(census, reference, one, exact, monkeypatch)
            for row, known, value, absent, broken, doubt in zip(rows, expected, *found, strict=True):
                if doubt:
                    counts["flagged"] += 1
                    continue
                outcome = "failed" if broken else "missing" if absent else "value"
                counts[outcome] += 1
                assert agrees(one, row, known, outcome, value, seen), (
                    f"ACORN_TEST_SEED={SEED}: {one.syntax.text}\n"
                    f"with { ({name: define.text for name, define in scope.defines.items()}) }\n"
                    f"on { ({name: row[name] for name in sorted(one.reads)}) }:\n"
                    f"columns {outcome} {value}, reference {known}"
                )
        counts += Counter(expressions=len(checked), refused=refused, rows=ROWS * len(checked))
    told = f"ACORN_TEST_SEED={SEED}: {dict(counts)}"
    print(told)
    compared = counts["rows"] - counts["flagged"]
    assert counts["flagged"] < 0.25 * counts["rows"], told
    assert counts["value"] > 0.3 * compared, told
    assert counts["missing"] > 0.05 * compared, told
    assert counts["failed"] > 0.02 * compared, told
    assert not census.unseen(LEAST), f"{told}: {census.unseen(LEAST)}"
