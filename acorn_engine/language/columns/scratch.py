"""Temporary columns: what is used more than once is computed once, level by level."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from acorn_engine.language.columns.cells import NEVER, Cell, Mask, column, either, literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import polars as pl


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
        self._columns: dict[str, Cell] = {}
        self._shared: dict[tuple[str, ...], Cell] = {}
        self._pending: list[tuple[int, pl.Expr]] = []
        self._always: str | None = None

    def keep(self, part: Cell) -> Cell:
        """Return ``part`` as something that may be used again: a temporary, if it is not plain."""
        return part if part.plain else self.column(self._temporary(part))

    def _temporary(self, part: Cell) -> str:
        name = f"{self.prefix}{len(self.names)}"
        self.names.append(name)
        self._columns[name] = column(name, part.level + 1, part)
        self._pending.append((part.level, part.expr.alias(name)))
        return name

    def column(self, name: str) -> Cell:
        """Return a temporary by its name."""
        return self._columns[name]

    def mask(self, part: Cell) -> Mask:
        """Return a Boolean cell without nulls as a mask."""
        if part.known is not None:
            return self.always if part.known else NEVER
        return frozenset({part.name or self._temporary(part)})

    def given(self, name: str) -> Mask:
        """Return a Boolean column that the frame has already as a mask."""
        self._columns.setdefault(name, column(name, 0))
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
        return reduce(either, [self.column(name) for name in names])

    def shared(self, key: tuple[str, ...], make: Callable[[], Cell]) -> Cell:
        """Return what ``make`` gives as a column that everybody shares who asks with the same key."""
        if key not in self._shared:
            self._shared[key] = self.keep(make())
        return self._shared[key]

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
