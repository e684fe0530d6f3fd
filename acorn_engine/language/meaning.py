"""What the operators and strict functions do with values that are there: no missing, no failures."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterable
from datetime import date
from fractions import Fraction
from typing import Any, Final, TypeAlias

from acorn_engine.language import exact
from acorn_engine.language.functions import read_date
from acorn_engine.language.operands import WEEKDAYS
from acorn_engine.types import Failure, Missing, Money

Present: TypeAlias = Fraction | Money | str | bool | date
Operation: TypeAlias = Callable[..., Any]


class Absent(Missing):
    """A missing value that knows the facts for want of which it is missing."""

    __slots__ = ("names",)

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(dict.fromkeys(names))


def absent(values: Iterable[object]) -> Absent | None:
    """Return what is missing among ``values``, together, or ``None``."""
    found = [value for value in values if isinstance(value, Absent)]
    return Absent(name for value in found for name in value.names) if found else None


def strict(operation: Operation, values: list[Any]) -> Any:
    """Apply an operation to operands that are all evaluated.

    A failure wins over missing, the first failure over the others; the operation itself can only
    fail where no operand is missing.
    """
    for value in values:
        if isinstance(value, Failure):
            return value
    missing = absent(values)
    return operation(*values) if missing is None else missing


def amount(value: Fraction | Money) -> Fraction:
    """Return the number in money, or the number."""
    return value.amount if isinstance(value, Money) else value


def common_currency(values: Iterable[Any]) -> str | Failure | None:
    """Return the one currency of several values; numbers take the currency they meet."""
    found = list(dict.fromkeys(value.currency for value in values if isinstance(value, Money)))
    if len(found) > 1:
        return Failure("currency", f"{found[0]} and {found[1]} met")
    return found[0] if found else None


def money(value: Fraction | Failure, currency: str | Failure | None) -> Fraction | Money | Failure:
    """Return ``value`` as money, where there is a currency; failures stay."""
    if isinstance(currency, Failure):
        return currency
    return Money(value, currency) if isinstance(value, Fraction) and currency else value


def _numbers(operation: Callable[..., Fraction | Failure]) -> Operation:
    """Lift an operation on numbers of one kind to money of one currency."""

    def apply(*values: Fraction | Money) -> Fraction | Money | Failure:
        currency = common_currency(values)
        if isinstance(currency, Failure):
            return currency
        return money(operation(*map(amount, values)), currency)

    return apply


def _divide(a: Fraction | Money, b: Fraction | Money) -> Fraction | Money | Failure:
    currency = common_currency([a, b])
    if isinstance(currency, Failure):
        return currency
    return money(exact.divide(amount(a), amount(b)), None if isinstance(b, Money) else currency)


def _compared(operation: Callable[[Any, Any], bool]) -> Operation:
    def apply(a: Present, b: Present) -> bool | Failure:
        currency = common_currency([a, b])
        if isinstance(currency, Failure):
            return currency
        return operation(*(value.amount if isinstance(value, Money) else value for value in (a, b)))

    return apply


def _member(value: Present, members: tuple[Present, ...]) -> bool | Failure:
    currency = common_currency([value, *members])
    if isinstance(currency, Failure):
        return currency
    return any(_compared(operator.eq)(value, member) for member in members)


def _not_member(value: Present, members: tuple[Present, ...]) -> bool | Failure:
    found = _member(value, members)
    return found if isinstance(found, Failure) else not found


def _negate(value: Fraction | Money) -> Fraction | Money | Failure:
    return money(-amount(value), common_currency([value]))


OPERATORS: Final[dict[type[ast.AST], Operation]] = {
    ast.Add: _numbers(exact.add),
    ast.Sub: _numbers(exact.subtract),
    ast.Mult: _numbers(exact.multiply),
    ast.Div: _divide,
    ast.USub: _negate,
    ast.Not: operator.not_,
    ast.Eq: _compared(operator.eq),
    ast.NotEq: _compared(operator.ne),
    ast.Lt: _compared(operator.lt),
    ast.LtE: _compared(operator.le),
    ast.Gt: _compared(operator.gt),
    ast.GtE: _compared(operator.ge),
    ast.In: _member,
    ast.NotIn: _not_member,
}
"""The operators by Python's node; ``and`` and ``or`` are not strict and stand in the reference."""


def _smallest(*values: Any) -> Any:
    return min(values)


def _largest(*values: Any) -> Any:
    return max(values)


def _extreme(pick: Callable[..., Any]) -> Operation:
    numbers = _numbers(pick)

    def apply(*values: Present) -> Any:
        return pick(*values) if isinstance(values[0], date) else numbers(*values)

    return apply


def _date(text: str) -> date | Failure:
    return read_date(text) or Failure("date", f"'{text}' is not a day of the calendar")


FUNCTIONS: Final[dict[str, Operation]] = {
    "min": _extreme(_smallest),
    "max": _extreme(_largest),
    "abs": _numbers(abs),
    "round": _numbers(exact.rounded("half_up")),
    "round_up": _numbers(exact.rounded("up")),
    "round_down": _numbers(exact.rounded("down")),
    "lower": str.lower,
    "upper": str.upper,
    "starts_with": str.startswith,
    "ends_with": str.endswith,
    "contains": operator.contains,
    "length": lambda text: Fraction(len(text)),
    "days_between": lambda first, second: Fraction((second - first).days),
    "weekday": lambda day: WEEKDAYS[day.weekday()],
    "date": _date,
}
"""The strict standard functions; ``default`` and ``is_missing`` stand in the reference."""
