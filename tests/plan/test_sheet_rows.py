"""Sheets filled in columns read back as the frames that were put in, and as the library's own cells."""

from __future__ import annotations

import openpyxl
import polars as pl
import pytest
import xlsxwriter

from acorn_engine.plan.sheet_rows import fill_sheets, rows_xml

HARD = [
    "plain", "", None, "a & b < c > d \"e\" 'f'", "_x0041_", "__x0041__", "bell \x07 null \x00", "two\nlines", "  around  ",
    "tab\there", "return\rhere", "价格，未知", "😀", "\ufffe\uffff", "]]>", "=1", "+1", "-1", "@a", "\tb", "1.50",
]  # fmt: skip


def _blank(path, sheets=1):
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        quoted = book.add_format({"quote_prefix": True})
        for _ in range(sheets):
            sheet = book.add_worksheet()
            sheet.write_string(0, 0, "header")
            sheet.write_string(1, 0, "sample", quoted)
    return path


def test_every_text_comes_back_as_from_the_librarys_own_cells(tmp_path):
    path = _blank(tmp_path / "ours.xlsx")
    fill_sheets(path, {"1": pl.DataFrame({"text": HARD, "number": range(len(HARD))}).cast({"number": pl.Int8})})
    with xlsxwriter.Workbook(str(tmp_path / "theirs.xlsx"), {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        for row, text in enumerate(HARD, start=1):
            if text is not None:
                sheet.write_string(row, 0, text)
    ours = openpyxl.load_workbook(path).active
    theirs = openpyxl.load_workbook(tmp_path / "theirs.xlsx").active
    for row in range(2, len(HARD) + 2):
        assert ours.cell(row, 1).value == theirs.cell(row, 1).value
        assert ours.cell(row, 2).value == row - 2
        assert ours.cell(row, 1).quotePrefix is (HARD[row - 2] or "").startswith(("=", "+", "-", "@", "\t", "\r"))
    assert ours.dimensions == f"A1:B{len(HARD) + 1}"


def test_each_sheet_gets_its_own_rows_and_the_others_stay(tmp_path):
    path = _blank(tmp_path / "book.xlsx", sheets=3)
    fill_sheets(path, {"1": pl.DataFrame({"a": ["one"]}), "3": pl.DataFrame({"a": ["three", "drei"]})})
    sheets = [[row[0] for row in sheet.values] for sheet in openpyxl.load_workbook(path)]
    assert sheets == [["header", "one"], ["header", "sample"], ["header", "three", "drei"]]
    assert [file.name for file in tmp_path.iterdir()] == ["book.xlsx"]


def test_a_sheet_without_a_sample_is_an_error(tmp_path):
    path = tmp_path / "book.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        book.add_worksheet().write_string(0, 0, "header")
    with pytest.raises(ValueError, match="no sample in its second row"):
        fill_sheets(path, {"1": pl.DataFrame({"a": ["one"]})})
    assert [file.name for file in tmp_path.iterdir()] == ["book.xlsx"]


def test_many_rows_are_numbered_through():
    pieces = list(rows_xml(pl.DataFrame({"a": pl.int_range(45_000, eager=True)}), 1))
    assert len(pieces) == 3
    assert pieces[0].startswith('<row r="2"><c r="A2"><v>0</v></c></row>')
    assert pieces[-1].endswith('<row r="45001"><c r="A45001"><v>44999</v></c></row>')
