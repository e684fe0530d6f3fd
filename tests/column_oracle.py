"""A second opinion on core trees: exact fractions, one row at a time."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from acorn_engine.language import core
from acorn_engine.types import MISSING, Failure

FAILED = Failure("failed", "")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def evaluate(node, row, tables, today=date(2026, 3, 1)):
    """Return the value of ``node``, ``MISSING`` or ``FAILED``."""
    again = lambda one: evaluate(one, row, tables, today)  # noqa: E731
    match node:
        case core.Literal(value=value):
            return value
        case core.Name(name=name):
            return today if name == "today" else row[name]
        case core.Logic(op=op, items=items):
            missing = False
            for item in items:
                value = again(item)
                if value is FAILED:
                    return FAILED
                if value is MISSING:
                    missing = True
                elif value is (op == "or"):
                    return value
            return MISSING if missing else op == "and"
        case core.Conditional(test=test, then=then, other=other):
            chosen = again(test)
            if chosen is FAILED or chosen is MISSING:
                return chosen
            return again(then) if chosen else again(other)
        case core.Default(a=a, b=b):
            value = again(a)
            return again(b) if value is MISSING else value
    children = node.children[:1] if isinstance(node, core.Member) else node.children
    values = [again(child) for child in children]
    if any(value is FAILED for value in values):
        return FAILED
    if isinstance(node, core.IsMissing):
        return values[0] is MISSING
    if any(value is MISSING for value in values):
        return MISSING
    return strict(node, values, tables)


def strict(node, values, tables):
    match node, values:
        case core.Negate(), [a]:
            return -a
        case core.Absolute(), [a]:
            return abs(a)
        case core.Arithmetic(op=op), [a, b]:
            if op == "/":
                return FAILED if b == 0 else a / b
            return {"+": a + b, "-": a - b, "*": a * b}[op]
        case core.Compare(op=op), [a, b]:
            if op in {"==", "!="}:
                return (a == b) is (op == "==")
            return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[op]
        case core.Not(), [a]:
            return not a
        case core.Member(members=members, negated=negated), [a]:
            return (a in [member.value for member in members]) is not negated
        case core.Extreme(op=op), _:
            return min(values) if op == "min" else max(values)
        case core.Round(mode=mode), [a, step]:
            return FAILED if step <= 0 else nearest(a / step, mode) * step
        case core.Lookup(table=table), [key]:
            return tables.get(table, {}).get(key, MISSING)
        case core.TextCall(op=op), [a]:
            return {"lower": a.lower(), "upper": a.upper(), "length": Fraction(len(a))}[op]
        case core.TextCall(op=op), [a, b]:
            return {"starts_with": a.startswith(b), "ends_with": a.endswith(b), "contains": b in a}[op]
        case core.DateCall(op="weekday"), [a]:
            return WEEKDAYS[a.weekday()]
        case core.DateCall(), [a, b]:
            return Fraction((b - a).days)
    raise TypeError(node)


def nearest(value, mode):
    """Round to an integer; half up is half away from zero."""
    if mode == "down":
        return Fraction(value.numerator // value.denominator)
    if mode == "up":
        return Fraction(-(-value.numerator // value.denominator))
    size = (2 * abs(value.numerator) + value.denominator) // (2 * value.denominator)
    return Fraction(size if value >= 0 else -size)
