"""The pages of the documentation, cut into the blocks that the tests run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_FENCE = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"Save this as `([^`]+)`")


@dataclass(frozen=True)
class Block:
    page: Path
    line: int
    language: str
    text: str
    file: str | None

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT).as_posix()}:{self.line}"


def pages() -> list[Path]:
    """Return every page of documentation in the repository."""
    found = [ROOT / "README.md", ROOT / "README.zh-CN.md", ROOT / "rules" / "README.md"]
    return [*found, *sorted((ROOT / "plugins").glob("*/README.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path, *languages: str) -> Iterator[Block]:
    """Yield the fenced blocks of a page; ``file`` is what the sentence before it says to save it as."""
    text = page.read_text(encoding="utf-8")
    end = 0
    for found in _FENCE.finditer(text):
        before = text[end : found.start()].strip().rsplit("\n\n", 1)[-1]
        saved = _FILE.search(before)
        end = found.end()
        body = "".join(line.removeprefix(found[1]) for line in found[3].splitlines(keepends=True))
        if not languages or found[2] in languages:
            line = text.count("\n", 0, found.start()) + 2
            yield Block(page, line, found[2], body, saved[1] if saved else None)


def all_blocks(*languages: str) -> list[Block]:
    return [block for page in pages() for block in blocks(page, *languages)]
