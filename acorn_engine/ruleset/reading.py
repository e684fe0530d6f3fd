"""Reading keys, texts, lists and mappings out of a tree, with a located problem for each that does not fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acorn_engine.problems import did_you_mean
from acorn_engine.ruleset.scalars import ScalarError, iso_date, shortened
from acorn_engine.ruleset.tree import FORBIDDEN, Entry, ListNode, MapNode, Mark, Node, Report, Scalar, Source
from acorn_engine.ruleset.typography import typography_hint

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

QUOTE_HINT = 'put the value in quotes: press " at both ends'

_LONGEST_GUESSED = 100


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads one file's tree into ``report``; ``owner`` is the id that messages begin with."""

    source: Source
    report: Report
    owner: str = ""

    def named(self, owner: str) -> Reader:
        """Return a reader whose messages begin with ``owner``."""
        return Reader(self.source, self.report, owner)

    def problem(self, mark: Mark, code: str, message: str, hint: str | None = None, **params: Any) -> None:
        """Add a problem at a position."""
        text = f"{self.owner}: {message}" if self.owner else message
        if self.owner:
            params.setdefault("id", self.owner)
        self.report.add(self.source, mark, code, text, hint=hint, **params)

    def guess(self, word: str, known: Iterable[str]) -> str | None:
        """Return ``did you mean 'x'?``, or ``None``; not where it would not be shown, or takes for ever."""
        if len(word) > _LONGEST_GUESSED or self.report.full(self.source):
            return None
        return did_you_mean(word, known)

    def mapping(self, node: Node, what: str) -> dict[str, Entry]:
        """Return the entries of a mapping; anything else is a problem and reads as empty."""
        if isinstance(node, MapNode):
            return self._unsplit(node)
        hint = typography_hint(node.text) if isinstance(node, Scalar) else None
        self.problem(
            node.start,
            "wrong_type",
            f"{what} must be keys with values, but is {describe(node)}",
            hint or "write each key on its own line, with a colon and a space after it",
        )
        return {}

    def keys(self, entries: dict[str, Entry], allowed: Sequence[str], what: str) -> None:
        """Report every key that is not allowed."""
        for key, entry in entries.items():
            if key not in allowed:
                hint = self.guess(key.lower(), allowed) or typography_hint(key)
                self.problem(
                    entry.key.start,
                    "unknown_key",
                    f"unknown key '{shortened(key)}' in {what}",
                    hint or f"known keys: {', '.join(allowed)}",
                    key=key,
                )

    def require(self, entries: dict[str, Entry], keys: Iterable[str], what: str, mark: Mark) -> None:
        """Report every key that is not there."""
        for key in keys:
            if key not in entries:
                self.problem(mark, "missing_key", f"{what} needs '{key}'", f"add a line '{key}: …'", key=key)

    def items(self, node: Node, what: str) -> tuple[Node, ...]:
        """Return the items of a list; anything else is a problem and reads as empty."""
        if isinstance(node, ListNode):
            self._split_list(node)
            return node.items
        if isinstance(node, Scalar) and node.value is None:
            return ()
        hint = typography_hint(node.text) if isinstance(node, Scalar) else None
        self.problem(
            node.start,
            "wrong_type",
            f"{what} must be a list, but is {describe(node)}",
            hint or "begin each item with '- '",
        )
        return ()

    def text(self, node: Node, what: str) -> str | None:
        """Return a text that is not empty (a number stays as it is typed), or ``None``, reported."""
        scalar = self.scalar(node, what)
        if scalar is None:
            return None
        if FORBIDDEN.search(scalar.text):
            self.problem(scalar.start, "control_character", f"{what} contains an invisible control character")
            return None
        if not scalar.text.strip():
            self.problem(scalar.start, "empty", f"{what} is empty")
            return None
        return scalar.text.strip()

    def scalar(self, node: Node, what: str) -> Scalar | None:
        """Return a scalar that has a value, or ``None``, reported."""
        if isinstance(node, Scalar):
            if node.plain and node.value is None:
                self.problem(node.start, "empty", f"{what} has no value")
                return None
            return node
        hint = "write it as text"
        if node.flow:
            hint = QUOTE_HINT
        self.problem(node.start, "wrong_type", f"{what} must be text, but is {describe(node)}", hint)
        return None

    def boolean(self, node: Node, what: str) -> bool:
        """Return ``true`` or ``false``; anything else is reported and reads as false."""
        if isinstance(node, Scalar) and isinstance(node.value, bool):
            return node.value
        self.problem(node.start, "wrong_type", f"{what} must be true or false, but is {describe(node)}")
        return False

    def day(self, node: Node, what: str) -> date | None:
        """Return a date, or ``None``, reported."""
        scalar = self.scalar(node, what)
        if scalar is None:
            return None
        try:
            return iso_date(scalar.text)
        except ScalarError as error:
            self.problem(scalar.start, "wrong_type", f"{what}: {error}")
            return None

    def _unsplit(self, node: MapNode) -> dict[str, Entry]:
        """The entries without those that only a comma inside an expression has made."""
        entries = dict(node.entries)
        if not node.flow:
            return entries
        opened: Entry | None = None
        depth = 0
        for key, entry in node.entries.items():
            value = entry.value
            if key not in entries:
                continue
            if opened is not None and isinstance(value, Scalar) and value.plain and value.value is None:
                del entries[key]
                depth += _depth(key)
                opened = opened if depth > 0 else None
                continue
            opened = None
            if isinstance(value, Scalar) and value.plain and value.text[-1:].isdigit():
                following = _following(node, key)
                if following is not None and following.key.text[:1].isdigit() and following.key.text in entries:
                    del entries[following.key.text]
                    self._decimal_comma(value, following.key.text)
            if isinstance(value, Scalar) and value.plain and _depth(value.text) > 0:
                opened, depth = entry, _depth(value.text)
                following = _following(node, key)
                if following is not None:
                    del entries[key]
                    self._split(entry.key.text, value)
                else:
                    opened = None
        return entries

    def _split_list(self, node: ListNode) -> None:
        if not node.flow:
            return
        for item, following in zip(node.items, node.items[1:], strict=False):
            if (
                isinstance(item, Scalar)
                and item.plain
                and _depth(item.text) > 0
                and isinstance(following, Scalar)
                and following.plain
            ):
                self._split("", item)

    def _decimal_comma(self, value: Scalar, rest: str) -> None:
        self.problem(
            value.start,
            "split_by_comma",
            f"YAML has split this value at the comma after '{shortened(value.text)}'",
            f"decimals take a point: press . before {shortened(rest)} instead of the comma",
        )

    def _split(self, key: str, value: Scalar) -> None:
        what = f"the value of '{shortened(key)}'" if key else "this value"
        self.problem(
            value.start,
            "split_by_comma",
            f"YAML has split {what} at the comma after '{shortened(value.text)}'",
            'put the whole value in quotes: press " before it and after it, because inside { } and [ ] '
            "a comma begins the next value",
        )


def describe(node: Node) -> str:
    """Return what a node is, in words."""
    if isinstance(node, MapNode):
        return "keys with values" if not node.flow else "something in braces"
    if isinstance(node, ListNode):
        return "a list"
    if node.plain and node.value is None:
        return "empty"
    if isinstance(node.value, bool):
        return f"'{node.text}'"
    if not isinstance(node.value, str):
        return f"the number {shortened(node.text)}"
    return f"the text '{shortened(node.text)}'"


def _depth(text: str) -> int:
    return sum(text.count(sign) for sign in "([") - sum(text.count(sign) for sign in ")]")


def _following(node: MapNode, key: str) -> Entry | None:
    """The entry after ``key`` where it has no value of its own, as a split leaves it."""
    names = list(node.entries)
    at = names.index(key) + 1
    if at == len(names):
        return None
    entry = node.entries[names[at]]
    value = entry.value
    return entry if isinstance(value, Scalar) and value.plain and value.value is None else None
