"""A site's chain as one generated function: one offer at a time, in microseconds."""

from acorn_engine.evaluate.scalar.chain import ScalarChain, ScalarOutcome
from acorn_engine.evaluate.scalar.moment import Moment
from acorn_engine.evaluate.scalar.readings import inputs_of
from acorn_engine.evaluate.scalar.rows import run_rows

__all__ = ["Moment", "ScalarChain", "ScalarOutcome", "inputs_of", "run_rows"]
