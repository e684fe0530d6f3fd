"""The README is true: its output is the demonstration's, and both languages say the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from acorn_sandbox.demo.running import SPEED, credentials
from acorn_sandbox.demo.writing import SEED_FILE, write_project
from acorn_sandbox.server import SandboxServer
from doc_pages import ROOT, Block, blocks

from acorn_engine.cli import main
from acorn_engine.clock import system_now

ENGLISH, CHINESE = ROOT / "README.md", ROOT / "README.zh-CN.md"


def test_both_languages_have_the_same_sections_and_blocks() -> None:
    def headings(path: Path) -> list[str]:
        text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        return re.findall(r"^(#+) ", text, re.MULTILINE)

    def code(path: Path) -> list[tuple[str, str]]:
        return [(block.language, block.text) for block in blocks(path)]

    assert headings(ENGLISH) == headings(CHINESE)
    assert code(ENGLISH) == code(CHINESE)


def test_both_languages_name_the_same_commands_and_numbers() -> None:
    def named(path: Path) -> tuple[list[str], list[str]]:
        text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        words = {"seven": "7", "七": "7"}
        for word, digit in words.items():
            text = re.sub(rf"\b{word}\b" if word.isascii() else word, digit, text)
        return sorted(re.findall(r"`((?:acorn|make)[^`]*)`", text)), sorted(re.findall(r"\d[\d,.]*\d|\d", text))

    assert named(ENGLISH) == named(CHINESE)


def test_the_commands_are_targets_of_make() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    commands = [line for block in blocks(ENGLISH, "console") for line in block.text.splitlines()]
    assert commands == ["$ make demo", "$ make test"]
    for command in commands:
        assert re.search(rf"^{command.removeprefix('$ make ')}:", makefile, re.MULTILINE)


def test_the_snippet_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init", "."]) == 0
    (snippet,) = blocks(ENGLISH, "python")
    exec(compile(snippet.text, "README.md", "exec"), {})
    # Without credentials nothing can be read, so the price is held, as the snippet prints.
    assert "EXAMPLE-1 price the offer was never read in full" in capsys.readouterr().out


@pytest.mark.slow
def test_the_output_is_the_demonstrations(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "demo"
    write_project(folder, "http://127.0.0.1:0", system_now(), 2_000)
    project = folder / "acorn.toml"
    with SandboxServer(seed=folder / SEED_FILE, speed=SPEED) as server, credentials():
        text = project.read_text(encoding="utf-8").replace("http://127.0.0.1:0", server.url)
        project.write_text(text, encoding="utf-8")
        (block,) = blocks(ENGLISH, "text")
        table, explained = block.text.split("\n$ ")
        command, shown = explained.split("\n", 1)
        assert main(["plan", "--project", str(folder)]) == 3
        assert_in_order(table, capsys.readouterr().out, block)
        words = command.removeprefix("acorn ").replace("--project demo", f"--project {folder}").split()
        assert main(words) == 0
        assert_in_order(shown, capsys.readouterr().out, block)


def assert_in_order(shown: str, printed: str, block: Block) -> None:
    assert shown.rstrip("\n") in printed, f"{block} shows something else than\n{printed}"
