"""Exports: documents exactly as they would be sent, and a workbook without formulas."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace

import openpyxl
import polars as pl
import pytest
from judging import SITE, offer
from planning import ACCOUNTS, PlainMarketplace, planned

from acorn_engine.marketplace import Limits
from acorn_engine.plan import workbook, write_export
from acorn_engine.problems import Problem

EVIL = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "http://example.com", "plain"]


def _export(plan, directory, marketplace=None):
    return write_export(plan, marketplace or PlainMarketplace(), ACCOUNTS, SITE, directory / "out")


def test_documents_are_those_that_would_be_sent(tmp_path):
    marketplace = PlainMarketplace(Limits(2, 100_000, 5, 300))
    rows = [offer(str(number), price="28.00", quantity=1, current_quantity=3) for number in range(3)]
    plan = planned(*rows, offer("X", price="28.00", account="other"), marketplace=marketplace)
    paths = _export(plan, tmp_path, marketplace)
    assert [path.name for path in paths] == [
        "amazon.de-eu-0-1.json", "amazon.de-eu-0-2.json", "amazon.de-eu-1-1.json", "amazon.de-eu-1-2.json",
        "amazon.de-other-1-1.json", "amazon.de-20261123-0001.xlsx",
    ]  # fmt: skip
    data = json.loads(paths[2].read_bytes())
    assert (data["seller"], [message["messageId"] for message in data["messages"]]) == ("SELLER", [1, 2])
    assert json.loads(paths[4].read_bytes())["seller"] == "OTHER"


def test_documents_go_without_a_workbook_and_from_columns_where_the_marketplace_can(tmp_path):
    marketplace = PlainMarketplace(Limits(2, 100_000, 5, 300))
    plan = planned(*(offer(str(number), price="28.00") for number in range(3)), marketplace=marketplace)
    marketplace.document_buffers = lambda messages, account, site: [
        memoryview(str(messages.rows()).encode()),
        account.name.encode(),
    ]
    paths = write_export(plan, marketplace, ACCOUNTS, SITE, tmp_path, workbook=False)
    assert [path.name for path in paths] == ["amazon.de-eu-1-1.json", "amazon.de-eu-1-2.json"]
    message = plan.messages["message"][2]
    assert paths[1].read_text(encoding="utf-8") == f"{[(1, message)]}eu"


def test_the_workbook_has_what_goes_out_what_is_held_and_the_numbers(tmp_path):
    plan = planned(offer("A", price="28.00"), offer("B", price="19.00"), offer("C", quantity=1, fulfilment="amazon"))
    plan = replace(plan, problems=(Problem("x", "something to know", effect="warns"),))
    book = openpyxl.load_workbook(_export(plan, tmp_path)[-1])
    assert book.sheetnames == ["Changes", "Held", "Summary"]
    changes, held, summary = (list(book[name].values) for name in book.sheetnames)
    assert changes[0][:6] == ("Seller SKU", "SKU", "Account", "Field", "From", "To")
    assert [row[:8] for row in changes[1:]] == [
        ("A", "P-A", "eu", "price", "27.99", "28.00", "EUR", "send"),
        ("C", "P-C", "eu", "quantity", None, "1", None, "not_owned"),
    ]
    assert [row[8] for row in held[1:]] == ["the price 19.00 EUR is below the floor 20.00 EUR"]
    assert ("verdicts", "reject", 1) in summary
    assert ("plan", "digest", plan.digest) in summary
    assert ("problem", "x", "something to know") in summary
    sheet = book["Changes"]
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:N3")
    assert sheet.column_dimensions["A"].width > 20


@pytest.mark.parametrize("text", EVIL)
def test_no_cell_is_a_formula(tmp_path, text):
    plan = planned(offer(text, price="28.00"))
    path = _export(plan, tmp_path)[-1]
    cell = openpyxl.load_workbook(path)["Changes"]["A2"]
    assert (cell.value, cell.data_type) == (text, "s")
    assert cell.quotePrefix is text.startswith(("=", "+", "-", "@", "\t"))
    assert cell.hyperlink is None
    with zipfile.ZipFile(path) as parts:
        assert not any(b"<f>" in parts.read(name) for name in parts.namelist())


def test_an_empty_plan_still_has_its_sheets(tmp_path):
    paths = _export(planned(), tmp_path)
    assert len(paths) == 1
    assert len(list(openpyxl.load_workbook(paths[0])["Changes"].values)) == 1


def test_a_sheet_that_is_too_long_goes_on_in_another(tmp_path, monkeypatch):
    monkeypatch.setattr(workbook, "LARGEST_SHEET", 2)
    plan = planned(*(offer(str(number), price="28.00") for number in range(5)))
    book = openpyxl.load_workbook(_export(plan, tmp_path)[-1])
    assert book.sheetnames == ["Changes", "Changes 2", "Changes 3", "Held", "Summary"]
    assert [sheet.max_row for sheet in book][:3] == [3, 3, 2]


def test_a_text_longer_than_a_cell_is_cut(tmp_path):
    plan = planned(offer("A", price="28.00"))
    plan = replace(plan, changes=plan.changes.with_columns(pl.lit("x" * 40_000).alias("because")))
    cell = openpyxl.load_workbook(_export(plan, tmp_path)[-1])["Changes"]["I2"]
    assert len(cell.value) == workbook.LARGEST_CELL


def test_names_of_files_are_safe_and_exports_replace_each_other(tmp_path):
    plan = planned(offer("A", price="28.00"))
    plan = replace(plan, id="../../evil")
    path = _export(plan, tmp_path)[-1]
    assert (path.parent, path.name) == (tmp_path / "out", "amazon.de-_.._evil.xlsx")
    assert _export(plan, tmp_path)[-1] == path
