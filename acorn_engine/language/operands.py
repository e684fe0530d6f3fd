"""The rules of types: what may be added, compared and set, and which currency comes out."""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Final, Protocol

from acorn_engine.language import core
from acorn_engine.types import BOOLEAN, NUMBER, Kind, Type, describe_tag

if TYPE_CHECKING:
    import ast

    from acorn_engine.language.scope import Scope

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_PARTICIPLES: Final = {"+": "added", "-": "subtracted", "/": "divided", "*": "multiplied"}
_STRICT: Final = (
    core.Negate | core.Absolute | core.Arithmetic | core.Compare | core.Not | core.Member | core.Extreme
    | core.Round | core.Lookup | core.TextCall | core.DateCall
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Operand:
    """A checked part of an expression: its type and its core tree.

    ``bare``: only literals and parameters stand in it, so a number may become money. ``guards``
    are trees that make this one missing where they are missing, although ``node`` does not read
    them: the currency of money is missing where its amount is.
    """

    type: Type
    node: core.Node
    bare: bool = False
    guards: frozenset[core.Node] = frozenset()

    @property
    def whole(self) -> core.Node:
        """The core tree with the guards written out."""
        node = self.node
        for guard in sorted(self.guards, key=lambda found: found.key):
            if not strictly_reads(node, guard):
                node = core.Conditional(core.Compare("==", guard, guard), node, node)
        return node


class Context(Protocol):
    """What the rules need of the check that is going on."""

    scope: Scope

    def fault(self, at: ast.expr, code: str, message: str, hint: str | None = None) -> None:
        """Note a fault at a part of the text."""

    def warn_of_bare_money(self, at: ast.expr, type_: Type) -> None:
        """Note that a bare literal takes a currency."""

    def written(self, at: ast.expr) -> str:
        """Return a part of the text."""


Placed = tuple["Operand", "ast.expr"]
"""An operand, and the part of the text that it comes from."""


def say(type_: Type) -> str:
    """Return a type in words, with its article."""
    words = {Kind.NUMBER: "a number", Kind.TEXT: "text", Kind.BOOLEAN: "true or false", Kind.DATE: "a date"}
    return words.get(type_.kind) or ("a list" if type_.kind is Kind.LIST else f"money in {describe_tag(type_.tag)}")


def strictly_reads(node: core.Node, wanted: core.Node) -> bool:
    """Say whether ``node`` is missing wherever ``wanted`` is."""
    stack, seen = [node], set[core.Node]()
    while stack:
        found = stack.pop()
        if found == wanted:
            return True
        if found not in seen and isinstance(found, _STRICT):
            seen.add(found)
            stack.extend(found.children)
    return False


def arithmetic(context: Context, op: core.ArithmeticOperator, a: Placed, b: Placed, at: ast.expr) -> Operand | None:
    """Return ``a op b``, or note why there is no such thing."""
    good = [numeric(context, operand, f"'{op}'") for operand in (a, b)]
    if not all(good):
        return None
    (left, _), (right, _) = a, b
    result: Type | None = NUMBER
    money = [operand.type for operand in (left, right) if operand.type.kind is Kind.MONEY]
    if op in {"+", "-"}:
        result = unify(context, [a, b], _PARTICIPLES[op], at)
    elif op == "*" and len(money) == 2:
        context.fault(at, "type", "money and money cannot be multiplied", "one of the two must be a number")
        return None
    elif op == "*" or len(money) == 1:
        if op == "/" and right.type.kind is Kind.MONEY:
            message = f"a number cannot be divided by {say(right.type)}"
            context.fault(at, "type", message, "money divided by money is a number")
            return None
        result = money[0] if money else NUMBER
    elif money:
        result = NUMBER if unify(context, [a, b], "divided", at) else None
    if result is None:
        return None
    guards = left.guards | right.guards
    node = core.Arithmetic(op, left.node, right.node)
    guards = frozenset(guard for guard in guards if not strictly_reads(node, guard))
    return Operand(plain(result), node, left.bare and right.bare, guards)


def plain(type_: Type) -> Type:
    """Return the type of something computed: no longer known to be whole."""
    return replace(type_, integer=False)


def numeric(context: Context, placed: Placed, what: str) -> bool:
    """Say whether an operand is a number or money; otherwise note a fault."""
    operand, at = placed
    if operand.type.kind in {Kind.NUMBER, Kind.MONEY}:
        return True
    hint = None
    if operand.type.kind is Kind.DATE:
        hint = "days_between(a, b) counts the days"
    elif isinstance(operand.node, core.Name):
        hint = f"if '{operand.node.name}' holds numbers, give it a type under [catalog.columns]"
    elif operand.type.kind is Kind.TEXT:
        hint = "write numbers without quotes"
    context.fault(at, "type", f"{what} needs numbers or money, not {say(operand.type)}", hint)
    return False


def unify(context: Context, operands: Sequence[Placed], verb: str, at: ast.expr) -> Type | None:
    """Return the one type of several operands; bare numbers become money where they meet it.

    ``verb`` completes "... and ... cannot be" in the fault.
    """
    first = next((operand for operand, _ in operands if operand.type.kind is Kind.MONEY), operands[0][0])
    for operand, place in operands:
        takes_currency = operand.bare and operand.type.kind is Kind.NUMBER and first.type.kind is Kind.MONEY
        if takes_currency:
            if operand.node != core.Literal(Fraction(0)):
                context.warn_of_bare_money(place, first.type)
        elif not same(operand.type, first.type):
            _clash(context, operands, first, operand, verb, at)
            return None
    return first.type


def same(a: Type, b: Type) -> bool:
    """Say whether two types are one, whole numbers being numbers."""
    return a.kind is b.kind and (a.kind is not Kind.MONEY or a.tag == b.tag)


def _clash(
    context: Context, operands: Sequence[Placed], first: Operand, second: Operand, verb: str, at: ast.expr
) -> None:
    """Note that two types do not go together, with the way out."""
    pair = (first, second) if _index(operands, first) < _index(operands, second) else (second, first)
    message = f"{say(pair[0].type)} and {say(pair[1].type)} cannot be {verb}"
    kinds = {first.type.kind, second.type.kind}
    code, hint = "type", None
    if kinds == {Kind.MONEY}:
        code = "currency"
        foreign = [place for operand, place in operands if operand.type.tag not in {None, context.scope.site.currency}]
        calls = " and ".join(dict.fromkeys(f"fx({context.written(place)})" for place in foreign))
        hint = f"bring it into {context.scope.site.currency}: {calls}"
    elif kinds == {Kind.MONEY, Kind.NUMBER}:
        hint = "only a number written down takes a currency; give the fact the type money under [catalog.columns]"
    elif kinds == {Kind.TEXT, Kind.DATE}:
        hint = "write a date as date('2026-12-24')"
    elif kinds == {Kind.TEXT, Kind.BOOLEAN}:
        hint = "write true and false without quotes"
    elif Kind.TEXT in kinds:
        text = first if first.type.kind is Kind.TEXT else second
        hint = "write numbers without quotes"
        if isinstance(text.node, core.Name):
            hint = f"if '{text.node.name}' holds numbers, give it a type under [catalog.columns]"
    context.fault(at, code, message, hint)


def with_currency(context: Context, at: ast.expr) -> str:
    """Say how a bare literal gets its currency."""
    written, currency = context.written(at), context.scope.site.currency
    if written[:1].isdigit():
        return f"write the currency: {written} {currency}"
    return f"give '{written}' a currency where it is written, as in 0.50 {currency}"


def _index(operands: Sequence[Placed], wanted: Operand) -> int:
    """Return where an operand stands."""
    return next(place for place, (operand, _) in enumerate(operands) if operand is wanted)


def compare(context: Context, op: core.CompareOperator, a: Placed, b: Placed, at: ast.expr) -> core.Node | None:
    """Return one link of a comparison, or note why it makes no sense."""
    type_ = unify(context, [a, b], "compared", at)
    if type_ is None:
        return None
    if op not in {"==", "!="} and type_.kind in {Kind.TEXT, Kind.BOOLEAN}:
        hint = "write == or !="
        if type_.kind is Kind.TEXT and isinstance(a[0].node, core.Name):
            hint = f"if '{a[0].node.name}' holds numbers, give it a type under [catalog.columns]"
        context.fault(at, "type", f"{say(type_)} has no order: '{op}' needs numbers, money or dates", hint)
        return None
    for one, other in ((a, b), (b, a)):
        if isinstance(other[0].node, core.Literal) and not possible(context, one[0].node, other[0].node, other[1]):
            return None
    return core.Compare(op, a[0].whole, b[0].whole)


def possible(context: Context, node: core.Node, literal: core.Literal, at: ast.expr) -> bool:
    """Say whether ``node`` can ever equal the text ``literal``; otherwise note a fault."""
    value = literal.value
    if not isinstance(value, str):
        return True
    if isinstance(node, core.DateCall) and node.op == "weekday" and value not in WEEKDAYS:
        near = value.strip().lower()[:3]
        hint = f"write '{near}'" if near in WEEKDAYS else "weekdays are " + ", ".join(f"'{day}'" for day in WEEKDAYS)
        context.fault(at, "never", f"weekday(...) is never '{value}'", hint)
        return False
    for op, letters, turn in _CASES:
        if isinstance(node, core.TextCall) and node.op == op and set(value) & set(letters):
            context.fault(at, "never", f"{op}(...) is never '{value}'", f"write '{turn(value)}'")
            return False
    return True


_CASES: Final[tuple[tuple[str, str, Callable[[str], str]], ...]] = (
    ("lower", string.ascii_uppercase, str.lower),
    ("upper", string.ascii_lowercase, str.upper),
)


def assign(context: Context, operand: Operand, expected: Type, at: ast.expr) -> Operand | None:
    """Return ``operand`` as a value of type ``expected``, or note why it cannot be one.

    Bare numbers become money; ``Type(Kind.MONEY, None)`` accepts money in any currency, but no
    bare number.
    """
    given, site = operand.type, context.scope.site
    expected = expected.at_site(site.currency)
    if same(given, expected) or (given.kind is expected.kind is Kind.MONEY and expected.tag is None):
        return operand
    needed = "money" if expected.kind is Kind.MONEY and expected.tag is None else say(expected)
    message, hint = f"{needed} is needed here, not {say(given)}", None
    code = "type"
    if expected.kind is Kind.MONEY and given.kind is Kind.NUMBER:
        if operand.bare and expected.tag is not None:
            if operand.node != core.Literal(Fraction(0)):
                context.warn_of_bare_money(at, expected)
            return replace(operand, type=expected)
        hint = "give the fact the type money under [catalog.columns], or multiply it by an amount such as 1.00 EUR"
        if operand.bare:
            hint = with_currency(context, at)
    elif expected.kind is given.kind is Kind.MONEY:
        code, hint = "currency", f"bring it into {site.currency}: fx({context.written(at)})"
    elif expected.kind is Kind.NUMBER and given.kind is Kind.MONEY:
        hint = "money divided by money is a number"
    elif expected == BOOLEAN:
        message = f"a condition is needed here: true or false, not {say(given)}"
        hint = "compare it with something" if given.kind in {Kind.NUMBER, Kind.MONEY} else None
    context.fault(at, code, message, hint)
    return None
