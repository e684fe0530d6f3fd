"""Text that decodes, but says nothing: UTF-8 that somebody read as Windows-1252 or as GBK, and lost characters.

One expression finds the rows. Sequences that also occur in honest text ("Spaß“", "café »") are
told apart by trying the whole value: only text that was read wrongly turns back into UTF-8.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

import polars as pl

_CP1252_80: Final = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009dž\u009fŸ"
_CONTINUATION: Final = f"[\u0080-\u00bf{_CP1252_80}]"
_CERTAIN: Final = "|".join(
    (
        "\ufffd",
        f"Ã{_CONTINUATION}",
        "Â[\u00a0-\u00bf]",
        "Å[‚„›¼º]",
        "Ä[‡™]",
        "â€",
        "ï»¿",
        "ï¿½",
        "锟斤拷",
    )
)
_POSSIBLE: Final = f"[ÄÅÎÏÐÑØÙ×]{_CONTINUATION}|[â-ï]{_CONTINUATION}{{2}}"
_TO_BYTE: Final = {character: 0x80 + index for index, character in enumerate(_CP1252_80) if ord(character) > 0xFF}


def _gbk_class(leads: range, trails: range) -> str:
    characters = []
    for lead in leads:
        for trail in trails:
            try:
                characters.append(bytes((lead, trail)).decode("gb18030"))
            except UnicodeDecodeError:
                continue
    return "[" + "".join(character for character in characters if len(character) == 1) + "]"


# Two Chinese characters are six bytes of UTF-8, three characters of GBK: lead and continuation,
# continuation and lead, continuation and continuation.
_UTF8_AS_GBK: Final = (
    _gbk_class(range(0xE4, 0xEA), range(0x80, 0xC0))
    + _gbk_class(range(0x81, 0xC0), range(0xE4, 0xEA))
    + _gbk_class(range(0x81, 0xC0), range(0x80, 0xC0))
)


@cache
def _any() -> re.Pattern[str]:
    return re.compile(f"{_CERTAIN}|{_UTF8_AS_GBK}|{_POSSIBLE}")


def may_be_misread(value: str) -> bool:
    """Return whether ``misread_rows`` looks at a value twice."""
    return _any().search(value) is not None


def is_misread(value: str) -> bool:
    """Return whether the whole value turns back into UTF-8 when its Windows-1252 bytes are taken."""
    codes = [_TO_BYTE.get(character, ord(character)) for character in value]
    if max(codes, default=0) > 0xFF:
        return False
    try:
        decoded = bytes(codes).decode("utf-8")
    except UnicodeDecodeError as error:
        # A field that was cut off ends in the middle of a character.
        return error.end == len(codes) and error.reason == "unexpected end of data" and error.start > 1
    recovered = sum(character > "\u007f" for character in decoded)
    # One lone sequence beside plain letters may be meant: "Nescafé®™", "30×™".
    return recovered > 1 or (
        recovered == 1 and not any(character.isascii() and character.isalnum() for character in value)
    )


def misread_rows(texts: pl.Series) -> pl.Series:
    """Return a Boolean series: which of the texts are mojibake. Nulls are not."""
    certain = texts.str.contains(_CERTAIN).fill_null(value=False) | texts.str.contains(_UTF8_AS_GBK).fill_null(
        value=False
    )
    possible = texts.str.contains(_POSSIBLE).fill_null(value=False) & ~certain
    if not possible.any():
        return certain
    suspects = [value for value in texts.filter(possible).unique().to_list() if is_misread(value)]
    return certain | texts.is_in(suspects).fill_null(value=False)
