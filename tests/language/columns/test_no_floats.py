"""The columns of expressions hold no binary float but in the shadow, which only marks rows in doubt."""

from __future__ import annotations

import os
import random as randomness

import polars as pl
import pytest
from column_trees import TODAY
from expression_worlds import SITES, TABLES, World
from float_watch import FloatWatch, stray_floats
from random_expressions import Expressions

from acorn_engine.language import ExpressionError, check, parse
from acorn_engine.language.columns import ColumnBuilder
from acorn_engine.types import Kind

SEED = int(os.environ.get("ACORN_TEST_SEED", randomness.randrange(10**9)))
A, B, S = pl.col("a"), pl.col("b"), pl.col("s")
FRAME = pl.LazyFrame(schema={"a": pl.Int64, "b": pl.Int128, "s": pl.String})
SHADOW = A.cast(pl.Float64).abs() * B.cast(pl.Float64).abs() > float(2**122)


def test_a_shadow_is_a_doubt_and_no_stray():
    assert stray_floats(FRAME, [SHADOW.alias("~1"), (A * B).alias("v")]) == (["~1"], [])


@pytest.mark.parametrize(
    "planted",
    [
        (A / B).cast(pl.Int64),
        A.cast(pl.Float64).cast(pl.Int64),
        pl.when(A.cast(pl.Float64) > 1.0).then(1).otherwise(2),
        (A * 1.5).round(0).cast(pl.Int64),
        A.mean().cast(pl.Int64),
        (SHADOW & (B > 1)).cast(pl.Int64),
        pl.concat_str("s", (A * 0.5).cast(pl.String)),
        A.cast(pl.Float64) == 1.0,
        pl.struct(x=A * 1.5).struct.json_encode(),
        S.cast(pl.Float64).cast(pl.Decimal(38, 2)),
        pl.when(A > 1).then(0.5).otherwise(A),
        pl.max_horizontal(A, 0.5),
    ],
    ids=str,
)
def test_a_float_that_feeds_a_value_is_found(planted):
    assert stray_floats(FRAME, [planted.alias("v")])[1]


@pytest.mark.parametrize("site", SITES, ids=[site.currency for site in SITES])
def test_no_float_feeds_a_value_of_a_random_expression(site, monkeypatch):
    random, world = randomness.Random(f"{SEED}{site.name}"), World(site)
    scope, names = world.scope(random)
    watch = FloatWatch(monkeypatch)
    seen = shadows = 0
    while seen < 120:
        kind = random.choice([Kind.NUMBER, Kind.MONEY, Kind.BOOLEAN, Kind.TEXT])
        try:
            checked = check(parse(Expressions(random, names, site.currency).text(kind, random.randrange(2, 6))), scope)
        except ExpressionError:
            continue
        seen += 1
        made = ColumnBuilder(site, TABLES, TODAY, world.leaves)
        operand = made.add(checked)
        readings = {Kind.BOOLEAN: operand.boolean, Kind.TEXT: operand.text}
        value = readings[kind]() if kind in readings else operand.rounded(site.digits, "half_up")
        lazy = world.frame([]).lazy()
        watch.doubts.clear()
        for level in made.take_levels():
            lazy = lazy.with_columns(level)
        lazy.with_columns(
            value.alias("v"), operand.missing.alias("m"), operand.failed.alias("f"), operand.flagged.alias("d")
        )
        shadows += len(watch.doubts)
        assert not watch.strays, f"ACORN_TEST_SEED={SEED}: {checked.syntax.text}: {watch.strays}"
        assert watch.doubts.keys() <= operand.doubts.keys(), f"ACORN_TEST_SEED={SEED}: {checked.syntax.text}"
    assert watch.expressions > 2_000
    assert shadows > 50
