"""Small texts in which nothing needs judgement, split without the strict reader: its library takes longer to load."""

from __future__ import annotations

from typing import Final

import polars as pl

LARGEST: Final = 1 << 18
"""Characters of a text that is split here."""


def split_plain(text: str, delimiter: str, quote: str | None, width: int) -> list[pl.Series] | None:
    """Return the columns below the header, or ``None`` where the strict reader must look.

    It must for quotes, lone carriage returns, blank lines before the header, and rows of another
    length than ``width``: what these mean, and what is told of them, is its business alone.
    """
    if len(text) > LARGEST or (quote is not None and quote in text):
        return None
    if "\0" in text or text[:1] in {"", "\r", "\n"} or text.count("\r") != text.count("\r\n"):
        return None
    _, *lines = text.replace("\r\n", "\n").split("\n")
    rows = [line.split(delimiter) for line in lines if line]
    if any(len(row) != width for row in rows):
        return None
    return [pl.Series(values=[row[index] for row in rows], dtype=pl.String) for index in range(width)]
