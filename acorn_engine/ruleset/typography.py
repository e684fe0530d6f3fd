"""Characters that look right and are not: which key to press instead.

Chinese and Japanese input methods type full-width punctuation, word processors type curved
quotes, and web pages carry invisible spaces. None of them means anything in a rule file.
"""

from __future__ import annotations

import re
from typing import Final

SWITCH: Final = "with the keyboard switched to English"

LOOK_ALIKES: Final[dict[str, tuple[str, str]]] = {
    "：": ("full-width colon", ":"),
    "，": ("full-width comma", ","),
    "、": ("ideographic comma", ","),
    "；": ("full-width semicolon", ";"),
    "（": ("full-width bracket", "("),
    "）": ("full-width bracket", ")"),
    "【": ("full-width bracket", "["),
    "】": ("full-width bracket", "]"),
    "［": ("full-width bracket", "["),
    "］": ("full-width bracket", "]"),
    "｛": ("full-width brace", "{"),
    "｝": ("full-width brace", "}"),
    "“": ("typographic quote", '"'),
    "”": ("typographic quote", '"'),
    "„": ("typographic quote", '"'),
    "«": ("typographic quote", '"'),
    "»": ("typographic quote", '"'),
    "＂": ("full-width quote", '"'),
    "‘": ("typographic quote", "'"),
    "’": ("typographic quote", "'"),
    "＇": ("full-width quote", "'"),
    "％": ("full-width percent sign", "%"),
    "＋": ("full-width plus sign", "+"),
    "－": ("full-width minus sign", "-"),
    "–": ("long dash", "-"),
    "—": ("long dash", "-"),
    "−": ("minus sign of a typesetter", "-"),
    "＊": ("full-width asterisk", "*"),
    "×": ("multiplication sign", "*"),
    "÷": ("division sign", "/"),
    "／": ("full-width slash", "/"),
    "＝": ("full-width equals sign", "="),
    "＜": ("full-width sign", "<"),
    "＞": ("full-width sign", ">"),
    "≤": ("sign", "<="),
    "≥": ("sign", ">="),
    "≠": ("sign", "!="),
    "。": ("ideographic full stop", "."),
    "．": ("full-width full stop", "."),
    "＃": ("full-width number sign", "#"),
    "＿": ("full-width underscore", "_"),
}
SPACES: Final[dict[str, str]] = {
    "\u00a0": "a no-break space",
    "\u202f": "a narrow no-break space",
    "\u2003": "a wide space",
    "\u2009": "a thin space",
    "\u3000": "a full-width space",
}
INVISIBLE: Final[dict[str, str]] = {
    "\u200b": "a zero-width space",
    "\u200c": "a zero-width non-joiner",
    "\u200d": "a zero-width joiner",
    "\u200e": "a direction mark",
    "\u200f": "a direction mark",
    "\u2060": "a word joiner",
    "\u00ad": "a soft hyphen",
}
_ANY: Final = re.compile("[" + re.escape("".join([*LOOK_ALIKES, *SPACES, *INVISIBLE])) + "]")


def first_look_alike(text: str) -> int | None:
    """Return the offset of the first misleading character of ``text``, or ``None``."""
    found = _ANY.search(text)
    return found.start() if found else None


def typography_hint(text: str) -> str | None:
    """Return which key to press for the first misleading character of ``text``, or ``None``."""
    offset = first_look_alike(text)
    return None if offset is None else character_hint(text[offset])


def character_hint(character: str) -> str:
    """Return which key to press instead of one misleading character."""
    if character in SPACES:
        return f"there is {SPACES[character]} here: delete it and press the space bar"
    if character in INVISIBLE:
        return f"there is {INVISIBLE[character]} here, which nobody can see: delete it with the Delete key"
    name, key = LOOK_ALIKES[character]
    return f"'{character}' is a {name}: press {key} {SWITCH}"
