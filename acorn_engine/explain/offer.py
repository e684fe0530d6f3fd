"""Explaining one offer: facts, rules, guards, changes, and what did not change."""

from __future__ import annotations

import json
from collections import ChainMap
from datetime import UTC, datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from acorn_engine.evaluate.slots import slots_of
from acorn_engine.explain.fact_lines import fact_lines
from acorn_engine.explain.model import ChangeLine, Explanation, FactLine, GuardLine, RuleLine, SetLine
from acorn_engine.explain.unchanged import unchanged_lines
from acorn_engine.explain.values import decimal_text, plain, words
from acorn_engine.language import Reference, round_to
from acorn_engine.ruleset import because_names, render_because
from acorn_engine.sites import utc
from acorn_engine.types import MISSING, Failure, Missing, Money

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

    import polars as pl

    from acorn_engine.evaluate import OfferTrace, RuleStep
    from acorn_engine.facts import FactInfo, FactTable
    from acorn_engine.fields import Field
    from acorn_engine.ruleset import Chain, Guard, Rule
    from acorn_engine.sites import SiteClock
    from acorn_engine.types import Type

_OUTCOMES: Final = {
    "applied": "applied",
    "held": "could not set its fields, which are held: {message}",
    "false": "did not apply: its condition is false",
    "missing": "did not apply: {missing} missing in its condition",
    "failed": "failed in its condition, so its fields are held: {message}",
    "locked": "had no effect: an earlier final rule has the last word",
    "inactive": "not in force at this time",
}


class OfferExplainer:
    """Explains one offer. ``row`` maps facts to values, and names of ``as_of`` columns to instants."""

    def __init__(
        self,
        chain: Chain,
        row: Mapping[str, Any],
        trace: OfferTrace,
        clock: SiteClock,
        tables: Mapping[str, FactTable],
        facts: Mapping[str, FactInfo],
    ) -> None:
        self.chain, self.row, self.trace, self.clock = chain, row, trace, clock
        self.tables, self.known = tables, facts
        self._fields: dict[str, Field] = {name: slot.field for name, slot in slots_of(chain).items()}
        self._slots = slots_of(chain)

    def type_of(self, name: str) -> Type | None:
        """Return the type of a field or fact, where it is known."""
        if name in self._fields:
            return self._fields[name].type
        info = self.known.get(name)
        return info.type if info else None

    def text(self, name: str, value: Any) -> str:
        """Return a value of a field or fact in words."""
        return words(value, self.type_of(name), self.chain.site)

    def plain(self, name: str, value: Any) -> str | int | bool | None:
        """Return a value of a field or fact for JSON."""
        return plain(value, self.type_of(name), self.chain.site)

    def facts(self) -> list[FactLine]:
        """Return every fact of the offer, by name, with what is looked up for it."""
        return fact_lines(self)

    def rules(self) -> list[RuleLine]:
        """Return what every rule of the chain did, in order."""
        rules = {rule.id: rule for rule in self.chain.rules}
        state: dict[str, Any] = dict.fromkeys(self._fields, MISSING)
        lines: list[RuleLine] = []
        for step in self.trace.steps:
            for one in step.sets:
                state[one.field] = one.before
            lines.append(self._rule(rules[step.rule], step, state))
            for one in step.sets:
                state[one.field] = one.after
        return lines

    def _rule(self, rule: Rule, step: RuleStep, state: MutableMapping[str, Any]) -> RuleLine:
        params: dict[str, Any] = {"rule": rule.id}
        for name, value in (("missing", step.missing), ("facts", step.facts)):
            if value:
                params[name] = list(value)
        message = step.message or (f"{_listed(step.facts)} missing" if step.facts else step.code or "")
        text = _OUTCOMES[step.outcome].format(missing=_listed(step.missing), message=message)
        if step.outcome == "applied" and step.code == "stale":
            text += f", but {_listed(step.facts)} too old: held"
        if step.code:
            params["hold"] = step.code
        if step.message:
            params["message"] = step.message
        seen = ChainMap(dict(state), dict(self.row))
        because = render_because(rule.because, lambda name: self.text(name, seen.get(name, MISSING)))
        sets = tuple(self._set(rule, number, step, seen) for number in range(len(step.sets)))
        return RuleLine(rule.id, step.outcome, params, text, because, str(rule.place), sets)

    def _set(self, rule: Rule, number: int, step: RuleStep, seen: Mapping[str, Any]) -> SetLine:
        one = step.sets[number]
        text = f"{self.text(one.field, one.before)} → {self.text(one.field, one.after)}"
        exact = self._exact(rule, one.field, seen) if step.outcome == "applied" and one.problem is None else None
        rounding = None
        if exact is not None and not isinstance(one.after, Missing):
            slot = self._slots[one.field]
            mode = slot.field.rounding
            step_size = Fraction(1, 10 ** (slot.digits or 0))
            rounded = exact if mode == "none" else round_to(exact, step_size, mode)
            after = one.after.amount if isinstance(one.after, Money) else one.after
            rounding = mode if rounded == after and rounded != exact else None
        told = decimal_text(exact) if exact is not None and rounding else None
        if told:
            text += f" (exactly {told}, rounded {(rounding or '').replace('_', ' ')})"
        code = "locked" if one.locked else one.problem
        if code:
            text += f" ({code})"
        return SetLine(
            one.field, self.plain(one.field, one.before), self.plain(one.field, one.after), text, told, rounding, code
        )

    def _exact(self, rule: Rule, field: str, seen: Mapping[str, Any]) -> Fraction | None:
        """Return what the expression comes to before its rounding, where it is a number."""
        checked = next((each.value for each in rule.sets if each.field.name == field), None)
        if checked is None or self._slots[field].digits is None:
            return None
        value = self._evaluate(checked, seen)
        if isinstance(value, Money):
            return value.amount
        return value if isinstance(value, Fraction) else None

    def _evaluate(self, checked: Any, seen: Mapping[str, Any]) -> Any:
        return Reference(checked.scope, self.tables, self.clock.today).evaluate(checked, seen).value

    def guards(self) -> list[GuardLine]:
        """Return what every offer guard of the chain answers for the final values."""
        seen = ChainMap(dict(self.trace.values), dict(self.row))
        return [self._guard(guard, seen) for guard in self.chain.guards]

    def _guard(self, guard: Guard, seen: Mapping[str, Any]) -> GuardLine:
        value = self._evaluate(guard.condition, seen)
        names = sorted({*guard.condition.reads, *because_names(guard.because)})
        params = {name: self.plain(name, seen.get(name, MISSING)) for name in names if self.type_of(name)}
        absent = [name for name in sorted(guard.condition.reads) if isinstance(seen.get(name, MISSING), Missing)]
        if value is True:
            text = render_because(guard.because, lambda name: self.text(name, seen.get(name, MISSING)))
            return GuardLine(guard.id, guard.verdict, "fired", params, text or f"{guard.verdict}s")
        if isinstance(value, Failure):
            return GuardLine(guard.id, guard.verdict, "failed", params, value.message)
        if isinstance(value, Missing):
            return GuardLine(guard.id, guard.verdict, "missing", params, f"{_listed(absent)} missing")
        return GuardLine(guard.id, guard.verdict, "passed", params, "")


