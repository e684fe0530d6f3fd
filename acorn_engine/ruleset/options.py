"""``with``: the options of a rule kind, checked by its model, every fault put where it was typed."""

from __future__ import annotations

import re
import types
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from acorn_engine.ruleset.reading import describe
from acorn_engine.ruleset.scalars import ScalarError, percent, shortened
from acorn_engine.ruleset.tree import ListNode, MapNode, Scalar
from acorn_engine.ruleset.values import plain_data

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from acorn_engine.plugins.records import RuleKind
    from acorn_engine.ruleset.drafts import RuleDraft
    from acorn_engine.ruleset.reading import Reader
    from acorn_engine.ruleset.tree import Mark, Node


def read_options(reader: Reader, kind: RuleKind, draft: RuleDraft, use: Scalar) -> BaseModel | None:
    """Return ``with`` as the kind's model sees it, or ``None``, reported."""
    before = len(reader.report.problems)
    data = plain_data(reader, draft.options, "'with'") if draft.options is not None else {}
    return None if len(reader.report.problems) > before else _validated(reader, kind, draft, use, data)


def plugin_failed(reader: Reader, use: Scalar, told: str) -> None:
    """Report a fault of the plugin itself."""
    reader.problem(
        use.start,
        "kind_failed",
        f"the plugin that provides '{use.text}' failed: {told}",
        "tell the plugin's author; until then write the rule with 'set'",
    )


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
        plugin_failed(reader, use, f"{type(error).__name__}: {shortened(str(error), 300)}")
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
        told_keys = reader.guess(name.lower(), known) or f"known keys: {', '.join(known)}"
        reader.problem(
            _key(draft.options, path) or mark, "unknown_key", f"unknown key '{name}' for {kind.name}", told_keys
        )
    elif sort == "missing":
        reader.problem(use.start if not path else mark, "missing_key", f"{kind.name} needs '{name}'", _usage(kind))
    elif sort in {"literal_error", "enum"}:
        expected = str(context.get("expected", ""))
        given = node.text if isinstance(node, Scalar) else ""
        hint = reader.guess(given, re.findall(r"'([^']*)'", expected))
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
