"""Runs the examples that stand in rule files: what is given, what is expected, what differs."""

from __future__ import annotations

import json
from collections import ChainMap
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from acorn_engine.evaluate.given import given, read_value
from acorn_engine.evaluate.trace import Tracer
from acorn_engine.evaluate.wording import say
from acorn_engine.language import Reference
from acorn_engine.problems import did_you_mean
from acorn_engine.types import MISSING, Missing, Value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acorn_engine.evaluate.model import OfferTrace
    from acorn_engine.facts import FactTable
    from acorn_engine.problems import Place
    from acorn_engine.ruleset import Chain, Example
    from acorn_engine.sites import SiteClock


@dataclass(frozen=True, slots=True)
class ExampleResult:
    """How one example went: it passed where nothing differs. ``trace`` explains it."""

    name: str
    file: str
    site: str
    place: Place | None
    differences: tuple[str, ...] = ()
    trace: OfferTrace | None = None

    @property
    def passed(self) -> bool:
        """Whether everything came out as expected."""
        return not self.differences


@dataclass(slots=True)
class _Comparison:
    chain: Chain
    tracer: Tracer
    trace: OfferTrace
    guards: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)


def run_examples(
    chain: Chain, clock: SiteClock, file: str | None = None, defaults: Mapping[str, Value] | None = None
) -> list[ExampleResult]:
    """Run the examples of a chain's files that are for its site, with exact fractions.

    To run a file alone, load a chain of that file; ``file`` keeps to the examples of one file of
    a longer chain. ``defaults`` are facts that follow from the site alone and that an example may
    leave out. Facts of examples have no age.
    """
    found = []
    for one in chain.files:
        if file is None or one.name == file:
            found += [_run(chain, clock, each, defaults or {}) for each in one.examples if each.site == chain.site.name]
    return found


def _run(chain: Chain, clock: SiteClock, example: Example, defaults: Mapping[str, Value]) -> ExampleResult:
    offer = given(chain, example, defaults)
    if offer.faults:
        return ExampleResult(example.name, example.file, example.site, example.place, tuple(offer.faults))
    tracer = Tracer(chain, offer.tables, clock, stale="off")
    trace = tracer.trace(offer.row)
    seen = ChainMap(dict(trace.values), dict(offer.row))
    compared = _Comparison(chain, tracer, trace, fired_guards(chain, seen, offer.tables, clock))
    for name, expected in example.expect.items():
        _compare(compared, name, expected)
    differences = tuple(compared.differences)
    return ExampleResult(example.name, example.file, example.site, example.place, differences, compared.trace)


def fired_guards(chain: Chain, seen: Mapping[str, Any], tables: Mapping[str, FactTable], clock: SiteClock) -> list[str]:
    """Return the ids of the files' own guards that fire on an offer, in their order.

    ``seen`` maps names to exact values, settable fields to what the rules leave. A guard that comes
    out missing or fails does not count as fired here; on a real change it holds.
    """
    fired = []
    for guard in chain.guards:
        if guard.file is None:
            continue
        reference = Reference(guard.condition.scope, tables, clock.today)
        if reference.evaluate(guard.condition, seen).value is True:
            fired.append(guard.id)
    return fired


def _compare(compared: _Comparison, name: str, expected: Any) -> None:
    trace = compared.trace
    holds = trace.holds
    if name == "rule":
        if trace.last_rule != expected:
            compared.differences.append(f"rule: expected {expected}, got {trace.last_rule or 'none'}")
    elif name == "hold":
        rules = [hold.rule for hold in holds.values()]
        if (expected is None and rules) or (expected is not None and expected not in rules):
            compared.differences.append(f"hold: expected {expected or 'none'}, got {_holds(trace)}")
    elif name == "held":
        words = {*holds, *(hold.code for hold in holds.values()), *(hold.rule for hold in holds.values())}
        right = bool(holds) is expected if isinstance(expected, bool) else expected in words
        if not right:
            compared.differences.append(f"held: expected {say(expected)}, got {_holds(trace)}")
    elif name == "guard":
        if (expected is None and compared.guards) or (expected is not None and expected not in compared.guards):
            got = ", ".join(compared.guards) or "none"
            compared.differences.append(f"guard: expected {expected or 'none'}, got {got}")
    elif name in compared.tracer.slots:
        _compare_field(compared, name, expected)
    else:
        hint = did_you_mean(name, [*compared.tracer.slots, "rule", "hold", "held", "guard"])
        compared.differences.append(
            f"'{name}' is not a field, rule, hold, held or guard" + (f"; {hint}" if hint else "")
        )


def _compare_field(compared: _Comparison, name: str, expected: Any) -> None:
    slot, trace = compared.tracer.slots[name], compared.trace
    got = trace.values.get(name, MISSING)
    if slot.json:
        same = _json_equal(got, expected)
    else:
        wanted = read_value(expected, slot.field.type.at_site(compared.chain.site.currency))
        same = got == wanted or (isinstance(got, Missing) and isinstance(wanted, Missing))
    if same:
        return
    by = trace.rules.get(name)
    held = trace.holds.get(slot.group)
    reason = f" (rule {by})" if by else ""
    if held:
        reason += f"; {slot.group} is {_hold(held)}"
    compared.differences.append(
        f"{name}: expected {say(expected)}, got {say(got)}{reason}{_missing(trace, name, compared)}"
    )


def _missing(trace: OfferTrace, name: str, compared: _Comparison) -> str:
    """Say which facts kept a rule from running that would have set the field."""
    setters = {rule.id for rule in compared.chain.rules if any(each.field.name == name for each in rule.sets)}
    said = [
        f"{step.rule} did not apply: {', '.join(step.missing)} missing"
        for step in trace.steps
        if step.outcome == "missing" and step.rule in setters
    ]
    return f"; {'; '.join(said)}" if said else ""


def _holds(trace: OfferTrace) -> str:
    told = [f"{group} {_hold(hold)}" for group, hold in trace.holds.items()]
    return "; ".join(told) or "nothing held"


def _hold(hold: Any) -> str:
    facts = f" ({', '.join(hold.facts)})" if hold.facts else ""
    return f"held by {hold.rule}: {hold.code}{facts}"


def _json_equal(got: Value, expected: Any) -> bool:
    if isinstance(got, Missing):
        return expected is None
    return isinstance(got, str) and bool(json.loads(got, parse_float=Decimal) == _plain(expected))


def _plain(data: Any) -> Any:
    """Return JSON data with its exact numbers comparable to parsed ones."""
    if isinstance(data, dict):
        return {key: _plain(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_plain(value) for value in data]
    return data.isoformat() if isinstance(data, date) else data
