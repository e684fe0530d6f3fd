"""What a run of random expressions has really met: operators, operands, missing and failures."""

from __future__ import annotations

import ast
from collections import Counter

from acorn_engine.language import reference
from acorn_engine.types import Failure, Missing

SIGNS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.USub: "negative", ast.Not: "not", ast.And: "and",
    ast.Or: "or", ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.In: "in",
    ast.NotIn: "not in",
}  # fmt: skip
OPERANDS = {
    **dict.fromkeys(["+", "-", "*", "/", "==", "!=", "<", "<=", ">", ">=", "and", "or", "min", "max", "default"], 2),
    **dict.fromkeys(["round", "round_up", "round_down", "starts_with", "ends_with", "contains", "days_between"], 2),
    **dict.fromkeys(["negative", "not", "in", "not in", "abs", "is_missing", "lower", "upper", "length", "weekday"], 1),
    "if": 3,
    "chain": 3,
    "fx": 1,
    "fee": 1,
    "foreign": 1,
    "charm": 1,
}
"""Every operator and function, with how many of its operands are told apart."""


def operands(node):
    """Yield what each operator in ``node`` is called, the place of an operand, and the operand."""
    match node:
        case ast.BinOp(left=left, op=op, right=right):
            yield from ((SIGNS[type(op)], place, one) for place, one in enumerate((left, right)))
        case ast.UnaryOp(op=op, operand=one):
            yield SIGNS[type(op)], 0, one
        case ast.BoolOp(op=op, values=values):
            yield from ((SIGNS[type(op)], min(place, 1), one) for place, one in enumerate(values))
        case ast.Compare(left=left, ops=ops, comparators=others):
            parts = [left, *others]
            for place, op in enumerate(ops):
                yield SIGNS[type(op)], 0, parts[place]
                if not isinstance(op, ast.In | ast.NotIn):
                    yield SIGNS[type(op)], 1, parts[place + 1]
            if len(ops) > 1:
                yield from (("chain", min(place, 2), one) for place, one in enumerate(parts))
        case ast.IfExp(test=test, body=body, orelse=orelse):
            yield from (("if", place, one) for place, one in enumerate((test, body, orelse)))
        case ast.Call(func=func, args=args):
            yield from ((func.id, min(place, 1), one) for place, one in enumerate(args))


class Census:
    """Counts what operands came to while expressions were evaluated by the reference."""

    def __init__(self):
        self.seen = Counter()
        self.expressions = Counter()
        self._outcomes = {}
        census = self

        class Watched(reference._Walk):
            def _eval(self, node):
                found = super()._eval(node)
                census._outcomes[id(node)] = (node, word(found))
                return found

        self._watched = Watched

    def of_expression(self, syntax):
        """Count an expression once for each operator in it."""
        found = {name for node in ast.walk(syntax.tree) for name, _, _ in operands(node)}
        self.expressions.update(found)

    def evaluate(self, used, checked, row, monkeypatch):
        """Evaluate by the reference, watched."""
        self._outcomes.clear()
        with monkeypatch.context() as patched:
            patched.setattr(reference, "_Walk", self._watched)
            outcome = used.evaluate(checked, row)
        outcomes = self._outcomes
        for node, _ in list(outcomes.values()):
            for name, place, one in operands(node):
                if id(one) in outcomes:
                    self.seen[name, place, outcomes[id(one)][1]] += 1
        return outcome

    def unseen(self, least):
        """Return what was met too seldom: operators, operands with a value, missing ones, failing operators."""
        rare = {name: self.expressions[name] for name in OPERANDS if self.expressions[name] < least}
        for name, count in OPERANDS.items():
            for found in ("value", "missing"):
                rare |= {
                    (name, place, found): self.seen[name, place, found]
                    for place in range(count)
                    if self.seen[name, place, found] < least
                }
            if not any(self.seen[name, place, "failed"] for place in range(count)):
                rare[name, "failed"] = 0
        return rare


def word(value):
    """Return whether a value is there, missing or a failure."""
    if isinstance(value, Failure):
        return "failed"
    return "missing" if isinstance(value, Missing) else "value"
