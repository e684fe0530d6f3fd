"""Conditions that can never be true: ``price > 10 and price < 5``, ``country == 'DE' and country == 'FR'``.

Only what is plain from the text is found: links of an ``and`` that compare one name with
literals, and constants. Parameters and the site's own names count as unknown, because they are
switches: ``enabled and …`` and ``site == 'amazon.fr'`` are no mistakes where they are false.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from acorn_engine.problems import did_you_mean
from acorn_engine.types import Money

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from acorn_engine.language import Syntax

KNOWN_VALUES: Final[dict[str, tuple[str, ...]]] = {"fulfilment": ("merchant", "amazon")}
"""Facts that have few values, so that another one is a mistake."""

_OPERATORS: Final[dict[type[ast.cmpop], str]] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
_TURNED: Final = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_STRICT: Final = frozenset({"!=", "<", ">"})
_LARGEST_LINKS: Final = 500


class Impossible(NamedTuple):
    """Why a condition is never true, and what to do about it."""

    reason: str
    hint: str | None = None


class _Link(NamedTuple):
    """One comparison of a name with a value."""

    name: str
    operator: str
    value: Any
    text: str


@dataclass(slots=True)
class _Range:
    """What the links so far leave of a name."""

    low: tuple[Fraction, bool, str] | None = None
    high: tuple[Fraction, bool, str] | None = None
    equal: tuple[frozenset[Any], str] | None = None
    unequal: list[tuple[Any, str]] = field(default_factory=list)


def impossible(syntax: Syntax, defines: Mapping[str, Syntax]) -> Impossible | None:
    """Return why a condition can never be true, or ``None`` where that is not plain."""
    return _Search(defines).never(syntax.tree, syntax.text)


@dataclass(slots=True)
class _Search:
    defines: Mapping[str, Syntax]
    known: dict[str, Impossible | None] = field(default_factory=dict)

    def never(self, node: ast.expr, text: str) -> Impossible | None:
        """Return why ``node`` is never true."""
        if isinstance(node, ast.Constant) and node.value is False:
            return Impossible("it is 'false'", "delete the rule, or 'disable' it")
        ways = node.values if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or) else []
        ways = [node.body, node.orelse] if isinstance(node, ast.IfExp) else ways
        if ways:
            found = [self.never(way, text) for way in ways]
            return found[0] if all(found) else None
        if isinstance(node, ast.Name) and node.id in self.defines:
            return self._define(node.id)
        return self._conjunction(node, text)

    def _conjunction(self, node: ast.expr, text: str) -> Impossible | None:
        links: list[_Link] = []
        for part, origin in self._conjuncts(node, text):
            if part is not node and not isinstance(part, ast.Compare):
                found_in = self.never(part, origin)
                if found_in:
                    return found_in
            for link in _links(part, origin):
                if isinstance(link, Impossible):
                    return link
                links.append(link)
        return _contradiction(links)

    def _define(self, name: str) -> Impossible | None:
        if name not in self.known:
            self.known[name] = None
            syntax = self.defines[name]
            self.known[name] = self.never(syntax.tree, syntax.text)
        return self.known[name]

    def _conjuncts(self, node: ast.expr, text: str) -> Iterator[tuple[ast.expr, str]]:
        """The items of a nest of ``and``, those of defines included."""
        stack: list[tuple[ast.expr, str]] = [(node, text)]
        seen: set[str] = set()
        count = 0
        while stack and count < _LARGEST_LINKS:
            part, origin = stack.pop()
            count += 1
            if isinstance(part, ast.BoolOp) and isinstance(part.op, ast.And):
                stack.extend((item, origin) for item in reversed(part.values))
            elif isinstance(part, ast.Name) and part.id in self.defines:
                if part.id not in seen:
                    seen.add(part.id)
                    stack.append((self.defines[part.id].tree, self.defines[part.id].text))
            else:
                yield part, origin


def _links(node: ast.expr, text: str) -> Iterator[_Link | Impossible]:
    """The comparisons of a name with literals that ``node`` asks for."""
    if isinstance(node, ast.Name):
        yield _Link(node.id, "==", True, node.id)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not) and isinstance(node.operand, ast.Name):
        yield _Link(node.operand.id, "==", False, f"not {node.operand.id}")
    elif isinstance(node, ast.Compare):
        operands = [node.left, *node.comparators]
        for left, operator, right in zip(operands, node.ops, operands[1:], strict=False):
            yield from _link(left, operator, right, text)


def _link(left: ast.expr, operator: ast.cmpop, right: ast.expr, text: str) -> Iterator[_Link | Impossible]:
    shown = text[left.col_offset : right.end_col_offset].strip()
    if isinstance(operator, ast.In):
        yield from _member(left, right, shown)
        return
    sign = _OPERATORS.get(type(operator))
    if sign is None:
        return
    first, second = _literal(left), _literal(right)
    if first is None and second is not None:
        yield from _named(left, sign, second, shown)
    elif first is not None and second is None:
        yield from _named(right, _TURNED[sign], first, shown)
    elif first is not None and type(first) is type(second) and not _holds(first, sign, second):
        yield Impossible(f"{shown} is false")
    elif isinstance(left, ast.Name) and isinstance(right, ast.Name) and left.id == right.id and sign in _STRICT:
        yield Impossible(f"{shown} compares '{left.id}' with itself")


def _named(at: ast.expr, sign: str, value: Any, shown: str) -> Iterator[_Link | Impossible]:
    if isinstance(at, ast.Name):
        yield _Link(at.id, sign, value, shown)
        if sign == "==":
            yield from _outside(at.id, [value])


def _member(left: ast.expr, right: ast.expr, shown: str) -> Iterator[_Link | Impossible]:
    if isinstance(left, ast.Name) and isinstance(right, ast.List):
        members = [_literal(item) for item in right.elts]
        if None not in members:
            yield _Link(left.id, "in", frozenset(members), shown)
            yield from _outside(left.id, members)


def _outside(name: str, values: list[Any]) -> Iterator[Impossible]:
    allowed = KNOWN_VALUES.get(name)
    if allowed is None or any(value in allowed for value in values):
        return
    hint = did_you_mean(str(values[0]).lower(), allowed) or f"it is one of {', '.join(allowed)}"
    yield Impossible(f"{name} is never '{values[0]}'", hint)


def _literal(node: ast.expr) -> Any:
    """The value of a literal, money as its amount (types are checked elsewhere); ``None`` for all else."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = _literal(node.operand)
        return -value if isinstance(value, Fraction) else None
    if not isinstance(node, ast.Constant):
        return None
    raw: Any = node.value
    return raw.amount if isinstance(raw, Money) else raw


