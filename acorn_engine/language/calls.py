"""The check of calls: standard functions, functions of plugins, and what only definitions may call."""

from __future__ import annotations

import ast
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from acorn_engine.language import core
from acorn_engine.language.definitions import (
    INSIDE_FUNCTIONS,
    LARGEST_CALLS,
    definition_of,
    literal_of,
    with_defaults,
)
from acorn_engine.language.faults import ExpressionError, Fault
from acorn_engine.language.functions import STANDARD, STANDARD_FUNCTIONS, counted
from acorn_engine.language.operands import Operand, assign, numeric, say
from acorn_engine.language.scope import type_of_value
from acorn_engine.problems import did_you_mean
from acorn_engine.types import NUMBER, TEXT, Kind, Money, Type

if TYPE_CHECKING:
    from acorn_engine.language.checking import Checker
    from acorn_engine.plugins.records import Function, Parameter
    from acorn_engine.types import Value

Arguments = list[tuple[Operand | None, ast.expr]]


def call(checker: Checker, node: ast.Call, arguments: Arguments) -> Operand | None:
    """Check a call whose arguments are checked; ``None`` where anything is wrong."""
    if not isinstance(node.func, ast.Name):
        return None
    name = node.func.id
    if name in STANDARD:
        good = counted(checker, name, STANDARD[name], len(arguments), node)
        known = [(operand, at) for operand, at in arguments if operand]
        return STANDARD[name].build(checker, known, node) if good and len(known) == len(arguments) else None
    if checker.local is not None and name in INSIDE_FUNCTIONS:
        return _inside(checker, name, arguments, node)
    if name in checker.scope.functions:
        return _plugin(checker, checker.scope.functions[name], arguments, node)
    hint = did_you_mean(name, [*checker.scope.functions, *STANDARD_FUNCTIONS])
    if name in checker.scope.names or name in checker.scope.parameters or name in checker.scope.defines:
        hint = f"'{name}' is a value, not a function"
    elif name in INSIDE_FUNCTIONS:
        hint = "it exists in the definitions of plugins only; write fx(...)"
    checker.fault(node.func, "unknown_function", f"there is no function '{name}'", hint)
    return None


def _inside(checker: Checker, name: str, arguments: Arguments, node: ast.Call) -> Operand | None:
    """Check the functions that only definitions may call."""
    wanted = 2 if name == "lookup" else 1
    if len(arguments) != wanted:
        checker.fault(node, "arguments", f"{name} takes {wanted} argument{'s' * (wanted > 1)}, not {len(arguments)}")
        return None
    types = {"lookup": TEXT, "site_money": NUMBER}
    operand, at = arguments[-1]
    given = assign(checker, operand, types.get(name, Type(Kind.MONEY, None)), at) if operand else None
    if given is None:
        return None
    if name == "lookup":
        table = literal_of(arguments[0][1], {})
        if isinstance(table, str):
            return replace(given, type=NUMBER, node=core.Lookup(table, given.node), bare=False)
        checker.fault(node, "arguments", "lookup needs the table's name as a text written down")
        return None
    if name == "currency_of":
        return _currency_of(given)
    type_ = NUMBER if name == "amount" else Type(Kind.MONEY, checker.scope.site.currency)
    return replace(given, type=type_, bare=False)


def _currency_of(money: Operand) -> Operand:
    """Return the currency of money: known from its tag, but missing where the money is."""
    column = money.type.tag_column
    currency = core.Name(column, Kind.TEXT) if column else core.Literal(money.type.tag or "")
    missing = money.guards if isinstance(money.node, core.Literal) else money.guards | {money.node}
    return Operand(TEXT, currency, guards=missing)


def _plugin(checker: Checker, function: Function, arguments: Arguments, node: ast.Call) -> Operand | None:
    """Check a call of a plugin's function by writing its definition out."""
    least = sum(not (parameter.literal and parameter.default is not None) for parameter in function.parameters)
    if not least <= len(arguments) <= len(function.parameters):
        wanted = str(least) if least == len(function.parameters) else f"{least} to {len(function.parameters)}"
        noun = "argument" if wanted == "1" else "arguments"
        message = f"{function.name} takes {wanted} {noun}, not {len(arguments)}"
        checker.fault(node, "arguments", message, f"write {function.example}")
        return None
    literals: dict[str, Value] = {}
    local: dict[str, Operand] = {}
    good = True
    for parameter, (operand, at) in zip(function.parameters, arguments, strict=False):
        bound = _argument(checker, function, parameter, operand, at)
        good = good and bound is not None
        if bound is not None:
            local[parameter.name] = bound
        if parameter.literal and bound is not None:
            literals[parameter.name] = _literal(bound)
    return _expand(checker, function, with_defaults(function, literals), local, node) if good else None


