"""JSON whose numbers keep every digit: read as ``Decimal``, written back as numbers.

The standard library can read decimals but not write them as numbers, hence a writer.
"""

from __future__ import annotations

import json
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any, NoReturn

JsonObject = dict[str, Any]


def loads(text: str | bytes) -> Any:
    """Parse JSON; every number with a fraction or an exponent becomes a ``Decimal``.

    Raises ``ValueError`` also for ``NaN`` and ``Infinity``, which are not JSON, for half a
    surrogate pair, which is not text, and for nesting or exponents beyond all reason.
    """
    try:
        value = json.loads(text, parse_float=Decimal, parse_constant=_refuse)
        if _may_hold_half_a_pair(text):
            dumps(value).encode()
    except (RecursionError, ArithmeticError) as error:
        raise ValueError(f"beyond all reason: {error}") from None
    return value


def dumps(value: Any) -> str:
    """Write JSON on one line."""
    parts: list[str] = []
    _write(value, parts.append)
    return "".join(parts)


def _may_hold_half_a_pair(text: str | bytes) -> bool:
    if isinstance(text, str):
        return "\\ud" in text or "\\uD" in text
    return b"\\ud" in text or b"\\uD" in text


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")


def _write(value: Any, out: Any) -> None:
    if isinstance(value, str):
        out(encode_basestring(value))
    elif value is None or value is True or value is False:
        out("null" if value is None else "true" if value else "false")
    elif isinstance(value, (int, Decimal)):
        out(str(value))
    elif isinstance(value, dict):
        separator = "{"
        for key, item in value.items():
            out(separator)
            out(encode_basestring(key))
            out(":")
            _write(item, out)
            separator = ","
        out("}" if value else "{}")
    elif isinstance(value, (list, tuple)):
        separator = "["
        for item in value:
            out(separator)
            _write(item, out)
            separator = ","
        out("]" if value else "[]")
    else:
        out(json.dumps(value))
