"""Rows of a spreadsheet written in columns: a frame becomes the XML of a sheet, without a loop over cells.

Cells are inline strings or whole numbers, as ECMA-376 (part 1, 18.3.1.4) has them. A library
writes the workbook around them; per cell it takes about ten microseconds, and a plan has millions.
"""

from __future__ import annotations

import re
from string import ascii_uppercase
from typing import IO, TYPE_CHECKING, Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

LARGEST_CELL: Final = 32_767
"""Characters that a cell of a spreadsheet holds."""
FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
_SLICE: Final = 20_000
_LEVEL: Final = 4
_SAMPLE: Final = re.compile(rb'<row r="2".*?</row>', re.DOTALL)
_STYLE: Final = re.compile(rb'<c r="A2" s="(\d+)"')
_DIMENSION: Final = re.compile(rb'<dimension ref="[^"]*"/>')
_CONTROLS: Final = [chr(code) for code in range(0x20) if chr(code) not in "\t\n"] + ["\ufffe", "\uffff"]
_ESCAPES: Final = {
    **{sign: f"_x{ord(sign):04X}_" for sign in _CONTROLS},
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
}


def fill_sheets(path: Path, sheets: Mapping[str, pl.DataFrame]) -> None:
    """Put the rows of frames below the headers of a workbook's sheets, and replace the file.

    ``sheets`` by the number of the sheet, from 1 (``"1"``). Each of these sheets has a header in its
    first row, and in A2 a sample: a text in the style of texts that look like a formula. Columns
    of texts and of whole numbers can be written; what is null stays an empty cell.
    """
    parts = {f"xl/worksheets/sheet{number}.xml": frame for number, frame in sheets.items()}
    filled = path.with_name(f"{path.name}.part")
    try:
        with ZipFile(path) as given, ZipFile(filled, "w", ZIP_DEFLATED, compresslevel=_LEVEL) as made:
            for entry in given.infolist():
                copy = ZipInfo(entry.filename, entry.date_time)
                copy.compress_type = ZIP_DEFLATED
                with made.open(copy, "w", force_zip64=True) as target:
                    if entry.filename in parts:
                        _fill(given.read(entry), parts[entry.filename], target)
                    else:
                        target.write(given.read(entry))
        filled.replace(path)
    finally:
        filled.unlink(missing_ok=True)


def _fill(sheet: bytes, frame: pl.DataFrame, target: IO[bytes]) -> None:
    sample = _SAMPLE.search(sheet)
    style = _STYLE.search(sample[0]) if sample else None
    if sample is None or style is None:
        raise ValueError("the sheet has no sample in its second row")
    size = f'<dimension ref="A1:{ascii_uppercase[frame.width - 1]}{frame.height + 1}"/>'.encode()
    target.write(_DIMENSION.sub(size, sheet[: sample.start()]))
    for text in rows_xml(frame, int(style[1])):
        target.write(text.encode())
    target.write(sheet[sample.end() :])


def rows_xml(frame: pl.DataFrame, quoted_style: int) -> Iterator[str]:
    """Return the XML of a frame's rows, a few thousand at a time; the first row is row 2 of the sheet."""
    numbered = frame.with_row_index("_row", offset=2).with_columns(pl.col("_row").cast(pl.String))
    cells = [
        _cell(name, dtype, letter, quoted_style)
        for letter, (name, dtype) in zip(ascii_uppercase, frame.schema.items(), strict=False)
    ]
    row = pl.concat_str(pl.lit('<row r="'), "_row", pl.lit('">'), *cells, pl.lit("</row>"), ignore_nulls=True)
    for some in numbered.iter_slices(_SLICE):
        yield some.select(row.str.join("")).item() or ""


def _cell(name: str, dtype: pl.DataType, letter: str, quoted_style: int) -> pl.Expr:
    start = pl.concat_str(pl.lit(f'<c r="{letter}'), "_row")
    if dtype.is_integer():
        return pl.concat_str(start, pl.lit('"><v>'), pl.col(name).cast(pl.String), pl.lit("</v></c>"))
    text = pl.col(name).str.slice(0, LARGEST_CELL)
    formula = pl.any_horizontal(text.str.starts_with(sign) for sign in FORMULA_STARTS)
    style = pl.when(formula).then(pl.lit(f'" s="{quoted_style}')).otherwise(pl.lit(""))
    inside = pl.lit('" t="inlineStr"><is><t xml:space="preserve">')
    return pl.concat_str(start, style, inside, escaped(text), pl.lit("</t></is></c>"))


def escaped(text: pl.Expr) -> pl.Expr:
    """Return texts as a spreadsheet's XML has them: control characters, and what looks like one, spelt out."""
    return text.str.replace_all(r"_(x[0-9a-fA-F]{4}_)", "_x005F_$1").str.replace_many(
        list(_ESCAPES), list(_ESCAPES.values())
    )
