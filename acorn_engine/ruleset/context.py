"""What the expressions of one file may name, and the checks that rules and guards share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from acorn_engine.fields import ATTRIBUTE_PREFIX
from acorn_engine.language import STANDARD_NAMES, Scope
from acorn_engine.problems import Problem
from acorn_engine.ruleset.becauses import because_faults, fill_in
from acorn_engine.ruleset.conditions import impossible
from acorn_engine.ruleset.positions import locate
from acorn_engine.ruleset.reading import Reader
from acorn_engine.types import BOOLEAN, NUMBER, Type

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acorn_engine.language import Checked
    from acorn_engine.ruleset.expressions import Expressions, Wording
    from acorn_engine.ruleset.model import Vocabulary
    from acorn_engine.ruleset.tree import Scalar, Source

LONGEST_BECAUSE: Final = 1_000
PLAN_NAMES: Final[dict[str, Type]] = {
    "changed_share": NUMBER,
    "changed_count": NUMBER,
    "held_share": NUMBER,
    "offers": NUMBER,
}
"""All that a plan guard may read."""


@dataclass(frozen=True, slots=True)
class FileContext:
    """What the expressions of one file may name. ``texts`` are the parameters as they are typed."""

    source: Source
    vocabulary: Vocabulary
    expressions: Expressions
    scope: Scope
    plan_scope: Scope
    texts: Mapping[str, str]

    def reader(self, owner: str) -> Reader:
        """Return a reader whose messages begin with ``owner``."""
        return Reader(self.source, self.expressions.report, owner)

    @property
    def offer_names(self) -> list[str]:
        """The names that a ``because`` may show."""
        return [*self.vocabulary.facts, *self.vocabulary.fields, *STANDARD_NAMES, *self.texts]


def scopes(vocabulary: Vocabulary, parameters: Mapping[str, Any], defines: Mapping[str, Any]) -> tuple[Scope, Scope]:
    """Return what offer expressions of a file may name, and what its plan guards may."""
    names = {name: info.type for name, info in vocabulary.facts.items()}
    names |= {name: field.type for name, field in vocabulary.fields.items() if not name.startswith(ATTRIBUTE_PREFIX)}
    site, functions, several = vocabulary.site, vocabulary.functions, vocabulary.several_currencies
    return (
        Scope(site, names, functions, parameters, defines, several),
        Scope(site, PLAN_NAMES, {}, parameters, defines, several),
    )


def condition_of(context: FileContext, wording: Wording, owner: str, scope: Scope) -> Checked | None:
    """Return a checked condition that can be true, or ``None``, reported."""
    checked = context.expressions.check(wording, owner, scope, BOOLEAN)
    if checked is None:
        return None
    found = impossible(checked.syntax, scope.defines)
    if found is None:
        return checked
    message = f"the condition can never be true: {found.reason}"
    mark = wording.mark(0)
    if wording.source is None or mark is None:
        report = context.expressions.report
        report.put(Problem("impossible", f"{owner}: {message}", hint=found.hint, params={"id": owner}))
    else:
        context.reader(owner).problem(mark, "impossible", message, found.hint)
    return None


def because_of(context: FileContext, scalar: Scalar | None, owner: str, known: list[str]) -> str | None:
    """Return a ``because`` with the parameters filled in, or ``None`` where there is none, or a bad one."""
    if scalar is None:
        return None
    if len(scalar.text) > LONGEST_BECAUSE:
        told = f"'because' has {len(scalar.text):,} characters; {LONGEST_BECAUSE:,} are allowed"
        context.reader(owner).problem(scalar.start, "because_too_long", told, "say it shorter")
        return None
    faults = because_faults(scalar.text, known)
    for fault in faults:
        mark = locate(context.source, scalar, fault.start)
        hint = "in 'because', {name} shows a value; other braces cannot stand there"
        if fault.name is not None:
            hint = context.reader(owner).guess(fault.name, known) or "a fact, a field or a parameter can be shown"
            if fault.name in context.scope.defines:
                hint = "a name from 'define' cannot be shown; show the facts that it is made of"
            elif fault.name in context.vocabulary.missing_providers:
                hint = context.vocabulary.missing_providers[fault.name]
        context.reader(owner).problem(mark, fault.code, f"'because': {fault.message}", hint)
    return None if faults else " ".join(fill_in(scalar.text, context.texts).split())
