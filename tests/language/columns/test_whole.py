"""The bounds invariant: whatever the rows hold, results keep their bounds and width, and nothing wraps."""

from __future__ import annotations

import os
import random as randomness
from dataclasses import dataclass, field

import polars as pl
import pytest

from acorn_engine.language.columns.cells import cell
from acorn_engine.language.columns.scratch import Scratch
from acorn_engine.language.columns.whole import COMPARISONS, NARROW, WIDEST, Integers, Whole, fixed

SEED = int(os.environ.get("ACORN_TEST_SEED", randomness.randrange(10**9)))
ROWS = 150
EDGES = sorted(
    {
        sign * (power + step)
        for power in (0, 1, 2**31, 2**53, 2**61, 2**62, 2**63, 2**64, 2**70, 10**18, 2**100, 2**121, 2**122, 2**123)
        for step in (-2, -1, 0, 1, 2)
        for sign in (1, -1)
        if abs(power + step) <= WIDEST
    }
)
LEAST_FLAGGED = 2**122 - 2**75
"""Doubt begins here at the earliest: the shadow errs by less than this in a sum or product of two."""


@dataclass
class Known:
    """A column of integers with what it must hold; ``None`` on rows that are flagged."""

    whole: Whole
    exact: list
    doubts: dict = field(default_factory=dict)


class Program:
    """Random integer columns and operations on them, mirrored in Python's own integers."""

    def __init__(self, seed, rows=ROWS):
        self.random = randomness.Random(seed)
        self.scratch = Scratch("~")
        self.integers = Integers(self.scratch)
        self.rows = rows
        self.columns = {}
        self.marks = {}
        self.nodes = []

    def leaf(self, values, low, high):
        """Add a column with declared bounds."""
        name = f"leaf{len(self.columns)}"
        wide = max(-low, high) > NARROW
        self.columns[name] = pl.Series(values, dtype=pl.Int128 if wide else pl.Int64)
        self.nodes.append(Known(Whole(cell(pl.col(name)), low, high), list(values)))

    def random_leaf(self):
        random = self.random
        low, high = sorted([random.choice(EDGES), random.choice(EDGES)])
        inside = [edge for edge in EDGES if low <= edge <= high]
        values = [
            random.choice(inside) if random.random() < 0.7 else random.randint(low, high) for _ in range(self.rows)
        ]
        values[:2] = low, high
        self.leaf(values, low, high)

    def mark(self):
        """Return a random condition and its values."""
        name = f"mark{len(self.marks)}"
        self.marks[name] = [self.random.random() < 0.5 for _ in range(self.rows)]
        return cell(pl.col(name)), self.marks[name]

    def operate(self):
        """Add the result of a random operation on earlier nodes."""
        random, integers = self.random, self.integers
        a, b = random.choice(self.nodes), random.choice(self.nodes)
        if random.random() < 0.15:
            value = random.choice(EDGES)
            b = Known(fixed(value), [value] * self.rows)
        doubted = {name: None for one in (a, b) for name in one.doubts}
        self.scratch.doubts = dict(doubted)
        op = random.choice(["times", "plus", "minus", "negated", "absolute", "floored", "chosen", "scaled", "keep"])
        whole, combine = self._operation(op, integers, a, b)
        exact = [
            None if x is None or y is None else combine(row, x, y)
            for row, (x, y) in enumerate(zip(a.exact, b.exact, strict=True))
        ]
        self.nodes.append(Known(whole, exact, dict(self.scratch.doubts)))

    def _operation(self, op, integers, a, b):
        random = self.random
        if op == "chosen":
            test, values = self.mark()
            return integers.chosen(test, a.whole, b.whole), lambda row, x, y: x if values[row] else y
        if op == "scaled":
            factor = random.choice([*EDGES, 2**200, -(2**130)])
            return integers.scaled(a.whole, factor), lambda _, x, __: x * factor
        if op == "floored":
            below = self.scratch.keep(cell(pl.max_horizontal(b.whole.cell.expr.abs(), pl.lit(1)), b.whole.cell))
            size = max(b.whole.magnitude, 1)
            dtype = pl.Int128 if size > NARROW else pl.Int64
            divisor = Whole(cell(below.expr.cast(dtype), below), 1, size)
            return integers.floored(a.whole, divisor), lambda _, x, y: x // max(abs(y), 1)
        made = {
            "times": (lambda: integers.times(a.whole, b.whole), lambda _, x, y: x * y),
            "plus": (lambda: integers.plus(a.whole, b.whole), lambda _, x, y: x + y),
            "minus": (lambda: integers.plus(a.whole, b.whole, minus=True), lambda _, x, y: x - y),
            "negated": (lambda: integers.negated(a.whole), lambda _, x, __: -x),
            "absolute": (lambda: integers.absolute(a.whole), lambda _, x, __: abs(x)),
            "keep": (lambda: integers.keep(a.whole), lambda _, x, __: x),
        }
        return made[op][0](), made[op][1]

    def check(self):
        """Compute all nodes, hold them against Python's integers, and return each node's flags."""
        message = f"ACORN_TEST_SEED={SEED}"
        frame = pl.DataFrame([*(pl.Series(name, values) for name, values in {**self.columns, **self.marks}.items())])
        outputs = []
        for number, node in enumerate(self.nodes):
            outputs.append(node.whole.cell.expr.alias(f"value{number}"))
            outputs.append(self.scratch.any(node.doubts).expr.alias(f"doubt{number}"))
        lazy = frame.lazy()
        for level in self.scratch.take_levels():
            lazy = lazy.with_columns(level)
        found = lazy.with_columns(outputs).collect(engine="streaming")
        for number, node in enumerate(self.nodes):
            whole, values = node.whole, found[f"value{number}"]
            assert values.null_count() == 0, message
            assert values.dtype == (pl.Int128 if whole.wide else pl.Int64), message
            assert -WIDEST <= whole.low <= whole.high <= WIDEST, message
            for value, exact, doubt in zip(values, node.exact, found[f"doubt{number}"], strict=True):
                assert whole.low <= value <= whole.high, f"{message}: {value} outside [{whole.low}, {whole.high}]"
                if exact is None or abs(exact) > WIDEST:
                    assert doubt, f"{message}: {exact} is not flagged, and the column has {value}"
                elif not doubt:
                    assert value == exact, f"{message}: {value} instead of {exact}"
        return [found[f"doubt{number}"].to_list() for number in range(len(self.nodes))]


