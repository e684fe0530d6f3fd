"""What a project says of blank cells and of cells that mean something else: ``values`` and defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from acorn_engine.catalog.clean import apply_values, to_text
from acorn_engine.catalog.exact import is_number
from acorn_engine.catalog.scalars import read_booleans
from acorn_engine.problems import Place, Problem, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acorn_engine.catalog.options import ColumnSpec
    from acorn_engine.catalog.raw import RawTable


def fill(raw: RawTable, cells: dict[str, pl.Series], columns: Mapping[str, ColumnSpec], height: int) -> list[Problem]:
    """Apply ``values`` and defaults to the cells, in place; a column that only has a default is made.

    Returns what is wrong with the options.
    """
    problems = []
    for name, meanings in raw.options.values.items():
        if name in cells:
            cells[name] = apply_values(cells[name], meanings)
        else:
            problems.append(
                Problem(
                    code="no_such_column",
                    message=f"[catalog.{raw.role}] has values for '{name}', which is no column",
                    place=Place(file=raw.name),
                    hint=did_you_mean(name, cells) or f"the columns are {', '.join(cells)}",
                    params={"column": None},
                )
            )
    for name, default in raw.options.default.items():
        if name in cells:
            cells[name] = _filled(cells[name], default)
        else:
            cells[name] = pl.Series([default], dtype=pl.String).new_from_index(0, height)
    for name, spec in columns.items():
        if spec.default is not None and name in cells:
            cells[name] = _filled(cells[name], spec.default)
    return problems


def _filled(cells: pl.Series, default: str) -> pl.Series:
    """Return a column with its default; one that is not of the column's own type makes the column text."""
    if not cells.null_count():
        return cells
    filled = _fill_exact(cells, default) if cells.dtype != pl.String else None
    if filled is not None:
        return filled
    text = to_text(cells)
    return cells if text is None else text.fill_null(default)


def _fill_exact(values: pl.Series, default: str) -> pl.Series | None:
    """Return a typed column with ``default`` where it is blank; ``None`` where the column would write it otherwise.

    What is told of a cell shows the default as the project has it.
    """
    own = values.dtype
    meant: Any = None
    if own == pl.Boolean:
        meant = read_booleans(pl.Series([default], dtype=pl.String))[0].item()
    elif is_number(own):
        taken = pl.Series([default], dtype=pl.String).cast(own, strict=False)
        meant = taken.item() if taken.cast(pl.String).item() == default else None
    if meant is None:
        return None
    return pl.select(pl.lit(values).fill_null(pl.lit(meant, dtype=own)).alias(values.name)).to_series()
