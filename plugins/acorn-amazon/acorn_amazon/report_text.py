"""The text of a report: its charset is Amazon's secret, and its tables know no quotes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from acorn_engine.catalog import read_delimited

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import polars as pl

    from acorn_engine.problems import Problem

# Amazon writes Cp1252, which is windows-1252 under a name of its own.
_ALIASES: Final = {"cp1252": "windows-1252", "utf-8": "utf-8-sig", "utf8": "utf-8-sig", "shift_jis": "cp932"}
_JAPAN: Final = "JP"


def charset_of(content_type: str) -> str | None:
    """Return the charset that a Content-Type names, in Python's words; ``None`` where it names none."""
    _, _, parameters = content_type.partition(";")
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip().strip('"'):
            charset = value.strip().strip('"').lower()
            return _ALIASES.get(charset, charset)
    return None


def _candidates(content_type: str, country: str | None, encoding: str | None) -> Iterator[str]:
    if encoding is not None:
        yield encoding
        return
    told = charset_of(content_type)
    if told is not None:
        yield told
    yield "utf-8-sig"
    yield "cp932" if country == _JAPAN else "cp1252"


def decoded(data: bytes, content_type: str, *, country: str | None = None, encoding: str | None = None) -> str:
    """Return a report's text.

    The charset is ``encoding``, or that of ``content_type``; where none is told, or the bytes are not
    of it, UTF-8, and then cp932 for Japan (``country`` is ISO 3166-1 alpha-2) and cp1252 for everyone
    else. Nothing is ever replaced: raises ``ValueError`` where no charset fits.
    """
    tried: list[str] = []
    for charset in dict.fromkeys(_candidates(content_type, country, encoding)):
        tried.append(charset)
        try:
            return data.decode(charset)
        except (UnicodeDecodeError, LookupError):
            continue
    raise ValueError(f"the report is not text in any of {', '.join(tried)}; say which encoding it has")


def table(text: str, name: str, tell: Callable[[Problem], None]) -> pl.DataFrame:
    """Return a tab-separated report as a frame of text, with the report's own headers.

    Quotation marks are plain characters, as in Amazon's reports. ``name`` is for messages; ``tell`` gets
    what is odd but readable. Raises ``CatalogError`` for what is no such table.
    """
    return read_delimited(text, name, delimiter="\t", quote=None, report=tell).drop("_row")
