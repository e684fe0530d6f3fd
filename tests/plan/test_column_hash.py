"""Hashes of columns: equal for equal content, however it lies in memory, and for nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acorn_engine.plan.column_hash import column_hash

VALUES = {
    "texts": (pl.String(), st.text("ab,\x00é", max_size=3)),
    "names": (pl.Categorical(), st.sampled_from("abc")),
    "whole numbers": (pl.Int64(), st.integers(-300, 300) | st.integers(-(2**63), 2**63 - 1)),
    "decimals": (pl.Decimal(38, 2), st.decimals("-5", "5", places=2) | st.sampled_from([Decimal(10) ** 30])),
    "booleans": (pl.Boolean(), st.booleans()),
    "days": (pl.Date(), st.dates(date(2026, 1, 1), date(2026, 1, 9))),
    "lists": (pl.List(pl.String()), st.lists(st.text("a,", max_size=2), max_size=2)),
    "bytes": (pl.Binary(), st.binary(max_size=2)),
}


def column(values, dtype):
    return (
        pl.Series(values, dtype=pl.String).cast(dtype) if dtype == pl.Categorical() else pl.Series(values, dtype=dtype)
    )


@pytest.mark.parametrize("kind", VALUES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_equal_content_has_an_equal_hash_and_other_content_another(kind, data):
    dtype, values = VALUES[kind]
    first = data.draw(st.lists(st.none() | values, max_size=5))
    second = data.draw(st.just(first) | st.permutations(first) | st.lists(st.none() | values, max_size=5))
    assert (column_hash(column(first, dtype)) == column_hash(column(second, dtype))) == (first == second)
    padded = pl.concat([column([*second, None], dtype), column(first, dtype)], rechunk=False)
    assert column_hash(padded.slice(len(second) + 1)) == column_hash(column(first, dtype))


def test_types_count():
    hashes = [column_hash(pl.Series([1, 2]).cast(dtype)) for dtype in (pl.Int64, pl.Int32, pl.String, pl.Decimal(9, 2))]
    assert len(set(hashes)) == 4


def test_what_lies_below_a_null_does_not_count():
    one = pl.select(pl.when(pl.Series([True, False])).then(pl.Series([1, 2]))).to_series()
    other = pl.select(pl.when(pl.Series([True, False])).then(pl.Series([1, 99]))).to_series()
    assert column_hash(one) == column_hash(other) == column_hash(pl.Series([1, None]))


def test_long_columns_count_to_their_end():
    texts = [f"{number}" for number in range(20_000)]
    assert column_hash(pl.Series(texts)) == column_hash(pl.concat([pl.Series(texts[:7]), pl.Series(texts[7:])]))
    assert column_hash(pl.Series(texts)) != column_hash(pl.Series([*texts[:-1], "x"]))
    assert column_hash(pl.Series(["a"] * 20_000)) != column_hash(pl.Series(["a"] * 20_001))


def named_hash():
    """Return the hash of names that this process read in an order of its own."""
    pl.Series(sorted({"x", "a", "b"}, key=hash)).cast(pl.Categorical)
    return column_hash(pl.Series(["b", None, "a", "x"]).cast(pl.Categorical))


@pytest.mark.parametrize("seed", ["0", "1", "2"])
def test_processes_give_one_hash_of_names(seed):
    here = Path(__file__).parent
    code = f"import sys; sys.path[:0] = [{str(here)!r}]; import test_column_hash; print(test_column_hash.named_hash())"
    environment = {**os.environ, "PYTHONHASHSEED": seed, "POLARS_MAX_THREADS": "1"}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == named_hash()
