"""Money: the currency that a cell must be in, and the one that it says it is in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from acorn_engine.catalog.clean import plain_form
from acorn_engine.catalog.currencies import CURRENCIES
from acorn_engine.catalog.distinct import strangers
from acorn_engine.types import SITE_TAG, Type

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acorn_engine.catalog.distinct import Distinct
    from acorn_engine.sites import Site

_LEADING: Final = r"^([A-Za-z]{3})\s*([^A-Za-z]*)$"
_TRAILING: Final = r"^([^A-Za-z]*?)\s*([A-Za-z]{3})$"


@dataclass(frozen=True, slots=True)
class Amounts:
    """Money cells taken apart: the amounts as text, and the code that stood beside them, if any."""

    texts: pl.Series
    codes: pl.Series | None


def split_codes(texts: pl.Series) -> Amounts:
    """Take ``12.99 EUR`` and ``EUR 12.99`` apart."""
    if not texts.str.contains("[A-Za-z]").any():
        return Amounts(texts, None)
    parts = (
        pl.DataFrame({"text": texts, "plain": plain_form(texts)})
        .with_columns(
            leading=pl.col("plain").str.extract(_LEADING, 1), trailing=pl.col("plain").str.extract(_TRAILING, 2)
        )
        .select(
            texts=pl.when(pl.col("leading").is_not_null())
            .then(pl.col("plain").str.extract(_LEADING, 2))
            .when(pl.col("trailing").is_not_null())
            .then(pl.col("plain").str.extract(_TRAILING, 1))
            .otherwise("text"),
            codes=pl.coalesce("leading", "trailing").str.to_uppercase(),
        )
    )
    return Amounts(parts["texts"], parts["codes"])


def expected_currency(
    kind: Type, frame: pl.DataFrame, sites: Mapping[str, Site], row_sites: Distinct | None
) -> pl.Series:
    """Return the currency that each row's amount must be in; null where it is not known."""
    if kind.tag_column is not None:
        return frame[kind.tag_column]
    if kind.tag != SITE_TAG:
        return _throughout(kind.tag, pl.String, frame.height)
    if row_sites is None:
        return _throughout(None, pl.String, frame.height)
    return row_sites.known({name: site.currency for name, site in sites.items()}, pl.String)


def site_digits(height: int, sites: Mapping[str, Site], row_sites: Distinct | None) -> pl.Series:
    """Return the decimals of each row's site; null where the site is not known."""
    if row_sites is None:
        return _throughout(None, pl.UInt32, height)
    return row_sites.known({name: site.digits for name, site in sites.items()}, pl.UInt32)


def _throughout(value: object, kind: type[pl.DataType], height: int) -> pl.Series:
    return pl.Series([value], dtype=kind).new_from_index(0, height)


def unknown_currency(codes: pl.Series) -> pl.Series | None:
    """Return which codes are none of ISO 4217, ``None`` where all are; nulls are not."""
    return strangers(codes, CURRENCIES)
