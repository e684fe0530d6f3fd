"""Rows that a stray quotation mark has swallowed into a value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from acorn_engine.problems import Place, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl


def report_swallowed(
    columns: list[pl.Series], name: str, delimiter: str, quote: str, report: Callable[[Problem], None]
) -> None:
    """Report a value that holds what looks like a whole further row: stray quotation marks swallow rows."""
    if len(columns) < 3:
        return
    other = f"[^\\n{re.escape(delimiter)}]*"
    inside = rf"\n{re.escape(delimiter).join([other] * len(columns))}(?:\n|$)"
    for values in columns:
        several = values.str.contains("\n", literal=True)
        if several.any() and (found := (several & values.str.contains(inside)).arg_true()).len():
            row = int(found[0]) + 2
            report(
                Problem(
                    code="swallowed_rows",
                    message="a quoted value holds what looks like whole further rows; they were not read as rows",
                    effect="warns",
                    place=Place(file=name, row=row),
                    hint=f"look for a lone {quote} in this row, or export the file again",
                    params={"row": row},
                )
            )
