"""Functions of plugins: which definition stands behind a call.

This much of a call is the reading of the text, so checking and reference share it; what the
definition means, each finds out by itself.
"""

from __future__ import annotations

import ast
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from acorn_engine.language.faults import ExpressionError, Fault
from acorn_engine.language.parsing import Syntax, parse
from acorn_engine.types import Money

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acorn_engine.plugins.records import Function
    from acorn_engine.types import Value

INSIDE_FUNCTIONS: Final = ("currency_of", "amount", "lookup", "site_money")
"""Functions that exist in definitions only."""

LARGEST_CALLS: Final = 20
"""How deep definitions may call functions of plugins in their turn."""


def literal_of(node: ast.expr, parameters: Mapping[str, Value]) -> Value | None:
    """Return the value of a literal, a negated one, or a parameter; ``None`` for anything else."""
    if isinstance(node, ast.Constant):
        value: Value = node.value  # type: ignore[assignment]
        return value
    if isinstance(node, ast.Name):
        return parameters.get(node.id)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = literal_of(node.operand, parameters)  # type: ignore[assignment]
        if isinstance(value, Fraction):
            return -value
        if isinstance(value, Money):
            return Money(-value.amount, value.currency)
    return None


def with_defaults(function: Function, given: Mapping[str, Value]) -> dict[str, Value]:
    """Return the literal arguments by name, those left out with their defaults."""
    values: dict[str, Value] = {}
    for parameter in function.parameters:
        if parameter.literal:
            value = given.get(parameter.name, parameter.default)
            values[parameter.name] = Fraction(value) if type(value) is int else value
    return values


def definition_of(function: Function, literals: Mapping[str, Value], digits: int) -> Syntax:
    """Return the definition of a function for these literal arguments.

    ``digits`` are those of the site's currency. Raises ``ExpressionError`` with a sentence for a
    person where the arguments make no sense, the definition is not an expression, or the plugin's
    own code fails: that is contained here.
    """
    definition: object = function.definition
    if not isinstance(definition, str):
        try:
            definition = function.definition(**literals, digits=digits)  # type: ignore[operator]
        except ValueError as error:
            raise ExpressionError([Fault("arguments", f"{function.name}: {error}")]) from error
        except Exception as error:
            message = f"the plugin's function '{function.name}' failed: {type(error).__name__}: {error}"
            raise ExpressionError([Fault("function", message)]) from error
        if not isinstance(definition, str):
            message = f"the plugin's function '{function.name}' gave no expression"
            raise ExpressionError([Fault("function", message)])
    try:
        return parse(definition)
    except ExpressionError as error:
        message = f"the plugin's function '{function.name}' is defined wrongly: {error.faults[0].message}"
        raise ExpressionError([Fault("function", message)]) from error
