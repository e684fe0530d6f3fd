"""A chain as the source of one function: its rules in order, with locks, limits and holds.

What the function does to an offer is what the tracer does to it, rule by rule. State stands in
local names: ``s0`` the value of the first field, ``r0`` the rule that set it, ``h0`` what holds
the first group, ``l0`` whether a final rule has locked the first field.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from acorn_engine.evaluate.scalar import moment, support
from acorn_engine.evaluate.scalar.sets import SetNames, write_set
from acorn_engine.evaluate.scalar.sharing import nodes_of, shared_parts
from acorn_engine.evaluate.slots import DEFAULTS, LARGEST_RESULT, LOWER_LIMIT, UPPER_LIMIT
from acorn_engine.language import core
from acorn_engine.language.scalar import Input, ScalarCompiler, Source

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from acorn_engine.evaluate.scalar.moment import Check
    from acorn_engine.evaluate.scalar.readings import Reading
    from acorn_engine.evaluate.scalar.sharing import ActiveRule
    from acorn_engine.evaluate.slots import Slot
    from acorn_engine.ruleset import Rule

PARAMETERS: Final = "facts, tables, today, moment"
_HELPERS: Final[dict[str, object]] = {
    "datetime": datetime,
    "problem": support.problem,
    "gravest": support.gravest,
    "why_missing": support.why_missing,
    "json_plain": support.json_plain,
    "json_number": support.json_number,
    "too_old": moment.too_old,
}


class ChainSource:
    """Writes a chain's function: ``(facts, tables, today, moment)`` to the state after all rules."""

    def __init__(
        self,
        rules: Sequence[ActiveRule],
        shown: Mapping[str, Slot],
        readings: Sequence[Reading],
        tables: Mapping[str, bool],
        site_digits: int,
    ) -> None:
        self._source = Source(**_HELPERS)
        self._compiler = ScalarCompiler(self._source)
        self._rules, self._shown, self._digits = rules, shown, site_digits
        self._order = {name: number for number, name in enumerate(shown)}
        self.groups = tuple(dict.fromkeys(slot.group for slot in shown.values()))
        self._lockable = {each.field.name for one in rules if one.rule.final for each in one.rule.sets}
        self._where: dict[str, str] = {}
        self._shared = shared_parts(rules, self._order)
        self._start(readings, tables)
        for number, one in enumerate(rules):
            self._rule(number, one)
        self._finish()

    @property
    def text(self) -> str:
        """The source so far."""
        return self._source.text

    def function(self) -> Callable[..., Any]:
        """Return the function."""
        return self._source.function(PARAMETERS)

    def _start(self, readings: Sequence[Reading], tables: Mapping[str, bool]) -> None:
        """Take what is handed in, and let every field start."""
        limits = self._take(readings, tables)
        for name, number in self._order.items():
            self._source.line(f"s{number} = r{number} = None")
            if name in self._lockable:
                self._source.line(f"l{number} = False")
            if name in limits:
                self._limit(name, *limits[name])
        self._source.line(f"s{self._order['eligible']} = True")
        for number in range(len(self.groups)):
            self._source.line(f"h{number} = None")
        self._source.line("last = current = None")
        for name in self._order:
            self._bind(name)

    def _take(self, readings: Sequence[Reading], tables: Mapping[str, bool]) -> dict[str, tuple[str, Input]]:
        """Bind facts and tables; return the limits of the listing, whose names are those of fields."""
        places = [f"f{number}" for number in range(len(readings))]
        limits: dict[str, tuple[str, Input]] = {}
        if places:
            self._source.line(f"{', '.join(places)}, = facts")
        for place, reading in zip(places, readings, strict=True):
            self._where.setdefault(reading.name, place)
            if reading.name in {LOWER_LIMIT, UPPER_LIMIT}:
                limits[reading.name] = (place, reading.given)
            else:
                self._compiler.bind(reading.name, place, reading.given)
        if tables:
            self._source.line(f"{', '.join(f't{number}' for number in range(len(tables)))}, = tables")
        for number, (name, whole) in enumerate(tables.items()):
            self._compiler.bind_table(name, f"t{number}", whole=whole)
        return limits

    def _limit(self, name: str, place: str, given: Input) -> None:
        """Let a limit start as the listing's; one out of range, and a floor not above 0, is none."""
        self._compiler.bind(name, place, given)
        held = self._compiler.add(core.Name(name, given.kind)).sure()
        least = self._source.constant(1 if name == LOWER_LIMIT else -LARGEST_RESULT)
        most, mine = self._source.constant(LARGEST_RESULT), f"s{self._order[name]}"
        with self._source.block(f"if {place} is not None:"):
            slot = self._shown[name]
            start = self._compiler.numbers.scaled(held, slot.digits or 0, slot.field.rounding)
            with self._source.block(f"if {least} <= {start} <= {most}:"):
                self._source.line(f"{mine} = {start}")

    def _bind(self, name: str) -> None:
        """Let a field's name be its value from here on; JSON is nothing that an expression can read."""
        slot, place = self._shown[name], f"s{self._order[name]}"
        self._where[name] = place
        if not slot.json:
            given = Input(slot.field.type.kind, slot.digits or 0)
            self._compiler.bind(name, place, given, bits=slot.largest.bit_length())

    def _rule(self, number: int, one: ActiveRule) -> None:
        source, compiler, rule = self._source, self._compiler, one.rule
        for node in nodes_of(rule):
            if node in self._shared:
                compiler.add(node)
        head = "if True:"
        if rule.when is not None:
            test = compiler.add(rule.when.node)
            head = f"if {test.top}:"
            if test.may_fail:
                with source.block(f"if {test.top}.__class__ is Failure:"):
                    self._hold(rule, source.constant("failed"), source.constant(()))
                head = f"elif {test.top}:"
        with compiler.block(head):
            locks = [self._lock(each.field.name) for each in rule.sets]
            if all(locks):
                with compiler.block(f"if not ({' and '.join(lock for lock in locks if lock)}):"):
                    self._apply(number, one)
            else:
                self._apply(number, one)
        for each in rule.sets:
            self._bind(each.field.name)

    def _lock(self, name: str) -> str | None:
        return f"l{self._order[name]}" if name in self._lockable else None

    def _apply(self, number: int, one: ActiveRule) -> None:
        source, rule = self._source, one.rule
        made: list[SetNames] = []
        for each in rule.sets:
            lock, slot = self._lock(each.field.name), self._shown[each.field.name]
            if lock is None:
                made.append(write_set(self._compiler, each, slot, self._digits))
                continue
            value, problem = source.name("a"), source.name("p")
            source.line(f"{value} = {problem} = None")
            with self._compiler.block(f"if not {lock}:"):
                inside = write_set(self._compiler, each, slot, self._digits)
                source.line(f"{value} = {inside.value}")
                source.line(f"{problem} = {inside.problem}")
            made.append(SetNames(each, slot, value, problem if inside.problem else None))
        problems = [each.problem for each in made if each.problem is not None]
        if not problems:
            self._write(number, one, made)
        else:
            code = problems[0] if len(problems) == 1 else source.assign(f"gravest({', '.join(problems)})", "p")
            with source.block(f"if {code} is None:"):
                self._write(number, one, made)
            with source.block("else:"):
                told = ", ".join(each.problem or "None" for each in made)
                values = "".join(f"{self._where.get(name, 'None')}, " for name in one.reads.names)
                why = f"why_missing({source.constant(one.reads)}, ({told},), ({values}))"
                names = source.assign(
                    f"{why} if {code} == {source.constant('missing')} else {source.constant(())}", "n"
                )
                self._hold(rule, code, names)
        if rule.final:
            for each in rule.sets:
                source.line(f"{self._lock(each.field.name)} = True")

    def _write(self, number: int, one: ActiveRule, made: Sequence[SetNames]) -> None:
        source, rule = self._source, one.rule
        who = source.constant(rule.id)
        for each in made:
            place, lock = self._order[each.slot.name], self._lock(each.slot.name)
            conditions = [f"not {lock}"] if lock else []
            mine = f"s{place}"
            if each.slot.name == LOWER_LIMIT:
                conditions.append(f"{each.value} > 0 and ({mine} is None or {each.value} >= {mine})")
            elif each.slot.name == UPPER_LIMIT:
                conditions.append(f"({mine} is None or {each.value} <= {mine})")
            with source.block(f"if {' and '.join(conditions) or 'True'}:"):
                source.line(f"{mine} = {each.value}")
                source.line(f"r{place} = {who}")
        source.line(f"last = {who}")
        if one.reads.current:
            source.line(f"if current is None: current = {source.constant(number)}")
        if one.checks:
            pairs = "".join(f"({', '.join(self._checked(check))}), " for check in one.checks)
            old = source.assign(f"too_old({source.constant(one.checks)}, moment, ({pairs}))", "n")
            with source.block(f"if {old}:"):
                self._hold(rule, source.constant("stale"), old)

    def _checked(self, check: Check) -> tuple[str, str]:
        """Return where the value of a check stands, and its instant."""
        if isinstance(check, moment.DatedFact):
            return self._where.get(check.name, "None"), self._where.get(check.column, "None")
        return self._where.get(check.column or "", "None"), "None"

    def _hold(self, rule: Rule, code: str, names: str) -> None:
        """Hold the groups of the sets that no lock keeps out; the first hold of a group stays."""
        groups: dict[str, list[str | None]] = {}
        for each in rule.sets:
            name = each.field.name
            groups.setdefault(self._shown[name].group, []).append(self._lock(name))
        for group, locks in groups.items():
            place = f"h{self.groups.index(group)}"
            condition = f"{place} is None"
            if all(locks):
                condition += f" and not ({' and '.join(lock for lock in locks if lock)})"
            who = self._source.constant(rule.id)
            self._source.line(f"if {condition}: {place} = ({who}, {code}, {names})")

    def _finish(self) -> None:
        for name, source_name in DEFAULTS.items():
            own, other = self._order[name], self._order[source_name]
            with self._source.block(f"if s{own} is None:"):
                self._source.line(f"s{own} = s{other}")
                self._source.line(f"r{own} = r{other}")
        numbers = range(len(self._order))
        values, rules = ("".join(f"{letter}{number}, " for number in numbers) for letter in "sr")
        holds = "".join(f"h{number}, " for number in range(len(self.groups)))
        self._source.line(f"return ({values}), ({rules}), ({holds}), last, current")
