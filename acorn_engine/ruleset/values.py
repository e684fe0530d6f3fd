"""Literal data of rule files: parameters, facts and expectations of examples, attributes, ``with:``."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from acorn_engine.ruleset.reading import describe
from acorn_engine.ruleset.scalars import ScalarError, bare_value, beyond_limits, is_number, shortened
from acorn_engine.ruleset.tree import ListNode, MapNode, Scalar
from acorn_engine.types import Money

if TYPE_CHECKING:
    from acorn_engine.ruleset.reading import Reader
    from acorn_engine.ruleset.tree import Node
    from acorn_engine.types import Value


def single_value(reader: Reader, node: Node, what: str) -> Value | None:
    """Return one value (``None`` is missing), or report what is none.

    Quoted text is text; unquoted text may be a number, ``28%``, ``20.00 USD``, a date or a boolean.
    """
    if not isinstance(node, Scalar):
        reader.problem(node.start, "wrong_type", f"{what} must be one value, but is {describe(node)}")
        return None
    if not node.plain:
        return node.text
    try:
        return bare_value(node.text)
    except ScalarError as error:
        reader.problem(node.start, "bad_value", f"{what}: {error}", "to keep it as text, put it in quotes")
        return None


def parameter_value(reader: Reader, node: Node, what: str) -> Value | None:
    """Return the value of a parameter: one value, or a list of values of one kind."""
    if not isinstance(node, ListNode):
        value = single_value(reader, node, what)
        if value is None and isinstance(node, Scalar) and node.plain and node.value is None:
            reader.problem(node.start, "empty", f"{what} has no value")
        return value
    members: list[Fraction | Money | str | bool | date] = []
    for item in reader.items(node, what):
        value = single_value(reader, item, f"an item of {what}")
        if value is None:
            if isinstance(item, Scalar) and item.plain and item.value is None:
                reader.problem(item.start, "empty", f"an item of {what} has no value")
            continue
        members.append(value)  # type: ignore[arg-type]
    if not node.items:
        reader.problem(node.start, "empty", f"{what} is an empty list")
        return None
    if len(members) < len(node.items):
        return None
    kinds = {kind_of(member) for member in members}
    if len(kinds) > 1:
        reader.problem(node.start, "wrong_type", f"{what} mixes {' and '.join(sorted(kinds))}", "a list holds one kind")
        return None
    return tuple(members)  # type: ignore[arg-type]


def kind_of(value: Any) -> str:
    """Return the kind of a value, in a word."""
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, tuple):
        return f"a list of {kind_of(value[0])}"
    names: dict[type, str] = {Fraction: "numbers", Money: "money", str: "text", date: "dates"}
    return names[type(value)]


def plain_data(reader: Reader, node: Node, what: str) -> Any:
    """Return JSON data: numbers ``int`` or ``Decimal`` as written, dates as text."""
    if isinstance(node, MapNode):
        return {key: plain_data(reader, entry.value, what) for key, entry in reader.mapping(node, what).items()}
    if isinstance(node, ListNode):
        return [plain_data(reader, item, what) for item in reader.items(node, what)]
    if node.plain and is_number(node.text) and beyond_limits(node.text):
        reader.problem(
            node.start,
            "bad_value",
            f"the number '{shortened(node.text)}' is too long",
            "put it in quotes to keep it as text",
        )
        return None
    return node.value
