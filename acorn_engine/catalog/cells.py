"""One cell at a time: a value to the type of its column, by the rules of tables.

Whatever is out of the ordinary, a table says better than one cell could: it raises
``UnusualError``, and whoever asks takes the table.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any, Final
from unicodedata import category, normalize

from acorn_engine.catalog.currencies import CURRENCIES
from acorn_engine.catalog.exact import LARGEST_DIGITS, LARGEST_SCALE
from acorn_engine.catalog.gtin import LENGTHS
from acorn_engine.catalog.headers import BLANKS, INVISIBLE
from acorn_engine.catalog.mojibake import may_be_misread
from acorn_engine.catalog.names import CURRENT, FULFILMENTS, INSTANT, KEY_COLUMNS, NEVER_NEGATIVE
from acorn_engine.catalog.numerals import number_pattern
from acorn_engine.catalog.options import SEPARATORS
from acorn_engine.catalog.raw import exact_text
from acorn_engine.catalog.scalars import FALSE, TRUE
from acorn_engine.facts import Cell
from acorn_engine.types import Kind, Type

if TYPE_CHECKING:
    from collections.abc import Callable

_AROUND: Final = BLANKS + INVISIBLE
_KEY: Final = re.compile(r"[!-~](?:[ -~]*[!-~])?")
_ROUNDED: Final = re.compile(r"[0-9](?:\.[0-9]+)?E\+[0-9]+")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_BOOLEANS: Final = {**dict.fromkeys(TRUE, True), **dict.fromkeys(FALSE, False)}


class UnusualError(Exception):
    """A cell that one cell alone does not explain."""


def cell_reader(
    name: str, kind: Type, number_format: str, digits: int, default: str | None, *, currency: bool
) -> Callable[[object], Cell]:
    """Return what reads the cells of a column.

    ``digits`` are the decimals of the site's currency, ``default`` stands for a blank cell;
    ``currency`` marks a column that holds the currency of others. Raises ``UnusualError`` for a
    default that is out of the ordinary.
    """
    read = _reader(name, kind, number_format, digits, currency=currency)
    clean = clean_key if name in KEY_COLUMNS else clean_text
    filled = clean(default)
    if filled != default:
        raise UnusualError(default)

    def one(value: object) -> Cell:
        try:
            text = clean(exact_text(value))
        except TypeError as error:
            raise UnusualError(name) from error
        if text is None:
            text = filled
        return read(text)

    return one


def clean_text(text: str | None) -> str | None:
    """Return a text in NFC without what surrounds it; blank is ``None``."""
    if text is None:
        return None
    if not text.isascii():
        # What is assigned is normalized alike in every version of Unicode.
        if any(category(character) == "Cn" for character in text):
            raise UnusualError(text)
        text = normalize("NFC", text)
        if may_be_misread(text):
            raise UnusualError(text)
    text = text.strip(_AROUND)
    if text.startswith("#"):
        raise UnusualError(text)
    return text or None


def clean_key(text: str | None) -> str | None:
    """Return a key that nothing has to be taken from."""
    if text is None or text == "":
        return None
    if not _KEY.fullmatch(text) or text[0] == "#" or _ROUNDED.fullmatch(text):
        raise UnusualError(text)
    return text


def _reader(name: str, kind: Type, number_format: str, digits: int, *, currency: bool) -> Callable[[Any], Cell]:
    if kind == INSTANT:
        return _blank_only
    if kind.kind in {Kind.NUMBER, Kind.MONEY}:
        current = name in CURRENT and kind.kind is Kind.MONEY
        return _number_reader(
            name, kind, number_format, finest=digits if current else None, least=digits if current else 0
        )
    if kind.kind is Kind.BOOLEAN:
        return _boolean
    if kind.kind is Kind.DATE:
        return _date
    if currency:
        return _currency
    return {"fulfilment": _fulfilment, "gtin": _gtin}.get(name, Cell)


def _blank_only(text: str | None) -> Cell:
    if text is not None:
        raise UnusualError(text)
    return Cell(None)


def _number_reader(
    name: str, kind: Type, number_format: str, *, finest: int | None, least: int
) -> Callable[[str | None], Cell]:
    group, point = SEPARATORS[number_format]
    pattern = re.compile(number_pattern(group, point).removeprefix("^").removesuffix("$"))
    most = 0 if kind.integer else LARGEST_SCALE if finest is None else min(finest, LARGEST_SCALE)
    positive = name in NEVER_NEGATIVE

    def read(text: str | None) -> Cell:
        if text is None:
            return Cell(None, least)
        if not (text.isascii() and pattern.fullmatch(text)):
            raise UnusualError(text)
        digits = text.replace(group, "") if group else text
        whole, _, fraction = digits.partition(point)
        fraction = fraction.rstrip("0")
        negative = whole[:1] == "-"
        whole = whole.lstrip("+-").lstrip("0")
        if len(whole) > LARGEST_DIGITS or len(fraction) > most:
            raise UnusualError(text)
        scale = max(len(fraction), least)
        value = int(f"{whole}{fraction.ljust(scale, '0')}" or "0")
        if negative and value:
            if positive:
                raise UnusualError(text)
            value = -value
        return Cell(value, scale)

    return read


def _boolean(text: str | None) -> Cell:
    if text is None:
        return Cell(None)
    found = _BOOLEANS.get(text.lower() if text.isascii() else text)
    if found is None:
        raise UnusualError(text)
    return Cell(found)


def _date(text: str | None) -> Cell:
    if text is None:
        return Cell(None)
    if not _DAY.fullmatch(text):
        raise UnusualError(text)
    try:
        return Cell(date.fromisoformat(text))
    except ValueError as error:
        raise UnusualError(text) from error


def _currency(text: str | None) -> Cell:
    code = text.upper() if text is not None and text.isascii() else text
    if code is not None and code not in CURRENCIES:
        raise UnusualError(code)
    return Cell(code)


def _fulfilment(text: str | None) -> Cell:
    word = text.lower() if text is not None and text.isascii() else text
    if word is not None and word not in FULFILMENTS:
        raise UnusualError(word)
    return Cell(word)


def _gtin(text: str | None) -> Cell:
    if text is not None and not (text.isascii() and text.isdigit() and len(text) in LENGTHS):
        raise UnusualError(text)
    return Cell(text)
