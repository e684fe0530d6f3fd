"""Temporary columns: what is used more than once is computed once, level by level."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Final, TypeAlias

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable

Mask: TypeAlias = "frozenset[str]"
"""The names of Boolean columns without nulls; the mask is true where any of them is."""

NEVER: Final[Mask] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """A column expression; ``level`` is the first level that may compute it.

    ``plain`` cells are columns and literals: free to use again. ``known`` is the value of a
    condition that is the same on every row, ``None`` for everything else. ``name`` is that of a
    temporary.
    """

    expr: pl.Expr
    level: int = 0
    plain: bool = False
    known: bool | None = None
    name: str | None = None


def cell(expr: pl.Expr, *parts: Cell) -> Cell:
    """Return ``expr``, made of ``parts``, as a cell."""
    return Cell(expr, max((part.level for part in parts), default=0))


def literal(value: bool | str) -> Cell:
    """Return a constant as a cell."""
    return Cell(pl.lit(value), plain=True, known=value if isinstance(value, bool) else None)


def both(a: Cell, b: Cell) -> Cell:
    """Return where two conditions without nulls hold."""
    if a.known is not None:
        return b if a.known else a
    if b.known is not None:
        return a if b.known else b
    return cell(a.expr & b.expr, a, b)


def either(a: Cell, b: Cell) -> Cell:
    """Return where one at least of two conditions without nulls holds."""
    if a.known is not None:
        return a if a.known else b
    if b.known is not None:
        return b if b.known else a
    return cell(a.expr | b.expr, a, b)


def inverse(a: Cell) -> Cell:
    """Return where a condition without nulls does not hold."""
    return cell(~a.expr, a) if a.known is None else literal(not a.known)


class Scratch:
    """The temporary columns of one program.

    Every temporary has a level above the temporaries that it reads, so that one ``with_columns``
    for each level computes them all. ``doubts`` collects the masks of rows whose value may leave
    127 bits while a node is built.
    """

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.names: list[str] = []
        self.doubts: dict[str, None] = {}
        self._levels: dict[str, int] = {}
        self._pending: list[tuple[int, pl.Expr]] = []
        self._always: str | None = None

    def keep(self, part: Cell) -> Cell:
        """Return ``part`` as something that may be used again: a temporary, if it is not plain."""
        return part if part.plain else self.column(self._temporary(part))

    def _temporary(self, part: Cell) -> str:
        name = f"{self.prefix}{len(self.names)}"
        self.names.append(name)
        self._levels[name] = part.level + 1
        self._pending.append((part.level, part.expr.alias(name)))
        return name

    def column(self, name: str) -> Cell:
        """Return a temporary by its name."""
        return Cell(pl.col(name), self._levels[name], plain=True, name=name)

    def mask(self, part: Cell) -> Mask:
        """Return a Boolean cell without nulls as a mask."""
        if part.known is not None:
            return self.always if part.known else NEVER
        return frozenset({part.name or self._temporary(part)})

    def given(self, name: str) -> Mask:
        """Return a Boolean column that the frame has already as a mask."""
        self._levels.setdefault(name, 0)
        return frozenset({name})

    @property
    def always(self) -> Mask:
        """The mask of every row."""
        if self._always is None:
            self._always = self._temporary(literal(True))
        return frozenset({self._always})

    def any(self, *masks: Iterable[str]) -> Cell:
        """Return where any of ``masks`` is true."""
        names = sorted({name for mask in masks for name in mask})
        if not names:
            return literal(False)
        if self._always in names:
            return literal(True)
        cells = [self.column(name) for name in names]
        joined = reduce(or_, [one.expr for one in cells])
        return cells[0] if len(cells) == 1 else Cell(joined, max(one.level for one in cells))

    def doubt(self, part: Cell) -> Cell:
        """Mark rows for the exact scalar form; return the mark, free to use again."""
        if part.known is not None:
            self.doubts.update(dict.fromkeys(self.mask(part)))
            return part
        name = self._temporary(part)
        self.doubts[name] = None
        return self.column(name)

    def doubt_all(self) -> None:
        """Mark every row for the exact scalar form."""
        self.doubts.update(dict.fromkeys(self.always))

    def take_levels(self) -> list[list[pl.Expr]]:
        """Return the temporaries not taken so far: a list of expressions for each level."""
        levels: dict[int, list[pl.Expr]] = {}
        for level, expr in self._pending:
            levels.setdefault(level, []).append(expr)
        self._pending = []
        return [levels[level] for level in sorted(levels)]
