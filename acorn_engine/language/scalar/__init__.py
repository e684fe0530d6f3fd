"""The scalar form: checked expressions as generated Python over whole numbers, for one offer at a time."""

from acorn_engine.language.scalar.compiler import ScalarCompiler
from acorn_engine.language.scalar.held import Held, Input
from acorn_engine.language.scalar.source import Source
from acorn_engine.language.scalar.tables import TABLE_UNIT, fits, scaled_table

__all__ = ["TABLE_UNIT", "Held", "Input", "ScalarCompiler", "Source", "fits", "scaled_table"]
