"""The catalogue source ``xlsx``: what the cells hold, not how they are shown."""

from __future__ import annotations

import io
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl
from pydantic import BaseModel, ConfigDict, Field
from python_calamine import CalamineError, CalamineWorkbook, WorksheetNotFound

from acorn_engine.builtin.excel_errors import error_cells
from acorn_engine.builtin.excel_size import size_fault
from acorn_engine.catalog.files import read_bytes
from acorn_engine.catalog.headers import with_headers
from acorn_engine.plugins import CatalogRequest, CatalogSource
from acorn_engine.problems import CatalogError, Place, Problem, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence


class ExcelOptions(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str = Field(description="the file, relative to acorn.toml")
    sheet: str | None = Field(default=None, description="the sheet's name; without it, the first one")
    header_row: int | None = Field(
        default=None, ge=1, description="the row with the headers; without it, the first row with anything in it"
    )


def read_excel(request: CatalogRequest) -> tuple[pl.DataFrame, datetime | None]:
    """Return the rows of a sheet as exact text, ``_row`` as the spreadsheet counts, and when the file was changed.

    A number is the shortest decimal text of what the cell stores; an error value stays as its text.
    """
    options = request.options
    if not isinstance(options, ExcelOptions):
        raise TypeError("the options of an xlsx source are ExcelOptions")
    data, changed = read_bytes(request, options.path)
    sheet, cells = _cells(data, options)
    for (row, column), text in error_cells(data, sheet).items():
        if row < len(cells) and column < len(cells[row]):
            cells[row][column] = text
    first = _header_index(cells, options)
    headers = [cell_text(cell) or "" for cell in cells[first]]
    rows = cells[first + 1 :]
    columns = [pl.Series([cell_text(row[index]) for row in rows], dtype=pl.String) for index in range(len(headers))]
    frame = with_headers(columns, headers, options.path, request.report)
    numbers = pl.int_range(first + 2, first + 2 + len(rows), dtype=pl.UInt32, eager=True)
    return frame.with_columns(_row=numbers), changed


def _cells(data: bytes, options: ExcelOptions) -> tuple[str, list[list[Any]]]:
    _require_size(size_fault(data), options)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        name = options.sheet or workbook.sheet_names[0]
        _require_size(size_fault(data, name), options)
        return name, workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except WorksheetNotFound:
        hint = did_you_mean(options.sheet or "", workbook.sheet_names) or (
            f"its sheets are {', '.join(workbook.sheet_names)}"
        )
        message = f"there is no sheet '{options.sheet}'; nothing was read"
        raise CatalogError(_problem("no_such_sheet", options, message, hint)) from None
    except (CalamineError, IndexError) as error:
        hint = 'save it as .xlsx without a password; for a text file, use source = "csv"'
        if not data:
            raise CatalogError(_problem("empty_file", options, "the file is empty; nothing was read", None)) from None
        message = f"the file is not a complete Excel workbook ({error}); nothing was read"
        raise CatalogError(_problem("unreadable", options, message, hint)) from None


def _require_size(fault: str | None, options: ExcelOptions) -> None:
    if fault is not None:
        hint = "delete the rows and columns after the data, or save the sheet as CSV"
        raise CatalogError(_problem("too_large", options, fault, hint))


def _problem(code: str, options: ExcelOptions, message: str, hint: str | None) -> Problem:
    return Problem(code=code, message=message, place=Place(file=options.path), hint=hint)


def _header_index(cells: Sequence[Sequence[Any]], options: ExcelOptions) -> int:
    if options.header_row is not None and options.header_row <= len(cells):
        return options.header_row - 1
    found = next((index for index, row in enumerate(cells) if any(cell not in {"", None} for cell in row)), None)
    if found is None or options.header_row is not None:
        message = "the sheet is empty; nothing was read" if found is None else "the sheet has no such header row"
        raise CatalogError(_problem("empty_file", options, message, 'name the sheet with the rows: sheet = "…"'))
    return found


def cell_text(cell: object) -> str | None:
    """Return what a cell holds as exact text: numbers in their shortest decimal form, dates in ISO form."""
    text: str | None
    match cell:
        case None | "":
            text = None
        case bool():
            text = "true" if cell else "false"
        case float():
            text = str(int(cell)) if cell.is_integer() else format(Decimal(repr(cell)), "f")
        case datetime():
            text = cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ")
        case date() | time():
            text = cell.isoformat()
        case _:
            text = str(cell)
    return text


XLSX_SOURCE = CatalogSource("xlsx", ExcelOptions, read_excel, "a sheet of an Excel workbook")