def _listed(names: tuple[str, ...] | list[str]) -> str:
    if not names:
        return "a value is"
    return f"{' and '.join(filter(None, [', '.join(names[:-1]), names[-1]]))} {'is' if len(names) == 1 else 'are'}"


def explain_offer(
    chain: Chain,
    row: Mapping[str, Any],
    trace: OfferTrace,
    changes: pl.DataFrame,
    clock: SiteClock,
    *,
    tables: Mapping[str, FactTable] | None = None,
    facts: Mapping[str, FactInfo] | None = None,
    pending_since: Mapping[str, datetime] | None = None,
) -> Explanation:
    """Explain everything that was decided about one offer.

    ``row``: the offer's facts as exact values (``evaluate.row_values``) with ``account, site,
    seller_sku, sku`` as text and the instants of ``as_of`` columns. ``trace``: what
    ``evaluate.trace_offer`` says of it. ``changes``: the offer's rows of a judged site or of a
    plan. ``facts`` describes the facts (default: the chain's). ``pending_since`` says, by field
    group, since when a value that was sent has not settled.
    """
    about = OfferExplainer(chain, row, trace, clock, tables or {}, facts or chain.vocabulary.facts)
    lines = tuple(change_line(one, pending_since or {}) for one in changes.iter_rows(named=True))
    return Explanation(
        account=str(row.get("account", "")),
        site=chain.site.name,
        seller_sku=str(row.get("seller_sku", "")),
        sku=row["sku"] if isinstance(row.get("sku"), str) else None,
        at=utc(clock.now.astimezone(UTC)),
        facts=tuple(about.facts()),
        rules=tuple(about.rules()),
        guards=tuple(about.guards()),
        changes=lines,
        unchanged=tuple(unchanged_lines(about, {line.field for line in lines})),
    )


def change_line(row: Mapping[str, Any], pending_since: Mapping[str, datetime]) -> ChangeLine:
    """Return a change of a judged site or a plan, with its verdict in words."""
    params = json.loads(row["params"]) if row["params"] else {}
    text = row["because"] or ""
    if row["verdict"] == "pending":
        since = pending_since.get(row["group"])
        text = f"pending since {utc(since)}: {text}" if since else text
        params |= {"since": utc(since)} if since else {}
    elif row["verdict"] == "hold":
        text = f"held: {text}"
    elif row["verdict"] == "reject":
        text = f"rejected: {text}"
    return ChangeLine(
        row["field"],
        row["from"],
        row["to"],
        row["currency"],
        row["verdict"],
        row["code"],
        params,
        text,
        row["rule"],
        row["guard"],
    )
