"""The verdict on every change of one offer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from acorn_engine.fields import PRICE_GROUP, attribute_name
from acorn_engine.guard.candidates import all_fields, setters_of
from acorn_engine.guard.reasons import NO_REASON
from acorn_engine.guard.scalar.asking import GuardQuestions
from acorn_engine.guard.scalar.fires import AMOUNTS
from acorn_engine.guard.scalar.reasons import OfferReason, amount_text, offer_reasons
from acorn_engine.guard.scalar.state import MISSING_CELL, Candidates, OfferState, raise_to_floor
from acorn_engine.guard.scalar.words import OfferWords
from acorn_engine.guard.settings import Off
from acorn_engine.types import Kind
from acorn_engine.verdicts import Verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import date

    from acorn_engine.evaluate.model import Staleness
    from acorn_engine.evaluate.scalar import Moment
    from acorn_engine.facts import Cell, FactTable
    from acorn_engine.fields import Field
    from acorn_engine.guard.model import Known
    from acorn_engine.guard.settings import GuardSettings
    from acorn_engine.ruleset import Chain
    from acorn_engine.types import Type

LARGEST_MEMORY: Final = 1_000
"""So many attribute texts are remembered with whether the site shows them."""
LIMIT_WORDS: Final = "follows the working limits of the offer"
_STOPS: Final = frozenset({Verdict.HOLD, Verdict.REJECT})


class OfferJudge:
    """Judges offers of one account on one site that nobody has read and that have nothing on their way.

    ``proposed`` are the fields that the chain shows, ``facts`` the types of the offers' facts,
    ``whole`` those of them whose columns are integers. Raises ``UnjudgeableError`` where only the
    columns can judge.
    """

    def __init__(
        self,
        chain: Chain,
        proposed: Mapping[str, Field],
        settings: GuardSettings,
        known: Known,
        account: str,
        facts: Mapping[str, Type],
        whole: Collection[str],
        tables: Mapping[str, FactTable],
    ) -> None:
        self._site, self._fields = chain.site, all_fields(proposed)
        self._because = {rule.id: rule.because for rule in chain.rules}
        self._raises = settings.below_floor == "raise"
        setters = setters_of((rule.id, [one.field.name for one in rule.sets]) for rule in chain.rules)
        self._known, self._same_texts = known, dict[str, bool]()
        self._candidates = Candidates(self._fields, setters, chain.site.digits, self._same)
        asked = [guard for guard in chain.guards if guard.id not in known.exempt]
        mode: Staleness = "off" if isinstance(settings.stale, Off) else "hold"
        self._questions = GuardQuestions(chain, asked, self._fields, facts, tables, mode)
        pairs = [(guard, self._questions.reads[guard.id]) for guard in asked]
        self._reasons = offer_reasons(chain, self._fields, settings, known, account, pairs)
        self._late = next(n for n, one in enumerate(self._reasons) if one.reason.code == "price_held")
        self._words = OfferWords(chain.site, self._fields, facts, whole)

    def judge(
        self, state: OfferState, tables: tuple[Mapping[str, Any], ...], today: date, moment: Moment
    ) -> list[dict[str, Any]]:
        """Return the offer's changes, by field, as rows of a judged site without the offer's keys.

        ``tables`` are those that ``tables`` prepared.
        """
        if self._raises:
            raise_to_floor(state)
        self._candidates.find(state, today)
        if not state.changed:
            return []
        self._questions.ask(state, tables, today, moment)
        found = self._numbers(state)
        return [self._row(name, found[name], state, today) for name in sorted(state.changed)]

    def tables(self, tables: Mapping[str, FactTable]) -> tuple[Mapping[str, Any], ...]:
        """Return tables as ``judge`` reads them."""
        return self._questions.tables(tables)

    def fits_tables(self, tables: Mapping[str, FactTable]) -> bool:
        """Say whether the guards were compiled for such tables."""
        return self._questions.fits_tables(tables)

    def _same(self, wanted: str) -> bool:
        """Say whether an attribute is what a site shows that shows none; each text is asked of once."""
        found = self._same_texts.get(wanted)
        if found is None:
            same = self._known.same_attribute
            found = same(wanted, None) if same is not None else False
            if len(self._same_texts) < LARGEST_MEMORY:
                self._same_texts[wanted] = found
        return found

    def _numbers(self, state: OfferState) -> dict[str, int]:
        """Return, for each change, the number of the first reason against it, group by group."""
        firing = [(number, one) for number, one in enumerate(self._reasons) if one.fires(state)]
        own: dict[str, int] = {}
        groups: dict[str, int] = {}
        for each in self._candidates.sent:
            if each.name in state.changed:
                first = next((number for number, one in firing if _acts(one, each.name, state)), NO_REASON)
                own[each.name] = first
                groups[each.group] = min(groups.get(each.group, NO_REASON), first)
        found = {name: groups[self._fields[name].group] for name in own}
        if "quantity" in found:
            lower = self._lowers(self._fields["quantity"], state)
            if lower:
                found["quantity"] = own["quantity"]
            elif self._price_held(found) and found["quantity"] > self._late:
                found["quantity"] = self._late
        return found

    def _price_held(self, found: Mapping[str, int]) -> bool:
        return any(
            number != NO_REASON
            and self._fields[name].group == PRICE_GROUP
            and self._reasons[number].reason.verdict in _STOPS
            for name, number in found.items()
        )

    def _lowers(self, field: Field, state: OfferState) -> bool:
        new, old = state.to[field.name], state.shown[field.name]
        return new is not None and old is not None and new < old and field.name not in state.valueless

    def _row(self, name: str, number: int, state: OfferState, today: date) -> dict[str, Any]:
        field, rule = self._fields[name], state.rules.get(name)
        money = field.type.kind is Kind.MONEY and attribute_name(name) is None
        old = self._words.field_text(field, state.shown[name])
        if money and old is None:
            cell: Cell = state.facts.get(f"current_{name}", MISSING_CELL)
            old = self._words.amount(cell, field.type)
        new = None if name in state.valueless else self._words.field_text(field, state.to[name])
        row = {"field": name, "group": field.group, "from": old, "to": new, "rule": rule}
        row["currency"] = self._site.currency if money else None
        return row | (self._told(rule, state, today) if number == NO_REASON else self._stopped(number, state, today))

    def _told(self, rule: str | None, state: OfferState, today: date) -> dict[str, Any]:
        """Return the words of a change that nothing stops: those of its rule."""
        because = LIMIT_WORDS if rule is None else self._because.get(rule, "")
        own = {} if rule is None else {"rule": rule}
        return {
            "guard": None,
            "verdict": Verdict.SEND.value,
            "code": "limit" if rule is None else "rule",
            "because": self._words.sentence(because, {}, state, today),
            "params": self._words.parameters(self._words.names(because), own, state, today),
        }

    def _stopped(self, number: int, state: OfferState, today: date) -> dict[str, Any]:
        one = self._reasons[number]
        reason, digits = one.reason, self._site.digits
        own = {name: find(state) for name, find in one.own.items()}
        if reason.guard is not None:
            own = {k: amount_text(v, digits) if one.own[k] is AMOUNTS.get(k) else v for k, v in own.items()}
        names = tuple(dict.fromkeys((*self._words.names(reason.because), *reason.shown)))
        return {
            "guard": reason.guard,
            "verdict": reason.verdict.value,
            "code": reason.code,
            "because": self._words.sentence(reason.because, own, state, today),
            "params": self._words.parameters(names, own, state, today),
        }


def _acts(one: OfferReason, name: str, state: OfferState) -> bool:
    """Say whether a reason that fires for the offer stops a change of a field."""
    reason = one.reason
    if not reason.acts_on(name):
        return False
    if reason.spares_withdrawal and name == "quantity" and state.to["quantity"] == 0:
        return False
    if reason.valueless:
        return name in state.valueless
    return reason.verdict is not Verdict.REJECT or name not in state.valueless
