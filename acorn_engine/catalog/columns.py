"""One column of clean cells to its type, with every cell that is not of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl

from acorn_engine.catalog.clean import to_text
from acorn_engine.catalog.currencies import currency_hint
from acorn_engine.catalog.distinct import changed, none_or, strangers
from acorn_engine.catalog.exact import LARGEST_DIGITS, LARGEST_SCALE, Numbers, take_numbers
from acorn_engine.catalog.findings import Finding
from acorn_engine.catalog.gtin import gtin_findings
from acorn_engine.catalog.money import expected_currency, site_digits, split_codes, unknown_currency
from acorn_engine.catalog.names import CURRENT, FULFILMENTS, INSTANT, KEY_COLUMNS, NEVER_NEGATIVE
from acorn_engine.catalog.numerals import PLAIN, format_hint, read_numbers
from acorn_engine.catalog.scalars import read_booleans, read_dates, read_instants
from acorn_engine.types import Kind, Type

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acorn_engine.catalog.distinct import Distinct
    from acorn_engine.catalog.raw import RawTable
    from acorn_engine.sites import Site


_AFTER_DIGITS = ":"
"""What sorts after it begins with no digit."""


@dataclass
class Column:
    """A column on its way: ``values`` is the typed result, ``texts`` cleaned text that others read.

    ``currency`` marks a column that holds the currency of others; ``lowest`` is the lowest value of
    a text column that has nothing but plain text, ``least_scale`` the fewest decimals to keep.
    """

    raw: RawTable
    name: str
    type: Type
    height: int
    currency: bool = False
    lowest: str | None = None
    least_scale: int = 0
    values: pl.Series = field(default_factory=lambda: pl.Series([], dtype=pl.String))
    scale: int = 0
    texts: pl.Series | None = None
    findings: list[Finding] = field(default_factory=list)

    def find(
        self, code: str, mask: pl.Series | None, values: pl.Series, message: str, hint: Any = None, **more: Any
    ) -> None:
        """Record the rows where ``mask`` is true; ``None`` is a mask of no row."""
        if mask is not None and mask.any():
            positions = pl.int_range(self.height, dtype=pl.UInt32, eager=True).filter(mask)
            header = self.raw.header(self.name)
            shown = to_text(values.filter(mask))
            self.findings.append(Finding(code, positions, message, shown, header, hint, **more))


def read_column(
    column: Column, frame: pl.DataFrame, sites: Mapping[str, Site], number_format: str, row_sites: Distinct | None
) -> Column:
    """Type one column of the frame of clean cells: text, or what has its type already.

    ``row_sites`` tells each row's site, where the table has sites.
    """
    cells = frame[column.name]
    kind = column.type
    if kind.kind is Kind.NUMBER:
        _number(column, cells, number_format)
    elif kind.kind is Kind.MONEY:
        _money(column, cells, frame, sites, number_format, row_sites)
    elif kind.kind is Kind.TEXT:
        _text(column, cells)
    elif cells.dtype != pl.String:
        column.values = cells
    elif kind == INSTANT:
        column.values, bad = read_instants(cells)
        column.find("not_an_instant", bad, cells, "{value} is not a date and time", "write 2026-11-23T08:30:00Z")
    elif kind.kind is Kind.BOOLEAN:
        column.values, bad = read_booleans(cells)
        hint = f"write true or false (yes/no, 1/0, 是/否), or say what it means: values.{column.name} = {{ … }}"
        column.find("not_a_boolean", bad, cells, "{value} is neither true nor false", hint)
    else:
        column.values, bad = read_dates(cells)
        column.find("not_a_date", bad, cells, "{value} is not a date", "write it as 2026-12-24")
    return column


def _number(column: Column, cells: pl.Series, number_format: str) -> None:
    integer = column.type.integer
    if cells.dtype == pl.String:
        numbers = read_numbers(cells, number_format, integer=integer, least_scale=column.least_scale)
    else:
        numbers = take_numbers(cells, integer=integer, least_scale=column.least_scale)
    column.values, column.scale = numbers.values, numbers.scale
    _report_numbers(column, cells, numbers, number_format, "an integer" if integer else "a number")


def _report_numbers(column: Column, texts: pl.Series, numbers: Numbers, number_format: str, what: str) -> None:
    column.find(
        "not_a_number",
        numbers.unreadable,
        texts,
        f"{{value}} is not {what} in the declared number format {number_format}",
        lambda value: format_hint(value, number_format) or f"write it as {number_format} would be written",
    )
    if column.type.integer:
        too_fine = "{value} is not a whole number"
    elif column.name in CURRENT and column.type.kind is Kind.MONEY:
        too_fine = "{value} has more decimals than the site's currency"
    else:
        too_fine = f"{{value}} has more than {LARGEST_SCALE} decimals"
    column.find(
        "too_many_decimals",
        numbers.too_fine,
        texts,
        too_fine,
        partial(_too_fine_hint, number_format=number_format, decimals=0 if column.type.integer else 2),
    )
    column.find(
        "too_large", numbers.too_large, texts, f"{{value}} has more than {LARGEST_DIGITS} digits before the point"
    )
    if column.name in NEVER_NEGATIVE and (negative := none_or(numbers.values < 0)) is not None:
        code = "negative_stock" if column.name in {"stock", "quantity"} else "negative_value"
        column.find(
            code, negative, texts, f"{column.name} is {{value}}: it cannot be negative", "correct it in the source"
        )
        column.values = column.values.set(negative, None)


def _too_fine_hint(value: str, number_format: str, decimals: int) -> str:
    if number_format == PLAIN and re.fullmatch(r"[0-9]{1,3}\.[0-9]{3}", value):
        return f'if {value} means thousands, set number_format = "1.234,56"; otherwise round it'
    return f"round it where it is worked out; in a spreadsheet: =ROUND(…, {decimals})"


def _money(
    column: Column,
    cells: pl.Series,
    frame: pl.DataFrame,
    sites: Mapping[str, Site],
    number_format: str,
    row_sites: Distinct | None,
) -> None:
    finest: int | pl.Series = LARGEST_SCALE
    least = column.least_scale
    if column.name in CURRENT:
        digits = site_digits(frame.height, sites, row_sites)
        finest = digits.fill_null(LARGEST_SCALE)
        least = max((one for one in digits.unique().to_list() if one is not None), default=0)
        least = max(least, column.least_scale)
    codes = None
    if cells.dtype == pl.String:
        amounts = split_codes(cells)
        codes = amounts.codes
        numbers = read_numbers(amounts.texts, number_format, finest=finest, least_scale=least)
    else:
        numbers = take_numbers(cells, finest=finest, least_scale=least)
    column.values, column.scale = numbers.values, numbers.scale
    _report_numbers(column, cells, numbers, number_format, "an amount")
    expected = expected_currency(column.type, frame, sites, row_sites)
    other = none_or(codes != expected) if codes is not None else None
    if column.name == "price" and "price_currency" in frame.columns:
        said = changed(frame["price_currency"], lambda texts: texts.str.to_uppercase())
        differs = none_or((said != expected) & cells.is_not_null())
        if differs is not None and other is not None:
            differs = differs & ~other
        if differs is not None:
            shown = pl.select(pl.concat_str(pl.lit(to_text(cells)), pl.lit(" "), pl.lit(said))).to_series()
            _wrong_currency(column, differs, shown)
            column.values = column.values.set(differs, None)
    _wrong_currency(column, other, cells)
    if column.type.tag_column is not None:
        without = none_or(expected.is_null() & column.values.is_not_null()) if expected.null_count() else None
        hint = f'fill {column.type.tag_column}, or say it for all: default = {{ {column.type.tag_column} = "CNY" }}'
        column.find("no_currency", without, cells, f"{column.name} {{value}} is in no currency", hint)
        for mask in (without, unknown_currency(expected)):
            column.values = column.values if mask is None else column.values.set(mask, None)
    column.values = column.values if other is None else column.values.set(other, None)


def _wrong_currency(column: Column, mask: pl.Series | None, values: pl.Series) -> None:
    tag = column.type.tag_column
    where = (
        f"the currency in column '{tag}'"
        if tag
        else "the currency of its site"
        if column.type.tag == "@site"
        else column.type.tag
    )
    column.find(
        "wrong_currency",
        mask,
        values,
        f"{{value}} is not in {where}",
        "correct the amount or its currency; nothing is converted",
    )


def _text(column: Column, texts: pl.Series) -> None:
    name = column.name
    if name == "site":
        texts = changed(texts, lambda values: values.str.to_lowercase())
        column.texts = texts.alias(name)
    if column.currency:
        texts = changed(texts, lambda values: values.str.to_uppercase())
        column.texts = texts.alias(name)
        unknown = unknown_currency(texts)
        hint = partial(currency_hint, name)
        column.find("unknown_currency", unknown, texts, "{value} is not a currency code", hint)
        texts = texts if unknown is None else texts.set(unknown, None)
    if name == "fulfilment":
        written, texts = texts, changed(texts, lambda values: values.str.to_lowercase())
        other = strangers(texts, FULFILMENTS)
        column.find(
            "unknown_fulfilment",
            other,
            written,
            "{value} is neither merchant nor amazon",
            lambda value: f'say what it means: values.fulfilment = {{ "{value}" = "merchant" }}, or "amazon"',
        )
        texts = texts if other is None else texts.set(other, None)
    if name == "gtin":
        column.findings += gtin_findings(texts, column.raw.header(name))
    elif name in KEY_COLUMNS and (column.lowest is None or column.lowest <= _AFTER_DIGITS):
        rounded = None
        if texts.str.contains("E+", literal=True).any():
            rounded = none_or(texts.str.contains(r"^[0-9](?:\.[0-9]+)?E\+[0-9]+$"))
        column.find(
            "spreadsheet_number",
            rounded,
            texts,
            f"the {name} {{value}} is a number that a spreadsheet has rounded",
            "format the column as text in the spreadsheet, and enter it again",
        )
    column.values = texts
