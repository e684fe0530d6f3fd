"""Rules: drafts in, checked rules out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from acorn_engine.fields import ATTRIBUTE_PREFIX, Field
from acorn_engine.problems import Place
from acorn_engine.ruleset.absent import absent_hint
from acorn_engine.ruleset.becauses import because_faults, fill_in
from acorn_engine.ruleset.context import FileContext, because_of, condition_of
from acorn_engine.ruleset.expressions import Wording, worded
from acorn_engine.ruleset.kinds import Expanded, expand, expression_text, has_float
from acorn_engine.ruleset.model import Assignment, Rule
from acorn_engine.ruleset.scalars import shortened
from acorn_engine.ruleset.tree import Scalar
from acorn_engine.ruleset.typography import typography_hint
from acorn_engine.ruleset.values import plain_data
from acorn_engine.types import BOOLEAN, TEXT

if TYPE_CHECKING:
    from acorn_engine.language import Checked
    from acorn_engine.ruleset.drafts import RuleDraft
    from acorn_engine.ruleset.tree import Entry, Mark

ATTRIBUTE: Final = re.compile(r"attributes\.[A-Za-z][A-Za-z0-9_]{0,99}")


def build_rules(context: FileContext, draft: RuleDraft) -> list[Rule]:
    """Return the rule of a draft, or all that its kind makes; those with faults are left out."""
    owner = draft.id or "a rule"
    when, sound = None, True
    if draft.when is not None:
        when = condition_of(context, worded(context.source, draft.when), owner, context.scope)
        sound = when is not None
    because = because_of(context, draft.because, owner, context.offer_names)
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
    if ATTRIBUTE.fullmatch(name):
        return Field(name, TEXT, "none", name)
    message, hint = (
        f"{before}unknown field '{shortened(name)}'",
        context.reader(owner).guess(name.lower(), [*fields, ATTRIBUTE_PREFIX]),
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
        hint = typography_hint(name) or absent_hint(context.vocabulary.missing_providers, None)
        hint = hint or f"rules set {', '.join(fields)} and attributes.NAME"
    elif "'attributes.'" in hint:
        hint = "did you mean 'attributes.NAME'?"
    context.reader(owner).problem(mark, "unknown_field", message, hint, field=name)
    return None
