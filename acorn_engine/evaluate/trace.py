"""One offer, rule by rule, with exact fractions: the meaning of a chain.

Explanations, examples and the rows that columns cannot hold run this; the tests compare the
columns with it.
"""

from __future__ import annotations

from collections import ChainMap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from acorn_engine.evaluate.assign import Assigned, assign, field_value
from acorn_engine.evaluate.model import Hold, OfferTrace, Outcome, RuleStep, SetStep, Staleness
from acorn_engine.evaluate.reads import in_force, missing_names, reads_of, shows
from acorn_engine.evaluate.slots import DEFAULTS, LOWER_LIMIT, UPPER_LIMIT, shown, slots_of
from acorn_engine.evaluate.staleness import Ages
from acorn_engine.language import Reference
from acorn_engine.types import MISSING, Failure, Missing

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

    from acorn_engine.evaluate.model import HoldCode
    from acorn_engine.evaluate.reads import RuleReads
    from acorn_engine.facts import FactInfo, FactTable
    from acorn_engine.language import Checked
    from acorn_engine.language import Outcome as Evaluated
    from acorn_engine.ruleset import Chain, Rule
    from acorn_engine.sites import SiteClock
    from acorn_engine.types import Value

GRAVEST: Final[tuple[HoldCode, ...]] = ("failed", "overflow", "missing")
"""Where the sets of a rule go wrong in several ways, the first of these names the hold."""


@dataclass(slots=True)
class _State:
    """An offer half-way through its rules."""

    values: dict[str, Value]
    rules: dict[str, str | None]
    holds: dict[str, Hold] = field(default_factory=dict)
    locked: set[str] = field(default_factory=set)
    last_rule: str | None = None
    first_current: tuple[str, tuple[str, ...]] | None = None


