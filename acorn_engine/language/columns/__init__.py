"""Checked expressions as Polars columns over exact scaled integers."""

from acorn_engine.language.columns.builder import ColumnBuilder
from acorn_engine.language.columns.leaves import Leaf
from acorn_engine.language.columns.operand import Operand

__all__ = ["ColumnBuilder", "Leaf", "Operand"]
