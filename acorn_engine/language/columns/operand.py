"""A compiled expression as whoever builds a program uses it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from acorn_engine.language.columns.cells import cell
from acorn_engine.language.columns.values import Columns, Day, Number, Truth, Words

if TYPE_CHECKING:
    from acorn_engine.fields import Rounding
    from acorn_engine.language.columns.builder import ColumnBuilder
    from acorn_engine.language.columns.whole import Whole
    from acorn_engine.types import Kind


@dataclass(slots=True, eq=False)
class Operand:
    """The columns of one expression.

    Every expression here reads temporary columns: take the builder's levels after the last use
    of this operand and before the frame computes them. ``doubts`` are the names of the masks of
    rows that must take the exact scalar form; ``rounded`` may add to them.
    """

    builder: ColumnBuilder
    kind: Kind
    columns: Columns
    doubts: dict[str, None]

    @property
    def failed(self) -> pl.Expr:
        """Where the expression failed; never null."""
        return self.builder.scratch.any(self.columns.failed).expr

    @property
    def missing(self) -> pl.Expr:
        """Where the expression is missing and did not fail; never null."""
        missing = self.builder.scratch.any(self.columns.missing).expr
        return missing & ~self.failed if self.columns.failed else missing

    @property
    def flagged(self) -> pl.Expr:
        """Where the row must take the exact scalar form; never null."""
        return self.builder.scratch.any(self.doubts).expr

    def truth(self) -> pl.Expr:
        """Return a condition: true where true; false where false, missing or failed."""
        columns = self.columns
        if not isinstance(columns, Truth):
            raise TypeError(f"{self.kind.value} is not a condition")
        columns = self.builder.conditions.keep(columns)
        self.columns = columns
        return columns.true.expr

    def boolean(self) -> pl.Expr:
        """Return a boolean, null where missing or failed."""
        return self._present(self.truth())

    def rounded(self, digits: int, mode: Rounding) -> pl.Expr:
        """Return a number scaled by ``10**digits`` and rounded: Int128, 0 where missing or failed.

        ``none`` rounds half up: a column has a fixed scale.
        """
        whole = self.whole(digits, mode)
        scratch, value, masks = self.builder.scratch, whole.cell, (self.columns.missing, self.columns.failed)
        expr = value.expr.cast(pl.Int128)
        if any(masks):
            absent = scratch.any(*masks)
            return scratch.keep(
                cell(pl.when(absent.expr).then(pl.lit(0, dtype=pl.Int128)).otherwise(expr), value, absent)
            ).expr
        return scratch.keep(cell(expr, value)).expr

    def whole(self, digits: int, mode: Rounding) -> Whole:
        """Return a number scaled by ``10**digits`` and rounded; any number within its bounds where missing or failed."""
        columns = self.columns
        if not isinstance(columns, Number):
            raise TypeError(f"{self.kind.value} is not a number")
        self.builder.scratch.doubts = self.doubts
        return self.builder.numbers.rounded(columns, digits, "half_up" if mode == "none" else mode)

    def text(self) -> pl.Expr:
        """Return a text, null where missing or failed."""
        columns = self.columns
        if not isinstance(columns, Words):
            raise TypeError(f"{self.kind.value} is not a text")
        return self._present(columns.value.expr)

    def date(self) -> pl.Expr:
        """Return a date, null where missing or failed."""
        columns = self.columns
        if not isinstance(columns, Day):
            raise TypeError(f"{self.kind.value} is not a date")
        return self._present(columns.value.cell.expr.cast(pl.Int32).cast(pl.Date))

    def _present(self, value: pl.Expr) -> pl.Expr:
        if not self.columns.missing and not self.columns.failed:
            return value
        absent = self.builder.scratch.any(self.columns.missing, self.columns.failed).expr
        return pl.when(~absent).then(value)
