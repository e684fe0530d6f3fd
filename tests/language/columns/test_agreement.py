"""Random typed expressions and rows: columns and fractions agree in value, missing and failure."""

from __future__ import annotations

import os
import random as randomness

import pytest
from column_oracle import FAILED, evaluate, nearest
from column_trees import EUR, JPY, RATES, Trees, builder, frame, rows, run, values

from acorn_engine.types import MISSING, Kind

SEED = int(os.environ.get("ACORN_TEST_SEED", randomness.randrange(10**9)))


def operand_columns(operand, kind, random):
    """Return how to read an operand, and how the second opinion's value looks there."""
    if kind is Kind.NUMBER:
        digits, mode = random.choice([0, 2, 6]), random.choice(["half_up", "up", "down"])
        return operand.rounded(digits, mode), lambda value: int(nearest(value * 10**digits, mode))
    if kind is Kind.BOOLEAN:
        return operand.boolean(), bool
    return (operand.text(), str) if kind is Kind.TEXT else (operand.date(), lambda value: value)


@pytest.mark.parametrize("site", [EUR, JPY], ids=["EUR", "JPY"])
def test_columns_agree_with_fractions(site):
    random = randomness.Random(f"{SEED}{site.name}")
    compared = flagged = 0
    tables = {"rate": RATES if site is EUR else {}}
    for number in range(int(os.environ.get("ACORN_TEST_TREES", "250"))):
        kind = random.choice([Kind.NUMBER, Kind.NUMBER, Kind.BOOLEAN, Kind.BOOLEAN, Kind.TEXT, Kind.DATE])
        tree = Trees(random).tree(kind, random.randrange(1, 6))
        drawn = rows(random, 60)
        made = builder(site)
        operand = made.add_node(tree)
        value, seen = operand_columns(operand, kind, random)
        found = run(
            frame(drawn),
            made,
            {"value": value, "missing": operand.missing, "failed": operand.failed, "flagged": operand.flagged},
        )
        assert found.height in (60, 1)
        for row, out in zip(drawn, found.rows(named=True) * (60 // found.height), strict=True):
            if out["flagged"]:
                flagged += 1
                continue
            expected = evaluate(tree, values(row), tables)
            message = f"seed {SEED}, tree {number} {tree}, row {row}, found {out}, expected {expected}"
            assert out["failed"] == (expected is FAILED), message
            assert out["missing"] == (expected is MISSING), message
            if expected is not FAILED and expected is not MISSING:
                value = bool(out["value"]) if kind is Kind.BOOLEAN else out["value"]
                assert value == seen(expected), message
            compared += 1
    print(f"seed {SEED}: {compared} compared, {flagged} flagged")
    assert compared > flagged, f"seed {SEED}: too many rows left to the scalar form"
