"""The rules in their order: what each does to the standing of the fields, and what goes wrong where."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce
from typing import TYPE_CHECKING

from acorn_engine.evaluate.slots import LOWER_LIMIT, UPPER_LIMIT, Slot
from acorn_engine.evaluate.targets import Target, target
from acorn_engine.language import core
from acorn_engine.language.columns import Number, Truth
from acorn_engine.language.columns.cells import NEVER, Cell, both, either, inverse, literal
from acorn_engine.language.columns.whole import fixed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from acorn_engine.evaluate.outline import ActiveRule
    from acorn_engine.evaluate.reads import RuleReads
    from acorn_engine.evaluate.standings import Standing
    from acorn_engine.language.columns import ColumnBuilder, Columns
    from acorn_engine.language.columns.cells import Mask


@dataclass(frozen=True, slots=True)
class Unexplained:
    """A set that came out missing on the rows of ``where``; ``names`` says where each fact that it reads is."""

    where: Mask
    names: Mapping[str, Mask]
    tables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trouble:
    """A rule that can hold the groups of its fields: by code, the masks of the rows where it does.

    ``codes`` has the gravest first. ``groups`` says where a group's fields are not all locked
    (``None``: everywhere), ``unexplained`` which sets are missing, ``stale`` where each name is
    too old.
    """

    rule: ActiveRule
    codes: Mapping[str, Mask]
    groups: Mapping[str, Mask | None]
    unexplained: tuple[Unexplained, ...]
    stale: tuple[tuple[str, Mask], ...]

    @property
    def masks(self) -> frozenset[str]:
        """The names of all columns that tell of it."""
        groups = [mask for mask in self.groups.values() if mask is not None]
        found = {name for mask in (*self.codes.values(), *groups) for name in mask}
        for one in self.unexplained:
            found |= one.where | {name for mask in one.names.values() for name in mask}
        return frozenset(found | {name for _, mask in self.stale for name in mask})


@dataclass(slots=True)
class Course:
    """Fields on their way through the rules.

    ``builder`` knows the facts; ``stale`` tells what a rule reads that is too old. ``doubts``
    mark rows for the exact scalar form; ``applied`` is where each rule that reads a fact showing
    a field as it is was applied.
    """

    builder: ColumnBuilder
    standings: dict[str, Standing]
    stale: Callable[[RuleReads, ColumnBuilder], list[tuple[str, Cell]]]
    doubts: dict[str, None] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)
    applied: list[tuple[ActiveRule, Cell]] = field(default_factory=list)

    def bind(self) -> None:
        """Let the rules read every field as it stands; attributes cannot be read."""
        for name, standing in self.standings.items():
            self._bind(name, standing)

    def _bind(self, name: str, standing: Standing) -> None:
        if not standing.slot.json:
            self.builder.bind(name, standing.columns)

    def rule(self, one: ActiveRule) -> None:
        """Run one rule on every row."""
        scratch, rule = self.builder.scratch, one.rule
        true, broken, known = literal(True), literal(False), NEVER
        if rule.when:
            when = self.builder.add(rule.when)
            true, known = _truth(when.columns), when.columns.missing
            broken = scratch.any(when.columns.failed)
            self.doubts.update(when.doubts)
        if true.known is False and broken.known is False:
            return
        targets = [target(assignment, self._slot(assignment.field.name), self.builder) for assignment in rule.sets]
        for each in targets:
            self.doubts.update(dict.fromkeys(each.doubts))
        opens = [inverse(self.standings[each.slot.name].lock) for each in targets]
        true = scratch.keep(both(true, _any(opens)))
        done = self._trouble(one, true, broken, targets, opens)
        if one.reads.current:
            self.applied.append((one, done))
        self._write(one, true, done, known, targets, opens)

    def _slot(self, name: str) -> Slot:
        return self.standings[name].slot

    def _trouble(self, one: ActiveRule, true: Cell, broken: Cell, targets: list[Target], opens: list[Cell]) -> Cell:
        """Note what can go wrong with a rule; return where it is applied."""
        scratch = self.builder.scratch
        pairs = list(zip(targets, opens, strict=True))
        failed = _any(both(opened, each.failed) for each, opened in pairs)
        overflow = _any(both(opened, each.overflow) for each, opened in pairs)
        missing = [both(opened, each.missing) for each, opened in pairs]
        gone = either(either(failed, overflow), _any(missing))
        done = scratch.keep(both(true, inverse(gone)))
        stale = self.stale(one.reads, self.builder)
        codes = {
            "failed": either(both(true, failed), broken),
            "overflow": both(true, overflow),
            "missing": both(true, _any(missing)),
            "stale": both(done, _any(old for _, old in stale)),
        }
        masks = {code: scratch.mask(where) for code, where in codes.items() if where.known is not False}
        if masks:
            self.troubles.append(
                Trouble(
                    one,
                    masks,
                    self._open_groups(targets, opens),
                    tuple(self._unexplained(one, targets, missing)),
                    tuple((name, scratch.mask(old)) for name, old in stale if old.known is not False),
                )
            )
        return done

    def _open_groups(self, targets: list[Target], opens: list[Cell]) -> dict[str, Mask | None]:
        groups: dict[str, list[Cell]] = {}
        for each, opened in zip(targets, opens, strict=True):
            groups.setdefault(each.slot.group, []).append(opened)
        masks: dict[str, Mask | None] = {}
        for group, cells in groups.items():
            opened = _any(cells)
            masks[group] = None if opened.known else self.builder.scratch.mask(opened)
        return masks

    def _unexplained(self, one: ActiveRule, targets: list[Target], missing: list[Cell]) -> Iterable[Unexplained]:
        scratch = self.builder.scratch
        for each, where, names, tables in zip(targets, missing, one.reads.sets, one.reads.tables, strict=True):
            if each.missing.known is not False:
                absent = {name: mask for name in sorted(names) if (mask := self._absent(name))}
                yield Unexplained(scratch.mask(where), absent, tables)

    def _absent(self, name: str) -> Mask:
        """Return where a fact or field is missing."""
        kind = self.builder.kind_of(name)
        if kind is None:
            return NEVER
        operand = self.builder.add_node(core.Name(name, kind))
        self.doubts.update(operand.doubts)
        return operand.columns.missing

    def _write(
        self, one: ActiveRule, true: Cell, done: Cell, known: Mask, targets: list[Target], opens: list[Cell]
    ) -> None:
        # A set that is missing keeps the rule from all rows where no lock excuses it.
        for each, opened in zip(targets, opens, strict=True):
            known |= each.absent if opened.known else NEVER
        for each, opened in zip(targets, opens, strict=True):
            name, standing = each.slot.name, self.standings[each.slot.name]
            where = both(done, opened)
            if name in {LOWER_LIMIT, UPPER_LIMIT}:
                where = both(where, self._stricter(name, each.value, standing.columns))
            standing.write(self.builder, one.number, self.builder.scratch.keep(where), each.value, known)
            if one.rule.final:
                standing.lock = self.builder.scratch.keep(either(standing.lock, true))
        for each in targets:
            self._bind(each.slot.name, self.standings[each.slot.name])

    def _stricter(self, name: str, value: Columns, before: Columns) -> Cell:
        """Return where a new limit stands: at least as strict as the one before, and a floor above 0."""
        if not isinstance(value, Number) or not isinstance(before, Number):
            raise TypeError(f"{name} is an amount")
        whole, absent = self.builder.numbers.whole, self.builder.scratch.any(before.missing)
        new, old = whole.keep(value.numerator), before.numerator
        if name == LOWER_LIMIT:
            return both(whole.compared(">", new, fixed(0)), either(absent, whole.compared(">=", new, old)))
        return either(absent, whole.compared("<=", new, old))


def _truth(columns: Columns) -> Cell:
    if not isinstance(columns, Truth):
        raise TypeError("a rule's 'when' is a condition")
    return columns.true


def _any(cells: Iterable[Cell]) -> Cell:
    return reduce(either, cells, literal(False))
