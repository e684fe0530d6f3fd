"""The offer guards of a chain as one generated function, asked of one offer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acorn_engine.evaluate.reads import RuleReads
from acorn_engine.evaluate.scalar.moment import DatedFact, checks_of, too_old
from acorn_engine.evaluate.slots import NUMBER_DIGITS, slots_of
from acorn_engine.fields import attribute_name
from acorn_engine.guard.scalar.reasons import UnjudgeableError
from acorn_engine.guard.scalar.state import MISSING_CELL
from acorn_engine.language.scalar import Input, ScalarCompiler, Source, fits, scaled_table
from acorn_engine.types import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from acorn_engine.evaluate.model import Staleness
    from acorn_engine.evaluate.scalar import Moment
    from acorn_engine.facts import FactTable
    from acorn_engine.fields import Field
    from acorn_engine.guard.scalar.state import OfferState
    from acorn_engine.ruleset import Chain, Guard
    from acorn_engine.types import Type

FACT_SCALE = 12
"""The decimals of facts as guards read them: none has more."""
_NUMERIC = frozenset({Kind.NUMBER, Kind.MONEY})


class GuardQuestions:
    """What guards ask. ``facts`` are the types of the offers' facts; ``reads`` what each guard reads, by id."""

    def __init__(
        self,
        chain: Chain,
        guards: Sequence[Guard],
        fields: Mapping[str, Field],
        facts: Mapping[str, Type],
        tables: Mapping[str, FactTable],
        stale: Staleness,
    ) -> None:
        self._guards, self._currency = guards, chain.site.currency
        self._fields = {name: each for name, each in fields.items() if attribute_name(name) is None}
        infos = chain.vocabulary.facts
        types = {name: each.type for known in (chain.vocabulary.fields, infos) for name, each in known.items()} | dict(
            facts
        )
        known = self._fields.keys() | types.keys()
        self.reads = {guard.id: tuple(sorted(guard.condition.reads & known)) for guard in guards}
        slots = slots_of(chain)
        self._checks = {}
        for guard in guards if stale == "hold" else ():
            reads = RuleReads(tuple(sorted(guard.condition.reads)), guard.condition.lookups, (), (), ())
            checks = checks_of(reads, infos, slots)
            if any(isinstance(check, DatedFact) and check.as_of is None for check in checks):
                raise UnjudgeableError(f"guard '{guard.id}' reads a fact with an instant for each offer")
            if checks:
                self._checks[guard.id] = checks
        self._names = tuple(dict.fromkeys(name for guard in guards for name in self.reads[guard.id]))
        self._inputs = [self._input(name, types, chain.site.digits) for name in self._names]
        looked_up = sorted({lookup[0] for guard in guards for lookup in guard.condition.lookups})
        self._whole = {name: fits(tables.get(name), self._currency) for name in looked_up}
        self._function = self._written()

    def _input(self, name: str, types: Mapping[str, Type], digits: int) -> Input:
        field = self._fields.get(name)
        if field is None:
            kind = types[name].kind
            return Input(kind, FACT_SCALE if kind in _NUMERIC else 0)
        if field.type.kind is Kind.MONEY:
            return Input(Kind.MONEY, digits)
        decimals = NUMBER_DIGITS if field.type.kind is Kind.NUMBER and not field.type.integer else 0
        return Input(field.type.kind, decimals)

    def _written(self) -> Any:
        source = Source()
        compiler = ScalarCompiler(source)
        places = [f"f{number}" for number in range(len(self._names))]
        if places:
            source.line(f"{', '.join(places)}, = facts")
        for name, place, given in zip(self._names, places, self._inputs, strict=True):
            compiler.bind(name, place, given)
        if self._whole:
            source.line(f"{', '.join(f't{number}' for number in range(len(self._whole)))}, = tables")
        for number, (name, whole) in enumerate(self._whole.items()):
            compiler.bind_table(name, f"t{number}", whole=whole)
        answers = [compiler.add(guard.condition.node).top for guard in self._guards]
        source.line(f"return ({''.join(f'{answer}, ' for answer in answers)})")
        return source.function("facts, tables, today")

    def tables(self, tables: Mapping[str, FactTable]) -> tuple[Mapping[str, Any], ...]:
        """Return tables as ``ask`` reads them."""
        return tuple(scaled_table(tables.get(name), self._currency) for name in self._whole)

    def fits_tables(self, tables: Mapping[str, FactTable]) -> bool:
        """Say whether the guards were compiled for such tables."""
        return all(fits(tables.get(name), self._currency) == whole for name, whole in self._whole.items())

    def ask(self, state: OfferState, tables: tuple[Mapping[str, Any], ...], today: date, moment: Moment) -> None:
        """Fill in what every guard answers, what it misses, and what it reads that is too old."""
        facts = [self._value(name, given, state) for name, given in zip(self._names, self._inputs, strict=True)]
        state.guards = self._function(facts, tables, today)
        for number, guard in enumerate(self._guards):
            if state.guards[number] is None:
                state.missed[guard.id] = tuple(name for name in self.reads[guard.id] if self._raw(name, state) is None)
            checks = self._checks.get(guard.id)
            if checks:
                names = (check.name if isinstance(check, DatedFact) else check.column or "" for check in checks)
                values = [(self._raw(name, state), None) for name in names]
                state.stale[guard.id] = too_old(checks, moment, values)

    def _raw(self, name: str, state: OfferState) -> Any:
        return state.to[name] if name in self._fields else state.facts.get(name, MISSING_CELL).value

    def _value(self, name: str, given: Input, state: OfferState) -> Any:
        if name in self._fields:
            return state.to[name]
        cell = state.facts.get(name, MISSING_CELL)
        if cell.value is None or given.kind not in _NUMERIC:
            return cell.value
        return cell.value * 10 ** (given.scale - cell.scale)
