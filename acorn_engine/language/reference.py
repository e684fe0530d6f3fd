"""The reference: what an expression means, for one offer at a time, over exact fractions.

It walks the text's own syntax tree, so that it shares nothing with the compiler but the reading
of the text. The walk is simpleeval's, with nothing of simpleeval's own left in it: its ``nodes``,
``operators``, ``functions`` and ``names`` are replaced by the allow list of this language.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import simpleeval

from acorn_engine.facts import FactTable
from acorn_engine.language import exact
from acorn_engine.language.definitions import INSIDE_FUNCTIONS, definition_of, with_defaults
from acorn_engine.language.faults import ExpressionError
from acorn_engine.language.meaning import FUNCTIONS, OPERATORS, Absent, absent, amount, strict
from acorn_engine.language.parsing import Syntax
from acorn_engine.language.scope import Checked, Scope, defines_in_order
from acorn_engine.types import MISSING, SITE_TAG, Failure, Kind, Missing, Money, Type, Value

if TYPE_CHECKING:
    from acorn_engine.plugins.records import Function

_TOO_DEEP: Final = Failure("too_deep", "the expression nests too deep with its functions written out")
_PYTHON_TYPES: Final[dict[Kind, type]] = {Kind.TEXT: str, Kind.BOOLEAN: bool, Kind.DATE: date, Kind.NUMBER: Fraction}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an expression comes to: a value, ``MISSING``, or a failure.

    ``missing`` names the facts for want of which it is missing (a currency column, or a table
    and its key, as in ``rate USD``), in the order in which they were read; otherwise it is empty.
    """

    value: Value | Failure
    missing: tuple[str, ...] = ()


class Reference:
    """Evaluates checked expressions on one site and one site-local day."""

    def __init__(self, scope: Scope, tables: Mapping[str, FactTable], today: date) -> None:
        self.scope = scope
        self.tables = tables
        self.today = today
        self.definitions: dict[Any, Syntax] = {}

    def evaluate(self, checked: Checked, row: Mapping[str, Value]) -> Outcome:
        """Evaluate an expression for one offer.

        ``row`` holds the values of facts and fields by name; what it does not hold is missing.
        Money comes as ``Money``, or as a number where the currency is known from the fact's type
        or stands in the column of currencies. Raises ``TypeError`` for a value that is not of its
        fact's type (a float, say); nothing that an expression does raises.
        """
        walk = _Walk(self, checked.scope, row)
        try:
            value = walk.whole(checked.syntax)
        except RecursionError:
            return Outcome(_TOO_DEEP)
        if isinstance(value, Absent):
            return Outcome(MISSING, value.names)
        if isinstance(value, Fraction) and checked.type.kind is Kind.MONEY and checked.type.tag_column is None:
            value = Money(value, checked.type.tag or "")
        elif isinstance(value, Money) and checked.type.kind is Kind.NUMBER:
            value = value.amount
        return Outcome(value)


