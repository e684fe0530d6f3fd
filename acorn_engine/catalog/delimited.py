"""Delimited text to text columns, strictly: every row has all its fields, and the file its end."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from acorn_engine.catalog.headers import clean_header, with_headers
from acorn_engine.catalog.plain_text import split_plain
from acorn_engine.catalog.swallowed import report_swallowed
from acorn_engine.problems import CatalogError, Place, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

DELIMITERS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
_TOML: Final = {"\t": "\\t"}
_FIELD_LIMIT: Final = 10_000_000
_SHOWN: Final = 5


def read_delimited(
    text: str, name: str, *, delimiter: str = ",", quote: str | None = '"', report: Callable[[Problem], None]
) -> pl.DataFrame:
    """Return the rows as text columns, and ``_row``: each row's number as a spreadsheet shows it.

    ``quote`` is ``None`` for formats that know no quoting. Raises ``CatalogError`` for a file that
    is empty, cut off, has rows of another length than its header, or another delimiter.
    """
    if not text or text.isspace():
        raise CatalogError(
            Problem(
                code="empty_file",
                message="the file is empty; nothing was read",
                place=Place(file=name),
                hint="export it again; if it should be empty, give it at least its header row",
            )
        )
    headers = _header(text, name, delimiter, quote)
    _refuse_wrong_delimiter(headers, name, delimiter)
    if quote:
        _refuse_open_quote(text, name, delimiter, quote)
    columns = split_plain(text, delimiter, quote, len(headers))
    if columns is None:
        table = _parse(text, name, delimiter, quote, headers)
        columns = [pl.Series(values=column, dtype=pl.String) for column in _series(table)]
    if quote:
        report_swallowed(columns, name, delimiter, quote, report)
    rows = _row_numbers(text, columns[0].len(), delimiter, quote)
    return with_headers(columns, headers, name, report).with_columns(_row=rows)


def _series(table: pa.Table) -> list[pl.Series]:
    frame = pl.from_arrow(table)
    if not isinstance(frame, pl.DataFrame):
        raise TypeError("a table becomes a frame")
    return frame.get_columns()


def _reader(text: str, delimiter: str, quote: str | None, *, strict: bool = False) -> Any:
    csv.field_size_limit(_FIELD_LIMIT)
    if quote is None:
        return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quoting=csv.QUOTE_NONE)
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quotechar=quote, strict=strict)


def _header(text: str, name: str, delimiter: str, quote: str | None) -> list[str]:
    try:
        return next(row for row in _reader(_first_row(text, quote), delimiter, quote) if row)
    except csv.Error as error:
        raise CatalogError(
            Problem(code="unreadable", message=f"the header cannot be read: {error}", place=Place(file=name, row=1))
        ) from None


def _first_row(text: str, quote: str | None) -> str:
    """Return the text up to where its first row ends: the strict reader would copy all of it."""
    end = 0
    while (end := text.find("\n", end) + 1) > 0:
        head = text[:end]
        if not head.isspace() and (quote is None or head.count(quote) % 2 == 0):
            return head
    return text


def _refuse_wrong_delimiter(headers: list[str], name: str, delimiter: str) -> None:
    if len(headers) > 1:
        return
    other = max((mark for mark in DELIMITERS if mark != delimiter), key=headers[0].count)
    if headers[0].count(other):
        raise CatalogError(
            Problem(
                code="wrong_delimiter",
                message=f"read with the delimiter {_spoken(delimiter)}, the header is one single column: "
                f"{headers[0][:80]!r}; nothing was read",
                place=Place(file=name, row=1),
                hint=f'the columns look {DELIMITERS[other]}-separated: set delimiter = "{_TOML.get(other, other)}"',
                params={"delimiter": delimiter, "looks_like": other},
            )
        )


def _spoken(delimiter: str) -> str:
    return f"'{_TOML.get(delimiter, delimiter)}'"


def _refuse_open_quote(text: str, name: str, delimiter: str, quote: str) -> None:
    if text.count(quote) % 2 == 0:
        return
    reader = _reader(text, delimiter, quote, strict=True)
    row = 0
    try:
        for _ in reader:
            row += 1
    except csv.Error as error:
        if "unexpected end of data" not in str(error):
            return
        raise CatalogError(
            Problem(
                code="open_quote",
                message="a quoted value never ends: the file is cut off, or a quotation mark is missing; nothing was read",
                place=Place(file=name, row=row + 1),
                hint="export the file again, and let Acorn read it only when it is complete "
                "(write to another name, then rename)",
                params={"row": row + 1},
            )
        ) from None


def _parse(text: str, name: str, delimiter: str, quote: str | None, headers: list[str]) -> pa.Table:
    import pyarrow as pa
    import pyarrow.csv as pc

    names = [f"column_{index}" for index in range(len(headers))]
    data = text.encode("utf-8")
    if not data.endswith(b"\n"):
        data += b"\n"
    ragged: list[Any] = []

    def keep(row: Any) -> str:
        ragged.append(row)
        return "skip"

    def parse(*, threads: bool) -> pa.Table:
        ragged.clear()
        return pc.read_csv(
            pa.BufferReader(data),
            read_options=pc.ReadOptions(
                use_threads=threads,
                column_names=names,
                skip_rows_after_names=1,
                block_size=max(1 << 20, min(len(data) + 1, 1 << 28)) if not threads else 1 << 22,
            ),
            parse_options=pc.ParseOptions(
                delimiter=delimiter,
                quote_char=quote or False,
                double_quote=bool(quote),
                newlines_in_values=bool(quote),
                invalid_row_handler=keep,
            ),
            convert_options=pc.ConvertOptions(
                column_types=dict.fromkeys(names, pa.large_string()), strings_can_be_null=False
            ),
        )

    try:
        table = parse(threads=True)
        if not ragged:
            return table
    except pa.ArrowInvalid as error:
        if "straddl" not in str(error):
            raise CatalogError(
                Problem(code="unreadable", message=f"the file cannot be read: {error}", place=Place(file=name))
            ) from None
        return parse(threads=False)
    raise CatalogError(_ragged(text, name, delimiter, quote, headers))


def _ragged(text: str, name: str, delimiter: str, quote: str | None, headers: list[str]) -> list[Problem]:
    """Return what is wrong with rows of another length, found again one by one for their exact numbers."""
    wrong: list[tuple[int, int]] = []
    last = 0
    for number, row in enumerate(_reader(text, delimiter, quote), 1):
        if row:
            last = number
            if len(row) != len(headers):
                wrong.append((number, len(row)))
    problems = [_ragged_row(row, fields, len(headers), name, last, delimiter) for row, fields in wrong[:_SHOWN]]
    if len(wrong) > _SHOWN:
        problems.append(
            Problem(
                code="ragged_row",
                message=f"and {len(wrong) - _SHOWN:,} more rows of another length than the header",
                place=Place(file=name),
                params={"more": len(wrong) - _SHOWN},
            )
        )
    return problems


def _ragged_row(row: int, fields: int, expected: int, name: str, last: int, delimiter: str) -> Problem:
    message = f"the row has {fields} field{'s' * (fields != 1)}, the header has {expected}; nothing was read"
    if fields < expected and row == last:
        hint = (
            "it is the last row: the file looks half written. Export it again, and let Acorn read it only when complete"
        )
    elif fields > expected:
        hint = f"a value that contains {_spoken(delimiter)} must stand in quotes"
        if delimiter == ",":
            hint += '; with decimal commas, export with semicolons and set delimiter = ";"'
    else:
        hint = "a line break inside a value must stand in quotes; otherwise values are missing in this row"
    return Problem(
        code="half_written" if fields < expected and row == last else "ragged_row",
        message=message,
        place=Place(file=name, row=row),
        hint=hint,
        params={"row": row, "fields": fields, "expected": expected},
    )


def _row_numbers(text: str, height: int, delimiter: str, quote: str | None) -> pl.Series:
    body = text.strip("\r\n")
    blank_lines = "\n\n" in body or "\n\r\n" in body or text[:1] in "\r\n"
    if blank_lines:
        numbers = [number for number, row in enumerate(_reader(text, delimiter, quote), 1) if row][1:]
        if len(numbers) == height:
            return pl.Series("_row", numbers, dtype=pl.UInt32)
    return pl.int_range(2, height + 2, dtype=pl.UInt32, eager=True)


__all__ = ["DELIMITERS", "clean_header", "read_delimited"]
