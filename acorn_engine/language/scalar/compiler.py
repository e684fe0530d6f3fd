"""From core trees to generated source: every node becomes names, computed once where it is needed.

Expressions have no effects, so it never matters whether a part is computed that does not count;
what decides is which outcome is taken. Parts that are used more than once are computed before the
blocks that may skip them, and very deep trees without any block, so that neither the source nor
its indentation grows out of hand.
"""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from acorn_engine.language import core
from acorn_engine.language.scalar.branches import Branches
from acorn_engine.language.scalar.held import INPUT_BITS, Held, Input, number
from acorn_engine.language.scalar.numbers import Numbers
from acorn_engine.language.scalar.tables import TABLE_BITS, TABLE_UNIT
from acorn_engine.types import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from acorn_engine.language.scalar.source import Source

DEEPEST: Final = 30
"""Trees with more levels are computed from the leaves up, whether a part counts or not."""
_LEAVES: Final = core.Literal | core.Name
_TESTS: Final = {"starts_with": "{0}.startswith({1})", "ends_with": "{0}.endswith({1})", "contains": "{1} in {0}"}


class ScalarCompiler:
    """Writes expressions into ``source``.

    A name is bound to a name of the source with ``bind``; one that never is, is always missing.
    ``today`` is read from the name ``today``. A table is bound with ``bind_table`` to the name of
    what ``scaled_table`` makes of it; one that never is, is empty.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.numbers = Numbers(source)
        self.branches = Branches(source, self.numbers)
        self._names: dict[str, Held] = {}
        self._tables: dict[str, tuple[str, bool]] = {}
        self._scopes: list[dict[core.Node, Held]] = [{}]
        self._reads: dict[core.Node, frozenset[str]] = {}

    def bind(self, name: str, to: str, given: Input, *, bits: int = INPUT_BITS, may_miss: bool = True) -> None:
        """Let a name be what ``to`` holds; what was computed from the name before is forgotten."""
        held = Held(given.kind, to, may_miss=may_miss)
        if given.kind in {Kind.NUMBER, Kind.MONEY}:
            unit = 10**given.scale
            held = replace(number(to, unit, (bits, unit.bit_length())), may_miss=may_miss)
        self._names[name] = held
        for scope in self._scopes:
            for node in [node for node in scope if name in self._reads[node]]:
                del scope[node]

    def bind_table(self, table: str, to: str, *, whole: bool) -> None:
        """Let a table be what ``to`` holds: ``whole`` numbers of ``TABLE_UNIT``, or fractions and failures."""
        self._tables[table] = (to, whole)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Write a block of the source; what is computed in it is not known after it."""
        with self.source.block(head):
            self._scopes.append({})
            yield
            self._scopes.pop()

    def add(self, root: core.Node) -> Held:
        """Write an expression, and return what holds its value."""
        order = list(core.post_order(root))
        uses = Counter(child for node in order for child in _operands(node))
        for node in order:
            if node not in self._reads:
                read = {node.name} if isinstance(node, core.Name) else set[str]()
                self._reads[node] = frozenset(read.union(*(self._reads[child] for child in node.children)))
        for node in order:
            if uses[node] > 1 and not isinstance(node, _LEAVES):
                self._held(node)
        return self._held(root)

    def _held(self, node: core.Node) -> Held:
        for scope in self._scopes:
            if node in scope:
                return scope[node]
        if node.depth > DEEPEST:
            for each in core.post_order(node):
                if each is not node and not any(each in scope for scope in self._scopes):
                    self._scopes[-1][each] = self._written(each)
        made = self._written(node)
        self._scopes[-1][node] = made
        return made

    def _written(self, node: core.Node) -> Held:  # noqa: PLR0911 - one arm for each kind of node
        match node:
            case core.Literal(value=value):
                return self._literal(value)
            case core.Name(name="today") if "today" not in self._names:
                return Held(Kind.DATE, "today")
            case core.Name(name=name):
                return self._names.get(name) or Held(core.computed(node.kind), "None", 1, (1, 1), may_miss=True)
            case core.Logic(op=op, items=items):
                return self.branches.logic(op, [self._late(item) for item in items], self.block)
            case core.Conditional(test=test, then=then, other=other):
                return self.branches.conditional(self._held(test), self._late(then), self._late(other), self.block)
            case core.Default(a=a, b=b):
                return self.branches.default(self._held(a), self._late(b), self.block)
            case core.IsMissing(a=a):
                return self._is_missing(self._held(a))
            case core.Lookup(table=table, at=at):
                return self._lookup(table, self._held(at))
            case _:
                return self._strict(node)

    def _late(self, node: core.Node) -> Callable[[], Held]:
        return lambda: self._held(node)

    def _literal(self, value: Fraction | str | bool | date) -> Held:
        if isinstance(value, Fraction):
            return self.numbers.literal(value)
        kind = Kind.BOOLEAN if isinstance(value, bool) else Kind.TEXT if isinstance(value, str) else Kind.DATE
        return Held(kind, self.source.constant(value), literal=value)

    def _is_missing(self, a: Held) -> Held:
        if not a.may_miss and not a.may_fail:
            return Held(Kind.BOOLEAN, "False")
        told = f"{a.top} is None"
        if a.may_fail:
            told = f"{a.top} if {a.top}.__class__ is Failure else {told}"
        return Held(Kind.BOOLEAN, self.source.assign(told), may_fail=a.may_fail)

    def _lookup(self, table: str, at: Held) -> Held:
        bound = self._tables.get(table)
        if bound is None:
            return self.branches.strict([at], lambda _: Held(Kind.NUMBER, "None", 1, (1, 1), may_miss=True))
        entries, whole = bound

        def found(key: Held) -> Held:
            top = self.source.assign(f"{entries}.get({key.top})")
            if whole:
                return replace(number(top, TABLE_UNIT, (TABLE_BITS, TABLE_UNIT.bit_length())), may_miss=True)
            return Held(Kind.NUMBER, top, may_miss=True, may_fail=True)

        return self.branches.strict([at], found)

    def _strict(self, node: core.Node) -> Held:
        operands = [self._held(child) for child in _operands(node)]
        return self.branches.strict(operands, lambda *sure: self._applied(node, sure))

    def _applied(self, node: core.Node, sure: tuple[Held, ...]) -> Held:  # noqa: C901, PLR0911, PLR0912 - one arm for each kind of node
        numbers = self.numbers
        match node:
            case core.Arithmetic(op=op):
                return numbers.arithmetic(op, *sure)
            case core.Negate():
                return numbers.negated(*sure)
            case core.Absolute():
                return numbers.absolute(*sure)
            case core.Round(mode=mode):
                return numbers.stepped(mode, *sure)
            case core.Compare(op=op):
                a, b = sure
                plain = f"{a.top} {op} {b.top}"
                return self._boolean(numbers.compared(op, a, b) if a.kind is Kind.NUMBER else plain)
            case core.Not():
                return self._boolean(f"not {sure[0].top}")
            case core.Member(members=members, negated=negated):
                return self._boolean(self._member(sure[0], [member.value for member in members], negated=negated))
            case core.Extreme(op=op) if sure[0].kind is Kind.NUMBER:
                return numbers.extreme(op, sure)
            case core.Extreme(op=op):
                return Held(Kind.DATE, self.source.assign(f"{op}({', '.join(item.top for item in sure)})"))
            case core.TextCall(op=op):
                return self._text_call(op, sure)
            case core.DateCall(op="weekday"):
                return Held(Kind.TEXT, self.source.assign(f"weekday({sure[0].top})"))
            case core.DateCall():
                top = self.source.assign(f"({sure[1].top} - {sure[0].top}).days")
                return number(top, 1, (32, 1))
            case _:
                raise TypeError(f"{type(node).__name__} has no scalar form")

    def _member(self, a: Held, members: list[Any], *, negated: bool) -> str:
        values = frozenset(members)
        told = self.numbers.member(a, values) if a.kind is Kind.NUMBER else f"{a.top} in {self.source.constant(values)}"
        return f"not ({told})" if negated else told

    def _text_call(self, op: core.TextOperator, sure: tuple[Held, ...]) -> Held:
        if op in {"lower", "upper"}:
            return Held(Kind.TEXT, self.source.assign(f"{sure[0].top}.{op}()"))
        if op == "length":
            return number(self.source.assign(f"len({sure[0].top})"), 1, (48, 1))
        return self._boolean(_TESTS[op].format(*(each.top for each in sure)))

    def _boolean(self, told: str) -> Held:
        return Held(Kind.BOOLEAN, self.source.assign(told))


def _operands(node: core.Node) -> tuple[core.Node, ...]:
    return node.children[:1] if isinstance(node, core.Member) else node.children
