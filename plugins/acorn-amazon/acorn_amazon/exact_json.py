"""JSON without binary floats: numbers keep the digits that they were written with."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not a JSON number")


def loads(text: str | bytes) -> Any:
    """Read JSON; numbers with a point or exponent become ``Decimal``. Raises ``ValueError``."""
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None


def dumps(value: Any, *, canonical: bool = False) -> str:
    """Write JSON compactly, Decimals digit by digit; ``canonical`` sorts the keys of objects."""
    match value:
        case dict():
            items = sorted(value.items()) if canonical else value.items()
            members = (
                f"{json.dumps(key, ensure_ascii=False)}:{dumps(member, canonical=canonical)}" for key, member in items
            )
            return "{" + ",".join(members) + "}"
        case list() | tuple():
            return "[" + ",".join(dumps(member, canonical=canonical) for member in value) + "]"
        case Decimal():
            if not value.is_finite():
                raise ValueError(f"{value} is not a JSON number")
            return str(value)
        case str() | bool() | int() | None:
            return json.dumps(value, ensure_ascii=False)
    raise TypeError(f"{type(value).__name__} has no exact JSON form")
