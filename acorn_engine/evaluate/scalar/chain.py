"""A chain compiled for one kind of offers, and what it says of one of them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from acorn_engine.evaluate.model import Hold
from acorn_engine.evaluate.reads import in_force, reads_of, shows
from acorn_engine.evaluate.scalar.chain_source import ChainSource
from acorn_engine.evaluate.scalar.moment import DatedFact, checks_of
from acorn_engine.evaluate.scalar.readings import readings_of
from acorn_engine.evaluate.scalar.sharing import ActiveRule
from acorn_engine.evaluate.slots import Slot, shown, slots_of
from acorn_engine.language.scalar import fits, scaled_table
from acorn_engine.types import MISSING, Kind, Money

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from acorn_engine.evaluate.model import Staleness
    from acorn_engine.evaluate.scalar.moment import Moment
    from acorn_engine.facts import FactInfo, FactTable
    from acorn_engine.language.scalar import Input
    from acorn_engine.ruleset import Chain
    from acorn_engine.sites import SiteClock
    from acorn_engine.types import Value


@dataclass(frozen=True, slots=True)
class ScalarOutcome:
    """What the rules propose for one offer.

    ``values`` are those of the chain's ``shown`` fields, in their order: whole numbers scaled by
    the field's digits, texts, booleans, dates, attributes as JSON text, ``None`` where nothing was
    set. ``rules`` are the ids of the rules that set them, ``holds`` those of the chain's ``groups``.
    """

    values: tuple[Any, ...]
    rules: tuple[str | None, ...]
    holds: tuple[Hold | None, ...]
    last_rule: str | None


class ScalarChain:
    """The rules in force at a site's clock, for facts that come as ``inputs`` says.

    It may be kept as long as the same rules are in force and ``fits_tables`` holds.
    """

    def __init__(
        self,
        chain: Chain,
        inputs: Mapping[str, Input],
        tables: Mapping[str, FactTable],
        clock: SiteClock,
        facts: Mapping[str, FactInfo] | None = None,
        stale: Staleness = "hold",
    ) -> None:
        slots = slots_of(chain)
        self.site = chain.site
        self.shown: dict[str, Slot] = shown(chain, slots)
        facts = chain.vocabulary.facts if facts is None else facts
        rules = []
        for rule in chain.rules:
            if in_force(rule, clock):
                reads = reads_of(rule, slots)
                rules.append(ActiveRule(rule, reads, () if stale == "off" else checks_of(reads, facts, slots)))
        instants = {check.column for one in rules for check in one.checks if isinstance(check, DatedFact)} - {""}
        self.readings = readings_of([one.reads for one in rules], inputs, facts, slots, instants)
        self._whole = {name: fits(tables.get(name), chain.site.currency) for name in _looked_up(rules)}
        written = ChainSource(rules, self.shown, self.readings, self._whole, chain.site.digits)
        self.groups = written.groups
        self.source = written.text
        self._function = written.function()
        self._current = [(one.rule.id, one.reads.current) for one in rules]
        self._sent = self._sent_places(slots)
        self._judged = [
            (number, self.groups.index(slot.group))
            for number, slot in enumerate(self.shown.values())
            if slot.field.sent
        ]

    def tables(self, tables: Mapping[str, FactTable]) -> tuple[Mapping[str, Any], ...]:
        """Return tables as ``run`` reads them."""
        return tuple(scaled_table(tables.get(name), self.site.currency) for name in self._whole)

    def fits_tables(self, tables: Mapping[str, FactTable]) -> bool:
        """Say whether the chain was compiled for such tables."""
        return all(fits(tables.get(name), self.site.currency) == whole for name, whole in self._whole.items())

    def run(
        self, facts: Sequence[Any], tables: tuple[Mapping[str, Any], ...], today: date, moment: Moment
    ) -> ScalarOutcome:
        """Run the rules on one offer; once more as if it had been sent, where that may move it.

        ``facts`` are the values of ``readings``, ``None`` where missing.
        """
        values, rules, holds, last, current = self._function(facts, tables, today, moment)
        if current is not None:
            again = self._function(self._as_sent(facts, values, holds), tables, today, moment)
            holds = self._moving(values, holds, again, self._current[current])
        return ScalarOutcome(values, rules, tuple(hold and Hold(*hold) for hold in holds), last)

    def _sent_places(self, slots: Mapping[str, Slot]) -> list[tuple[int, int, int, int]]:
        """Return where what is sent is read again: reading, field, group, factor."""
        places, order = [], list(self.shown)
        for number, reading in enumerate(self.readings):
            field = shows(reading.name, slots)
            if field is not None and field in self.shown:
                slot = self.shown[field]
                factor = 10 ** (reading.given.scale - (slot.digits or 0)) if slot.digits is not None else 1
                places.append((number, order.index(field), self.groups.index(slot.group), factor))
        return places

    def _as_sent(self, facts: Sequence[Any], values: Sequence[Any], holds: Sequence[Any]) -> list[Any]:
        sent = list(facts)
        for reading, field, group, factor in self._sent:
            value = values[field]
            if value is not None and holds[group] is None:
                sent[reading] = value * factor if factor != 1 else value
        return sent

    def _moving(self, values: Sequence[Any], holds: Sequence[Any], again: Any, first: tuple[str, Any]) -> list[Any]:
        """Return the holds, with those of what would move at every run."""
        held, (rule, names) = list(holds), first
        for field, group in self._judged:
            second = again[0][field]
            if second is not None and again[2][group] is None and second != values[field] and held[group] is None:
                held[group] = (rule, "moves_every_run", names)
        return held

    def values(self, outcome: ScalarOutcome) -> dict[str, Value]:
        """Return an offer's final values as exact values, by field."""
        pairs = zip(self.shown.items(), outcome.values, strict=True)
        return {name: _exact(value, slot, self.site.currency) for (name, slot), value in pairs}

    def row(self, outcome: ScalarOutcome) -> dict[str, Any]:
        """Return what is proposed as a row of the proposals' columns."""
        row: dict[str, Any] = {}
        for (name, slot), value, rule in zip(self.shown.items(), outcome.values, outcome.rules, strict=True):
            row[slot.column] = (
                Decimal(value).scaleb(-(slot.digits or 0)) if slot.decimal and value is not None else value
            )
            row[f"rule.{name}"] = rule
        for group, hold in zip(self.groups, outcome.holds, strict=True):
            row[f"hold.{group}"] = hold.rule if hold else None
            row[f"hold_code.{group}"] = hold.code if hold else None
            row[f"hold_facts.{group}"] = (",".join(hold.facts) or None) if hold else None
        return row


def _looked_up(rules: Sequence[ActiveRule]) -> list[str]:
    return sorted({lookup[0] for one in rules for lookup in one.reads.lookups})


def _exact(value: Any, slot: Slot, currency: str) -> Value:
    if value is None:
        return MISSING
    if slot.digits is None:
        found: Value = value
        return found
    amount = Fraction(value, 10**slot.digits)
    return Money(amount, currency) if slot.field.type.kind is Kind.MONEY else amount
