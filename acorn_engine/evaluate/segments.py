"""A long column program cut into pieces, each of which forgets what is no longer needed.

Polars plans a query in time and memory that grow with the square of its length: a thousand rules
as one query take minutes. In pieces, time grows with the number of rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

LONGEST: Final = 64
"""The levels of one piece."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Some levels in a row, with the columns that must be there before them."""

    levels: tuple[tuple[pl.Expr, ...], ...]
    reads: tuple[str, ...]


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
        useful.append((kept, tuple(alive)))
    useful.reverse()
    pieces = [useful[start : start + LONGEST] for start in range(0, len(useful), LONGEST)]
    return [Segment(tuple(level for level, _ in piece if level), piece[0][1]) for piece in pieces]


def run(lazy: pl.LazyFrame, pieces: Sequence[Segment], outputs: Sequence[str]) -> pl.DataFrame:
    """Return ``outputs`` after all pieces; the order of rows is not promised.

    One of ``outputs`` at least must be a column of ``lazy``, so that the number of rows is known.
    """
    frame = None
    for number, piece in enumerate(pieces):
        step = lazy if frame is None else frame.lazy()
        step = step.select(piece.reads)
        for level in piece.levels:
            step = step.with_columns(level)
        last = number + 1 == len(pieces)
        frame = step.select(outputs if last else pieces[number + 1].reads).collect(engine="streaming")
    return lazy.select(outputs).collect(engine="streaming") if frame is None else frame
