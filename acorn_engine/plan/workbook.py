"""A plan as a workbook: what goes out, what is held and why, and the numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from acorn_engine.plan.sheet_rows import FORMULA_STARTS, LARGEST_CELL, fill_sheets
from acorn_engine.sites import utc
from acorn_engine.verdicts import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from acorn_engine.plan.model import Plan

COLUMNS: Final[dict[str, tuple[str, int]]] = {
    "seller_sku": ("Seller SKU", 24),
    "sku": ("SKU", 20),
    "account": ("Account", 12),
    "field": ("Field", 18),
    "from": ("From", 14),
    "to": ("To", 14),
    "currency": ("Currency", 9),
    "verdict": ("Verdict", 11),
    "because": ("Because", 70),
    "rule": ("Rule", 24),
    "guard": ("Guard", 20),
    "code": ("Code", 18),
    "group": ("Group", 16),
    "wave": ("Wave", 6),
}
LARGEST_SHEET: Final = 1_000_000
"""Rows of a sheet below its header; a spreadsheet holds 1,048,576. More go to a further sheet."""
_STOPPED: Final = [Verdict.HOLD.value, Verdict.REJECT.value]


class _Book:
    """A workbook of texts. No cell is ever a formula or a link, whatever a text begins with."""

    def __init__(self, path: Path) -> None:
        import xlsxwriter

        options = {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        self._path = path
        self._frames: dict[str, pl.DataFrame] = {}
        self.book = xlsxwriter.Workbook(str(path), options)
        self._header = self.book.add_format({"bold": True, "bottom": 1})
        # A quote prefix keeps a text a text when a person edits the cell, or copies it elsewhere.
        self._quoted = self.book.add_format({"quote_prefix": True})

    def table(self, name: str, headers: Sequence[str], widths: Sequence[int], rows: Iterable[Sequence[Any]]) -> None:
        """Write a sheet with a frozen header and filters, cell by cell."""
        sheet = self._sheet(name, headers, widths)
        count = 0
        for count, row in enumerate(rows, start=1):
            for column, value in enumerate(row):
                self._cell(sheet, count, column, value)
        sheet.autofilter(0, 0, count, len(headers) - 1)

    def frame(self, name: str, headers: Sequence[str], widths: Sequence[int], frame: pl.DataFrame) -> None:
        """Write a sheet like it whose rows, texts and whole numbers, are put in when the workbook is closed."""
        sheet = self._sheet(name, headers, widths)
        if frame.height:
            sheet.write_string(1, 0, "sample", self._quoted)
            self._frames[str(len(self.book.worksheets()))] = frame
        sheet.autofilter(0, 0, frame.height, len(headers) - 1)

    def close(self) -> None:
        """Finish the file."""
        self.book.close()
        if self._frames:
            fill_sheets(self._path, self._frames)

    def _sheet(self, name: str, headers: Sequence[str], widths: Sequence[int]) -> Any:
        sheet = self.book.add_worksheet(name)
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        sheet.freeze_panes(1, 0)
        for column, header in enumerate(headers):
            sheet.write_string(0, column, header, self._header)
        # Prices stand as exact text; that is no mistake to be marked.
        sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{LARGEST_SHEET + 1}"})
        return sheet

    def _cell(self, sheet: Any, row: int, column: int, value: Any) -> None:
        if value is None:
            return
        if isinstance(value, int):
            sheet.write_number(row, column, value)
        elif value.startswith(FORMULA_STARTS):
            sheet.write_string(row, column, value[:LARGEST_CELL], self._quoted)
        else:
            sheet.write_string(row, column, value[:LARGEST_CELL])


def write_workbook(plan: Plan, path: Path) -> None:
    """Write the sheets Changes (what an approval sends), Held (held and rejected), Summary.

    Prices and quantities stand as exact text. Sheets that are too long go on in ``Changes 2`` and so on.
    """
    book = _Book(path)
    shown = plan.changes.select(*COLUMNS)
    _sheets(book, "Changes", shown.filter(~pl.col("verdict").is_in(_STOPPED)))
    _sheets(book, "Held", shown.filter(pl.col("verdict").is_in(_STOPPED)))
    book.table("Summary", ("What", "Which", "Value"), (26, 34, 70), _summary(plan))
    book.close()


def _sheets(book: _Book, name: str, frame: pl.DataFrame) -> None:
    headers, widths = zip(*COLUMNS.values(), strict=True)
    for number, start in enumerate(range(0, max(frame.height, 1), LARGEST_SHEET), start=1):
        book.frame(name if number == 1 else f"{name} {number}", headers, widths, frame.slice(start, LARGEST_SHEET))


def _summary(plan: Plan) -> list[tuple[str, str, Any]]:
    rows: list[tuple[str, str, Any]] = [
        ("plan", "id", plan.id),
        ("plan", "site", plan.site),
        ("plan", "status", plan.status.value),
        ("plan", "made", utc(plan.created_at)),
        ("plan", "expires", utc(plan.expires_at)),
        ("plan", "digest", plan.digest),
    ]
    for key, value in plan.summary.items():
        if key == "sending":  # its sums stand beside it
            continue
        if isinstance(value, dict):
            rows += [(key, str(name), _told(number)) for name, number in value.items()]
        elif isinstance(value, list):
            rows += [(key, str(one.get("guard", "")), str(one.get("because", one))) for one in value]
        else:
            rows.append(("plan", key, _told(value)))
    return rows + [("problem", problem.code, problem.message) for problem in plan.problems]


def _told(value: Any) -> Any:
    return value if value is None or isinstance(value, int) else str(value)
