"""Header rows of text tables: cleaned, unique, and blank only above blank columns."""

from __future__ import annotations

import unicodedata
from collections import Counter
from typing import TYPE_CHECKING, Final

import polars as pl

from acorn_engine.problems import CatalogError, Place, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

INVISIBLE: Final = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad\u202a\u202b\u202c\u202d\u202e"
BLANKS: Final = " \t\r\n\v\f\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"


def clean_header(header: str) -> str:
    """Return a header in NFC, without surrounding blanks and invisible characters."""
    return unicodedata.normalize("NFC", header).strip(BLANKS + INVISIBLE)


def refuse_duplicates(headers: Sequence[str], name: str) -> None:
    """Raise ``CatalogError`` that names every header that stands more than once."""
    twice = [header for header, count in Counter(header for header in headers if header).items() if count > 1]
    if not twice:
        return
    raise CatalogError(
        [
            Problem(
                code="duplicate_header",
                message=f"the header {header!r} stands in columns "
                + ", ".join(str(index) for index, other in enumerate(headers, 1) if other == header)
                + "; nothing was read, because it is not clear which is meant",
                place=Place(file=name, row=1, field=header),
                hint="give each column a header of its own, or delete the one that is not meant",
                params={"header": header},
            )
            for header in twice
        ]
    )


def with_headers(
    columns: Sequence[pl.Series], headers: Sequence[str], name: str, report: Callable[[Problem], None]
) -> pl.DataFrame:
    """Return text columns under their headers; columns without a header are left out.

    A column that has values but no header is reported. Raises ``CatalogError`` for duplicates.
    """
    cleaned = [clean_header(header) for header in headers]
    refuse_duplicates(cleaned, name)
    kept = []
    for index, (header, values) in enumerate(zip(cleaned, columns, strict=True), 1):
        if header:
            kept.append(values.alias(header))
        elif (values.fill_null("").str.strip_chars(BLANKS) != "").any():
            report(
                Problem(
                    code="no_header",
                    message=f"column {index} has values but no header; it is left out",
                    effect="warns",
                    place=Place(file=name, row=1),
                    hint="give it a header if rules should read it",
                    params={"column": index},
                )
            )
    return pl.DataFrame(kept)
