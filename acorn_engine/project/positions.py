"""Where the keys of a TOML file stand, since its parser does not say."""

from __future__ import annotations

import re
from typing import Final

_PART: Final = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_DOTTED: Final = re.compile(rf"\s*({_PART}(?:\s*\.\s*{_PART})*)\s*")
_HEADER: Final = re.compile(rf"\s*\[\[?{_DOTTED.pattern}\]\]?\s*(?:#.*)?$")
_KEY: Final = re.compile(rf"{_DOTTED.pattern}=")


def key_positions(text: str) -> dict[tuple[str, ...], tuple[int, int]]:
    """Return path of keys to (line, column), both from 1; keys inside inline tables are found by name."""
    found: dict[tuple[str, ...], tuple[int, int]] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        header = _HEADER.match(line)
        if header:
            table = _split(header[1])
            found.setdefault(table, (number, header.start(1) + 1))
            continue
        key = _KEY.match(line)
        if not key:
            continue
        path = (*table, *_split(key[1]))
        found.setdefault(path, (number, key.start(1) + 1))
        for inner in re.finditer(rf"[{{,]\s*({_PART})\s*=", line[key.end() :]):
            found.setdefault((*path, *_split(inner[1])), (number, key.end() + inner.start(1) + 1))
    return found


def _split(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in re.findall(_PART, dotted))
