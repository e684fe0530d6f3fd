"""The core tree: what a checked expression means, for everything that compiles it.

Currency tags are resolved, so money is a plain exact number here; parameters and standard names
of the site are literals; defines and functions of plugins are written out, and shared. Nodes are
frozen and equal where they are the same tree, however and by whom they were built: a digest of
the whole tree is taken once, when a node is made, so equality and hashing never walk a tree
(a hundred doubling defines would otherwise take for ever).

What the operations mean for missing values and failures is fixed by the reference
(``acorn_engine.language.reference``):

* strict (``Negate Absolute Arithmetic Compare Not Member Extreme Round IsMissing Lookup TextCall
  DateCall``): all operands count; any failure makes a failure, otherwise any missing operand
  makes it missing (``IsMissing``: true), otherwise the operation itself may fail;
* ``Logic``: left to right; ``and`` ends at the first false or failure, ``or`` at the first true
  or failure; otherwise any missing item makes it missing;
* ``Conditional``: a failing or missing test is the outcome; only the chosen branch counts;
* ``Default``: the second only counts where the first is missing.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field, fields
from datetime import date
from fractions import Fraction
from hashlib import blake2b
from typing import TYPE_CHECKING, Final, TypeAlias
from typing import Literal as OneOf

from acorn_engine.types import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

ArithmeticOperator: TypeAlias = OneOf["+", "-", "*", "/"]
CompareOperator: TypeAlias = OneOf["==", "!=", "<", "<=", ">", ">="]
LogicOperator: TypeAlias = OneOf["and", "or"]
RoundMode: TypeAlias = OneOf["half_up", "up", "down"]
TextOperator: TypeAlias = OneOf["lower", "upper", "starts_with", "ends_with", "contains", "length"]
DateOperator: TypeAlias = OneOf["days_between", "weekday"]


@dataclass(frozen=True, eq=False)
class Node:
    """A node of the core tree.

    ``kind`` is the type of its value: computed money is ``NUMBER``, only a ``Name`` of money is
    ``MONEY``. ``key`` identifies the tree (16 bytes, the same in every process), ``depth`` is the
    number of levels below it, 0 for a leaf: up to some 2,000, so walk with ``post_order``.
    """

    key: bytes = field(init=False, repr=False)
    depth: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        said: list[bytes] = [type(self).__name__.encode()]
        depth = 0
        for name in _parts(self):
            value = getattr(self, name)
            _say(said, value)
            for child in value if isinstance(value, tuple) else (value,):
                if isinstance(child, Node):
                    depth = max(depth, child.depth + 1)
        object.__setattr__(self, "key", blake2b(b"".join(said), digest_size=16).digest())
        object.__setattr__(self, "depth", depth)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Node) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    @property
    def kind(self) -> Kind:
        """The type of the node's value."""
        return Kind.NUMBER

    @property
    def children(self) -> tuple[Node, ...]:
        """The operands, in the order in which they are evaluated."""
        found: list[Node] = []
        for name in _parts(self):
            value = getattr(self, name)
            if isinstance(value, Node):
                found.append(value)
            elif isinstance(value, tuple):
                found += [child for child in value if isinstance(child, Node)]
        return tuple(found)


@dataclass(frozen=True, eq=False)
class Literal(Node):
    """A value written down: an exact number, a text, a boolean or a date."""

    value: Fraction | str | bool | date

    @property
    def kind(self) -> Kind:
        """The type of the value."""
        if isinstance(self.value, bool):
            return Kind.BOOLEAN
        if isinstance(self.value, str):
            return Kind.TEXT
        return Kind.NUMBER if isinstance(self.value, Fraction) else Kind.DATE


@dataclass(frozen=True, eq=False)
class Name(Node):
    """A fact or field of the offer, or ``today``. Money is missing where its currency is."""

    name: str
    type: Kind

    @property
    def kind(self) -> Kind:
        """The type of the named value."""
        return self.type


@dataclass(frozen=True, eq=False)
class Negate(Node):
    """``-a``."""

    a: Node


@dataclass(frozen=True, eq=False)
class Absolute(Node):
    """``abs(a)``."""

    a: Node


@dataclass(frozen=True, eq=False)
class Arithmetic(Node):
    """``a + b`` and so on; dividing by zero fails."""

    op: ArithmeticOperator
    a: Node
    b: Node


@dataclass(frozen=True, eq=False)
class Compare(Node):
    """``a < b`` and so on; texts and booleans only with ``==`` and ``!=``."""

    op: CompareOperator
    a: Node
    b: Node

    @property
    def kind(self) -> Kind:
        """A boolean."""
        return Kind.BOOLEAN


