"""What is known of conditions beforehand is true: every simplification is held against all rows."""

from __future__ import annotations

import os
import random as randomness
from itertools import product

import polars as pl
import pytest

from acorn_engine.language.columns.cells import Cell, both, either, follows, inverse, literal
from acorn_engine.language.columns.scratch import Scratch

SEED = int(os.environ.get("ACORN_TEST_SEED", randomness.randrange(10**9)))
NAMES = ["a", "b", "c"]
ROWS = list(product([False, True], repeat=len(NAMES)))
FRAME = pl.DataFrame(ROWS, schema=NAMES, orient="row")


def test_simplified_conditions_hold_where_the_plain_ones_do():
    random = randomness.Random(SEED)
    for _ in range(60):
        scratch = Scratch("~")
        known: list[tuple[Cell, tuple[bool, ...]]] = [
            (scratch.any(scratch.given(name)), tuple(row[place] for row in ROWS)) for place, name in enumerate(NAMES)
        ]
        known += [(literal(True), (True,) * len(ROWS)), (literal(False), (False,) * len(ROWS))]
        for _ in range(25):
            (one, left), (other, right) = random.choice(known), random.choice(known)
            made = random.choice(["both", "either", "inverse", "keep", "mask"])
            if made == "both":
                known.append((both(one, other), tuple(x and y for x, y in zip(left, right, strict=True))))
            elif made == "either":
                known.append((either(one, other), tuple(x or y for x, y in zip(left, right, strict=True))))
            elif made == "inverse":
                known.append((inverse(one), tuple(not x for x in left)))
            elif made == "keep":
                known.append((scratch.keep(one), left))
            else:
                known.append((scratch.any(scratch.mask(one)), left))
        frame = FRAME.lazy()
        for level in scratch.take_levels():
            frame = frame.with_columns(level)
        found = frame.collect()
        for condition, expected in known:
            holds = found.select(pl.lit(True) & condition.expr & (pl.col("a") | ~pl.col("a"))).to_series().to_list()
            assert tuple(holds) == expected, f"ACORN_TEST_SEED={SEED}: {condition}"
            assert condition.known in {None, *expected}
            for name in condition.implies:
                assert all(found[name].to_list()[row] for row, true in enumerate(expected) if true)
            for name in condition.excludes:
                assert not any(found[name].to_list()[row] for row, true in enumerate(expected) if true)
        for (one, left), (other, right) in product(known, repeat=2):
            if follows(one, other):
                assert all(y for x, y in zip(left, right, strict=True) if x), f"ACORN_TEST_SEED={SEED}"


def test_a_condition_and_its_inverse_exclude_and_complete_each_other():
    scratch = Scratch("~")
    locked = scratch.any(scratch.given("locked"))
    free = scratch.keep(inverse(locked))
    assert both(free, locked).known is False
    assert either(free, locked).known is True
    assert inverse(free) is locked
    assert both(both(free, scratch.any(scratch.given("other"))), locked).known is False
    assert follows(both(free, scratch.any(scratch.given("other"))), inverse(locked))


@pytest.mark.parametrize("many", [1, 200])
def test_implications_that_are_forgotten_cost_only_speed(many):
    scratch = Scratch("~")
    first = chain = scratch.any(scratch.given("c0"))
    for number in range(1, many + 1):
        chain = scratch.keep(both(chain, scratch.any(scratch.given(f"c{number}"))))
    assert follows(chain, first) is (many == 1)
    assert len(chain.implies) <= 65
