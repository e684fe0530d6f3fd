"""Checked expressions as Polars columns over exact scaled integers."""

from acorn_engine.language.columns.builder import ColumnBuilder
from acorn_engine.language.columns.leaves import Leaf
from acorn_engine.language.columns.operand import Operand
from acorn_engine.language.columns.values import Columns, Day, Number, Truth, Words

__all__ = ["ColumnBuilder", "Columns", "Day", "Leaf", "Number", "Operand", "Truth", "Words"]
