"""Booleans, dates and instants from text."""

from __future__ import annotations

from typing import Final

import polars as pl

TRUE: Final = ("true", "yes", "1", "是")
FALSE: Final = ("false", "no", "0", "否")

_DATE: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T]00:00(?::00(?:\.0+)?)?)?$"
_INSTANT: Final = (
    r"^(?<day>[0-9]{4}-[0-9]{2}-[0-9]{2})(?:[ T](?<time>[0-9]{2}:[0-9]{2})(?::(?<seconds>[0-9]{2}(?:\.[0-9]{1,6})?))?"
    r" ?(?<zone>Z|UTC|[+-][0-9]{2}:?[0-9]{2})?)?$"
)


def read_booleans(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return (Boolean values, which cells are none): true/false, yes/no, 1/0, 是/否 in any case."""
    lower = texts.str.to_lowercase()
    true, false = lower.is_in(TRUE), lower.is_in(FALSE)
    values = pl.select(pl.when(true).then(statement=True).when(false).then(statement=False)).to_series()
    return values.cast(pl.Boolean), texts.is_not_null() & values.is_null()


def read_dates(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return (Date values, which cells are none): ISO 8601, alone or with midnight."""
    day = texts.set(~texts.str.contains(_DATE), None).str.slice(0, 10)
    values = day.str.to_date("%Y-%m-%d", strict=False)
    return values, texts.is_not_null() & values.is_null()


def read_instants(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return (instants in UTC, which cells are none): ISO 8601; without an offset it is UTC."""
    parts = pl.DataFrame({"text": texts}).select(pl.col("text").str.extract_groups(_INSTANT)).unnest("text")
    written = parts.select(
        pl.when(pl.col("day").is_not_null()).then(
            pl.concat_str(
                pl.col("day"),
                pl.lit("T"),
                pl.col("time").fill_null("00:00"),
                pl.lit(":"),
                pl.col("seconds").fill_null("00"),
                pl.col("zone").fill_null("Z").replace({"Z": "+00:00", "UTC": "+00:00"}),
            )
        )
    ).to_series()
    values = written.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%#z", strict=False, time_unit="us", time_zone="UTC")
    return values, texts.is_not_null() & values.is_null()
