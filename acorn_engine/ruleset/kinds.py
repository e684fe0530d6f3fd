"""``use`` and ``with``: a rule kind's model checks the options, its ``expand`` makes the rules."""

from __future__ import annotations

import re
import types
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from acorn_engine.plugins.records import RuleSpec
from acorn_engine.problems import did_you_mean
from acorn_engine.ruleset.reading import describe
from acorn_engine.ruleset.scalars import ScalarError, percent, shortened
from acorn_engine.ruleset.tree import ListNode, MapNode, Scalar
from acorn_engine.ruleset.typography import typography_hint
from acorn_engine.ruleset.values import plain_data

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from acorn_engine.plugins.records import RuleKind
    from acorn_engine.ruleset.drafts import RuleDraft
    from acorn_engine.ruleset.model import Vocabulary
    from acorn_engine.ruleset.reading import Reader
    from acorn_engine.ruleset.tree import Mark, Node

MOST_RULES: Final = 1_000
_SUFFIX: Final = re.compile(r"[\w.\-]{0,60}")


@dataclass(frozen=True, slots=True)
class Expanded:
    """A rule that a kind has made: its id, and its words."""

    id: str
    kind: str
    spec: RuleSpec


def expand(reader: Reader, draft: RuleDraft, use: Scalar, vocabulary: Vocabulary) -> list[Expanded]:
    """Return the rules that a kind makes of ``with``; what is wrong is reported, and yields none."""
    name = use.text
    kind = vocabulary.kinds.get(name)
    if kind is None:
        _unknown(reader, use, vocabulary)
        return []
    before = len(reader.report.problems)
    data = plain_data(reader, draft.options, "'with'") if draft.options is not None else {}
    if len(reader.report.problems) > before:
        return []
    options = _validated(reader, kind, draft, use, data)
    if options is None:
        return []
    try:
        specs = list(islice(kind.expand(options), MOST_RULES + 1))
    except ValueError as error:
        reader.problem(use.start, "kind", f"{name}: {shortened(str(error), 300)}")
        return []
    except Exception as error:  # noqa: BLE001  # a plugin's own fault is named and contained
        _failed(reader, use, f"{type(error).__name__}: {shortened(str(error), 300)}")
        return []
    told = _wrong(specs)
    if told:
        _failed(reader, use, told)
        return []
    return [Expanded(_id(draft.id, spec.suffix), name, spec) for spec in specs]


def _unknown(reader: Reader, use: Scalar, vocabulary: Vocabulary) -> None:
    name = use.text
    if name in vocabulary.missing_providers:
        message = f"the rule kind '{name}' cannot be used: {vocabulary.missing_providers[name]}"
        reader.problem(use.start, "unknown_kind", message, "see 'acorn plugins'")
        return
    known = ", ".join(sorted(vocabulary.kinds)) or "none: no plugin that provides one is installed"
    hint = did_you_mean(name, vocabulary.kinds) or typography_hint(name) or f"known kinds: {known}"
    reader.problem(use.start, "unknown_kind", f"unknown rule kind '{shortened(name)}'", hint, kind=name)


def _failed(reader: Reader, use: Scalar, told: str) -> None:
    reader.problem(
        use.start,
        "kind_failed",
        f"the plugin that provides '{use.text}' failed: {told}",
        "tell the plugin's author; until then write the rule with 'set'",
    )


def _wrong(specs: list[Any]) -> str | None:
    """Say what is wrong with the records that a kind has given, or ``None``."""
    if not specs:
        return "it made no rule"
    if len(specs) > MOST_RULES:
        return f"it made more than {MOST_RULES} rules"
    for spec in specs:
        if not isinstance(spec, RuleSpec):
            return f"it gave {type(spec).__name__} instead of RuleSpec"
        if not spec.set or not isinstance(spec.set, Mapping):
            return "it made a rule that sets nothing"
        if not isinstance(spec.suffix, str) or not _SUFFIX.fullmatch(spec.suffix):
            return f"it gave the suffix {shortened(repr(spec.suffix))}, which cannot be part of an id"
        if not isinstance(spec.when, str | None) or not isinstance(spec.because, str):
            return "it gave something else than text for 'when' or 'because'"
    suffixes = [spec.suffix for spec in specs]
    return "it made two rules with one id" if len(set(suffixes)) < len(suffixes) else None


def _id(base: str, suffix: str) -> str:
    if not suffix:
        return base
    return f"{base}{suffix}" if suffix[0] in "-._" else f"{base}-{suffix}"


