"""Somebody who follows a page: saves its files, runs its commands, compares what is printed."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from acorn_sandbox.server import SandboxServer
from doc_pages import Block, blocks

from acorn_engine.cli import main

PLAN = re.compile(r"\d{8}-\d{6}-[a-z]+-[0-9a-f]{6}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
ADDRESS = "http://127.0.0.1:8642"


class Reader:
    """Somebody who follows the page in an empty folder."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
        self.monkeypatch, self.capsys = monkeypatch, capsys
        self.server: SandboxServer | None = None
        self.plans: list[str] = []
        monkeypatch.chdir(folder)

    def save(self, block: Block) -> None:
        path = Path(str(block.file))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, encoding="utf-8")

    def run(self, command: str) -> str:
        words = shlex.split(command)
        if words[0] == "cd":
            self.monkeypatch.chdir(words[1])
        elif words[0] == "export":
            self.monkeypatch.setenv(*words[1].split("=", 1))
        elif words[:2] == ["acorn", "sandbox"]:
            self.start_sandbox(words)
            return f"sandbox listening on {ADDRESS}"
        else:
            assert words[0] == "acorn", f"a reader cannot be asked for {command}"
            # The plan that a reader names is the one that was made last.
            code = main([self.plans[-1] if PLAN.fullmatch(word) else word for word in words[1:]])
            printed = self.capsys.readouterr()
            self.plans += PLAN.findall(printed.out)
            assert code != 1, f"{command} failed: {printed.err}"
            assert printed.err == "", command
            return printed.out
        return ""

    def start_sandbox(self, words: list[str]) -> None:
        seed, speed = words[words.index("--seed") + 1], words[words.index("--speed") + 1]
        self.server = SandboxServer(seed=Path(seed), speed=float(speed)).__enter__()
        # The page's port may be taken on this machine.
        project = Path("acorn.toml")
        project.write_text(project.read_text(encoding="utf-8").replace(ADDRESS, self.server.url), encoding="utf-8")

    def close(self) -> None:
        if self.server is not None:
            self.server.__exit__(None, None, None)


def plain(line: str) -> str:
    return TIME.sub("TIME", PLAN.sub("PLAN", line)).rstrip()


def compare(shown: list[str], printed: str, where: str) -> None:
    """Every shown line must be printed, in this order; only ``…`` may leave lines out."""
    lines = [plain(line) for line in printed.rstrip("\n").split("\n")]
    gap = False
    for line in (plain(line) for line in shown):
        if line == "…":
            gap = True
            continue
        if gap:
            assert line in lines, f"{where}: {line!r} was not printed in\n{printed}"
            lines = lines[lines.index(line) :]
        assert lines, f"{where}: {line!r} was not printed"
        assert lines[0] == line, f"{where} printed\n{printed}"
        lines, gap = lines[1:], False


def commands(text: str) -> Iterator[tuple[str, list[str]]]:
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, *shown = part.rstrip("\n").split("\n")
        yield command, shown


def follow(reader: Reader, page: Path, *, leave: tuple[str, ...] = ()) -> int:
    """Do what a page says; return how many commands were run. Blocks in the languages of ``leave`` are passed over."""
    ran = 0
    for block in blocks(page):
        if block.file:
            text = block.text if reader.server is None else block.text.replace(ADDRESS, reader.server.url)
            reader.save(Block(block.page, block.line, block.language, text, block.file))
        elif block.language not in leave:
            assert block.language == "console", f"{block} is neither a file nor commands"
            for command, shown in commands(block.text):
                printed = reader.run(command)
                if printed.startswith("Made "):
                    printed = printed.split("\n", 1)[0]
                if shown:
                    compare(shown, printed, f"{block}: {command}")
                ran += 1
    return ran
