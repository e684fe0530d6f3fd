"""A long column program cut into pieces, each of which forgets what is no longer needed.

Polars plans a query in time and memory that grow with the square of its length: a thousand rules
as one query take minutes. In pieces, time grows with the number of rules. A result leaves the
program with the piece that computes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polars._typing import EngineType

LONGEST: Final = 48
"""The levels of one piece."""
MANY_ROWS: Final = 100_000
"""Fewer rows run column by column; with more, handing morsels from level to level pays, and needs less memory."""
PLAIN: Final = pl.QueryOptFlags.none()
"""Nothing is left for Polars to improve: what a program computes, it needs, and once."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Some levels in a row: the columns that must be there before them, and those that are kept after them."""

    levels: tuple[tuple[pl.Expr, ...], ...]
    reads: tuple[str, ...]
    keeps: tuple[str, ...]


def segments(levels: Sequence[Sequence[pl.Expr]], outputs: Sequence[str]) -> list[Segment]:
    """Return the pieces of a program whose levels end in ``outputs``; columns that nobody reads are left out."""
    alive = dict.fromkeys(outputs)
    useful: list[tuple[tuple[pl.Expr, ...], tuple[str, ...]]] = []
    for level in reversed(levels):
        kept = tuple(expr for expr in level if expr.meta.output_name() in alive)
        for expr in kept:
            alive.pop(expr.meta.output_name(), None)
        for expr in kept:
            alive.update(dict.fromkeys(expr.meta.root_names()))
        if kept:
            useful.append((kept, tuple(alive)))
    useful.reverse()
    pieces = [useful[start : start + LONGEST] for start in range(0, len(useful), LONGEST)]
    keeps = [*(piece[0][1] for piece in pieces[1:]), tuple(outputs)]
    return [
        Segment(tuple(level for level, _ in piece), piece[0][1], kept)
        for piece, kept in zip(pieces, keeps, strict=False)
    ]


def run(frame: pl.DataFrame, pieces: Sequence[Segment], outputs: Sequence[str]) -> pl.DataFrame:
    """Return ``outputs`` after all pieces; the order of rows is not promised.

    One of ``outputs`` at least must be a column of ``frame``, so that the number of rows is known.
    """
    engine: EngineType = "streaming" if frame.height > MANY_ROWS else "in-memory"
    for piece in pieces:
        step = frame.lazy().select(piece.reads)
        for level in piece.levels:
            step = step.with_columns(level)
        frame = step.select(piece.keeps).collect(engine=engine, optimizations=PLAIN)
    return frame if frame.columns == list(outputs) else frame.select(outputs)
