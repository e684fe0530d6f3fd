"""Drafts in, checked rules and guards out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from acorn_engine.fields import ATTRIBUTE_PREFIX, Field
from acorn_engine.language import STANDARD_NAMES, Scope
from acorn_engine.problems import Place, Problem, did_you_mean
from acorn_engine.ruleset.becauses import because_faults, fill_in
from acorn_engine.ruleset.conditions import impossible
from acorn_engine.ruleset.expressions import Wording, worded
from acorn_engine.ruleset.kinds import Expanded, expand, expression_text, has_float
from acorn_engine.ruleset.model import Assignment, Guard, Rule
from acorn_engine.ruleset.positions import locate
from acorn_engine.ruleset.reading import Reader
from acorn_engine.ruleset.scalars import shortened
from acorn_engine.ruleset.tree import Scalar
from acorn_engine.ruleset.typography import typography_hint
from acorn_engine.ruleset.values import plain_data
from acorn_engine.types import BOOLEAN, NUMBER, TEXT, Type

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acorn_engine.language import Checked
    from acorn_engine.plugins.records import GuardSpec
    from acorn_engine.ruleset.drafts import GuardDraft, RuleDraft
    from acorn_engine.ruleset.expressions import Expressions
    from acorn_engine.ruleset.model import Vocabulary
    from acorn_engine.ruleset.tree import Entry, Mark, Source

PLAN_NAMES: Final[dict[str, Type]] = {
    "changed_share": NUMBER,
    "changed_count": NUMBER,
    "held_share": NUMBER,
    "offers": NUMBER,
}
"""All that a plan guard may read."""

_ATTRIBUTE: Final = re.compile(r"attributes\.[A-Za-z][A-Za-z0-9_]{0,99}")


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


def build_rules(context: FileContext, draft: RuleDraft) -> list[Rule]:
    """Return the rule of a draft, or all that its kind makes; those with faults are left out."""
    owner = draft.id or "a rule"
    when, sound = None, True
    if draft.when is not None:
        when = _condition(context, worded(context.source, draft.when), owner, context.scope)
        sound = when is not None
    because = _because(context, draft.because, owner, context.offer_names)
    if draft.use is not None:
        made = expand(context.reader(owner), draft, draft.use, context.vocabulary)
        rules = [_made_rule(context, draft, draft.use, each, when, because) for each in made]
        return [rule for rule in rules if rule is not None and sound]
    sets = [_assignment(context, owner, entry) for entry in draft.sets]
    good = tuple(each for each in sets if each is not None)
    if not sound or not good or len(good) < len(sets):
        return []
    return [_rule(context, draft, draft.id, when, good, because or draft.id, None, draft.final)]


def _rule(
    context: FileContext,
    draft: RuleDraft,
    identifier: str,
    when: Checked | None,
    sets: tuple[Assignment, ...],
    because: str,
    kind: str | None,
    final: bool,
) -> Rule:
    return Rule(
        id=identifier,
        when=when,
        sets=sets,
        because=because,
        final=final,
        valid_from=draft.valid_from,
        valid_to=draft.valid_to,
        active=draft.active,
        place=context.source.place(draft.mark),
        file=context.source.name,
        kind=kind,
        source_id=draft.id,
    )


def _made_rule(
    context: FileContext, draft: RuleDraft, use: Scalar, made: Expanded, when: Checked | None, because: str | None
) -> Rule | None:
    """Return one rule that a kind has made; its faults stand at the line of ``use``."""
    maker, spec = f"the kind '{made.kind}'", made.spec
    sound = True
    condition = when
    if spec.when is not None:
        text = spec.when if when is None else f"({when.syntax.text}) and ({spec.when})"
        wording = Wording(text, context.source, use, maker=maker)
        condition = context.expressions.check(wording, made.id, context.scope, BOOLEAN)
        sound = condition is not None
    sets: list[Assignment] = []
    for name, value in spec.set.items():
        each = _made_assignment(context, use, made, str(name), value)
        sound = sound and each is not None
        sets += [each] if each else []
    told = because
    if told is None and spec.because:
        told = _made_because(context, use, made)
    if not sound:
        return None
    final = draft.final or spec.final
    return _rule(context, draft, made.id, condition, tuple(sets), told or made.id, made.kind, final)


def _made_because(context: FileContext, use: Scalar, made: Expanded) -> str | None:
    faults = because_faults(made.spec.because, context.offer_names)
    for fault in faults:
        message = f"the kind '{made.kind}' made the because '{shortened(made.spec.because)}': {fault.message}"
        context.reader(made.id).problem(use.start, fault.code, message)
    return None if faults else fill_in(made.spec.because, context.texts)


def _made_assignment(context: FileContext, use: Scalar, made: Expanded, name: str, value: Any) -> Assignment | None:
    field = _field(context, made.id, name, use.start, f"the kind '{made.kind}' sets the ")
    if field is None:
        return None
    place = context.source.place(use.start)
    literal = name.startswith(ATTRIBUTE_PREFIX) and not (isinstance(value, str) and value.startswith("="))
    text = None if literal else expression_text(value)
    if (literal and (value is None or has_float(value))) or (not literal and text is None):
        message = f"the kind '{made.kind}' sets '{name}' to {type(value).__name__} {shortened(repr(value))}, which is not exact data"
        context.reader(made.id).problem(use.start, "kind_failed", message, "tell the plugin's author")
        return None
    if literal:
        return Assignment(field, None, value, place)
    attribute = name.startswith(ATTRIBUTE_PREFIX)
    wording = Wording((text or "")[attribute:], context.source, use, maker=f"the kind '{made.kind}'")
    return _computed(context, made.id, field, wording, place)


def _assignment(context: FileContext, owner: str, entry: Entry) -> Assignment | None:
    """Return one line of ``set``, or ``None``, reported."""
    name, node = entry.key.text, entry.value
    reader = context.reader(owner)
    field = _field(context, owner, name, entry.key.start, "")
    place = context.source.place(node.start)
    if name.startswith(ATTRIBUTE_PREFIX):
        if isinstance(node, Scalar) and node.text.startswith("="):
            wording = worded(context.source, node, skip=1)
            return _computed(context, owner, field, wording, place) if field else None
        if isinstance(node, Scalar) and reader.scalar(node, f"'{name}'") is None:
            return None
        before = len(reader.report.problems)
        data = plain_data(reader, node, f"'{name}'")
        return Assignment(field, None, data, place) if field and len(reader.report.problems) == before else None
    scalar = reader.scalar(node, f"'{shortened(name)}'")
    if scalar is None or field is None:
        return None
    return _computed(context, owner, field, worded(context.source, scalar), place)


def _computed(context: FileContext, owner: str, field: Field, wording: Wording, place: Place) -> Assignment | None:
    attribute = field.name.startswith(ATTRIBUTE_PREFIX) and field.name not in context.vocabulary.fields
    expected = None if attribute else field.type.at_site(context.vocabulary.site.currency)
    checked = context.expressions.check(wording, owner, context.scope, expected)
    if checked is None:
        return None
    if attribute:
        field = Field(field.name, checked.type, field.rounding, field.group)
    return Assignment(field, checked, None, place)


def _field(context: FileContext, owner: str, name: str, mark: Mark, before: str) -> Field | None:
    """Return the field of a name; attributes get one of their own."""
    fields = context.vocabulary.fields
    if name in fields:
        return fields[name]
    if _ATTRIBUTE.fullmatch(name):
        return Field(name, TEXT, "none", name)
    message, hint = (
        f"{before}unknown field '{shortened(name)}'",
        did_you_mean(name.lower(), [*fields, ATTRIBUTE_PREFIX]),
    )
    if name in context.vocabulary.missing_providers:
        message, hint = f"'{name}' cannot be set: {context.vocabulary.missing_providers[name]}", "see 'acorn plugins'"
    elif name == "attributes" or name.startswith(ATTRIBUTE_PREFIX):
        message = f"{before}field '{shortened(name)}' is not the name of an attribute"
        hint = "write attributes.NAME with one plain name: attributes.country_of_origin"
    elif name.removeprefix("current_") in fields and name.startswith("current_"):
        message = f"'{name}' is what the site shows and cannot be set"
        hint = f"set '{name.removeprefix('current_')}'"
    elif name in context.vocabulary.facts:
        message = f"'{name}' is a fact and cannot be set"
        hint = f"rules set {', '.join(fields)} and attributes.NAME"
    elif hint is None:
        hint = typography_hint(name) or f"rules set {', '.join(fields)} and attributes.NAME"
    elif "'attributes.'" in hint:
        hint = "did you mean 'attributes.NAME'?"
    context.reader(owner).problem(mark, "unknown_field", message, hint, field=name)
    return None


def _condition(context: FileContext, wording: Wording, owner: str, scope: Scope) -> Checked | None:
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


def _because(context: FileContext, scalar: Scalar | None, owner: str, known: list[str]) -> str | None:
    """Return a ``because`` with the parameters filled in, or ``None`` where there is none, or a bad one."""
    if scalar is None:
        return None
    faults = because_faults(scalar.text, known)
    for fault in faults:
        mark = locate(context.source, scalar, fault.start)
        hint = "in 'because', {name} shows a value; other braces cannot stand there"
        if fault.name is not None:
            hint = did_you_mean(fault.name, known) or "a fact, a field or a parameter can be shown"
            if fault.name in context.scope.defines:
                hint = "a name from 'define' cannot be shown; show the facts that it is made of"
            elif fault.name in context.vocabulary.missing_providers:
                hint = context.vocabulary.missing_providers[fault.name]
        context.reader(owner).problem(mark, fault.code, f"'because': {fault.message}", hint)
    return None if faults else " ".join(fill_in(scalar.text, context.texts).split())


def build_guard(context: FileContext, draft: GuardDraft) -> Guard | None:
    """Return a checked guard, or ``None``, reported."""
    owner = draft.id or "a guard"
    plan = draft.verdict == "halt"
    scope = context.plan_scope if plan else context.scope
    known = [*PLAN_NAMES, *context.texts] if plan else context.offer_names
    because = _because(context, draft.because, owner, known)
    wording = worded(context.source, draft.condition)
    if plan and not _plan_names(context, wording, owner):
        return None
    condition = _condition(context, wording, owner, scope)
    if condition is None or because is None:
        return None
    fields = frozenset() if plan else condition.reads & frozenset(context.vocabulary.fields)
    place = context.source.place(draft.mark)
    return Guard(draft.id, draft.verdict, condition, because, fields, place, context.source.name)


def _plan_names(context: FileContext, wording: Wording, owner: str) -> bool:
    """Report names that only offers have: a plan guard cannot read them."""
    syntax = context.expressions.parse(wording, owner)
    if syntax is None:
        return False
    offer_names = context.scope.names.keys() | STANDARD_NAMES.keys()
    others: dict[str, str] = {}
    for name in sorted(syntax.names):
        reached = _reached(name, context.scope) & offer_names
        if reached:
            others[name] = min(reached)
    for name, read in others.items():
        found = re.search(rf"(?<![A-Za-z0-9_]){re.escape(name)}(?![A-Za-z0-9_])", wording.text)
        mark = wording.mark(found.start() if found else 0)
        message = f"a guard with 'halt' cannot read '{read}': it judges the plan, not an offer"
        hint = f"it sees {', '.join(PLAN_NAMES)}; use 'hold' or 'reject' to judge offers"
        if wording.source is None or mark is None:
            problem = Problem("plan_name", f"{owner}: {message}", hint=hint, params={"id": owner})
            context.expressions.report.put(problem)
        else:
            context.reader(owner).problem(mark, "plan_name", message, hint)
    return not others


def _reached(name: str, scope: Scope) -> set[str]:
    """Return a name, and where it is a definition, all that it reads."""
    reached: set[str] = set()
    stack = [name]
    while stack:
        found = stack.pop()
        if found not in reached:
            reached.add(found)
            stack.extend(scope.defines[found].names if found in scope.defines else ())
    return reached


def build_plugin_guard(context: FileContext, spec: GuardSpec) -> Guard | None:
    """Return a plugin's guard, checked like those of the files, or ``None``, reported."""
    plan = spec.verdict == "halt"
    report = context.expressions.report
    wording = Wording(spec.condition, None, None, maker="a plugin")
    known = list(PLAN_NAMES) if plan else context.offer_names
    faults = [fault.message for fault in because_faults(spec.because, known)]
    unknown = [] if plan else sorted(set(spec.fields) - set(context.vocabulary.fields))
    faults += [f"unknown field '{name}'" for name in unknown if not _ATTRIBUTE.fullmatch(name)]
    for told in faults:
        message = f"{spec.id}: the plugin's guard: {told}"
        report.put(Problem("plugin_guard", message, hint="tell the plugin's author", params={"id": spec.id}))
    if plan and not _plan_names(context, wording, spec.id):
        return None
    condition = _condition(context, wording, spec.id, context.plan_scope if plan else context.scope)
    if condition is None or faults:
        return None
    fields = frozenset(spec.fields) or (frozenset() if plan else condition.reads & frozenset(context.vocabulary.fields))
    return Guard(spec.id, spec.verdict, condition, spec.because, fields, None)
