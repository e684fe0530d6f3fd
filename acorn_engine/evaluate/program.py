"""A site's whole chain as one column program: levels of expressions over the offers' frame.

Every rule adds its temporaries, then one level that decides what becomes of it on each row, then
one level that writes the state columns. Rules and codes are small integers while it runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from acorn_engine.evaluate.leaves import EMPTY_TYPES
from acorn_engine.evaluate.reads import groups_of, in_force, reads_of, shows
from acorn_engine.evaluate.rule_columns import CODE, ActiveRule, any_of, hold_bits, hold_code, stricter
from acorn_engine.evaluate.segments import run, segments
from acorn_engine.evaluate.slots import DEFAULTS, LARGEST_RESULT, LOWER_LIMIT, UPPER_LIMIT, Slot, shown, slots_of
from acorn_engine.evaluate.targets import Target, target
from acorn_engine.language import core
from acorn_engine.language.columns import ColumnBuilder, Leaf
from acorn_engine.types import Kind, Type

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acorn_engine.evaluate.staleness import Ages
    from acorn_engine.facts import FactTable
    from acorn_engine.ruleset import Chain
    from acorn_engine.sites import SiteClock

ROW: Final = "~row"


class Program:
    """The columns of a chain at one instant, for frames of one schema.

    ``leaves`` bind the facts; ``CURRENT`` facts that rules read stand in columns of their own
    (``sent_columns``), so that a second run can replace them.
    """

    def __init__(
        self,
        chain: Chain,
        leaves: Mapping[str, Leaf],
        schema: pl.Schema,
        tables: Mapping[str, FactTable],
        clock: SiteClock,
        ages: Ages,
    ) -> None:
        self.slots = slots_of(chain)
        self.shown = shown(chain, self.slots)
        self.groups = groups_of(self.shown)
        active = [rule for rule in chain.rules if in_force(rule, clock)]
        self.rules = [ActiveRule(rule, number, reads_of(rule, self.slots)) for number, rule in enumerate(active)]
        self.facts = dict(leaves)
        self.now = self._now_leaves(leaves)
        self._ages, self._schema, self._digits = ages, schema, chain.site.digits
        self._levels: list[list[pl.Expr]] = []
        self._doubts: dict[str, None] = {}
        self._locked: set[str] = set()
        self._leaves = {**leaves, **self.now}
        self._builder = ColumnBuilder(chain.site, tables, clock.today, self._leaves)
        self._absent = self._bind_absent(chain)
        self._start()
        for one in self.rules:
            self._rule(one)
        self._finish()
        self._outputs = self._output_names()
        self._pieces = segments(self._levels, self._outputs)

    @property
    def reads_current(self) -> bool:
        """Whether any rule in force reads a fact that shows a field as it is."""
        return any(one.reads.current for one in self.rules)

    def run(self, frame: pl.DataFrame, now: list[pl.Expr]) -> pl.DataFrame:
        """Return the state columns of every row, in order, with ``~row``.

        ``frame`` has ``~row``; ``now`` computes the columns of ``self.now``.
        """
        found = run(frame.lazy().with_columns(now), self._pieces, self._outputs)
        return found if found[ROW].is_sorted() else found.sort(ROW)

    def _now_leaves(self, leaves: Mapping[str, Leaf]) -> dict[str, Leaf]:
        read = {name for one in self.rules for name in one.reads.current if name in leaves}
        found = {}
        for name in sorted(read):
            leaf, slot = leaves[name], self.slots[shows(name, self.slots) or ""]
            kept = max(leaf.scale, slot.digits or 0)
            found[name] = Leaf(f"~now.{name}", leaf.type, kept if leaf.type.kind in {Kind.MONEY, Kind.NUMBER} else 0)
        return found

    def _bind_absent(self, chain: Chain) -> list[pl.Expr]:
        """Let facts that rules read, and that no column holds, be missing on every row."""
        names = {name for one in self.rules for name in one.reads.names}
        columns = []
        for name in sorted(names - self._leaves.keys() - self.slots.keys()):
            info = chain.vocabulary.facts.get(name)
            if info is not None:
                leaf = Leaf(f"~absent.{name}", Type(info.type.kind), bound=1)
                self._builder.rebind(name, leaf)
                self._leaves[name] = leaf
                columns.append(pl.lit(None, dtype=EMPTY_TYPES[info.type.kind]).alias(leaf.column))
        return columns

    def _output_names(self) -> list[str]:
        columns = [slot.column for slot in self.shown.values()] + [f"rule.{name}" for name in self.shown]
        columns += [f"{part}.{group}" for group in self.groups for part in ("hold", "hold_code", "hold_bits")]
        return [ROW, *columns, "~current_rule", "scalar"]

    def _start(self) -> None:
        """Give every state column its first value; the limits are those of the listing."""
        first = {name: self._limit(name) for name in (LOWER_LIMIT, UPPER_LIMIT)} | {"eligible": pl.lit(True)}
        self._levels += self._builder.take_levels()
        state = [
            first.get(name, pl.lit(None, dtype=slot.dtype)).alias(slot.column) for name, slot in self.slots.items()
        ]
        state += [*self._absent, pl.lit(None, dtype=pl.Int32).alias("~current_rule")]
        state += [pl.lit(None, dtype=pl.Int32).alias(f"rule.{name}") for name in self.shown]
        for group in self.groups:
            state += [
                pl.lit(None, dtype=pl.Int32).alias(f"hold.{group}"),
                pl.lit(None, dtype=pl.Int8).alias(f"hold_code.{group}"),
                pl.lit(None, dtype=pl.Int64).alias(f"hold_bits.{group}"),
            ]
        self._levels.append(state)
        for name, slot in self.slots.items():
            if not slot.json:
                self._bind(name, slot)

    def _bind(self, name: str, slot: Slot) -> None:
        leaf = Leaf(slot.column, slot.field.type.at_site(self._builder.site.currency), slot.digits or 0)
        if slot.digits is not None:
            leaf = Leaf(leaf.column, leaf.type, leaf.scale, bound=slot.largest)
        self._builder.rebind(name, leaf)

    def _limit(self, name: str) -> pl.Expr:
        """Return a limit of the listing; one that is out of range, and a floor not above 0, is missing."""
        if name not in self.facts:
            return pl.lit(None, dtype=pl.Int64)
        operand = self._builder.add_node(core.Name(name, Kind.MONEY))
        value = operand.rounded(self._digits, self.slots[name].field.rounding)
        least = 1 if name == LOWER_LIMIT else -LARGEST_RESULT
        self._doubts.update(operand.doubts)
        return pl.when(value.is_between(least, LARGEST_RESULT) & ~operand.missing).then(value).cast(pl.Int64)

    def _rule(self, one: ActiveRule) -> None:
        builder, rule = self._builder, one.rule
        when = builder.add(rule.when) if rule.when else None
        true = when.truth() if when else pl.lit(True)
        targets = [target(assignment, self.slots[assignment.field.name], builder) for assignment in rule.sets]
        absent = self._name_masks(one, targets)
        for part in (when, *targets):
            self._doubts.update(dict.fromkeys(part.doubts if part else ()))
        self._levels += builder.take_levels()

        opens = [self._open(each) for each in targets]
        applies = f"~r{one.number}"
        stale = self._ages.columns(one.reads, self.facts, self._schema)
        if all(each is not None for each in opens):
            true &= any_of(each for each in opens if each is not None)
        code = pl.when(true).then(hold_code(targets, opens, stale)).otherwise(pl.lit(0, dtype=pl.Int8))
        if when and not when.never_failed:
            code = pl.when(when.failed).then(pl.lit(CODE["failed"], dtype=pl.Int8)).otherwise(code)
        self._levels.append([true.alias(f"{applies}.true"), code.alias(f"{applies}.code")])

        true, code = pl.col(f"{applies}.true"), pl.col(f"{applies}.code")
        done = true & ((code == 0) | (code == CODE["stale"]))
        bits, untold = hold_bits(one, code, targets, opens, absent, stale)
        self._levels.append([done.alias(f"{applies}.done"), bits.alias(f"{applies}.bits")])
        if untold is not None:
            self._levels[-1].append(untold.alias(f"{applies}.untold"))
            self._doubts[f"{applies}.untold"] = None
        self._write(one, targets, opens)

    def _open(self, each: Target) -> pl.Expr | None:
        """Return where no final rule has locked the field; ``None`` is everywhere."""
        return ~pl.col(f"~lock.{each.slot.name}") if each.slot.name in self._locked else None

    def _name_masks(self, one: ActiveRule, targets: list[Target]) -> dict[str, pl.Expr]:
        """Return where each name is missing that can explain a missing set."""
        read = {
            name
            for each, names in zip(targets, one.reads.sets, strict=True)
            if each.missing is not None
            for name in names
        }
        masks = {}
        for name in sorted(read):
            kind = self._kind(name)
            if kind is not None:
                operand = self._builder.add_node(core.Name(name, kind))
                self._doubts.update(operand.doubts)
                masks[name] = operand.missing
        return masks

    def _kind(self, name: str) -> Kind | None:
        if name in self.slots:
            return self.slots[name].field.type.kind
        return self._leaves[name].type.kind if name in self._leaves else None

    def _write(self, one: ActiveRule, targets: list[Target], opens: list[pl.Expr | None]) -> None:
        """Write the state columns: values, rules, locks, holds."""
        prefix = f"~r{one.number}"
        done, held = pl.col(f"{prefix}.done"), pl.col(f"{prefix}.code") > 0
        number = pl.lit(one.number, dtype=pl.Int32)
        level: list[pl.Expr] = []
        for each, opened in zip(targets, opens, strict=True):
            name, column = each.slot.name, each.slot.column
            where = done if opened is None else done & opened
            if name in {LOWER_LIMIT, UPPER_LIMIT}:
                where &= stricter(name, each.value, pl.col(column))
            level.append(pl.when(where).then(each.value).otherwise(pl.col(column)).alias(column))
            level.append(pl.when(where).then(number).otherwise(pl.col(f"rule.{name}")).alias(f"rule.{name}"))
            if one.rule.final:
                before = pl.col(f"~lock.{name}") if name in self._locked else pl.lit(False)
                level.append((before | pl.col(f"{prefix}.true")).alias(f"~lock.{name}"))
        for group in dict.fromkeys(each.slot.group for each in targets):
            touched = [opened for each, opened in zip(targets, opens, strict=True) if each.slot.group == group]
            where = held & pl.col(f"hold.{group}").is_null()
            if all(opened is not None for opened in touched):
                where &= any_of(opened for opened in touched if opened is not None)
            level += [
                pl.when(where).then(number).otherwise(pl.col(f"hold.{group}")).alias(f"hold.{group}"),
                pl.when(where)
                .then(f"{prefix}.code")
                .otherwise(pl.col(f"hold_code.{group}"))
                .alias(f"hold_code.{group}"),
                pl.when(where)
                .then(f"{prefix}.bits")
                .otherwise(pl.col(f"hold_bits.{group}"))
                .alias(f"hold_bits.{group}"),
            ]
        if one.reads.current:
            first = pl.when(done & pl.col("~current_rule").is_null()).then(number).otherwise(pl.col("~current_rule"))
            level.append(first.alias("~current_rule"))
        self._levels.append(level)
        if one.rule.final:
            self._locked.update(each.slot.name for each in targets)
        for each in targets:
            if not each.slot.json:
                self._bind(each.slot.name, each.slot)

    def _finish(self) -> None:
        """Let the limits that nobody set be those of the offer."""
        level: list[pl.Expr] = []
        for name, source in DEFAULTS.items():
            own, other = self.slots[name].column, self.slots[source].column
            level.append(pl.col(own).fill_null(pl.col(other)).alias(own))
            rule = pl.when(pl.col(own).is_null()).then(f"rule.{source}").otherwise(pl.col(f"rule.{name}"))
            level.append(rule.alias(f"rule.{name}"))
        self._levels.append([*level, any_of(pl.col(name) for name in self._doubts).alias("scalar")])
