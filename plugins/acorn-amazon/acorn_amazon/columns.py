"""JSON text in Polars columns: escaping, and taking objects apart, without a loop over rows."""

from __future__ import annotations

from typing import Final

import polars as pl

_ESCAPES: Final = {chr(code): f"\\u{code:04x}" for code in range(0x20)} | {
    '"': '\\"',
    "\\": "\\\\",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
}
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


def quoted(text: pl.Expr) -> pl.Expr:
    """Return a text column as JSON strings; null stays null."""
    return pl.concat_str(pl.lit('"'), text.str.replace_many(list(_ESCAPES), list(_ESCAPES.values())), pl.lit('"'))


def members(frame: pl.DataFrame, row: str, column: str) -> pl.DataFrame:
    """Take JSON objects apart: one row per member, with ``row``, ``name`` and ``token`` (JSON text).

    Numbers keep their digits, because no value is read. Raises ``ValueError`` with the rows'
    values of ``row`` where a text is not a flat or moderately nested object.
    """
    given = frame.select(row, column).drop_nulls(column)
    rest = pl.col(column).str.replace_all(MEMBER, "")
    broken = given.filter(~rest.str.contains(r"^\s*\{[\s,]*\}\s*$"))
    if broken.height:
        raise ValueError(", ".join(str(value) for value in broken[row].head(5)))
    return (
        given.with_columns(pl.col(column).str.extract_all(MEMBER))
        .explode(column, empty_as_null=False)
        .select(
            row,
            pl.col(column).str.extract(r'^"((?:[^"\\]|\\.)*)"', 1).alias("name"),
            pl.col(column).str.replace(rf"^{_STRING}\s*:\s*", "").alias("token"),
        )
    )
