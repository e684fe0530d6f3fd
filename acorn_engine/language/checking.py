"""The check: types, currencies and names of an expression, and its core tree, in one walk."""

from __future__ import annotations

import ast
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from acorn_engine.language import core
from acorn_engine.language.calls import call
from acorn_engine.language.faults import ExpressionError, Fault
from acorn_engine.language.functions import STANDARD_FUNCTIONS
from acorn_engine.language.operands import (
    Operand,
    arithmetic,
    assign,
    compare,
    numeric,
    plain,
    possible,
    say,
    unify,
    with_currency,
)
from acorn_engine.language.scope import STANDARD_NAMES, Checked, Scope, defines_in_order, type_of_value
from acorn_engine.problems import did_you_mean
from acorn_engine.types import BOOLEAN, DATE, NUMBER, Kind, Money, Type, describe_tag

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acorn_engine.language.parsing import Syntax
    from acorn_engine.types import Value

_ARITHMETIC: Final[dict[type[ast.operator], core.ArithmeticOperator]] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
}
_COMPARE: Final[dict[type[ast.cmpop], core.CompareOperator]] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
_NOTHING: Final = frozenset({"null", "none", "nil", "missing", "undefined", "na"})


def check(syntax: Syntax, scope: Scope, expected: Type | None = None) -> Checked:
    """Check an expression against a scope; raise ``ExpressionError`` with all its faults.

    With ``expected`` it must be assignable to that type: bare numbers become money, money must be
    in the right currency. A fault inside a define is one fault where the define is used, with the
    code ``define``, ``cycle`` or ``too_deep``: check each define by itself for the others.
    """
    order, broken, _ = defines_in_order(syntax, scope)
    for name in order:
        if name not in scope.checked_defines:
            scope.checked_defines[name] = _checked_define(name, scope, broken)
    checker = Checker(scope, syntax.text)
    operand = checker.whole(syntax)
    if operand and operand.type.kind is Kind.LIST:
        checker.fault(syntax.tree, "list", "a list stands only after 'in'", "write x in the_list")
    elif operand and expected:
        operand = assign(checker, operand, expected, syntax.tree)
    if checker.faults or operand is None:
        raise ExpressionError(checker.faults)
    node = operand.whole
    reads, lookups = _uses(node, scope)
    warnings = tuple(dict.fromkeys(checker.warnings))
    return Checked(syntax, scope, operand.type, node, reads, lookups, warnings, operand.bare)


def _checked_define(name: str, scope: Scope, broken: Mapping[str, str]) -> Operand | Fault:
    """Check one define, those that it needs being checked; return what it is, or its first fault."""
    if name in broken:
        return Fault("cycle" if "by itself" in broken[name] else "too_deep", broken[name])
    syntax = scope.defines[name]
    checker = Checker(scope, syntax.text)
    operand = checker.whole(syntax)
    if operand and not checker.faults:
        return replace(operand, node=operand.whole, guards=frozenset())
    first = ExpressionError(checker.faults).faults[0]
    inner = first.message if first.code == "define" else f"the definition of '{name}' has a fault: {first.message}"
    return Fault("define", inner, hint=first.hint)


def _uses(node: core.Node, scope: Scope) -> tuple[frozenset[str], frozenset[tuple[str, str | None, str | None]]]:
    """Return the facts and fields, and the tables, that a core tree reads."""
    reads: set[str] = set()
    lookups: set[tuple[str, str | None, str | None]] = set()
    for found in core.post_order(node):
        if isinstance(found, core.Name) and found.name not in STANDARD_NAMES:
            reads.add(found.name)
            type_ = scope.names.get(found.name)
            if type_ and type_.tag_column:
                reads.add(type_.tag_column)
        elif isinstance(found, core.Lookup):
            key = found.at.value if isinstance(found.at, core.Literal) else None
            column = found.at.name if isinstance(found.at, core.Name) else None
            lookups.add((found.table, str(key) if key is not None else None, column))
    return frozenset(reads), frozenset(lookups)


