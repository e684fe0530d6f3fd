"""Why a field did not change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from acorn_engine.evaluate.reads import CURRENT
from acorn_engine.explain.model import UnchangedLine
from acorn_engine.fields import STANDARD_FIELDS, attribute_name
from acorn_engine.guard.candidates import LIMIT_FIELDS
from acorn_engine.types import MISSING, Missing, Money

if TYPE_CHECKING:
    from collections.abc import Collection

    from acorn_engine.explain.offer import OfferExplainer
    from acorn_engine.fields import Field

_WHY: Final = {
    "false": "its condition is false",
    "inactive": "not in force",
    "locked": "an earlier final rule has the last word",
    "failed": "failed",
    "held": "could not work out its value",
}


def unchanged_lines(about: OfferExplainer, changed: Collection[str]) -> list[UnchangedLine]:
    """Return the fields that could be sent and do not change, each with the reason."""
    fields: dict[str, Field] = {field.name: field for field in STANDARD_FIELDS if field.sent}
    for rule in about.chain.rules:
        fields |= {one.field.name: one.field for one in rule.sets if one.field.sent}
    return [_line(about, name) for name in fields if name not in changed]


def _line(about: OfferExplainer, field: str) -> UnchangedLine:
    setters = [rule.id for rule in about.chain.rules if any(one.field.name == field for one in rule.sets)]
    value = about.trace.values.get(field, MISSING)
    if isinstance(value, Missing) and not setters:
        return UnchangedLine(field, None, "no_rule", {}, "no rule sets it")
    if isinstance(value, Missing):
        steps = {step.rule: step for step in about.trace.steps}
        reasons = {rule: _why(steps[rule].outcome, steps[rule].missing) for rule in setters if rule in steps}
        text = "no rule that sets it applied: " + "; ".join(f"{rule}: {why}" for rule, why in reasons.items())
        return UnchangedLine(field, None, "no_rule_applied", {"rules": reasons}, text)
    shown, told = about.plain(field, value), about.text(field, value)
    current = about.row.get(f"{CURRENT}{field}", MISSING)
    params = {"value": shown, "rule": about.trace.rules.get(field)}
    if attribute_name(field) is not None or _amount(current) == _amount(value):
        return UnchangedLine(field, shown, "equals_current", params, f"{told} equals what the site shows")
    if field in LIMIT_FIELDS:
        text = f"{told} is sent only together with a price"
        return UnchangedLine(field, shown, "only_with_price", params, text)
    return UnchangedLine(field, shown, "not_considered", params, f"{told} was not considered in this run")


def _why(outcome: str, missing: tuple[str, ...]) -> str:
    return f"{', '.join(missing) or 'a value'} missing" if outcome == "missing" else _WHY.get(outcome, outcome)


def _amount(value: object) -> object:
    return value.amount if isinstance(value, Money) else value