class Tracer:
    """Traces offers of one site at one instant."""

    def __init__(
        self,
        chain: Chain,
        tables: Mapping[str, FactTable],
        clock: SiteClock,
        facts: Mapping[str, FactInfo] | None = None,
        stale: Staleness = "hold",
    ) -> None:
        self.chain = chain
        self.slots = slots_of(chain)
        self.shown = shown(chain, self.slots)
        self._tables = tables
        self._clock = clock
        self._ages = Ages(chain.vocabulary.facts if facts is None else facts, tables, clock, self.slots, stale)
        self._rules = [(rule, in_force(rule, clock), reads_of(rule, self.slots)) for rule in chain.rules]
        self._names = {name for _, _, reads in self._rules for name in reads.names}
        self._references: dict[int, Reference] = {}

    def trace(self, row: Mapping[str, Any]) -> OfferTrace:
        """Run the rules on one offer; once more as if it had been sent, where that may move it."""
        steps, state = self._run(row)
        if state.first_current is not None:
            _, again = self._run(self._sent(row, state))
            self._hold_moving(state, again)
        return OfferTrace(
            tuple(steps),
            {name: state.values[name] for name in self.shown},
            {name: state.rules[name] for name in self.shown},
            state.holds,
            state.last_rule,
        )

    def _run(self, row: Mapping[str, Any]) -> tuple[list[RuleStep], _State]:
        values: dict[str, Value] = dict.fromkeys(self.slots, MISSING)
        values["eligible"] = True
        state = _State(values, dict.fromkeys(self.slots))
        for name in (LOWER_LIMIT, UPPER_LIMIT):
            given = row.get(name, MISSING)
            if not isinstance(given, Missing):
                start = assign(given, self.slots[name], self.chain.site)
                state.values[name] = self._stricter(name, MISSING, start)
        steps = [self._step(rule, active, reads, row, state) for rule, active, reads in self._rules]
        for name, source in DEFAULTS.items():
            if isinstance(state.values[name], Missing):
                state.values[name] = state.values[source]
                state.rules[name] = state.rules[source]
        return steps, state

    def _stricter(self, name: str, before: Value, after: Assigned) -> Value:
        """Return the stricter of a limit and a new one; a floor that is not above 0 is no floor."""
        if after.problem is not None or after.value is None:
            return before
        old, new = field_value(before), field_value(after.value)
        if name == LOWER_LIMIT:
            return after.value if new > 0 and (isinstance(before, Missing) or new >= old) else before
        return after.value if isinstance(before, Missing) or new <= old else before

    def _evaluated(self, checked: Checked, row: Mapping[str, Value]) -> Evaluated:
        key = id(checked.scope)
        if key not in self._references:
            self._references[key] = Reference(checked.scope, self._tables, self._clock.today)
        return self._references[key].evaluate(checked, row)

    def _step(self, rule: Rule, active: bool, reads: RuleReads, row: Mapping[str, Any], state: _State) -> RuleStep:
        if not active:
            return RuleStep(rule.id, "inactive")
        seen: MutableMapping[str, Any] = ChainMap(state.values, dict(row), dict.fromkeys(self._names, MISSING))
        open_sets = [number for number, each in enumerate(rule.sets) if each.field.name not in state.locked]
        if rule.when is not None:
            test = self._evaluated(rule.when, seen)
            if isinstance(test.value, Failure):
                self._hold(state, rule, open_sets, "failed", ())
                return RuleStep(rule.id, "failed", code="failed", message=test.value.message)
            if isinstance(test.value, Missing):
                return RuleStep(rule.id, "missing", missing=tuple(test.missing))
            if test.value is False:
                return RuleStep(rule.id, "false")
        if not open_sets:
            locked = [
                SetStep(each.field.name, state.values[each.field.name], state.values[each.field.name], None, True)
                for each in rule.sets
            ]
            return RuleStep(rule.id, "locked", sets=tuple(locked))
        return self._apply(rule, reads, seen, open_sets, state)

    def _apply(
        self, rule: Rule, reads: RuleReads, seen: Mapping[str, Any], open_sets: list[int], state: _State
    ) -> RuleStep:
        before = dict(state.values)
        results = {number: self._result(rule, number, seen) for number in open_sets}
        problems = {number: result.problem for number, result in results.items() if result.problem}
        code = next((code for code in GRAVEST if code in problems.values()), None)
        names: tuple[str, ...] = ()
        if code == "missing":
            absent = {name for name in reads.names if isinstance(seen.get(name, MISSING), Missing)}
            names = missing_names(
                reads, [number for number, problem in problems.items() if problem == "missing"], absent
            )
        outcome: Outcome = "held"
        if code is None:
            outcome = "applied"
            self._write(rule, results, state)
            names = self._ages.of_row(reads, seen)
            code = "stale" if names else None
            if reads.current and state.first_current is None:
                state.first_current = (rule.id, reads.current)
        if code is not None:
            self._hold(state, rule, open_sets, code, names)
        if rule.final:
            state.locked.update(each.field.name for each in rule.sets)
        sets = tuple(
            SetStep(
                each.field.name,
                before[each.field.name],
                state.values[each.field.name],
                problems.get(number),
                number not in open_sets,
            )
            for number, each in enumerate(rule.sets)
        )
        message = next((result.message for result in results.values() if result.message), None)
        return RuleStep(rule.id, outcome, (), sets, code, names, message)

    def _result(self, rule: Rule, number: int, seen: Mapping[str, Any]) -> Assigned:
        each = rule.sets[number]
        if each.value is None:
            return Assigned(each.literal_json)
        value = self._evaluated(each.value, seen).value
        return assign(value, self.slots[each.field.name], self.chain.site, each.value.type)

    def _write(self, rule: Rule, results: Mapping[int, Assigned], state: _State) -> None:
        state.last_rule = rule.id
        for number, result in results.items():
            name = rule.sets[number].field.name
            if result.value is None:
                continue
            if name in {LOWER_LIMIT, UPPER_LIMIT}:
                stricter = self._stricter(name, state.values[name], result)
                if stricter is not result.value:
                    continue
            state.values[name] = result.value
            state.rules[name] = rule.id

    def _hold(self, state: _State, rule: Rule, open_sets: list[int], code: HoldCode, names: tuple[str, ...]) -> None:
        for number in open_sets:
            state.holds.setdefault(self.slots[rule.sets[number].field.name].group, Hold(rule.id, code, names))

    def _sent(self, row: Mapping[str, Any], state: _State) -> dict[str, Any]:
        """Return the offer as it would stand once the proposals that are not held were sent."""
        sent = dict(row)
        for name in {name for _, _, reads in self._rules for name in reads.current}:
            shown_field = shows(name, self.slots)
            if shown_field is None or shown_field not in self.shown:
                continue
            value = state.values[shown_field]
            if not isinstance(value, Missing) and self.slots[shown_field].group not in state.holds:
                sent[name] = value
        return sent

    def _hold_moving(self, state: _State, again: _State) -> None:
        rule, names = state.first_current or ("", ())
        for name, slot in self.shown.items():
            second = again.values[name]
            if not slot.field.sent or isinstance(second, Missing) or slot.group in again.holds:
                continue
            if second != state.values[name]:
                state.holds.setdefault(slot.group, Hold(rule, "moves_every_run", names))


def trace_offer(
    chain: Chain,
    row: Mapping[str, Any],
    tables: Mapping[str, FactTable],
    clock: SiteClock,
    stale: Staleness = "hold",
    facts: Mapping[str, FactInfo] | None = None,
) -> OfferTrace:
    """Run a site's rules on one offer with exact fractions.

    ``row`` maps facts to values; a name that it lacks is missing. Instants under the names of
    ``as_of`` columns tell the age of facts, which ``facts`` (default: the chain's) describes.
    """
    return Tracer(chain, tables, clock, facts, stale).trace(row)
