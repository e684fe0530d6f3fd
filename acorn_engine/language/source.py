"""The scan of an expression's text, before Python's parser sees it.

It reads every literal exactly as written, and leaves behind a text of plain ASCII with the same
length, in which numbers are ones, texts are ``x`` and percent signs and currency codes are blanks:
so every offset stays true, and nothing that a person typed inside quotes reaches the parser.
"""

from __future__ import annotations

import keyword
import re
import unicodedata
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from acorn_engine.language.faults import Fault
from acorn_engine.types import Money

LARGEST_LENGTH: Final = 2_000
LARGEST_NESTING: Final = 100
LARGEST_DIGITS: Final = 40
LARGEST_EXPONENT: Final = 30

_BLANK = re.compile(r"[ \t\r\n]+")
_NUMBER = re.compile(r"(?P<mantissa>\d+\.\d+|\d+\.(?!\w)|\d+|\.\d+)(?:[eE](?P<exponent>[+-]?\d+))?", re.ASCII)
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CURRENCY = re.compile(r"(?P<gap>[ \t\r\n]*)(?P<code>[A-Za-z]{3})(?![A-Za-z0-9_(])")
_AFTER_PERCENT = re.compile(r"[ \t\r\n]*(?:(?:and|or|if|else|in|not)(?![A-Za-z0-9_])|[^A-Za-z0-9_'\"(.\s]|$)")
_TAIL = re.compile(r"[A-Za-z0-9_.]+")
_OPERATORS: Final = ("==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "(", ")", "[", "]", ",")
_ESCAPES: Final = {"\\": "\\", "'": "'", '"': '"'}

_REFUSED: Final = {
    "&&": ("'&&' is not known here", "write 'and'"),
    "||": ("'||' is not known here", "write 'or'"),
    "<>": ("'<>' is not known here", "write '!='"),
    "=<": ("'=<' is not known here", "write '<='"),
    "=>": ("'=>' is not known here", "write '>='"),
    ":=": ("':=' is not known here", "name a value under 'define:' instead"),
    "===": ("'===' is not known here", "write '=='"),
    "!==": ("'!==' is not known here", "write '!='"),
    "**": ("'**' (power) is not known here", "multiply instead: x * x"),
    "//": ("'//' is not known here", "write round_down(a / b, 1)"),
    "<<": ("'<<' is not known here", None),
    ">>": ("'>>' is not known here", None),
    "->": ("'->' is not known here", None),
    "=": ("'=' does not compare", "write '==' to compare"),
    "!": ("'!' is not known here", "write 'not'"),
    "&": ("'&' is not known here", "write 'and'"),
    "|": ("'|' is not known here", "write 'or'"),
    "^": ("'^' is not known here", "multiply instead: x * x"),
    "~": ("'~' is not known here", "write 'not'"),
    "%": ("'%' stands only right after a number, as in 12%", "there is no remainder; write x - round_down(x, step)"),
    ".": ("'.' is not known here: a name has no parts", "use the plain name of a fact"),
    "{": ("braces are not known here", "a list of values is written ['a', 'b']"),
    "}": ("braces are not known here", "a list of values is written ['a', 'b']"),
    ":": ("':' is not known here", None),
    ";": ("';' is not known here", "write ',' between arguments; one expression is one value"),
    "#": ("'#' is not known here", "put the comment on a line of its own in the rule file"),
    "@": ("'@' is not known here", None),
    "?": ("'?' is not known here", "write a if test else b"),
    "$": ("'$' is not known here", "write the currency's code after the amount: 0.50 USD"),
    "`": ("'`' is not known here", "write text in straight quotes: 'text'"),
    "\\": ("'\\' is not known here", None),
}
_SIGNS: Final = sorted([*_REFUSED, *_OPERATORS], key=len, reverse=True)

_KEYWORDS: Final = frozenset(keyword.kwlist) - {"and", "or", "not", "in", "is", "if", "else", "True", "False", "None"}

_TYPOGRAPHIC: Final = {
    "‘": "'", "’": "'", "‚": "'", "′": "'", "“": '"', "”": '"', "„": '"', "″": '"', "«": '"', "»": '"', "「": "'", "」": "'",
    "–": "-", "—": "-", "−": "-", "‐": "-", "×": "*", "·": "*", "÷": "/", "∕": "/", "≤": "<=", "≥": ">=", "≠": "!=",
    "、": ",", "。": ".", "【": "[", "】": "]", "…": "...",
}  # fmt: skip
_CURRENCY_SIGNS: Final = {"€": "EUR", "£": "GBP", "¥": "JPY or CNY", "￥": "JPY or CNY"}


@dataclass(slots=True)
class Source:
    """A scanned text: its ASCII image, the literals by the offset at which they start, and faults.

    ``ends`` is the offset behind each literal, percent sign and currency code included.
    """

    text: str
    image: str = ""
    literals: dict[int, Fraction | Money | str] = field(default_factory=dict)
    ends: dict[int, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def fault(self, code: str, message: str, start: int, end: int, hint: str | None = None) -> None:
        """Note a fault."""
        self.faults.append(Fault(code, message, start, end, hint))


def scan(text: str) -> Source:
    """Scan ``text``; every fault that can be seen without a parser is in the result's ``faults``."""
    source = Source(text)
    if len(text) > LARGEST_LENGTH:
        message = f"the expression has {len(text):,} characters; at most {LARGEST_LENGTH:,} are allowed"
        source.fault("too_long", message, 0, 0, "split it with 'define:'")
        return source
    if not text.strip():
        source.fault("syntax", "the expression is empty", 0, len(text))
        return source
    image: list[str] = []
    opened: list[int] = []
    position = 0
    while position < len(text):
        piece, position = _piece(source, position, opened)
        image.append(piece)
    for start in opened:
        source.fault("syntax", f"'{text[start]}' is never closed", start, start + 1)
    source.image = "".join(image)
    return source


def _piece(source: Source, start: int, opened: list[int]) -> tuple[str, int]:
    """Scan one token; return its image and the offset behind it."""
    text = source.text
    if match := _BLANK.match(text, start):
        return " " * len(match[0]), match.end()
    if match := _NUMBER.match(text, start):
        return _number(source, match)
    if match := _WORD.match(text, start):
        if re.fullmatch("[rbfuRBFU]{1,2}", match[0]) and text[match.end() : match.end() + 1] in {"'", '"'}:
            source.fault("not_allowed", f"a text has no prefix '{match[0]}'", start, match.end(), "write plain 'text'")
        return _word(source, start, match[0]), match.end()
    if text[start] in "'\"":
        return _text(source, start)
    return _sign(source, start, opened)


def _word(source: Source, start: int, word: str) -> str:
    """Return the image of a word: Python spells the booleans otherwise."""
    if word in {"True", "False"}:
        source.fault("not_allowed", f"'{word}' is not known here", start, start + len(word), f"write '{word.lower()}'")
    if word in _KEYWORDS:
        hint = {"for": "there are no loops", "elif": "write a if test else b if test else c"}.get(word)
        hint = hint or "an expression is one value; name a part of it under 'define:'"
        source.fault("not_allowed", f"'{word}' is not known here", start, start + len(word), hint)
    return word.capitalize() if word in {"true", "false"} else word


def _sign(source: Source, start: int, opened: list[int]) -> tuple[str, int]:
    """Scan an operator, a bracket, or something that is neither."""
    for sign in _SIGNS:
        if source.text.startswith(sign, start):
            if sign in _REFUSED:
                return _refuse(source, start, sign)
            if sign in "()[]":
                _bracket(source, start, opened)
            return sign, start + len(sign)
    _character(source, start)
    return "x", start + 1


def _refuse(source: Source, start: int, operator: str) -> tuple[str, int]:
    """Note a sign that means something elsewhere."""
    message, hint = _REFUSED[operator]
    source.fault("not_allowed", message, start, start + len(operator), hint)
    return " " * len(operator), start + len(operator)


def _bracket(source: Source, start: int, opened: list[int]) -> None:
    """Keep count of brackets: each must be closed by its own kind, and not nest too deep."""
    sign = source.text[start]
    if sign in "([":
        opened.append(start)
        if len(opened) == LARGEST_NESTING + 1:
            message = f"brackets nest more than {LARGEST_NESTING} deep"
            source.fault("too_deep", message, start, start + 1, "split the expression with 'define:'")
    elif not opened:
        source.fault("syntax", f"'{sign}' closes nothing", start, start + 1)
    elif {"(": ")", "[": "]"}[source.text[opened[-1]]] == sign:
        opened.pop()
    else:
        first = source.text[opened.pop()]
        source.fault("syntax", f"'{first}' is closed by '{sign}'", start, start + 1)


def _number(source: Source, match: re.Match[str]) -> tuple[str, int]:
    """Read a number, with the percent sign or the currency code behind it."""
    text, start, end = source.text, match.start(), match.end()
    value = _exact(source, match)
    image = "1" * (end - start)
    if text.startswith("%", end):
        value /= 100
        if not (_AFTER_PERCENT.match(text, end + 1) or _CURRENCY.match(text, end + 1)):
            return image + _refuse(source, end, "%")[0], end + 1
        end += 1
        image += " "
    tail = _TAIL.match(text, end)
    if tail and not _CURRENCY.match(text, end):
        end = tail.end()
        source.fault("literal", f"'{text[start:end]}' is not a number", start, end, "numbers are written 1234.50")
        return "1" * (end - start), end
    if re.fullmatch(r"0\d+.*", match[0]) and not match[0].startswith("0."):
        source.fault(
            "literal", f"'{match[0]}' starts with a zero", start, end, "write text in quotes, or drop the zero"
        )
    source.literals[start] = value
    if currency := _CURRENCY.match(text, end):
        end, image = _money(source, start, value, currency, image)
    source.ends[start] = end
    return image, end


def _money(source: Source, start: int, value: Fraction, match: re.Match[str], image: str) -> tuple[int, str]:
    """Read the currency code behind a number; other words of three letters stay for the parser."""
    code, end = match["code"], match.end()
    if code.lower() in {"and", "not", "for"}:
        return match.start(), image
    written = source.text[start : match.start()]
    if written.endswith("%"):
        source.fault("literal", f"'{written} {code}' is neither a share nor money", start, end)
    elif not code.isupper() or not match["gap"]:
        hint = f"write {written} {code.upper()}"
        source.fault("literal", f"'{source.text[start:end]}' is not an amount of money", start, end, hint)
    source.literals[start] = Money(value, code.upper())
    return end, image + " " * (end - match.start())


def _exact(source: Source, match: re.Match[str]) -> Fraction:
    """Return the number as written; out of the limits it is a fault, and 1."""
    digits = sum(character.isdigit() for character in match["mantissa"])
    exponent = match["exponent"] or "0"
    if digits > LARGEST_DIGITS:
        message = f"a number has at most {LARGEST_DIGITS} digits; this one has {digits}"
    elif len(exponent.lstrip("+-").lstrip("0")) > 2 or abs(int(exponent)) > LARGEST_EXPONENT:
        message = f"'{match[0]}' is out of range: exponents go from -{LARGEST_EXPONENT} to {LARGEST_EXPONENT}"
    else:
        return Fraction(match["mantissa"].rstrip(".") + "e" + exponent)
    source.fault("literal", message, match.start(), match.end())
    return Fraction(1)


def _text(source: Source, start: int) -> tuple[str, int]:
    """Read a text in straight quotes. Known escapes: a backslash before a quote or a backslash."""
    text, quote = source.text, source.text[start]
    if text.startswith(quote * 3, start):
        source.fault("not_allowed", "three quotes are not known here", start, start + 3, "write plain 'text'")
    value: list[str] = []
    position = start + 1
    while position < len(text) and text[position] != quote:
        character = text[position]
        if character == "\\":
            escaped = text[position + 1 : position + 2]
            if escaped not in _ESCAPES:
                message = f"'\\{escaped}' is not known in a text"
                source.fault("literal", message, position, position + 2, "write \\\\ for a backslash")
            value.append(_ESCAPES.get(escaped, escaped))
            position += 2
            continue
        if unicodedata.category(character) in {"Cc", "Cs"}:
            message = f"a text cannot hold the character U+{ord(character):04X}"
            source.fault("character", message, position, position + 1)
        value.append(character)
        position += 1
    end = min(position + 1, len(text))
    if position >= len(text):
        source.fault("syntax", "the text is never closed", start, len(text), f"end it with {quote}")
    source.literals[start], source.ends[start] = "".join(value), end
    return quote + "x" * (end - start - 2) + quote, end


def _character(source: Source, start: int) -> None:
    """Note a character that stands outside quotes and is not known there."""
    character = source.text[start]
    code = f"U+{ord(character):04X}"
    plain = _TYPOGRAPHIC.get(character) or unicodedata.normalize("NFKC", character)
    if character in _CURRENCY_SIGNS:
        hint: str | None = f"write the currency's code after the amount: 0.50 {_CURRENCY_SIGNS[character]}"
    elif character in _TYPOGRAPHIC or (
        plain != character and plain.isascii() and plain.isprintable() and plain.strip()
    ):
        hint = f"press the key {plain}"
    elif character.isspace() or unicodedata.category(character) in {"Cf", "Cc"}:
        hint = "delete it, or press the space bar"
    else:
        hint = "names are plain letters, digits and _; put text in quotes"
    shown = (
        f"'{character}' ({code})" if character.isprintable() and not character.isspace() else f"the character {code}"
    )
    source.fault("character", f"{shown} cannot stand outside quotes", start, start + 1, hint)
