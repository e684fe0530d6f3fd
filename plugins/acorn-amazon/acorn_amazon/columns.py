"""JSON text in Polars columns: escaping, and taking objects apart, without a loop over rows."""

from __future__ import annotations

from typing import Final

import polars as pl

from acorn_engine.json_text import escaped_text

_DEEPEST: Final = 8
_STRING: Final = r'"(?:[^"\\]|\\.)*"'
_SCALAR: Final = r"[^\s,\"\[\]{}]+"


def _nested(depth: int) -> str:
    """Return a pattern of balanced brackets; each level mentions the next one once, so it stays small."""
    inner = rf'[^"\[\]{{}}]|{_STRING}'
    pattern = rf"[\[{{](?:{inner})*[\]}}]"
    for _ in range(depth - 1):
        pattern = rf"[\[{{](?:{inner}|{pattern})*[\]}}]"
    return pattern


MEMBER: Final = rf"{_STRING}\s*:\s*(?:{_STRING}|{_SCALAR}|{_nested(_DEEPEST)})"
"""A member of a JSON object whose value is nested at most eight levels deep."""

NUMBER: Final = r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?"


TEXT: Final = r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"'


def quoted(text: pl.Expr) -> pl.Expr:
    """Return a text column as JSON strings; null stays null."""
    return pl.concat_str(pl.lit('"'), escaped_text(text), pl.lit('"'))


def members(frame: pl.DataFrame, row: str, column: str) -> tuple[pl.DataFrame, pl.Series]:
    """Take JSON objects apart: one row per member, with ``row``, ``name`` and ``token`` (JSON text).

    Numbers keep their digits, because no value is read. Returns too the values of ``row`` where a
    text is not a flat or moderately nested object: nothing else is told of those.
    """
    given = frame.select(row, column).drop_nulls(column)
    rest = pl.col(column).str.replace_all(MEMBER, "")
    is_object = given.select(rest.str.contains(r"^\s*\{[\s,]*\}\s*$"))[column]
    found = (
        given.filter(is_object)
        .with_columns(pl.col(column).str.extract_all(MEMBER))
        .explode(column, empty_as_null=False)
        .select(
            row,
            pl.col(column).str.extract(r'^"((?:[^"\\]|\\.)*)"', 1).alias("name"),
            pl.col(column).str.replace(rf"^{_STRING}\s*:\s*", "").alias("token"),
        )
    )
    return found, given.filter(~is_object)[row]
