"""The standard functions: how many arguments of which types, and what they are in the core tree."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final, Literal

from acorn_engine.language import core
from acorn_engine.language.operands import Context, Operand, Placed, assign, numeric, plain, say, unify
from acorn_engine.types import BOOLEAN, DATE, NUMBER, TEXT, Kind, Type

if TYPE_CHECKING:
    from acorn_engine.language.core import DateOperator, RoundMode, TextOperator

Build = Callable[[Context, Sequence[Placed], ast.expr], Operand | None]


@dataclass(frozen=True, slots=True)
class Standard:
    """A standard function: how many arguments it takes, how it is used, how it is built."""

    fewest: int
    most: int | None
    usage: str
    build: Build


def _rounding(mode: RoundMode) -> Build:
    def build(context: Context, arguments: Sequence[Placed], at: ast.expr) -> Operand | None:
        value, step = arguments
        good = [numeric(context, placed, context.written(at).split("(")[0].strip()) for placed in arguments]
        if not all(good):
            return None
        if value[0].type.kind is Kind.NUMBER and not value[0].bare and step[0].type.kind is Kind.MONEY:
            context.fault(step[1], "type", "a number cannot be rounded to money", "write the step as a number")
            return None
        if value[0].type.kind is Kind.MONEY and not (step[0].bare and step[0].type.kind is Kind.NUMBER):
            type_ = unify(context, arguments, "rounded to each other", at)
        else:
            # A bare step takes the currency of what it rounds; 0.05 is a step in any currency.
            type_ = value[0].type if step[0].type.kind is Kind.NUMBER else step[0].type
        if type_ is None:
            return None
        node = core.Round(mode, value[0].whole, step[0].whole)
        return Operand(plain(type_), node, value[0].bare and step[0].bare)

    return build


def _extreme(op: Literal["min", "max"]) -> Build:
    def build(context: Context, arguments: Sequence[Placed], at: ast.expr) -> Operand | None:
        good = [placed[0].type.kind is Kind.DATE or numeric(context, placed, op) for placed in arguments]
        type_ = unify(context, arguments, "compared", at) if all(good) else None
        if type_ is None:
            return None
        node = core.Extreme(op, tuple(operand.whole for operand, _ in arguments))
        return Operand(plain(type_), node, all(operand.bare for operand, _ in arguments))

    return build


def _absolute(context: Context, arguments: Sequence[Placed], at: ast.expr) -> Operand | None:  # noqa: ARG001
    if not numeric(context, arguments[0], "abs"):
        return None
    operand = arguments[0][0]
    return Operand(operand.type, core.Absolute(operand.node), operand.bare, operand.guards)


def _default(context: Context, arguments: Sequence[Placed], at: ast.expr) -> Operand | None:
    type_ = unify(context, arguments, "each other's default", at)
    if type_ is None:
        return None
    (a, _), (b, _) = arguments
    return Operand(plain(type_), core.Default(a.whole, b.whole), a.bare and b.bare)


def _is_missing(context: Context, arguments: Sequence[Placed], at: ast.expr) -> Operand | None:  # noqa: ARG001
    return Operand(BOOLEAN, core.IsMissing(arguments[0][0].whole))


def _texts(op: TextOperator, returns: Type) -> Build:
    def build(context: Context, arguments: Sequence[Placed], at: ast.expr) -> Operand | None:  # noqa: ARG001
        given = [assign(context, operand, TEXT, place) for operand, place in arguments]
        known = tuple(operand.whole for operand in given if operand)
        if len(known) < len(given):
            return None
        return Operand(returns, core.TextCall(op, known), all(operand.bare for operand, _ in arguments))

    return build


def _dates(op: DateOperator, returns: Type) -> Build:
    def build(context: Context, arguments: Sequence[Placed], at: ast.expr) -> Operand | None:  # noqa: ARG001
        good = [operand.type.kind is Kind.DATE for operand, _ in arguments]
        for (operand, place), right in zip(arguments, good, strict=True):
            if not right:
                hint = "write a date as date('2026-12-24')" if operand.type.kind is Kind.TEXT else None
                context.fault(place, "type", f"{op} needs dates, not {say(operand.type)}", hint)
        if not all(good):
            return None
        node = core.DateCall(op, tuple(operand.whole for operand, _ in arguments))
        return Operand(returns, node, all(operand.bare for operand, _ in arguments))

    return build


def _date(context: Context, arguments: Sequence[Placed], at: ast.expr) -> Operand | None:  # noqa: ARG001
    operand, place = arguments[0]
    hint = "write date('2026-12-24')"
    if not (isinstance(operand.node, core.Literal) and isinstance(operand.node.value, str) and operand.bare):
        context.fault(place, "date", "date needs a text written down", hint)
        return None
    day = read_date(operand.node.value)
    if day is None:
        context.fault(place, "date", f"'{operand.node.value}' is not a day of the calendar", hint)
        return None
    return Operand(DATE, core.Literal(day), bare=True)


def read_date(text: str) -> date | None:
    """Return the day that ``2026-12-24`` names, or ``None``: no other form is read."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.isoformat() == text else None


STANDARD: Final[dict[str, Standard]] = {
    "min": Standard(2, None, "min(a, b, ...)", _extreme("min")),
    "max": Standard(2, None, "max(a, b, ...)", _extreme("max")),
    "abs": Standard(1, 1, "abs(x)", _absolute),
    "round": Standard(2, 2, "round(x, step)", _rounding("half_up")),
    "round_up": Standard(2, 2, "round_up(x, step)", _rounding("up")),
    "round_down": Standard(2, 2, "round_down(x, step)", _rounding("down")),
    "is_missing": Standard(1, 1, "is_missing(x)", _is_missing),
    "default": Standard(2, 2, "default(x, y)", _default),
    "lower": Standard(1, 1, "lower(text)", _texts("lower", TEXT)),
    "upper": Standard(1, 1, "upper(text)", _texts("upper", TEXT)),
    "starts_with": Standard(2, 2, "starts_with(text, beginning)", _texts("starts_with", BOOLEAN)),
    "ends_with": Standard(2, 2, "ends_with(text, end)", _texts("ends_with", BOOLEAN)),
    "contains": Standard(2, 2, "contains(text, part)", _texts("contains", BOOLEAN)),
    "length": Standard(1, 1, "length(text)", _texts("length", NUMBER)),
    "days_between": Standard(2, 2, "days_between(first, second)", _dates("days_between", NUMBER)),
    "weekday": Standard(1, 1, "weekday(date)", _dates("weekday", TEXT)),
    "date": Standard(1, 1, "date('2026-12-24')", _date),
}

STANDARD_FUNCTIONS: Final = tuple(STANDARD)
"""The names of the standard functions."""


def counted(context: Context, name: str, standard: Standard, given: int, at: ast.expr) -> bool:
    """Say whether a call has the right number of arguments; otherwise note a fault."""
    if given >= standard.fewest and (standard.most is None or given <= standard.most):
        return True
    wanted = f"{standard.fewest} or more" if standard.most is None else str(standard.fewest)
    arguments = "argument" if wanted == "1" else "arguments"
    context.fault(at, "arguments", f"{name} takes {wanted} {arguments}, not {given}", f"write {standard.usage}")
    return False
