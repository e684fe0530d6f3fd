"""The expression language: read, check, and say exactly what an expression means."""

from acorn_engine.language.checking import check
from acorn_engine.language.faults import ExpressionError, Fault
from acorn_engine.language.functions import STANDARD_FUNCTIONS
from acorn_engine.language.parsing import Syntax, parse
from acorn_engine.language.reference import Outcome, Reference
from acorn_engine.language.rounding import round_to
from acorn_engine.language.scope import STANDARD_NAMES, Checked, Scope

__all__ = [
    "STANDARD_FUNCTIONS",
    "STANDARD_NAMES",
    "Checked",
    "ExpressionError",
    "Fault",
    "Outcome",
    "Reference",
    "Scope",
    "Syntax",
    "check",
    "parse",
    "round_to",
]
