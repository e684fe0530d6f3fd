"""Amounts in minor units are exact or nothing."""

from __future__ import annotations

import polars as pl
import pytest

from acorn_engine.guard.text import minor_units


@pytest.mark.parametrize(
    ("dtype", "amounts", "minor"),
    [
        (pl.Decimal(38, 2), ["29.99", "-0.01", "92233720368547758.07", "92233720368547758.08"], [2999, -1, 2**63 - 1, None]),
        (pl.Decimal(38, 0), ["3402823669209384634633746074317682115", "30", None], [None, 3000, None]),
        (pl.Decimal(38, 4), ["29.9900", "29.9950", "9999999999999999999999999999999999.9999"], [2999, None, None]),
        (pl.Int64, ["184467440737095517", "92233720368547758", "7"], [None, 9223372036854775800, 700]),
        (pl.Int128, ["1701411834604692317316873037158841057", "-7"], [None, -700]),
    ],
)  # fmt: skip
def test_amounts_become_whole_minor_units_or_null_and_never_wrap(dtype, amounts, minor):
    column = pl.Series("a", amounts, dtype=pl.String).cast(dtype)
    assert pl.DataFrame([column]).select(minor_units("a", column.dtype, 2)).to_series().to_list() == minor