def expression_text(value: Any) -> str | None:
    """Return a value that a kind sets as an expression, or ``None`` where it is none (a float, say)."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, int | Decimal):
        return format(value, "f") if isinstance(value, Decimal) else str(value)
    if isinstance(value, Fraction):
        return f"({value.numerator} / {value.denominator})"
    return f"date('{value.isoformat()}')" if isinstance(value, date) else None


def has_float(value: Any) -> bool:
    """Say whether literal data holds a binary floating-point number, or something that is no JSON data."""
    if isinstance(value, Mapping):
        return any(has_float(item) for item in value.values())
    if isinstance(value, list | tuple):
        return any(has_float(item) for item in value)
    return not isinstance(value, str | int | Decimal | None)


def _validated(reader: Reader, kind: RuleKind, draft: RuleDraft, use: Scalar, data: Any) -> BaseModel | None:
    """Return the options as the kind's model sees them, or ``None``, reported.

    YAML does not say whether ``50%`` or ``12`` is meant as a number or as text. The model does:
    where it refuses one, the other is tried once.
    """
    try:
        try:
            return kind.model.model_validate(data)
        except ValidationError as error:
            if draft.options is None or not _reread(draft.options, data, error.errors(include_url=False)):
                raise
            return kind.model.model_validate(data)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            _report(reader, kind, draft, use, detail)
    except Exception as error:  # noqa: BLE001  # a validator of the plugin may raise anything
        _failed(reader, use, f"{type(error).__name__}: {shortened(str(error), 300)}")
    return None


def _reread(options: MapNode, data: Any, details: list[ErrorDetails]) -> bool:
    changed = False
    for detail in details:
        path = _path(options, detail["loc"])
        node = _at(options, path)
        if not path or not isinstance(node, Scalar) or not node.plain:
            continue
        value: Any = None
        try:
            share = percent(node.text)
        except ScalarError:
            continue
        if detail["type"] == "string_type" and not isinstance(node.value, str | None):
            value = node.text
        elif share is not None:
            value = Decimal(share.numerator) / Decimal(share.denominator)
        if value is not None:
            _put(data, path, value)
            changed = True
    return changed


def _put(data: Any, path: tuple[str | int, ...], value: Any) -> None:
    for step in path[:-1]:
        data = data[step]
    data[path[-1]] = value


def _path(options: MapNode | None, location: tuple[int | str, ...]) -> tuple[str | int, ...]:
    """The part of a model's location that stands in the file: unions and validators add steps of their own."""
    path: list[str | int] = []
    node: Node | None = options
    for step in location:
        following = _step(node, step)
        if following is None:
            continue
        path.append(step)
        node = following
    return tuple(path)


def _step(node: Node | None, step: str | int) -> Node | None:
    if isinstance(node, MapNode) and step in node.entries:
        return node.entries[str(step)].value
    if isinstance(node, ListNode) and isinstance(step, int) and 0 <= step < len(node.items):
        return node.items[step]
    return None


def _at(options: MapNode | None, path: tuple[str | int, ...]) -> Node | None:
    node: Node | None = options
    for step in path:
        node = _step(node, step)
    return node


def _report(reader: Reader, kind: RuleKind, draft: RuleDraft, use: Scalar, detail: ErrorDetails) -> None:
    """Say what pydantic found, where it stands, with the nearest word that would do."""
    location, context = detail["loc"], detail.get("ctx", {})
    path = _path(draft.options, location)
    node = _at(draft.options, path)
    mark = node.start if node is not None else (draft.options.start if draft.options is not None else use.start)
    name = str(location[-1]) if location else "with"
    sort = detail["type"]
    if sort == "extra_forbidden":
        known = _keys(kind.model, location[:-1])
        told_keys = did_you_mean(name.lower(), known) or f"known keys: {', '.join(known)}"
        reader.problem(
            _key(draft.options, path) or mark, "unknown_key", f"unknown key '{name}' for {kind.name}", told_keys
        )
    elif sort == "missing":
        reader.problem(use.start if not path else mark, "missing_key", f"{kind.name} needs '{name}'", _usage(kind))
    elif sort in {"literal_error", "enum"}:
        expected = str(context.get("expected", ""))
        given = node.text if isinstance(node, Scalar) else ""
        hint = did_you_mean(given, re.findall(r"'([^']*)'", expected))
        told = f"'{name}' must be {expected}, but is {describe(node) if node else 'something else'}"
        reader.problem(mark, "bad_option", told, hint)
    else:
        message = detail["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
        message = shortened(message[:1].lower() + message[1:], 300)
        told = f"'{name}': {message}" if location else f"{kind.name}: {message}"
        shown = f" (it is {describe(node)})" if location and node is not None else ""
        reader.problem(mark, "bad_option", told + shown, _usage(kind) if not location else None)


def _key(options: MapNode | None, path: tuple[str | int, ...]) -> Mark | None:
    parent = _at(options, path[:-1])
    if path and isinstance(parent, MapNode):
        return parent.entries[str(path[-1])].key.start
    return None


def _usage(kind: RuleKind) -> str | None:
    return f"as in {shortened(kind.example, 120)}" if kind.example else None


def _keys(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """The keys that the model at a location knows."""
    found: Any = model
    for step in location:
        if isinstance(step, str) and isinstance(found, type) and issubclass(found, BaseModel):
            field = found.model_fields.get(step)
            found = _model_in(field.annotation) if field else None
    if not (isinstance(found, type) and issubclass(found, BaseModel)):
        return []
    return [field.alias or name for name, field in found.model_fields.items()]


def _model_in(annotation: Any) -> Any:
    if get_origin(annotation) in {Union, types.UnionType, list, tuple, dict}:
        return next((found for part in get_args(annotation) if (found := _model_in(part))), None)
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None