class _Walk(simpleeval.SimpleEval):  # type: ignore[misc]
    """One evaluation. Values in it are present ones, ``Absent`` or ``Failure``."""

    def __init__(self, reference: Reference, scope: Scope, row: Mapping[str, Value]) -> None:
        standard = {name: scope.standard(name) for name in ("tick", "site", "currency")}
        super().__init__(operators=OPERATORS, functions=FUNCTIONS, names=standard | {"today": reference.today})
        self.nodes = {
            ast.Constant: self._value,
            ast.Name: self._name,
            ast.UnaryOp: self._unary,
            ast.BinOp: self._binary,
            ast.BoolOp: self._logic,
            ast.Compare: self._compare,
            ast.IfExp: self._conditional,
            ast.Call: self._call,
        }
        self.reference = reference
        self.scope = scope
        self.row = row
        self.defined: dict[str, Any] = {}
        self.currencies: dict[str, str | Absent | None] = {}
        self.called: dict[Any, Any] = {}
        self.local: dict[str, tuple[Any, str | Absent | None]] | None = None

    @staticmethod
    def parse(expr: str) -> ast.expr:
        """Refuse text: only trees of ``acorn_engine.language.parse`` are walked."""
        raise simpleeval.FeatureNotAvailable(f"a text of {len(expr)} characters is not a checked expression")

    def whole(self, syntax: Syntax) -> Any:
        """Evaluate an expression; defines that need others go first, so that no stack grows."""
        order, _, depths = defines_in_order(syntax, self.scope)
        for name in order if any(depths.values()) else ():
            self._define(name)
            self._currency_of_name(name)
        return self._eval(syntax.tree)

    def _value(self, node: ast.Constant) -> Any:
        return node.value

    def _name(self, node: ast.Name) -> Any:
        name = node.id
        if self.local is not None:
            return self.local[name][0] if name in self.local else self.names[name]
        if name in self.scope.parameters:
            return self.scope.parameters[name]
        if name in self.scope.defines:
            return self._define(name)
        return self.names[name] if name in self.names else self._fact(name, self.scope.names[name])

    def _define(self, name: str) -> Any:
        if name not in self.defined:
            self.defined[name] = self._eval(self.scope.defines[name].tree)
        return self.defined[name]

    def _fact(self, name: str, type_: Type) -> Any:
        """Read a fact or field: money with its currency, numbers within bounds."""
        value: Any = self.row.get(name, MISSING)
        if value is None or isinstance(value, Missing):
            return Absent([name])
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            value = Fraction(value)
        if type_.kind is Kind.MONEY and isinstance(value, Money | Fraction):
            return self._money_fact(name, value)
        if not isinstance(value, _PYTHON_TYPES.get(type_.kind, Money)):
            raise TypeError(f"'{name}' must be {type_}, not {type(value).__name__}")
        return exact.bounded(value) if isinstance(value, Fraction) else value

    def _money_fact(self, name: str, value: Money | Fraction) -> Any:
        currency = self._currency_of_fact(name)
        if not isinstance(currency, str):
            return currency
        if isinstance(value, Money) and value.currency != currency:
            return Failure("currency", f"'{name}' is in {value.currency} instead of {currency}")
        known = exact.bounded(amount(value))
        return known if isinstance(known, Failure) else Money(known, currency)

    def _currency_of_fact(self, name: str) -> str | Absent | None:
        """Return the currency of a fact: by its type, or as its row says."""
        type_ = self.scope.names[name]
        if type_.kind is not Kind.MONEY:
            return None
        if type_.tag_column is None:
            return self.scope.site.currency if type_.tag == SITE_TAG else type_.tag
        value = self.row.get(name)
        currency = value.currency if isinstance(value, Money) else self.row.get(type_.tag_column)
        return currency if isinstance(currency, str) else Absent([type_.tag_column])

    def _unary(self, node: ast.UnaryOp) -> Any:
        return strict(self.operators[type(node.op)], [self._eval(node.operand)])

    def _binary(self, node: ast.BinOp) -> Any:
        left = self._eval(node.left)
        return strict(self.operators[type(node.op)], [left, self._eval(node.right)])

    def _logic(self, node: ast.BoolOp) -> Any:
        ends_with = isinstance(node.op, ast.Or)
        unknown: list[Any] = []
        for item in node.values:
            value = self._eval(item)
            if value is ends_with or isinstance(value, Failure):
                return value
            unknown.append(value)
        missing = absent(unknown)
        return (not ends_with) if missing is None else missing

    def _compare(self, node: ast.Compare) -> Any:
        left = self._eval(node.left)
        if isinstance(node.ops[0], ast.In | ast.NotIn):
            members = self._members(node.comparators[0])
            return strict(self.operators[type(node.ops[0])], [left, members])
        unknown: list[Any] = []
        for operator, place in zip(node.ops, node.comparators, strict=True):
            right = self._eval(place)
            link = strict(self.operators[type(operator)], [left, right])
            if link is False or isinstance(link, Failure):
                return link
            unknown.append(link)
            left = right
        missing = absent(unknown)
        return True if missing is None else missing

    def _members(self, node: ast.expr) -> Any:
        return tuple(self._eval(member) for member in node.elts) if isinstance(node, ast.List) else self._eval(node)

    def _conditional(self, node: ast.IfExp) -> Any:
        test = self._eval(node.test)
        if isinstance(test, Failure | Absent):
            return test
        return self._with_currency(self._eval(node.body if test else node.orelse), node)

    def _call(self, node: ast.Call) -> Any:
        name: str = node.func.id  # type: ignore[attr-defined]
        if name == "default":
            return self._default(node)
        if name == "is_missing":
            value = self._eval(node.args[0])
            return value if isinstance(value, Failure) else isinstance(value, Absent)
        if name in self.functions:
            values = [self._eval(argument) for argument in node.args]
            return strict(self.functions[name], values)
        if self.local is not None and name in INSIDE_FUNCTIONS:
            return self._inside(name, node)
        return self._plugin(self.scope.functions[name], node)

    def _default(self, node: ast.Call) -> Any:
        first = self._eval(node.args[0])
        if not isinstance(first, Absent):
            return self._with_currency(first, node)
        second = self._eval(node.args[1])
        return absent([first, second]) if isinstance(second, Absent) else self._with_currency(second, node)

    def _inside(self, name: str, node: ast.Call) -> Any:
        """Call a function that exists in definitions only."""
        value = self._eval(node.args[-1])
        if isinstance(value, Failure | Absent):
            return value
        if name == "amount":
            return amount(value)
        if name == "site_money":
            return Money(amount(value), self.scope.site.currency)
        if name == "currency_of":
            currency = value.currency if isinstance(value, Money) else self._currency(node.args[0])
            return Absent(()) if currency is None else currency
        table = self._eval(node.args[0])
        found = self.reference.tables.get(table)
        entry = found.entries.get(self.scope.site.currency, {}).get(value) if found else None
        return exact.bounded(entry.value) if entry else Absent([f"{table} {value}"])

    def _plugin(self, function: Function, node: ast.Call) -> Any:
        """Call a function of a plugin: arguments left to right, then its definition over them."""
        local: dict[str, tuple[Any, str | Absent | None]] = {}
        for parameter, place in zip(function.parameters, node.args, strict=False):
            value = self._with_currency(self._eval(place), place)
            if (
                isinstance(value, Fraction)
                and parameter.type
                and parameter.type.kind is Kind.MONEY
                and parameter.type.tag
            ):
                value = Money(value, parameter.type.at_site(self.scope.site.currency).tag or "")
            local[parameter.name] = (value, self._currency(place))
        given = {
            parameter.name: local[parameter.name][0] for parameter in function.parameters if parameter.name in local
        }
        literals = with_defaults(function, given)
        for name, value in literals.items():
            local.setdefault(name, (value, None))
        key = (function.name, tuple((name, *bound) for name, bound in local.items()))
        if key not in self.called:
            self.called[key] = self._body(function, literals, local)
        return self._with_currency(self.called[key], node)

    def _body(self, function: Function, literals: dict[str, Value], local: dict[str, Any]) -> Any:
        key = (function.name, tuple(literals.items()))
        try:
            if key not in self.reference.definitions:
                self.reference.definitions[key] = definition_of(function, literals, self.scope.site.digits)
        except ExpressionError as error:
            return Failure("function", error.faults[0].message)
        outer, self.local = self.local, local
        try:
            return self._eval(self.reference.definitions[key].tree)
        finally:
            self.local = outer

    def _with_currency(self, value: Any, node: ast.expr) -> Any:
        """Give a number its currency, where the other way through ``node`` is money."""
        currency = self._currency(node) if isinstance(value, Fraction) else None
        return Money(value, currency) if isinstance(currency, str) else value

    def _currency(self, node: ast.expr) -> str | Absent | None:
        """Return the currency of the money that ``node`` gives, or would give, from the text alone."""
        if isinstance(node, ast.Constant):
            return node.value.currency if isinstance(node.value, Money) else None
        if isinstance(node, ast.Name):
            return self._currency_of_name(node.id)
        if isinstance(node, ast.Call):
            return self._currency_of_call(node)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and self._currency(node.right) is not None:
            return None
        slots = ("body", "orelse", "operand", "left", "right")
        return self._first_currency(getattr(node, slot) for slot in slots if hasattr(node, slot))

    def _first_currency(self, nodes: Iterable[ast.expr]) -> str | Absent | None:
        found = [currency for currency in map(self._currency, nodes) if currency is not None]
        return next((currency for currency in found if isinstance(currency, str)), found[0] if found else None)

    def _currency_of_name(self, name: str) -> str | Absent | None:
        if self.local is not None and name in self.local:
            value, currency = self.local[name]
            return value.currency if isinstance(value, Money) else currency
        if self.local is None and name in self.scope.parameters:
            value = self.scope.parameters[name]
            return value.currency if isinstance(value, Money) else None
        if self.local is None and name in self.scope.defines:
            if name not in self.currencies:
                self.currencies[name] = self._currency(self.scope.defines[name].tree)
            return self.currencies[name]
        if name in self.names:
            return self.scope.site.currency if name == "tick" else None
        return self._currency_of_fact(name)

    def _currency_of_call(self, node: ast.Call) -> str | Absent | None:
        name: str = node.func.id  # type: ignore[attr-defined]
        if name in {"min", "max", "abs", "round", "round_up", "round_down", "default"}:
            return self._first_currency(node.args)
        if self.local is not None and name in INSIDE_FUNCTIONS:
            return self.scope.site.currency if name == "site_money" else None
        function = self.scope.functions.get(name)
        if function is None:
            return None
        if function.returns is None:
            return self._currency(node.args[0])
        if function.returns.kind is not Kind.MONEY:
            return None
        return function.returns.at_site(self.scope.site.currency).tag or self._first_currency(node.args)
