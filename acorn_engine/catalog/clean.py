"""Cells to comparable text: NFC, no surrounding blanks, no invisible characters in keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from acorn_engine.catalog.headers import BLANKS, INVISIBLE

if TYPE_CHECKING:
    from collections.abc import Mapping

_EXACT: Final = (pl.Boolean, pl.Date, pl.Null, pl.Categorical, pl.Enum)
_INVISIBLE_ANYWHERE: Final = f"[{INVISIBLE}]"
_FIRST_PLAIN: Final = "$"
"""No blank and no ``#`` sorts at or after it."""
_LAST_BLANK: Final = " "
_SAMPLE: Final = 1_000
_NO_VALUE: Final = "\x7f"


def to_text(values: pl.Series) -> pl.Series | None:
    """Return a column as exact text, or ``None`` where its type is none of a cell (float, list, binary …).

    Instants become ISO text in UTC where they have a time zone.
    """
    kind = values.dtype
    if kind == pl.String:
        return values
    if isinstance(kind, pl.Datetime):
        aware = values.dt.convert_time_zone("UTC") if kind.time_zone else values
        return aware.dt.strftime("%Y-%m-%dT%H:%M:%S%.6f" + ("Z" if kind.time_zone else ""))
    if kind.is_integer() or kind.is_decimal() or isinstance(kind, _EXACT):
        return values.cast(pl.String)
    return None


def is_ascii(values: pl.Series) -> bool:
    """Return whether no value has a character beyond ASCII."""
    return bool(values.str.len_bytes().sum() == values.str.len_chars().sum())


def plain_columns(frame: pl.DataFrame) -> dict[str, str]:
    """Return the text columns in which there is nothing to clean and nothing suspicious, with their lowest value.

    These have ASCII only, and no value is empty, begins or ends with a blank, or begins with ``#``.
    One pass over the table tells: most columns of most tables are such.
    """
    names = [name for name, kind in frame.schema.items() if kind == pl.String]
    tests: list[pl.Expr] = []
    for index, name in enumerate(names):
        text = pl.col(name).str
        tests += [
            (text.len_bytes().sum() == text.len_chars().sum()).alias(f"ascii{index}"),
            pl.col(name).min().alias(f"lowest{index}"),
            (text.tail(1) <= _LAST_BLANK).any().alias(f"padded{index}"),
        ]
    if not names or not frame.height:
        return dict.fromkeys(names, _NO_VALUE)
    found = frame.select(tests).row(0, named=True)
    plain = {}
    for index, name in enumerate(names):
        lowest = found[f"lowest{index}"]
        lowest = _NO_VALUE if lowest is None else lowest
        if found[f"ascii{index}"] and not found[f"padded{index}"] and lowest >= _FIRST_PLAIN:
            plain[name] = lowest
    return plain


def fewer(values: pl.Series) -> pl.Series:
    """Return the distinct values of a column where these are far fewer, else the column itself."""
    if values.len() < 2 * _SAMPLE or values.head(_SAMPLE).n_unique() > _SAMPLE // 2:
        return values
    return values.unique()


def clean_text(values: pl.Series) -> pl.Series:
    """Return text in NFC without surrounding blanks and invisible characters; blank becomes null."""
    empty = values == ""
    values = values.set(empty, None) if empty.any() else values
    distinct = fewer(values)
    cleaned = _clean(distinct)
    if cleaned.equals(distinct):
        return values
    return cleaned if distinct is values else _clean(values)


def _clean(values: pl.Series) -> pl.Series:
    cleaned = values if is_ascii(values) else values.str.normalize("NFC")
    cleaned = cleaned.str.strip_chars(BLANKS + INVISIBLE)
    return cleaned.set(cleaned == "", None)


def clean_key(values: pl.Series) -> pl.Series:
    """Return text as ``clean_text`` does, without invisible characters inside either."""
    if not is_ascii(values):
        values = values.str.replace_all(_INVISIBLE_ANYWHERE, "")
    return clean_text(values)


def apply_values(values: pl.Series, meanings: Mapping[str, str]) -> pl.Series:
    """Return text with what is written replaced by what it means; the rest stays."""
    written = clean_text(pl.Series(list(meanings), dtype=pl.String))
    meant = clean_text(pl.Series(list(meanings.values()), dtype=pl.String))
    return values.replace(written, meant)


def plain_form(values: pl.Series) -> pl.Series:
    """Return text for reading numbers: full-width digits, special spaces and signs as plain ones."""
    if is_ascii(values):
        return values
    return (
        values.str.normalize("NFKC")
        .str.replace_all("[\u2212\u2010\u2011\u2013]", "-")
        .str.replace_all("[\u2018\u2019\u00b4\u2032]", "'")
    )
