"""Rules, guards, files and chains as the rest of the engine reads them: checked, frozen, located."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from acorn_engine.facts import FactInfo
    from acorn_engine.fields import Field
    from acorn_engine.language import Checked, Syntax
    from acorn_engine.plugins.records import Function, RuleKind
    from acorn_engine.problems import Place, Problem
    from acorn_engine.ruleset.windows import Window
    from acorn_engine.sites import Site
    from acorn_engine.types import Value

GuardVerdict: TypeAlias = Literal["reject", "hold", "halt"]
RawValue: TypeAlias = "Value | Mapping[str, Value] | None"
"""A value of an example: ``None`` is missing, a mapping is a table such as ``rate``."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Everything that rule files of one site may name.

    ``fields`` are the settable fields, plugins' included. ``missing_providers`` maps the name of
    a function, kind, field or fact whose plugin is off to a sentence that says which and why.
    """

    site: Site
    facts: Mapping[str, FactInfo]
    fields: Mapping[str, Field]
    functions: Mapping[str, Function] = field(default_factory=dict)
    kinds: Mapping[str, RuleKind] = field(default_factory=dict)
    several_currencies: bool = False
    missing_providers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Assignment:
    """One field that a rule sets: to an expression, or (attributes only) to literal data.

    Exactly one of ``value`` and ``literal`` is set. ``literal`` is JSON data whose numbers are
    ``int`` or ``Decimal``, never a float.
    """

    field: Field
    value: Checked | None
    literal: Any
    place: Place

    @property
    def literal_json(self) -> str:
        """The literal data as compact JSON text, numbers as written, keys in the file's order."""
        return json_text(self.literal)


@dataclass(frozen=True, slots=True)
class Rule:
    """When ``when`` is true (or there is none), set fields.

    ``because`` may hold ``{name}``. ``valid_from`` and ``valid_to`` are site-local days, both
    included. ``active`` are weekly windows; none is always. ``kind`` names the rule kind that
    made it; ``source_id`` is the id that stands in the file.
    """

    id: str
    when: Checked | None
    sets: tuple[Assignment, ...]
    because: str
    final: bool
    valid_from: date | None
    valid_to: date | None
    active: tuple[Window, ...]
    place: Place
    file: str
    kind: str | None = None
    source_id: str = ""


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition that must not hold.

    ``fields`` are the settable fields whose changes it acts on; none means all of the offer's.
    ``place`` is absent for a plugin's guard.
    """

    id: str
    verdict: GuardVerdict
    condition: Checked
    because: str
    fields: frozenset[str]
    place: Place | None
    file: str | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """What a file's rules should do with the facts in ``given``; all others are missing.

    Numbers are ``Fraction`` (bare money as well: its currency is that of the fact), ``20.00 USD``
    is ``Money``, a mapping is a table (``rate``), ``None`` is missing. ``expect`` maps settable
    fields to values (attributes to JSON data), ``rule`` to the id of the last rule that set
    something, ``hold`` to the id of the rule that held it, ``guard`` to the id of a guard that fires.
    """

    name: str
    site: str
    given: Mapping[str, RawValue]
    expect: Mapping[str, Any]
    place: Place
    file: str


@dataclass(frozen=True, slots=True)
class RuleFile:
    """One file of a chain. ``disabled`` are the ids that it switches off, ``because`` why."""

    name: str
    description: str
    owner: str
    parameters: Mapping[str, Value]
    defines: Mapping[str, Syntax]
    examples: tuple[Example, ...]
    disabled: tuple[str, ...] = ()
    because: str = ""


@dataclass(frozen=True, slots=True)
class Chain:
    """The rules and guards of one site, in the order they run.

    ``guards`` judge offers, ``plan_guards`` whole plans (``halt``). ``text`` is every file as it
    was read; ``digest`` the SHA-256 of names and texts in order.
    """

    site: Site
    files: tuple[RuleFile, ...]
    rules: tuple[Rule, ...]
    guards: tuple[Guard, ...]
    plan_guards: tuple[Guard, ...]
    digest: str
    warnings: tuple[Problem, ...]
    text: Mapping[str, str]
    vocabulary: Vocabulary
    parameters: Mapping[str, Value] = field(default_factory=dict)


def json_text(value: Any) -> str:
    """Return JSON data as compact text; a ``Decimal`` is written as it stands."""
    if isinstance(value, Decimal):
        return _decimal_text(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json_text(str(key))}:{json_text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(json_text(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def _decimal_text(value: Decimal) -> str:
    # Within the limits of scalars.py: exponents are small, so plain digits stay short.
    return format(value, "f")
