"""An explanation as data: every decision about one offer, with codes and parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, Final

from acorn_engine.explain.rendering import render

EXPLANATION_FORMAT: Final = "acorn.explanation/1"


@dataclass(frozen=True, slots=True)
class FactLine:
    """A fact of the offer. ``used``: some rule or guard of the chain reads it. ``age`` and ``largest_age`` are in words."""

    name: str
    value: str | int | bool | None
    text: str
    source: str
    as_of: str | None
    age: str | None
    stale: bool
    used: bool
    largest_age: str | None = None


@dataclass(frozen=True, slots=True)
class SetLine:
    """A field that a rule set. ``exact`` is the value before rounding, where rounding changed it."""

    field: str
    before: str | int | bool | None
    after: str | int | bool | None
    text: str
    exact: str | None = None
    rounding: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class RuleLine:
    """What a rule did: ``code`` is ``applied, held, false, missing, failed, locked`` or ``inactive``."""

    rule: str
    code: str
    params: Mapping[str, Any]
    text: str
    because: str
    place: str
    sets: tuple[SetLine, ...] = ()


@dataclass(frozen=True, slots=True)
class GuardLine:
    """What a guard answers: ``fired, passed, missing`` or ``failed``, with the numbers it read."""

    guard: str
    verdict: str
    code: str
    params: Mapping[str, Any]
    text: str


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """A change and its verdict."""

    field: str
    before: str | None
    after: str | None
    currency: str | None
    verdict: str
    code: str
    params: Mapping[str, Any]
    text: str
    rule: str | None
    guard: str | None


@dataclass(frozen=True, slots=True)
class UnchangedLine:
    """A field that does not change, and why: ``equals_current, no_rule, no_rule_applied, only_with_price``."""

    field: str
    value: str | int | bool | None
    code: str
    params: Mapping[str, Any]
    text: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that was decided about one offer at one instant, in the order it was decided."""

    account: str
    site: str
    seller_sku: str
    sku: str | None
    at: str
    facts: tuple[FactLine, ...]
    rules: tuple[RuleLine, ...]
    guards: tuple[GuardLine, ...]
    changes: tuple[ChangeLine, ...]
    unchanged: tuple[UnchangedLine, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the explanation as JSON-ready data, format ``acorn.explanation/1``."""
        return {"format": EXPLANATION_FORMAT, **_data(self, Explanation)}

    def render(self) -> str:
        """Return the explanation as plain text for a terminal."""
        return render(self)


@cache
def _names(of: type) -> tuple[str, ...]:
    return tuple(part.name for part in fields(of))


def _data(line: Any, of: type) -> dict[str, Any]:
    """Return a record as a dict, with the records in its tuples; a hundred lines are no work for ``asdict``."""
    found: dict[str, Any] = {}
    for name in _names(of):
        value = getattr(line, name)
        if isinstance(value, tuple):
            value = tuple(_data(one, type(one)) for one in value)
        elif isinstance(value, Mapping):
            value = dict(value)
        found[name] = value
    return found
