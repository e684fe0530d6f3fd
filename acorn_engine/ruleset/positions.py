"""From an offset in the text that YAML made back to the line and column that a person typed."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Final

from acorn_engine.ruleset.tree import Mark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from acorn_engine.ruleset.tree import Scalar, Source

_ESCAPE: Final = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(\r\n|\r|\n)|(.))", re.DOTALL)
_ESCAPED: Final[dict[str, str]] = {
    "0": "\0",
    "a": "\a",
    "b": "\b",
    "t": "\t",
    "\t": "\t",
    "n": "\n",
    "v": "\v",
    "f": "\f",
    "r": "\r",
    "e": "\x1b",
    " ": " ",
    '"': '"',
    "/": "/",
    "\\": "\\",
    "N": "\x85",
    "_": "\xa0",
    "L": "\u2028",
    "P": "\u2029",
}


def locate(source: Source, scalar: Scalar, offset: int) -> Mark:
    """Return where character ``offset`` of a scalar's text stands in the file.

    Whatever style the text is written in, folding and quoting change only spaces, line breaks
    and escapes: the other characters come in the same order in the file and in the text. So the
    n-th of them here is the n-th of them there, and a space stands right after the character
    before it. An offset at the end of the text is the position behind its last character.
    """
    anchors, indexes = _anchors(source, scalar)
    if not anchors:
        return scalar.start
    at = bisect_right(anchors, offset) - 1
    if at < 0:
        return source.mark_at(indexes[0], scalar.start)
    return source.mark_at(indexes[at] + offset - anchors[at], scalar.start)


def _anchors(source: Source, scalar: Scalar) -> tuple[list[int], list[int]]:
    """The offsets of the text's visible characters, and their indexes in the file."""
    raw = source.text[scalar.start.offset : scalar.end.offset]
    typed = _typed(raw, scalar.style)
    offsets: list[int] = []
    indexes: list[int] = []
    for offset, character in enumerate(scalar.text):
        if character.isspace():
            continue
        pair = next(typed, None)
        if pair is None or pair[0] != character:
            return [], []
        offsets.append(offset)
        indexes.append(scalar.start.offset + pair[1])
    return offsets, indexes


def _typed(raw: str, style: str) -> Iterator[tuple[str, int]]:
    """The visible characters of a scalar as typed, decoded, with their offsets in ``raw``."""
    at = 0
    if style in ("|", ">"):
        at = len(re.split(r"\r\n|\r|\n", raw, maxsplit=1)[0])
    elif style:
        at = 1
    while at < len(raw):
        character, length = raw[at], 1
        if style == "'" and character == "'":
            length = 2
        elif style == '"' and character == "\\":
            character, length = _escape(raw, at)
        if character and not character.isspace():
            yield character, at
        at += length


def _escape(raw: str, at: int) -> tuple[str, int]:
    found = _ESCAPE.match(raw, at)
    if not found:
        return "\\", 1
    digits = found[1] or found[2] or found[3]
    if digits:
        return chr(int(digits, 16)), len(found[0])
    return ("" if found[4] else _ESCAPED.get(found[5], found[5])), len(found[0])
