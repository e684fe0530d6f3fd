"""Pages that are done as a reader does them: every file saved, every command run, the output compared."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from doc_pages import ROOT, blocks
from doc_reader import Reader, follow


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Iterator[Reader]:
    made = Reader(monkeypatch, capsys, tmp_path)
    yield made
    made.close()


def price(listing: dict) -> str:
    return str(listing["attributes"]["purchasable_offer"][0]["our_price"][0]["schedule"][0]["value_with_tax"])


def test_tutorial_works_as_written(reader: Reader) -> None:
    assert follow(reader, ROOT / "docs" / "tutorial" / "first-plan.md") >= 12
    assert reader.server is not None
    truth = {row["sku"]: row for row in reader.server.truth()}
    assert price(truth["LAMP-1"]) == "15.99"
    assert truth["BAG-2"]["attributes"]["fulfillment_availability"][0]["quantity"] == 6
    assert price(truth["CUP-5"]) == "0.69"


def test_releasing_stopping_and_rolling_back_work_as_the_page_says(reader: Reader) -> None:
    follow(reader, ROOT / "docs" / "tutorial" / "first-plan.md")
    assert reader.server is not None

    def lamp() -> str:
        return price(next(row for row in reader.server.truth() if row["sku"] == "LAMP-1"))

    products = Path("products.csv")
    products.write_text(products.read_text(encoding="utf-8").replace("LAMP-1,10.00", "LAMP-1,13.00"), encoding="utf-8")
    plan = "20261123-130000-de-000000"  # stands for the plan made last
    printed = reader.run("acorn plan amazon.de")
    assert "LAMP-1: 15.99 EUR to 20.99 EUR is a move of more than 20%" in printed, printed
    reader.run(f"acorn approve {plan} --by anna --release LAMP-1 --because 'new supplier'")
    Path("STOP").touch()
    assert "halted by the file STOP" in reader.run(f"acorn submit {plan}")
    assert lamp() == "15.99"
    Path("STOP").unlink()
    reader.run(f"acorn submit {plan} --wait")
    assert lamp() == "20.99"
    reader.run(f"acorn rollback {plan} --because 'margin was typed wrong'")
    reader.run(f"acorn approve {plan}")
    assert "2 settled" in reader.run(f"acorn submit {plan} --wait")
    assert lamp() == "15.99"


def test_the_plugin_page_works_as_written(reader: Reader) -> None:
    assert follow(reader, ROOT / "docs" / "how-to" / "write-a-plugin.md", leave=("toml",)) == 4


def test_the_embedding_page_works_as_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = ROOT / "docs" / "how-to" / "embed-in-an-erp.md"
    names: dict[str, object] = {}
    ran = 0
    for block in blocks(page, "python"):
        # One program, cut into blocks: the lines count as on the page.
        code = compile("\n" * (block.line - 1) + block.text, str(page), "exec")
        exec(code, names)
        ran += 1
    assert ran >= 8
