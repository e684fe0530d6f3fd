"""Examples of a rule file: facts that are given, and what is expected of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from acorn_engine.fields import ATTRIBUTE_PREFIX
from acorn_engine.ruleset.absent import absent_hint
from acorn_engine.ruleset.model import Example, RawValue
from acorn_engine.ruleset.reading import Reader
from acorn_engine.ruleset.scalars import shortened
from acorn_engine.ruleset.tree import MapNode, Scalar
from acorn_engine.ruleset.typography import typography_hint
from acorn_engine.ruleset.values import plain_data, single_value
from acorn_engine.types import Kind

if TYPE_CHECKING:
    from acorn_engine.ruleset.drafts import ExampleDraft
    from acorn_engine.ruleset.model import Vocabulary
    from acorn_engine.ruleset.tree import Entry, Node, Report, Source

OUTCOMES: Final = ("rule", "hold", "held", "guard")
"""What an example may expect besides fields."""


def build_example(source: Source, draft: ExampleDraft, vocabulary: Vocabulary, report: Report) -> Example:
    """Return an example; unknown facts and fields are reported."""
    reader = Reader(source, report, f"example '{shortened(draft.name)}'" if draft.name else "")
    given = {name: _given(reader, name, entry, vocabulary) for name, entry in draft.given.items()}
    expect = {name: _expected(reader, name, entry, vocabulary) for name, entry in draft.expect.items()}
    return Example(draft.name, draft.site, given, expect, source.place(draft.mark), source.name)


def _given(reader: Reader, name: str, entry: Entry, vocabulary: Vocabulary) -> RawValue:
    node = entry.value
    info = vocabulary.facts.get(name)
    if isinstance(node, MapNode):
        if info is not None:
            reader.problem(
                node.start, "wrong_type", f"'{name}' is a fact with one value", "only tables, such as rate, have keys"
            )
        rows = reader.mapping(node, f"'{name}'")
        return {key: single_value(reader, row.value, f"'{key}'") for key, row in rows.items()}  # type: ignore[misc]
    if info is None:
        message, hint = (
            f"unknown fact '{shortened(name)}'",
            reader.guess(name, vocabulary.facts) or typography_hint(name),
        )
        if name in vocabulary.missing_providers:
            message, hint = f"'{name}' cannot be given: {vocabulary.missing_providers[name]}", "see 'acorn plugins'"
        elif name in vocabulary.fields:
            hint = f"a field starts missing; what the site shows is 'current_{name}'"
        else:
            hint = absent_hint(vocabulary.missing_providers, hint)
        reader.problem(entry.key.start, "unknown_fact", message, hint, fact=name)
    return _value(reader, node, name, text=info is not None and info.type.kind is Kind.TEXT)


def _value(reader: Reader, node: Node, name: str, *, text: bool) -> RawValue:
    """Return one value; a fact that is text keeps ``12`` and ``2026-12-24`` as text."""
    if text and isinstance(node, Scalar) and node.plain and node.value is not None:
        return node.text
    return single_value(reader, node, f"'{name}'")


def _expected(reader: Reader, name: str, entry: Entry, vocabulary: Vocabulary) -> Any:
    node = entry.value
    if name.startswith(ATTRIBUTE_PREFIX):
        return plain_data(reader, node, f"'{name}'")
    field = vocabulary.fields.get(name)
    if field is None and name not in OUTCOMES:
        known = [*vocabulary.fields, *OUTCOMES]
        message, hint = f"unknown field '{shortened(name)}'", reader.guess(name, known) or typography_hint(name)
        if name in vocabulary.missing_providers:
            message, hint = f"'{name}' cannot be expected: {vocabulary.missing_providers[name]}", "see 'acorn plugins'"
        else:
            hint = absent_hint(vocabulary.missing_providers, hint)
        reader.problem(
            entry.key.start, "unknown_field", message, hint or f"known: {', '.join(known)}, attributes.NAME", field=name
        )
    return _value(
        reader,
        node,
        name,
        text=name in {"rule", "hold", "guard"} or (field is not None and field.type.kind is Kind.TEXT),
    )
