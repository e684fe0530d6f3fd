from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl

from acorn_engine.catalog.scalars import read_booleans, read_dates, read_instants


def test_booleans():
    values, bad = read_booleans(pl.Series(["true", "YES", "1", "是", "false", "No", "0", "否", None, "ja"]))
    assert values.to_list() == [True] * 4 + [False] * 4 + [None, None]
    assert bad.to_list() == [False] * 9 + [True]


def test_dates_are_iso_and_exist():
    values, bad = read_dates(
        pl.Series(["2026-12-24", "2026-12-24 00:00:00", "2026-02-30", "24.12.2026", "2026-1-2", None])
    )
    assert values.to_list() == [date(2026, 12, 24)] * 2 + [None] * 4
    assert bad.to_list() == [False, False, True, True, True, False]


def test_instants_without_offset_are_utc():
    texts = ["2026-12-24", "2026-12-24 10:00", "2026-12-24T10:00:00Z", "2026-12-24T18:00:00+08:00", "soon", None]
    values, bad = read_instants(pl.Series(texts))
    ten = datetime(2026, 12, 24, 10, tzinfo=UTC)
    assert values.to_list() == [datetime(2026, 12, 24, tzinfo=UTC), ten, ten, ten, None, None]
    assert bad.to_list() == [False] * 4 + [True, False]
