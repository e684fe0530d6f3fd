"""What stands in a rule file, shape checked, before anything in it is parsed or looked up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from acorn_engine.ruleset.model import GuardVerdict
    from acorn_engine.ruleset.tree import Entry, MapNode, Mark, Node, Scalar, Source
    from acorn_engine.ruleset.windows import Window


@dataclass(frozen=True, slots=True)
class RuleDraft:
    """A rule; either ``sets`` or ``use`` is given."""

    id: str
    mark: Mark
    when: Scalar | None
    sets: tuple[Entry, ...]
    use: Scalar | None
    options: MapNode | None
    because: Scalar | None
    final: bool
    valid_from: date | None
    valid_to: date | None
    active: tuple[Window, ...]


@dataclass(frozen=True, slots=True)
class GuardDraft:
    """A guard with its one verdict."""

    id: str
    mark: Mark
    verdict: GuardVerdict
    condition: Scalar
    because: Scalar


@dataclass(frozen=True, slots=True)
class ExampleDraft:
    """An example; values are still nodes."""

    name: str
    site: str
    mark: Mark
    given: dict[str, Entry]
    expect: dict[str, Entry]


@dataclass(slots=True)
class FileDraft:
    """A whole file. ``ids`` has every id that stands in it, those of broken rules included."""

    source: Source
    description: str = ""
    owner: str = ""
    parameters: dict[str, tuple[Scalar, Node]] = field(default_factory=dict)
    defines: dict[str, tuple[Scalar, Scalar]] = field(default_factory=dict)
    rules: list[RuleDraft] = field(default_factory=list)
    guards: list[GuardDraft] = field(default_factory=list)
    examples: list[ExampleDraft] = field(default_factory=list)
    has_examples: bool = False
    disable: list[tuple[str, Mark]] = field(default_factory=list)
    because: str = ""
    ids: list[tuple[str, Mark, str]] = field(default_factory=list)
