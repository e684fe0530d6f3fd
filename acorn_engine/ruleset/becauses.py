"""``because`` texts: plain words with plain names in braces."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_PIECE: Final = re.compile(r"\{([^{}]*)\}|[{}]")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Part(NamedTuple):
    """A stretch of a ``because`` text: words, or the name of a value."""

    text: str
    name: bool


class BecauseFault(NamedTuple):
    """What is wrong with a ``because`` text: ``start`` is an offset in it."""

    code: str
    message: str
    start: int
    name: str | None


def because_parts(text: str) -> tuple[Part, ...]:
    """Split a checked text into words and names, in order; neighbours of one sort are never split."""
    parts: list[Part] = []
    at = 0
    for found in _PIECE.finditer(text):
        if found[1] is None or not _NAME.fullmatch(found[1]):
            continue
        if found.start() > at:
            parts.append(Part(text[at : found.start()], name=False))
        parts.append(Part(found[1], name=True))
        at = found.end()
    if at < len(text):
        parts.append(Part(text[at:], name=False))
    return tuple(parts)


def because_names(text: str) -> tuple[str, ...]:
    """Return the names in braces, each once, in order."""
    return tuple(dict.fromkeys(part.text for part in because_parts(text) if part.name))


def render_because(text: str, values: Mapping[str, str] | Callable[[str], str]) -> str:
    """Return the text with every ``{name}`` replaced; a name without a value reads ``missing``."""
    look_up = values if callable(values) else lambda name: values.get(name, "missing")
    return "".join(look_up(part.text) if part.name else part.text for part in because_parts(text))


def fill_in(text: str, known: Mapping[str, str]) -> str:
    """Return the text with the names in ``known`` replaced; the others stay in braces."""
    return render_because(text, lambda name: known.get(name, "{" + name + "}"))


def because_faults(text: str, known: Iterable[str]) -> list[BecauseFault]:
    """Return everything wrong with the braces of a text: only plain names of ``known`` may stand there."""
    names = set(known)
    faults: list[BecauseFault] = []
    for found in _PIECE.finditer(text):
        inside = found[1]
        if inside is None:
            faults.append(BecauseFault("because_brace", f"a single '{found[0]}' stands here", found.start(), None))
        elif not _NAME.fullmatch(inside):
            message = f"'{{{inside}}}' is not a plain name" if inside.strip() else "there is no name in the braces"
            faults.append(BecauseFault("because_brace", message, found.start(), None))
        elif inside not in names:
            faults.append(BecauseFault("unknown_name", f"unknown name '{inside}'", found.start() + 1, inside))
    return faults