def _holds(left: Any, sign: str, right: Any) -> bool:
    if sign in {"==", "!="}:
        return bool((left == right) is (sign == "=="))
    if not isinstance(left, Fraction):
        return True
    return bool({"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[sign])


def _contradiction(links: list[_Link]) -> Impossible | None:
    ranges: dict[str, _Range] = {}
    for link in links:
        told = _narrow(ranges.setdefault(link.name, _Range()), link)
        if told:
            return Impossible(f"'{told}' and '{link.text}' cannot both hold", "use 'or', or correct one of the two")
    return None


def _narrow(span: _Range, link: _Link) -> str | None:
    """Take one more link into account; return the text of an earlier one that excludes it."""
    sign, value = link.operator, link.value
    if sign in {"==", "in"}:
        values = value if sign == "in" else frozenset([value])
        if span.equal is not None and not values & span.equal[0]:
            return span.equal[1]
        span.equal = (values if span.equal is None else values & span.equal[0], link.text)
    elif sign == "!=":
        span.unequal.append((value, link.text))
    elif not isinstance(value, Fraction):
        return None
    elif sign in {">", ">="} and (span.low is None or (value, sign == ">") > span.low[:2]):
        span.low = (value, sign == ">", link.text)
    elif sign in {"<", "<="} and (span.high is None or (value, sign == "<=") < (span.high[0], not span.high[1])):
        span.high = (value, sign == "<", link.text)
    return _excluded(span, link)


def _excluded(span: _Range, link: _Link) -> str | None:
    low, high = span.low, span.high
    if low and high and (low[0] > high[0] or (low[0] == high[0] and (low[1] or high[1]))):
        return high[2] if link.text == low[2] else low[2]
    if span.equal is None:
        return None
    for value in span.equal[0]:
        if not _ruled_out(span, value):
            return None
    others = [span.equal[1], *(text for _, text in span.unequal), *(end[2] for end in (low, high) if end)]
    return next((text for text in others if text != link.text), None)


def _ruled_out(span: _Range, value: Any) -> bool:
    if any(value == other for other, _ in span.unequal):
        return True
    if not isinstance(value, Fraction):
        return False
    low, high = span.low, span.high
    below = low is not None and (value < low[0] or (value == low[0] and low[1]))
    above = high is not None and (value > high[0] or (value == high[0] and high[1]))
    return below or above
