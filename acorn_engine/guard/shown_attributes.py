"""An attribute as the site shows it, out of a JSON object in columns, with every digit of its numbers."""

from __future__ import annotations

import json
from typing import Any, Final

import polars as pl

_LONG_NUMBER: Final = r"[0-9](?:\.?[0-9]){15}|[0-9][eE]"
"""What a binary float may not hold, as JSON paths read numbers: more than 15 digits, or an exponent."""


class _Written(str):
    """A number as it is written."""

    __slots__ = ()


def shown_attribute(objects: pl.Series, name: str) -> pl.Series:
    """Return a member of each JSON object: a text plain, anything else as JSON; null where there is none."""
    path = "$['" + name.replace("'", "\\'") + "']"
    found = objects.str.json_path_match(path)
    long = objects.str.contains(_LONG_NUMBER).fill_null(value=False)
    if not long.any():
        return found
    exact = pl.Series([_member(text, name) for text in objects.filter(long)], dtype=pl.String)
    return found.scatter(long.arg_true(), exact)


def _member(text: str, name: str) -> str | None:
    try:
        data = json.loads(text, parse_float=_Written, parse_int=_Written, parse_constant=_refuse)
        found = data.get(name) if isinstance(data, dict) else None
        if found is None:
            return None
        return found if isinstance(found, str) else _json(found)
    except (ValueError, RecursionError):
        return None


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not a JSON number")


def _json(value: Any) -> str:
    if isinstance(value, _Written):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{_json(key)}:{_json(member)}" for key, member in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_json, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