def _literal(bound: Operand) -> Value:
    """Return the value of a literal argument."""
    value: Value = bound.node.value  # type: ignore[attr-defined]
    if isinstance(value, Fraction) and bound.type.kind is Kind.MONEY:
        return Money(value, bound.type.tag or "")
    return value


def _argument(
    checker: Checker, function: Function, parameter: Parameter, operand: Operand | None, at: ast.expr
) -> Operand | None:
    """Check one argument against its parameter."""
    if operand is None:
        return None
    what = f"'{parameter.name}' of {function.name}"
    if parameter.literal and not (
        isinstance(operand.node, core.Literal) and literal_of(at, checker.literals) is not None
    ):
        checker.fault(at, "arguments", f"{what} must be written down, as in {function.example}")
        return None
    if parameter.choices and isinstance(operand.node, core.Literal) and operand.node.value not in parameter.choices:
        choices = ", ".join(f"'{choice}'" for choice in parameter.choices)
        hint = did_you_mean(str(operand.node.value), parameter.choices)
        checker.fault(at, "arguments", f"{what} is one of {choices}", hint)
        return None
    if parameter.type is None:
        return operand if numeric(checker, (operand, at), function.name) else None
    return assign(checker, operand, parameter.type, at)


def _expand(
    checker: Checker, function: Function, literals: dict[str, Value], local: dict[str, Operand], node: ast.Call
) -> Operand | None:
    """Return what the definition is with these arguments; each combination is written out once."""
    key = (function.name, tuple(sorted(literals.items())), tuple(sorted(local.items(), key=lambda item: item[0])))
    if key not in checker.expanded:
        checker.expanded[key] = _written_out(checker, function, literals, local)
    found = checker.expanded[key]
    if isinstance(found, Fault):
        checker.fault(node, found.code, found.message, found.hint)
        return None
    return found


def _written_out(
    checker: Checker, function: Function, literals: dict[str, Value], local: dict[str, Operand]
) -> Operand | Fault:
    """Check a definition; whatever is wrong with it is one fault at the call."""
    from acorn_engine.language.checking import Checker, literal

    if function.name in checker.inside:
        circle = " → ".join([*checker.inside[checker.inside.index(function.name) :], function.name])
        return Fault("function", f"the plugin's function '{function.name}' is defined by itself: {circle}")
    if len(checker.inside) > LARGEST_CALLS:
        message = f"the plugin's function '{checker.inside[0]}' calls functions more than {LARGEST_CALLS} deep"
        return Fault("function", message)
    try:
        syntax = definition_of(function, literals, checker.scope.site.digits)
    except ExpressionError as error:
        return error.faults[0]
    names = {name: literal(value) for name, value in literals.items() if type_of_value(value)} | local
    inner = Checker(checker.scope, syntax.text, names, (*checker.inside, function.name), checker.expanded)
    operand = inner.operand(syntax.tree)
    if operand is not None and not inner.faults and function.returns is not None:
        wanted = function.returns.at_site(checker.scope.site.currency)
        given = say(operand.type)
        operand = assign(inner, operand, wanted, syntax.tree)
        if operand is None:
            inner.faults.clear()
            inner.fault(syntax.tree, "type", f"it gives {given} instead of {say(wanted)}")
    if operand is None or inner.faults:
        return _in_words(function, ExpressionError(inner.faults).faults[0])
    return operand


def _in_words(function: Function, first: Fault) -> Fault:
    """Return the first fault of a definition as a fault of the call."""
    if first.code == "function":
        return Fault(first.code, first.message, hint=first.hint)
    if first.code in {"unknown_name", "unknown_function"}:  # a name that stands in the plugin, not in the rule
        message = f"the plugin's function '{function.name}' is defined wrongly: {first.message}"
        return Fault("function", message, hint=first.hint)
    return Fault(first.code, f"{function.name} cannot be used like this: {first.message}", hint=first.hint)
