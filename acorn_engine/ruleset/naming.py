"""What ids and names of a chain stand for: each one thing, and where it is said twice, both places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acorn_engine.language import STANDARD_FUNCTIONS, STANDARD_NAMES
from acorn_engine.ruleset.reading import Reader
from acorn_engine.ruleset.typography import typography_hint
from acorn_engine.ruleset.values import kind_of, parameter_value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acorn_engine.plugins.records import GuardSpec
    from acorn_engine.ruleset.drafts import FileDraft
    from acorn_engine.ruleset.model import Vocabulary
    from acorn_engine.ruleset.tree import Mark, Report, Scalar, Source
    from acorn_engine.types import Value


def taken_names(vocabulary: Vocabulary) -> dict[str, str]:
    """Return every name that files must not define again, with what it is."""
    taken = dict.fromkeys(vocabulary.facts, "a fact")
    taken |= dict.fromkeys(vocabulary.fields, "a settable field")
    taken |= dict.fromkeys([*STANDARD_FUNCTIONS, *vocabulary.functions], "a function")
    return taken | dict.fromkeys(STANDARD_NAMES, "a standard name")


def unique_ids(drafts: Sequence[FileDraft], plugin_guards: Sequence[GuardSpec], report: Report) -> None:
    """Report every id that stands a second time in the chain."""
    first: dict[str, tuple[str, str]] = {spec.id: ("", "a plugin's guard") for spec in plugin_guards}
    for draft in drafts:
        for identifier, mark, what in draft.ids:
            if identifier not in first:
                place = draft.source.place(mark)
                first[identifier] = (f"{place.file}:{place.line}:{place.column}", f"a {what}")
                continue
            where, kind = first[identifier]
            Reader(draft.source, report, identifier).problem(
                mark,
                "duplicate_id",
                f"the id '{identifier}' is taken already, by {kind}" + (f" at {where}" if where else ""),
                "give one of the two another id",
                first=where,
            )


def merged_parameters(
    drafts: Sequence[FileDraft], vocabulary: Vocabulary, report: Report, broken: set[str]
) -> tuple[dict[str, Value], dict[str, str], list[dict[str, Value]]]:
    """Return the chain's parameters, their texts, and those of each file by themselves.

    A parameter set again in a later file holds for the whole chain, and is a warning.
    """
    taken = taken_names(vocabulary)
    values: dict[str, Value] = {}
    texts: dict[str, str] = {}
    places: dict[str, str] = {}
    own: list[dict[str, Value]] = []
    for draft in drafts:
        mine: dict[str, Value] = {}
        own.append(mine)
        for name, (key, node) in draft.parameters.items():
            reader = Reader(draft.source, report)
            if name in taken:
                _taken(reader, key, "parameter", taken[name])
                continue
            value = parameter_value(reader, node, f"the parameter '{name}'")
            if value is None:
                broken.add(name)
                continue
            place = draft.source.place(key.start)
            where = f"{place.file}:{place.line}:{place.column}"
            if name in values:
                _again(reader, key, values[name], value, places[name])
            mine[name] = values[name] = value
            texts[name] = " ".join(draft.source.text[node.start.offset : node.end.offset].split()).strip("'\"")
            places[name] = where
    return values, texts, own


def _again(reader: Reader, key: Scalar, old: Value, new: Value, where: str) -> None:
    name = key.text
    if kind_of(old) != kind_of(new):
        message = f"the parameter '{name}' is {kind_of(new)} here, but {kind_of(old)} at {where}"
        reader.problem(key.start, "parameter_kind", message, "give it the same kind of value, or another name")
        return
    reader.report.add(
        reader.source,
        key.start,
        "parameter_again",
        f"the parameter '{name}' is set again; first at {where}. This value holds for the whole chain",
        effect="warns",
        first=where,
    )


def checked_define_names(
    draft: FileDraft, vocabulary: Vocabulary, parameters: Mapping[str, Value], report: Report
) -> list[str]:
    """Return the names of a file's definitions that do not stand for something else already."""
    taken = taken_names(vocabulary) | dict.fromkeys(parameters, "a parameter")
    good: list[str] = []
    for name, (key, _) in draft.defines.items():
        if name in taken:
            _taken(Reader(draft.source, report), key, "definition", taken[name])
        else:
            good.append(name)
    return good


def _taken(reader: Reader, key: Scalar, what: str, by: str) -> None:
    reader.problem(
        key.start, "name_taken", f"the {what} '{key.text}' has the name of {by}", "give it another name", name=key.text
    )


def disabled_ids(drafts: Sequence[FileDraft], made: Mapping[str, str], report: Report, incomplete: bool) -> set[str]:
    """Return the ids of the rules that later files switch off; what cannot be is reported.

    ``made`` maps the ids of rules that kinds have made to the id in the file: either works.
    """
    order: dict[str, tuple[int, str]] = {}
    for number, draft in enumerate(drafts):
        for identifier, _, what in draft.ids:
            order.setdefault(identifier, (number, what))
    for identifier, source_id in made.items():
        if source_id in order:
            order.setdefault(identifier, order[source_id])
    rules = [identifier for identifier, (_, what) in order.items() if what == "rule"]
    off: set[str] = set()
    for number, draft in enumerate(drafts):
        for identifier, mark in draft.disable:
            if identifier in order:
                at, what = order[identifier]
                told = _not_disabled(identifier, what, at - number, drafts[at].source.name)
                if told:
                    Reader(draft.source, report).problem(mark, "disable", *told, id=identifier)
                else:
                    off.add(identifier)
            elif not incomplete:
                _unknown_rule(draft.source, report, identifier, mark, rules)
    return off


def _not_disabled(identifier: str, what: str, distance: int, file: str) -> tuple[str, str] | None:
    """Say why an id cannot be switched off from a file ``distance`` files before its own."""
    if what == "guard":
        return f"'{identifier}' is a guard; only rules can be disabled", "delete the guard where it stands"
    if distance == 0:
        return f"the rule '{identifier}' stands in this file itself", "delete the rule instead"
    if distance > 0:
        told = f"the rule '{identifier}' comes later, in {file}; only earlier rules can be disabled"
        return told, "move this 'disable' to a later file"
    return None


def _unknown_rule(source: Source, report: Report, identifier: str, mark: Mark, known: list[str]) -> None:
    reader = Reader(source, report)
    hint = reader.guess(identifier, known) or typography_hint(identifier)
    reader.problem(mark, "unknown_rule", f"there is no rule '{identifier}' in the chain", hint, id=identifier)
