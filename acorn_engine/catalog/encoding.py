"""Bytes to text under a declared encoding. Nothing is guessed silently: a guess is only ever a hint."""

from __future__ import annotations

import codecs
from typing import Final

from acorn_engine.problems import CatalogError, Place, Problem, did_you_mean

DEFAULT_ENCODING: Final = "utf-8"
_SUPERSETS: Final = {"gbk": "gb18030", "gb2312": "gb18030", "shift_jis": "cp932", "utf-8-sig": "utf-8"}
"""Encodings that files are said to have, to the larger ones that they turn out to have."""
_NAMES: Final = (
    *(
        "utf-8",
        "utf-16",
        "utf-16-le",
        "utf-16-be",
        "gb18030",
        "gbk",
        "gb2312",
        "big5",
        "big5hkscs",
        "cp932",
        "shift_jis",
    ),
    *("euc_jp", "euc_kr", "cp949", "cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257"),
    *("iso8859-1", "iso8859-2", "iso8859-9", "iso8859-15", "cp437", "cp850", "cp852", "ascii"),
)
_ZIP: Final = b"PK\x03\x04"
_BOMS: Final = ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_SAMPLE: Final = 200_000
_ENOUGH: Final = 4


def known_encoding(encoding: str, name: str) -> str:
    """Return the codec for an encoding's name; raises ``CatalogError`` for one that is none."""
    wanted = encoding.strip().lower().replace("windows-", "cp")
    try:
        codec = codecs.lookup(wanted).name
    except LookupError:
        codec = ""
    codec = _SUPERSETS.get(codec, codec)
    if codec not in {codecs.lookup(known).name for known in _NAMES}:
        raise CatalogError(
            Problem(
                code="unknown_encoding",
                message=f"'{encoding}' is not an encoding that Acorn reads; nothing was read",
                place=Place(file=name),
                hint=did_you_mean(wanted, _NAMES) or "use utf-8, gb18030, cp1252, cp932, utf-16 …",
                params={"encoding": encoding},
            )
        )
    return codec


def decode(data: bytes, encoding: str | None, name: str, delimiter: str = ",") -> str:
    """Return the text of a file, without its byte order mark.

    ``encoding`` is the declared one; ``None`` is UTF-8. ``name`` is the file as messages show it,
    ``delimiter`` serves to say in which column the first bad byte stands. Raises ``CatalogError``
    where the bytes are not what was declared.
    """
    codec = known_encoding(encoding or DEFAULT_ENCODING, name)
    if data.startswith(_ZIP):
        raise CatalogError(
            Problem(
                code="encoding",
                message="this is no text file but an Excel workbook or another zipped one; nothing was read",
                place=Place(file=name),
                hint='for a workbook, set source = "xlsx"',
            )
        )
    if not codec.startswith("utf-16"):
        _refuse_utf16(data, codec, name)
    if codec != "utf-8":
        _refuse_utf8(data, codec, name)
    try:
        text = data.decode(codec)
    except UnicodeDecodeError as error:
        raise CatalogError(_undecodable(data, error, encoding, name, delimiter)) from None
    return text.removeprefix("\ufeff")


def _refuse_utf16(data: bytes, codec: str, name: str) -> None:
    looks = next((found for mark, found in _BOMS if data.startswith(mark)), None)
    if looks is None and b"\0" in data[:_SAMPLE]:
        looks = "utf-16-be" if data[:1] == b"\0" else "utf-16-le"
    if looks:
        raise CatalogError(_mismatch(codec, looks, "UTF-16", name))


def _refuse_utf8(data: bytes, codec: str, name: str) -> None:
    """Refuse UTF-8 that is declared as something else: it would decode, to nonsense."""
    if data.isascii():
        return
    marked = data.startswith(codecs.BOM_UTF8)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return
    if marked or sum(character > "\u007f" for character in text[:_SAMPLE]) >= _ENOUGH:
        raise CatalogError(_mismatch(codec, "utf-8", "UTF-8", name))


def _mismatch(codec: str, looks: str, label: str, name: str) -> Problem:
    return Problem(
        code="encoding",
        message=f"the file is not {codec}; nothing was read",
        place=Place(file=name),
        hint=f'this looks like {label}: set encoding = "{looks}"',
        params={"encoding": codec, "looks_like": looks},
    )


def _undecodable(data: bytes, error: UnicodeDecodeError, declared: str | None, name: str, delimiter: str) -> Problem:
    line_start = data.rfind(b"\n", 0, error.start) + 1
    line_end = data.find(b"\n", error.start)
    before = data[line_start : error.start]
    column = before.count(delimiter.encode("ascii")) + 1
    shown = data[error.start : min(error.start + 8, line_end if line_end >= 0 else len(data))].rstrip(b"\r")
    codec = known_encoding(declared or DEFAULT_ENCODING, name)
    row = data.count(b"\n", 0, error.start) + 1
    looks = looks_like(data)
    reading = f"is declared as {codec}" if declared else "is read as utf-8, the default"
    return Problem(
        code="encoding",
        message=f"the file {reading}, but these bytes in column {column} are not: {shown.hex(' ').upper()}; nothing was read",
        place=Place(file=name, row=row),
        hint=f'this looks like {looks[1]}: set encoding = "{looks[0]}"'
        if looks
        else 'save the file as "CSV UTF-8", or name its encoding: encoding = "…"',
        params={"encoding": codec, "row": row, "column": column, "looks_like": looks[0] if looks else None},
    )


def looks_like(data: bytes) -> tuple[str, str] | None:
    """Return (encoding, its name for a person) that the bytes seem to have, or ``None``; only for hints."""
    sample = data[:_SAMPLE]
    japanese = _share(sample, "cp932", _is_japanese)
    chinese = _share(sample, "gb18030", _is_common_chinese)
    if max(japanese, chinese) > 0.7:
        return ("gb18030", "GB18030") if chinese >= japanese else ("cp932", "Shift_JIS (cp932)")
    western, eastern = (_share(sample, codec, str.isalpha) for codec in ("cp1252", "cp1250"))
    if max(western, eastern) > 0.5:
        labels = (("cp1252", "Windows-1252"), ("cp1250", "Windows-1250 (Central European)"))
        return labels[western < eastern]
    return None


def _share(sample: bytes, codec: str, wanted: object) -> float:
    """Return the share of the non-ASCII characters that are ``wanted``; 0 where the sample does not decode."""
    try:
        text = codecs.getincrementaldecoder(codec)().decode(sample)
    except UnicodeDecodeError:
        return 0.0
    others = [character for character in text if character > "\u007f"]
    return sum(bool(wanted(character)) for character in others) / len(others) if others and callable(wanted) else 0.0


def _is_common_chinese(character: str) -> bool:
    if not "\u3000" <= character <= "\uffee":
        return False
    try:
        encoded = character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    # Level 1 of GB 2312: the 3,755 characters of everyday text; and punctuation.
    return encoded[0] < 0xD8


def _is_japanese(character: str) -> bool:
    """Kana and the everyday kanji; half-width kana are what other encodings look like."""
    if "\u3000" <= character <= "\u30ff":
        return True
    try:
        return "\u4e00" <= character <= "\u9fff" and character.encode("cp932")[0] < 0x98
    except UnicodeEncodeError:
        return False
