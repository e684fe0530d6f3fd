"""Numbers from text, exactly: a declared format, no guess, the scale that the column needs."""

from __future__ import annotations

import re
from typing import Final

import polars as pl

from acorn_engine.catalog.clean import plain_form
from acorn_engine.catalog.distinct import none_or
from acorn_engine.catalog.exact import LARGEST_DIGITS, LARGEST_SCALE, Numbers, take_numbers
from acorn_engine.catalog.options import SEPARATORS

PLAIN: Final = "1234.56"


def read_numbers(
    texts: pl.Series,
    number_format: str = PLAIN,
    *,
    integer: bool = False,
    finest: int | pl.Series = LARGEST_SCALE,
    least_scale: int = 0,
) -> Numbers:
    """Read clean text (null is blank) as numbers.

    ``number_format`` is one of ``SEPARATORS``; ``finest`` is the most decimals allowed (trailing
    zeros do not count), for all or for each row.
    """
    group, point = SEPARATORS[number_format]
    usual = _usual_numbers(texts, point)
    if usual is not None:
        return take_numbers(usual, integer=integer, finest=finest, least_scale=least_scale)
    plain = plain_form(texts)
    frame = pl.DataFrame({"text": plain})
    frame = frame.with_columns(ok=pl.col("text").str.contains(number_pattern(group, point)).fill_null(value=False))
    digits: pl.Expr = pl.when("ok").then(pl.col("text"))
    if group:
        digits = digits.str.replace_all(group, "", literal=True)
    if point != ".":
        digits = digits.str.replace(point, ".", literal=True)
    frame = frame.with_columns(digits=digits.str.strip_prefix("+"))
    whole = pl.col("digits").str.extract(r"^-?0*([0-9]*)", 1).str.len_bytes()
    decimals = pl.col("digits").str.extract(r"\.([0-9]*[1-9])0*$", 1).str.len_bytes().fill_null(0)
    frame = frame.with_columns(whole=whole, decimals=decimals, finest=pl.lit(finest))
    limit = pl.min_horizontal("finest", pl.lit(LARGEST_SCALE)) if not integer else pl.lit(0)
    frame = frame.with_columns(
        too_fine=(pl.col("decimals") > limit).fill_null(value=False),
        too_large=(pl.col("whole") > LARGEST_DIGITS).fill_null(value=False),
    )
    good = pl.col("ok") & ~pl.col("too_fine") & ~pl.col("too_large")
    frame = frame.with_columns(digits=pl.when(good).then("digits"), decimals=pl.when(good).then("decimals"))
    scale = 0 if integer else max(_largest(frame["decimals"]), least_scale)
    # No digit is lost: what the column type has fewer decimals for are trailing zeros only.
    values = frame["digits"].cast(pl.Decimal(38, scale))
    return Numbers(
        values=values.cast(pl.Int64) if integer else values,
        scale=scale,
        unreadable=none_or(~frame["ok"] & texts.is_not_null()),
        too_fine=none_or(frame["too_fine"]),
        too_large=none_or(frame["too_large"]),
    )


def _usual_numbers(texts: pl.Series, point: str) -> pl.Series | None:
    """Return integers or decimals where every cell is written without signs of groups; else ``None``."""
    mark = re.escape(point)
    if not texts.str.contains(rf"^-?[0-9]{{1,{LARGEST_DIGITS}}}(?:{mark}[0-9]{{1,{LARGEST_SCALE}}})?$").all():
        return None
    places = texts.str.len_bytes() - texts.str.find(point, literal=True) - 1
    scale = _largest(places)
    if not scale:
        return texts.cast(pl.Int64)
    return (texts.str.replace(point, ".", literal=True) if point != "." else texts).cast(pl.Decimal(38, scale))


def _largest(decimals: pl.Series) -> int:
    most = decimals.max()
    return most if isinstance(most, int) else 0


def number_pattern(group: str, point: str) -> str:
    """Return the regular expression of a number with these separators."""
    fraction = rf"(?:{re.escape(point)}[0-9]+)?"
    plain = r"[0-9]+"
    grouped = rf"[0-9]{{1,3}}(?:{re.escape(group)}[0-9]{{3}})+|" if group else ""
    return rf"^[+-]?(?:(?:{grouped}{plain}){fraction}|{re.escape(point)}[0-9]+)$"


def format_hint(value: str, number_format: str) -> str | None:
    """Return what to do about a text that is not a number in the declared format."""
    text = plain_form(pl.Series([value]))[0]
    if re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?[eE][+-]?[0-9]+", text):
        return "a spreadsheet has rounded it: format the column as a number without exponent, and enter it again"
    if text.endswith("%"):
        return "write the share as a decimal: 19% is 0.19"
    fitting = [
        name
        for name, (group, point) in SEPARATORS.items()
        if name != number_format and re.match(number_pattern(group, point), text)
    ]
    if fitting:
        return f'if the whole column is written so, set number_format = "{fitting[0]}"'
    return None
