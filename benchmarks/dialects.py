"""The oracle's rules in the languages of the peers: one expression a rule, its value or null.

A rule with a condition becomes ``condition ? value : null``, so that one call says whether the
rule applies and what it sets.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Final

if TYPE_CHECKING:
    from benchmarks.oracle import Rule

_COMPARISONS: Final = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
_ARITHMETIC: Final = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_FUNCTIONS: Final = frozenset({"min", "floor", "startswith"})


def python(rule: Rule) -> str:
    """Return a rule as one expression in Python's syntax."""
    return f"({rule.to}) if {rule.when} else None" if rule.when else rule.to


def names_of(text: str) -> list[str]:
    """Return the names that an expression uses, without those of functions."""
    found = {node.id for node in ast.walk(ast.parse(text, mode="eval")) if isinstance(node, ast.Name)}
    return sorted(found - _FUNCTIONS)


class Infix:
    """Python's syntax, rewritten for languages with infix operators and ``? :``."""

    words: ClassVar[dict[str, str]] = {"and": "and", "or": "or", "not": "not "}
    floats = False

    def text(self, python_text: str) -> str:
        """Return an expression in this language."""
        return self._of(ast.parse(python_text, mode="eval").body)

    def minimum(self, a: str, b: str) -> str:
        return f"min([{a}, {b}])"

    def floor(self, a: str) -> str:
        return f"floor({a})"

    def starts(self, text: str, beginning: str) -> str:
        return f"startsWith({text}, {beginning})"

    def constant(self, value: Any) -> str:
        """Return a literal; the text of a number is the one that Python read, which is short and exact here."""
        if value is None:
            return "null"
        if isinstance(value, str):
            return f"'{value}'"
        return repr(float(value)) if self.floats else repr(value)

    def _of(self, node: ast.expr) -> str:  # noqa: C901 - one arm for each kind of node
        match node:
            case ast.Constant(value):
                return self.constant(value)
            case ast.Name(name):
                return name
            case ast.BinOp(left, operator, right):
                return f"({self._of(left)} {_ARITHMETIC[type(operator)]} {self._of(right)})"
            case ast.UnaryOp(ast.Not(), operand):
                return f"({self.words['not']}{self._of(operand)})"
            case ast.BoolOp(operator, values):
                word = self.words["and" if isinstance(operator, ast.And) else "or"]
                return "(" + f" {word} ".join(self._of(value) for value in values) + ")"
            case ast.IfExp(test, body, otherwise):
                return f"({self._of(test)} ? {self._of(body)} : {self._of(otherwise)})"
            case ast.Compare(left, [ast.IsNot()], [ast.Constant(None)]):
                return f"({self._of(left)} != null)"
            case ast.Compare(left, [ast.In()], [ast.Tuple(members)]):
                return f"({self._of(left)} in [{', '.join(self._of(member) for member in members)}])"
            case ast.Compare(left, [operator], [right]):
                return f"({self._of(left)} {_COMPARISONS[type(operator)]} {self._of(right)})"
            case ast.Call(ast.Name(name), arguments):
                made: dict[str, Callable[..., str]] = {
                    "min": self.minimum,
                    "floor": self.floor,
                    "startswith": self.starts,
                }
                return made[name](*(self._of(argument) for argument in arguments))
        raise NotImplementedError(ast.dump(node))


class Zen(Infix):
    """zen-engine's expressions."""


class Cel(Infix):
    """The Common Expression Language. All numbers are doubles, for it does not mix them with integers."""

    words: ClassVar[dict[str, str]] = {"and": "&&", "or": "||", "not": "!"}
    floats = True

    def minimum(self, a: str, b: str) -> str:
        return f"({a} < {b} ? {a} : {b})"

    def floor(self, a: str) -> str:
        return f"double(int({a}))"

    def starts(self, text: str, beginning: str) -> str:
        return f"{text}.startsWith({beginning})"


class RuleEngine(Infix):
    """rule-engine's expressions."""

    def minimum(self, a: str, b: str) -> str:
        return f"({a} < {b} ? {a} : {b})"

    def floor(self, a: str) -> str:
        return f"({a} // 1)"

    def starts(self, text: str, beginning: str) -> str:
        return f"({text} =~ {beginning})"


def json_logic(python_text: str) -> str:
    """Return an expression as JSONLogic, JSON text."""
    return json.dumps(_logic(ast.parse(python_text, mode="eval").body))


def _logic(node: ast.expr) -> Any:  # noqa: C901 - one arm for each kind of node
    match node:
        case ast.Constant(value):
            return value
        case ast.Name(name):
            return {"var": name}
        case ast.BinOp(left, operator, right):
            return {_ARITHMETIC[type(operator)]: [_logic(left), _logic(right)]}
        case ast.UnaryOp(ast.Not(), operand):
            return {"!": [_logic(operand)]}
        case ast.BoolOp(operator, values):
            return {"and" if isinstance(operator, ast.And) else "or": [_logic(value) for value in values]}
        case ast.IfExp(test, body, otherwise):
            return {"if": [_logic(test), _logic(body), _logic(otherwise)]}
        case ast.Compare(left, [ast.IsNot()], [ast.Constant(None)]):
            return {"!==": [_logic(left), None]}
        case ast.Compare(left, [ast.In()], [ast.Tuple(members)]):
            return {"in": [_logic(left), [_logic(member) for member in members]]}
        case ast.Compare(left, [operator], [right]):
            name = {"==": "===", "!=": "!=="}.get(_COMPARISONS[type(operator)], _COMPARISONS[type(operator)])
            return {name: [_logic(left), _logic(right)]}
        case ast.Call(ast.Name(name), arguments):
            word = {"min": "min", "floor": "floor", "startswith": "starts_with"}[name]
            return {word: [_logic(argument) for argument in arguments]}
    raise NotImplementedError(ast.dump(node))