@pytest.mark.parametrize("run", range(20))
def test_random_operations_at_their_bounds_are_exact_or_flagged(run):
    made = Program(f"{SEED}-{run}")
    for _ in range(5):
        made.random_leaf()
    while len(made.nodes) < 40:
        made.operate()
        node = made.nodes[-1]
        # What is flagged counts no more, whatever comes of it: later rows are compared where it isn't.
        node.exact = [None if one is not None and abs(one) > WIDEST else one for one in node.exact]
    flagged = sum(map(sum, made.check()))
    assert 0 < flagged < 40 * ROWS * 0.9, f"ACORN_TEST_SEED={SEED}"


def near(limit):
    """Return integers around a power of two, as near as integers and as near as floats can be."""
    return [limit + step for step in (-(2**75), -(2**70), -(2**69), -1, 0, 1, 2**69, 2**70, 2**75)]


def factors(total):
    """Return pairs of integers whose product is at most ``total``, and nearly so."""
    return [(one, total // one) for one in (1, 3, 2**53 - 1, 2**53 + 1, 2**60 + 1, 2**62 - 1, 10**18 + 1)]


@pytest.mark.parametrize("signs", [(1, 1), (1, -1), (-1, 1), (-1, -1)])
@pytest.mark.parametrize("op", ["times", "plus", "minus"])
def test_the_shadow_flags_every_row_beyond_127_bits_and_none_far_below(op, signs):
    """At the edges where floats round: 2^53 ± 1, 2^122 and 2^123."""
    limits = [*near(2**122), *near(2**123), 2**121, 2**120, 2**124, 2**126 - 1]
    if op == "times":
        pairs = [
            (a + step, b + other) for total in limits for a, b in factors(total) for step in (0, 1) for other in (0, 1)
        ]
    else:
        parts = [0, 1, 2**53 + 1, 2**60, 2**121, 2**122 - 1]
        pairs = [(part, total - part) for total in limits for part in parts]
    pairs = [(a, b) for a, b in pairs if abs(a) <= WIDEST and abs(b) <= WIDEST]
    made = Program("edges", len(pairs))
    made.leaf([signs[0] * a for a, _ in pairs], -WIDEST, WIDEST)
    made.leaf([signs[1] * b for _, b in pairs], -WIDEST, WIDEST)
    a, b = (node.whole for node in made.nodes)
    made.scratch.doubts = {}
    whole = made.integers.times(a, b) if op == "times" else made.integers.plus(a, b, minus=op == "minus")
    combine = {"times": lambda x, y: x * y, "plus": lambda x, y: x + y, "minus": lambda x, y: x - y}[op]
    exact = [combine(signs[0] * x, signs[1] * y) for x, y in pairs]
    made.nodes.append(Known(whole, exact, dict(made.scratch.doubts)))
    flagged = made.check()[-1]
    size = [abs(x * y) if op == "times" else abs(x) + abs(y) for x, y in pairs]
    assert all(mark for mark, one in zip(flagged, exact, strict=True) if abs(one) > WIDEST)
    assert not any(mark for mark, one in zip(flagged, size, strict=True) if one < LEAST_FLAGGED)
    assert set(flagged) == {True, False}


def test_a_wide_constant_or_factor_beyond_127_bits_is_never_computed_with():
    made = Program("factors", 5)
    made.leaf([0, 1, -1, 2**62, -(2**62)], -(2**62), 2**62)
    a = made.nodes[0].whole
    for factor in (2**61, -(2**61), 2**62, 2**123, 2**124, -(2**300)):
        made.scratch.doubts = {}
        whole = made.integers.scaled(a, factor)
        exact = [value * factor for value in made.nodes[0].exact]
        made.nodes.append(Known(whole, exact, dict(made.scratch.doubts)))
    assert [sum(flags) for flags in made.check()] == [0, 0, 0, 2, 4, 4, 4]


@pytest.mark.parametrize("op", COMPARISONS)
def test_comparisons_and_membership_of_mixed_widths_are_exact(op):
    made = Program("compare", len(EDGES))
    made.leaf(EDGES, -WIDEST, WIDEST)
    narrow = [max(-NARROW, min(NARROW, edge)) for edge in EDGES]
    made.leaf(narrow[::-1], -NARROW, NARROW)
    wide, small = (node.whole for node in made.nodes)
    members = [0, 2**53, 2**53 + 1, 2**63, -(2**123), 2**123, 2**124]
    outputs = {
        "both": made.integers.compared(op, wide, small),
        "constant": made.integers.compared(op, small, fixed(2**63)),
        "wide_in": made.integers.among(wide, members),
        "small_in": made.integers.among(small, members),
        "nowhere": made.integers.among(small, [2**64]),
    }
    frame = pl.DataFrame([pl.Series(name, values) for name, values in made.columns.items()])
    for level in made.scratch.take_levels():
        frame = frame.with_columns(level)
    found = frame.with_columns(**{name: one.expr for name, one in outputs.items()})
    holds = COMPARISONS[op]
    assert found["both"].to_list() == [holds(a, b) for a, b in zip(EDGES, narrow[::-1], strict=True)]
    assert found["constant"].to_list() == [holds(b, 2**63) for b in narrow[::-1]]
    assert found["wide_in"].to_list() == [a in members for a in EDGES]
    assert found["small_in"].to_list() == [b in members for b in narrow[::-1]]
    assert found["nowhere"].to_list() == [False] * len(EDGES)