@dataclass(frozen=True, eq=False)
class Logic(Node):
    """Two or more booleans. A chained comparison is an ``and`` whose links share operands."""

    op: LogicOperator
    items: tuple[Node, ...]

    @property
    def kind(self) -> Kind:
        """A boolean."""
        return Kind.BOOLEAN


@dataclass(frozen=True, eq=False)
class Not(Node):
    """``not a``."""

    a: Node

    @property
    def kind(self) -> Kind:
        """A boolean."""
        return Kind.BOOLEAN


@dataclass(frozen=True, eq=False)
class Member(Node):
    """``a in [...]``: false for an empty list; ``negated`` for ``not in``."""

    a: Node
    members: tuple[Literal, ...]
    negated: bool

    @property
    def kind(self) -> Kind:
        """A boolean."""
        return Kind.BOOLEAN


@dataclass(frozen=True, eq=False)
class Conditional(Node):
    """``then if test else other``; both branches have one type."""

    test: Node
    then: Node
    other: Node

    @property
    def kind(self) -> Kind:
        """The type of both branches."""
        return computed(self.then.kind)


@dataclass(frozen=True, eq=False)
class Extreme(Node):
    """``min`` or ``max`` of two or more numbers or dates."""

    op: OneOf["min", "max"]
    items: tuple[Node, ...]

    @property
    def kind(self) -> Kind:
        """The type of all items."""
        return computed(self.items[0].kind)


@dataclass(frozen=True, eq=False)
class Round(Node):
    """``a`` rounded to a multiple of ``step``; a step that is not above zero fails."""

    mode: RoundMode
    a: Node
    step: Node


@dataclass(frozen=True, eq=False)
class Default(Node):
    """``a``, or ``b`` where ``a`` is missing."""

    a: Node
    b: Node

    @property
    def kind(self) -> Kind:
        """The type of both."""
        return computed(self.a.kind)


@dataclass(frozen=True, eq=False)
class IsMissing(Node):
    """Whether ``a`` is missing; never missing itself."""

    a: Node

    @property
    def kind(self) -> Kind:
        """A boolean."""
        return Kind.BOOLEAN


@dataclass(frozen=True, eq=False)
class Lookup(Node):
    """The number that a table holds for the text ``at``; an absent one is missing."""

    table: str
    at: Node


@dataclass(frozen=True, eq=False)
class TextCall(Node):
    """A function of texts. ``length`` counts code points."""

    op: TextOperator
    args: tuple[Node, ...]

    @property
    def kind(self) -> Kind:
        """Text for ``lower`` and ``upper``, a number for ``length``, otherwise a boolean."""
        if self.op in {"lower", "upper"}:
            return Kind.TEXT
        return Kind.NUMBER if self.op == "length" else Kind.BOOLEAN


@dataclass(frozen=True, eq=False)
class DateCall(Node):
    """``days_between(a, b)`` is b - a in days; ``weekday(a)`` is the text ``mon`` … ``sun``."""

    op: DateOperator
    args: tuple[Node, ...]

    @property
    def kind(self) -> Kind:
        """A number of days, or text."""
        return Kind.NUMBER if self.op == "days_between" else Kind.TEXT


def computed(kind: Kind) -> Kind:
    """Return the kind of a computed value: money is a number."""
    return Kind.NUMBER if kind is Kind.MONEY else kind


def post_order(*roots: Node) -> Iterator[Node]:
    """Yield every distinct node below ``roots``, and these, once each, operands first."""
    seen: set[Node] = set()
    for root in roots:
        stack: list[tuple[Node, bool]] = [(root, False)]
        while stack:
            node, ready = stack.pop()
            if node in seen:
                continue
            if ready:
                seen.add(node)
                yield node
            else:
                stack.append((node, True))
                stack.extend((child, False) for child in reversed(node.children))


_PARTS: Final[dict[str, tuple[str, ...]]] = {}


def _parts(node: Node) -> tuple[str, ...]:
    """Return the names of what a node is made of, found out once for each kind of node."""
    kind = type(node).__name__
    if kind not in _PARTS:
        _PARTS[kind] = tuple(part.name for part in fields(node) if part.init)
    return _PARTS[kind]


def _say(said: list[bytes], value: object) -> None:
    """Add one part of a node to what is digested, so that no two different trees give the same bytes."""
    if isinstance(value, Node):
        said += (b"n", value.key)
    elif isinstance(value, tuple):
        said.append(b"t" + struct.pack("<I", len(value)))
        for item in value:
            _say(said, item)
    else:
        text = f"{type(value).__name__}:{value}".encode()
        said.append(b"v" + struct.pack("<I", len(text)) + text)