class Checker:
    """One walk over one text. A part with a fault is ``None``, so that no fault brings others.

    ``local`` are the arguments by name, in the definition of a function; there, facts and
    defines have no meaning.
    """

    def __init__(
        self,
        scope: Scope,
        text: str,
        local: Mapping[str, Operand] | None = None,
        inside: tuple[str, ...] = (),
        expanded: dict[Any, Operand | Fault] | None = None,
    ) -> None:
        self.scope = scope
        self.text = text
        self.local = local
        self.inside = inside
        self.expanded: dict[Any, Operand | Fault] = {} if expanded is None else expanded
        self.faults: list[Fault] = []
        self.warnings: list[Fault] = []

    @property
    def literals(self) -> Mapping[str, Value]:
        """The names that stand for literals here: parameters, or arguments that are literals."""
        if self.local is None:
            return self.scope.parameters
        found = {name: operand.node for name, operand in self.local.items() if operand.bare}
        return {name: node.value for name, node in found.items() if isinstance(node, core.Literal)}

    def fault(self, at: ast.expr, code: str, message: str, hint: str | None = None) -> None:
        """Note a fault at a part of the text."""
        self.faults.append(Fault(code, message, at.col_offset, at.end_col_offset or at.col_offset, hint))

    def warn_of_bare_money(self, at: ast.expr, type_: Type) -> None:
        """Warn where a number without a currency means another amount on each site."""
        tag = type_.tag
        if (
            self.scope.several_currencies
            and self.local is None
            and (tag == self.scope.site.currency or type_.tag_column)
        ):
            written = self.written(at)
            message = f"'{written}' is {describe_tag(tag)} here, and another currency on other sites of this file"
            hint = with_currency(self, at) if tag == self.scope.site.currency else None
            self.warnings.append(Fault("bare_money", message, at.col_offset, at.end_col_offset or 0, hint))

    def written(self, at: ast.expr) -> str:
        """Return a part of the text."""
        return self.text[at.col_offset : at.end_col_offset]

    def whole(self, syntax: Syntax) -> Operand | None:
        """Check the whole expression; definitions of plugins that run away are contained."""
        try:
            return self.operand(syntax.tree)
        except RecursionError:
            self.fault(syntax.tree, "too_deep", "the expression nests too deep with its functions written out")
            return None

    def operand(self, node: ast.expr) -> Operand | None:
        """Check one part of the expression, and all below it."""
        method = {
            ast.Constant: self._constant,
            ast.Name: self._name,
            ast.UnaryOp: self._unary,
            ast.BinOp: self._binary,
            ast.BoolOp: self._logic,
            ast.Compare: self._compare,
            ast.IfExp: self._conditional,
            ast.Call: self._call,
        }[type(node)]
        result: Operand | None = method(node)  # type: ignore[operator]
        return result

    def _value(self, node: ast.expr) -> Operand | None:
        """Check a part that cannot be a list."""
        operand = self.operand(node)
        if operand and operand.type.kind is Kind.LIST:
            self.fault(
                node, "list", f"'{self.written(node)}' is a list: it stands only after 'in'", "write x in the_list"
            )
            return None
        return operand

    def _constant(self, node: ast.Constant) -> Operand:
        return literal(node.value)  # type: ignore[arg-type]

    def _name(self, node: ast.Name) -> Operand | None:
        name, scope = node.id, self.scope
        if self.local is not None and name in self.local:
            return self.local[name]
        if self.local is None and name in scope.parameters:
            return self._parameter(node, scope.parameters[name])
        if self.local is None and name in scope.defines:
            return self._define(node, scope.checked_defines[name])
        if (value := scope.standard(name)) is not None:
            return replace(literal(value), bare=False)
        type_ = scope.names.get(name) if self.local is None else None
        type_ = DATE if name == "today" else type_
        if type_ is None:
            self._unknown(node)
            return None
        return Operand(type_.at_site(scope.site.currency), core.Name(name, type_.kind))

    def _define(self, node: ast.Name, found: Operand | Fault) -> Operand | None:
        if isinstance(found, Operand):
            return found
        self.fault(node, found.code, found.message, found.hint)
        return None

    def _parameter(self, node: ast.Name, value: Value) -> Operand | None:
        if isinstance(value, tuple):
            type_ = type_of_value(value)
            if type_ is None:
                self.fault(node, "list", f"the list '{node.id}' holds values of several types")
                return None
            return Operand(type_, core.Literal(False), bare=True)
        return literal(value)

    def _unknown(self, node: ast.Name) -> None:
        scope = self.scope
        known = [*scope.parameters, *scope.defines, *STANDARD_NAMES, *scope.names]
        hint = did_you_mean(node.id, self.local if self.local is not None else known)
        if node.id in scope.functions or node.id in STANDARD_FUNCTIONS:
            hint = f"'{node.id}' is a function: write {node.id}(...)"
        elif node.id.lower() in _NOTHING:
            hint = "write is_missing(x) or default(x, y)"
        elif node.id.lower() in {"true", "false"}:
            hint = f"write '{node.id.lower()}'"
        self.fault(node, "unknown_name", f"there is no '{node.id}' here", hint or "put text in quotes")

    def _unary(self, node: ast.UnaryOp) -> Operand | None:
        operand = self._value(node.operand)
        if operand is None:
            return None
        if isinstance(node.op, ast.Not):
            return (
                Operand(BOOLEAN, core.Not(operand.whole), operand.bare)
                if self._truth("'not'", operand, node.operand)
                else None
            )
        if not numeric(self, (operand, node.operand), "'-'"):
            return None
        negated: core.Node = core.Negate(operand.node)
        if isinstance(operand.node, core.Literal) and isinstance(operand.node.value, Fraction):
            negated = core.Literal(-operand.node.value)
        return Operand(operand.type, negated, operand.bare, operand.guards)

    def _truth(self, what: str, operand: Operand, at: ast.expr) -> bool:
        """Say whether an operand is a boolean; otherwise note a fault."""
        if operand.type.kind is Kind.BOOLEAN:
            return True
        hint = "compare it with something" if operand.type.kind is not Kind.TEXT else None
        if isinstance(operand.node, core.Name) and operand.type.kind is Kind.TEXT:
            hint = f"if '{operand.node.name}' is true or false, give it the type boolean under [catalog.columns]"
        self.fault(at, "type", f"{what} needs true or false, not {say(operand.type)}", hint)
        return False

    def _binary(self, node: ast.BinOp) -> Operand | None:
        left, right = self._value(node.left), self._value(node.right)
        op = _ARITHMETIC[type(node.op)]
        if left is None or right is None:
            for operand, at in ((left, node.left), (right, node.right)):
                if operand:
                    numeric(self, (operand, at), f"'{op}'")
            return None
        return arithmetic(self, op, (left, node.left), (right, node.right), node)

    def _logic(self, node: ast.BoolOp) -> Operand | None:
        op: core.LogicOperator = "and" if isinstance(node.op, ast.And) else "or"
        items = [(self._value(item), item) for item in node.values]
        good = [operand is not None and self._truth(f"'{op}'", operand, at) for operand, at in items]
        if not all(good):
            return None
        known = [operand for operand, _ in items if operand]
        node_ = core.Logic(op, tuple(operand.whole for operand in known))
        return Operand(BOOLEAN, node_, all(operand.bare for operand in known))

    def _compare(self, node: ast.Compare) -> Operand | None:
        if isinstance(node.ops[0], ast.In | ast.NotIn):
            return self._member(node)
        places = [node.left, *node.comparators]
        operands = [self._value(place) for place in places]
        links: list[core.Node] = []
        good = True
        for at, op in enumerate(node.ops):
            left, right = operands[at], operands[at + 1]
            if left is None or right is None:
                good = False
                continue
            link = compare(self, _COMPARE[type(op)], (left, places[at]), (right, places[at + 1]), node)
            good = good and link is not None
            links += [link] if link else []
        if not good:
            return None
        whole = links[0] if len(links) == 1 else core.Logic("and", tuple(links))
        return Operand(BOOLEAN, whole, all(operand.bare for operand in operands if operand))

    def _member(self, node: ast.Compare) -> Operand | None:
        operand, right = self._value(node.left), node.comparators[0]
        members = self._members(right)
        if operand is None or members is None:
            return None
        for member, at in members:
            if unify(self, [(operand, node.left), (member, at)], "compared", at) is None:
                return None
            if isinstance(member.node, core.Literal) and not possible(self, operand.node, member.node, at):
                return None
        literals = tuple(member.node for member, _ in members if isinstance(member.node, core.Literal))
        found = core.Member(operand.whole, literals, isinstance(node.ops[0], ast.NotIn))
        return Operand(BOOLEAN, found, operand.bare)

    def _members(self, node: ast.expr) -> list[tuple[Operand, ast.expr]] | None:
        """Return the members of a list literal or of a list parameter."""
        if isinstance(node, ast.List):
            return [(operand, at) for at in node.elts if (operand := self.operand(at))]
        operand = self.operand(node)
        if operand is None:
            return None
        value = self.scope.parameters.get(node.id) if isinstance(node, ast.Name) and self.local is None else None
        if not isinstance(value, tuple):
            self.fault(node, "list", f"after 'in' stands a list, not {say(operand.type)}", "write x in ['a', 'b']")
            return None
        return [(literal(member), node) for member in value]

    def _conditional(self, node: ast.IfExp) -> Operand | None:
        test = self._value(node.test)
        then, other = self._value(node.body), self._value(node.orelse)
        good = test is not None and self._truth("the test after 'if'", test, node.test)
        if then is None or other is None:
            return None
        type_ = unify(self, [(then, node.body), (other, node.orelse)], "two ends of one condition", node)
        if type_ is None or test is None or not good:
            return None
        found = core.Conditional(test.whole, then.whole, other.whole)
        return Operand(plain(type_), found, then.bare and other.bare)

    def _call(self, node: ast.Call) -> Operand | None:
        arguments = [(self._value(argument), argument) for argument in node.args]
        return call(self, node, arguments)


def literal(value: Value) -> Operand:
    """Return a literal, or a parameter that stands for one."""
    if isinstance(value, Money):
        return Operand(Type(Kind.MONEY, value.currency), core.Literal(value.amount))
    type_ = type_of_value(value) or NUMBER
    return Operand(type_, core.Literal(value), bare=True)  # type: ignore[arg-type]
