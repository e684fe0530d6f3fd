"""Column expressions, and what is known of conditions before anything runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import polars as pl

Mask: TypeAlias = "frozenset[str]"
"""The names of Boolean columns without nulls; the mask is true where any of them is."""

NEVER: Final[Mask] = frozenset()
MOST_NAMES: Final = 64
"""So many implications of one condition are remembered; forgetting some costs only speed."""


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """A column expression; ``level`` is the first level that may compute it.

    ``plain`` cells are columns and literals: free to use again. ``name`` is that of a column.
    Of a condition, ``known`` is the value that it has on every row, if it has one; ``implies``
    are the columns that are true wherever it is, ``excludes`` those that are false there,
    ``enough`` those each of which makes it true, and ``opposite`` is the column whose inverse it is.
    """

    expr: pl.Expr
    level: int = 0
    plain: bool = False
    known: bool | None = None
    name: str | None = None
    implies: Mask = NEVER
    excludes: Mask = NEVER
    enough: Mask = NEVER
    opposite: Cell | None = None


_TRUE: Final = Cell(pl.lit(value=True), plain=True, known=True)
_FALSE: Final = Cell(pl.lit(value=False), plain=True, known=False)


def cell(expr: pl.Expr, *parts: Cell) -> Cell:
    """Return ``expr``, made of ``parts``, as a cell."""
    return Cell(expr, max((part.level for part in parts), default=0))


def column(name: str, level: int, of: Cell | None = None) -> Cell:
    """Return a column as a cell; it holds ``of``."""
    own = frozenset({name})
    if of is None:
        return Cell(pl.col(name), level, plain=True, name=name, implies=own, enough=own)
    return Cell(
        pl.col(name),
        level,
        plain=True,
        name=name,
        implies=_joined(own, of.implies),
        excludes=of.excludes,
        enough=_joined(own, of.enough),
        opposite=of.opposite,
    )


def literal(value: bool | str) -> Cell:
    """Return a constant as a cell."""
    if isinstance(value, bool):
        return _TRUE if value else _FALSE
    return Cell(pl.lit(value), plain=True)


def follows(a: Cell, b: Cell) -> bool:
    """Say whether condition ``b`` is known to hold wherever ``a`` does."""
    if a.known is False or b.known or a.implies & b.enough:
        return True
    return b.opposite is not None and b.opposite.name in a.excludes


def both(a: Cell, b: Cell) -> Cell:
    """Return where two conditions without nulls hold."""
    if a.known is False or b.known is False or a.implies & b.excludes or a.excludes & b.implies:
        return literal(False)
    if follows(a, b):
        return a
    if follows(b, a):
        return b
    return Cell(
        a.expr & b.expr,
        max(a.level, b.level),
        implies=_joined(a.implies, b.implies),
        excludes=_joined(a.excludes, b.excludes),
        enough=a.enough & b.enough,
    )


def either(a: Cell, b: Cell) -> Cell:
    """Return where one at least of two conditions without nulls holds."""
    if follows(a, b):
        return b
    if follows(b, a):
        return a
    if _opposed(a, b) or _opposed(b, a):
        return literal(True)
    return Cell(
        a.expr | b.expr,
        max(a.level, b.level),
        implies=a.implies & b.implies,
        excludes=a.excludes & b.excludes,
        enough=_joined(a.enough, b.enough),
    )


def inverse(a: Cell) -> Cell:
    """Return where a condition without nulls does not hold."""
    if a.known is not None:
        return literal(not a.known)
    if a.opposite is not None:
        return a.opposite
    opposite = a if a.name is not None else None
    return Cell(~a.expr, a.level, excludes=a.enough, enough=a.excludes, opposite=opposite)


def _opposed(a: Cell, b: Cell) -> bool:
    return a.opposite is not None and a.opposite.name == b.name


def _joined(a: Mask, b: Mask) -> Mask:
    joined = a | b
    return joined if len(joined) <= MOST_NAMES else a
