"""Core trees to columns: one program for any number of expressions, with what they share."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING

import polars as pl

from acorn_engine.language import core
from acorn_engine.language.columns import texts
from acorn_engine.language.columns.cells import Cell, cell, inverse, literal
from acorn_engine.language.columns.choices import EPOCH, Choices
from acorn_engine.language.columns.leaves import Leaf, read
from acorn_engine.language.columns.logic import Conditions
from acorn_engine.language.columns.numbers import Numbers
from acorn_engine.language.columns.operand import Operand
from acorn_engine.language.columns.scratch import Scratch
from acorn_engine.language.columns.values import Columns, Day, Number, Truth, Words
from acorn_engine.language.columns.whole import fixed
from acorn_engine.types import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acorn_engine.facts import FactTable
    from acorn_engine.language import Checked
    from acorn_engine.sites import Site


@dataclass(slots=True)
class _Entry:
    """A compiled node: its columns, the names below it, and the masks of its doubtful rows."""

    columns: Columns
    reads: frozenset[str]
    doubts: dict[str, None]
    kept: bool
    round: int


class ColumnBuilder:
    """Builds the columns of checked expressions of one site.

    ``leaves`` says how each name stands in the frame, ``prefix`` starts the names of the
    temporary columns. Before an operand's expressions can be used, the frame needs what
    ``take_levels`` returns, one ``with_columns`` for each list.
    """

    def __init__(
        self, site: Site, tables: Mapping[str, FactTable], today: date, leaves: Mapping[str, Leaf], prefix: str = "~"
    ) -> None:
        self.site = site
        self.today = today
        self.scratch = Scratch(prefix)
        self.numbers = Numbers(self.scratch)
        self.conditions = Conditions(self.scratch)
        self.choices = Choices(self.scratch, self.numbers, self.conditions)
        self._tables = tables
        self._leaves = dict(leaves)
        self._bound: dict[str, Columns] = {}
        self._cache: dict[core.Node, _Entry] = {}
        self._round = 0

    @property
    def temporaries(self) -> list[str]:
        """The names of all temporary columns so far, to drop at the end."""
        return list(self.scratch.names)

    def rebind(self, name: str, leaf: Leaf) -> None:
        """Let ``name`` stand for another column, or for a column that has changed."""
        self._leaves[name] = leaf
        self._bound.pop(name, None)
        self._forget(name)

    def bind(self, name: str, columns: Columns) -> None:
        """Let ``name`` stand for columns that are ready; they must be free to use again."""
        self._bound[name] = columns
        self._forget(name)

    def _forget(self, name: str) -> None:
        self._cache = {node: entry for node, entry in self._cache.items() if name not in entry.reads}

    def kind_of(self, name: str) -> Kind | None:
        """Return the kind of a name that can be read, ``None`` for any other."""
        if name in self._bound:
            kinds = {Truth: Kind.BOOLEAN, Words: Kind.TEXT, Day: Kind.DATE}
            return kinds.get(type(self._bound[name]), Kind.NUMBER)
        return self._leaves[name].type.kind if name in self._leaves else None

    def take_levels(self) -> list[list[pl.Expr]]:
        """Return the temporaries not taken so far, one list of expressions for each level."""
        return self.scratch.take_levels()

    def add(self, checked: Checked) -> Operand:
        """Return the columns of a checked expression."""
        return self.add_node(checked.node)

    def add_node(self, root: core.Node) -> Operand:
        """Return the columns of a core tree."""
        self._round += 1
        nodes = list(core.post_order(root))
        uses = Counter(child for node in nodes for child in node.children)
        for node in nodes:
            if node not in self._cache:
                self._cache[node] = self._compiled(node, kept=uses[node] > 1)
        entry = self._reused(root)
        return Operand(self, root.kind, entry.columns, dict(entry.doubts))

    def _reused(self, node: core.Node) -> _Entry:
        """Return a compiled node; one from an earlier expression becomes temporaries now."""
        entry = self._cache[node]
        if not entry.kept and entry.round != self._round:
            entry.columns, entry.kept = self.choices.keep(entry.columns), True
        return entry

    def _compiled(self, node: core.Node, *, kept: bool) -> _Entry:
        operands = node.children[:1] if isinstance(node, core.Member) else node.children
        entries = [self._reused(child) for child in operands]
        self.scratch.doubts = {name: None for entry in entries for name in entry.doubts}
        reads = frozenset({name for entry in entries for name in entry.reads})
        if isinstance(node, core.Name):
            reads = frozenset({node.name})
        columns = self._columns(node, [entry.columns for entry in entries])
        if kept:
            columns = self.choices.keep(columns)
        return _Entry(columns, reads, self.scratch.doubts, kept, self._round)

    def _columns(self, node: core.Node, parts: list[Columns]) -> Columns:  # noqa: C901, PLR0911, PLR0912 - one arm for each kind of node
        match node, parts:
            case core.Literal(value=value), _:
                return self._literal(value)
            case core.Name(name=name), _ if name in self._bound:
                return self._bound[name]
            case core.Name(name="today"), _ if "today" not in self._leaves:
                return self._literal(self.today)
            case core.Name(name=name), _:
                return read(self._leaves[name], self.site.digits, self.scratch)
            case core.Negate(), [Number() as a]:
                return self.numbers.negated(a)
            case core.Absolute(), [Number() as a]:
                return self.numbers.absolute(a)
            case core.Arithmetic(op=op), [Number() as a, Number() as b]:
                return self._arithmetic(op, a, b)
            case core.Compare(op=op), [a, b]:
                return self._compared(op, a, b)
            case core.Logic(op=op), _:
                return self._logic(op, parts)
            case core.Not(), [Truth() as a]:
                return self.conditions.negated(a)
            case core.Member(members=members, negated=negated), [a, *_]:
                return self.choices.member(a, members, negated=negated)
            case core.Conditional(), [Truth() as test, then, other]:
                return self.choices.conditional(test, then, other)
            case core.Extreme(op=op), _:
                return self.choices.extreme(op, parts)
            case core.Round(mode=mode), [Number() as a, Number() as step]:
                return self.numbers.stepped(a, step, mode)
            case core.Default(), [a, b]:
                return self.choices.default(a, b)
            case core.IsMissing(), [a]:
                return self.conditions.is_missing(a.missing, a.failed)
            case core.Lookup(table=table), [Words() as at]:
                return self._lookup(table, node.children[0], at)
            case _:
                return self._call(node, parts)

    def _literal(self, value: Fraction | str | bool | date) -> Columns:
        if isinstance(value, bool):
            return Truth(literal(value))
        if isinstance(value, str):
            return texts.words(value)
        if isinstance(value, Fraction):
            return self.numbers.literal(value)
        return Day(fixed(value.toordinal() - EPOCH))

    def _arithmetic(self, op: str, a: Number, b: Number) -> Number:
        if op == "*":
            return self.numbers.times(a, b)
        return self.numbers.divided(a, b) if op == "/" else self.numbers.plus(a, b, minus=op == "-")

    def _compared(self, op: str, a: Columns, b: Columns) -> Truth:
        missing, failed = a.missing | b.missing, a.failed | b.failed
        if isinstance(a, Number) and isinstance(b, Number):
            holds = self.numbers.compared(op, a, b)
        elif isinstance(a, Day) and isinstance(b, Day):
            holds = self.numbers.whole.compared(op, a.value, b.value)
        else:
            same = _same(a, b, self.scratch)
            holds = same if op == "==" else inverse(same)
        return self.conditions.masked(holds, missing, failed)

    def _logic(self, op: str, parts: list[Columns]) -> Truth:
        joined, *rest = [part for part in parts if isinstance(part, Truth)]
        for part in rest:
            joined = self.conditions.both(joined, part) if op == "and" else self.conditions.either(joined, part)
        return joined

    def _lookup(self, table: str, key: core.Node, at: Words) -> Number:
        entries = self._tables[table].entries.get(self.site.currency, {}) if table in self._tables else {}
        if isinstance(key, core.Literal):
            entry = entries.get(str(key.value))
            if entry is None:
                return Number(fixed(0), missing=self.scratch.always)
            return self.numbers.literal(entry.value)
        return texts.looked_up(entries, at, self.scratch)

    def _call(self, node: core.Node, parts: list[Columns]) -> Columns:
        match node, parts:
            case core.TextCall(op="length"), [Words() as a]:
                return texts.length(a)
            case core.TextCall(op=op), [Words() as a]:
                return texts.cased(op, a, self.scratch)
            case core.TextCall(op=op), [Words() as a, Words() as b]:
                return texts.tested(op, a, b, self.conditions)
            case core.DateCall(op="weekday"), [Day() as a]:
                return texts.weekday(a)
            case core.DateCall(), [Day() as a, Day() as b]:
                return texts.days_between(a, b, self.numbers)
            case _:
                raise TypeError(f"{type(node).__name__} has operands of the wrong type")


def _same(a: Columns, b: Columns, scratch: Scratch) -> Cell:
    if isinstance(a, Truth) and isinstance(b, Truth):
        if a.true.known is not None or b.true.known is not None:
            one, other = (a.true, b.true) if a.true.known is not None else (b.true, a.true)
            return other if one.known else inverse(other)
        return cell(a.true.expr == b.true.expr, a.true, b.true)
    if isinstance(a, Words) and isinstance(b, Words):
        return texts.equal(a, b, scratch)
    raise TypeError("a comparison of two different types")
