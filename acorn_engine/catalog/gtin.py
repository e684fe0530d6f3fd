"""GTINs that a spreadsheet has spoilt, and GTINs with a wrong check digit."""

from __future__ import annotations

from typing import Final

import polars as pl

from acorn_engine.catalog.clean import fewer
from acorn_engine.catalog.findings import Finding

LENGTHS: Final = (8, 12, 13, 14)
"""GTIN-8, -12 (UPC-A), -13 (EAN) and -14: GS1 General Specifications, section 7.9 for the check digit."""

_GOOD_FORM: Final = r"^(?:[0-9]{8}|[0-9]{12,14})$"


def gtin_findings(texts: pl.Series, header: str) -> list[Finding]:
    """Return what is wrong with a column of GTINs; a spoilt one holds its row, a wrong check digit warns."""
    distinct = fewer(texts)
    if distinct.str.contains(_GOOD_FORM).all() and check_digit_fits(distinct.drop_nulls()).all():
        return []
    positions = pl.int_range(texts.len(), dtype=pl.UInt32, eager=True)
    rounded = texts.str.contains(r"^[0-9](?:[.,][0-9]+)?[eE]\+?[0-9]+$").fill_null(value=False)
    digits = texts.str.contains(r"^[0-9]+$").fill_null(value=False)
    length = texts.str.len_chars().is_in(LENGTHS).fill_null(value=False)
    spoilt = texts.is_not_null() & ~rounded & ~(digits & length)
    wrong = digits & length & ~check_digit_fits(texts)
    findings = [
        Finding(
            "gtin_rounded",
            positions.filter(rounded),
            "the GTIN {value} is a number that a spreadsheet has rounded: its last digits are lost",
            texts.filter(rounded),
            header,
            "format the column as text in the spreadsheet, and enter the GTIN again",
        ),
        Finding(
            "gtin_length",
            positions.filter(spoilt),
            "{value} is not a GTIN: it has 8, 12, 13 or 14 digits",
            texts.filter(spoilt),
            header,
            length_hint,
        ),
        Finding(
            "gtin_check_digit",
            positions.filter(wrong),
            "the check digit of the GTIN {value} does not fit",
            texts.filter(wrong),
            header,
            "compare it with the package: a digit is wrong or two are swapped",
            effect="warns",
        ),
    ]
    return [finding for finding in findings if finding.positions.len()]


def check_digit_fits(texts: pl.Series) -> pl.Series:
    """Return which texts of digits end in the check digit of GS1; false where they are no digits."""
    number = pl.col("text").cast(pl.Int64, strict=False)
    total = pl.sum_horizontal(number // 10**index % 10 * (1 if index % 2 == 0 else 3) for index in range(14))
    fits = number.is_not_null() & (total % 10 == 0)
    return pl.DataFrame({"text": texts}).select(fits.fill_null(value=False)).to_series()


def length_hint(value: str) -> str:
    """Return what may have happened to something that has not the length of a GTIN."""
    if value.isascii() and value.isdigit():
        for length in LENGTHS:
            padded = value.zfill(length)
            if len(value) < length and check_digit_fits(pl.Series([padded])).item():
                return f"did a spreadsheet eat its leading zeros? '{padded}' would be one; format the column as text"
    return "compare it with the package, and format the column as text"
