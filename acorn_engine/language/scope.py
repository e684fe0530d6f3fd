"""What an expression can refer to, and what comes out when it has been checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from acorn_engine.types import BOOLEAN, DATE, NUMBER, SITE_MONEY, TEXT, Kind, Money, Type, Value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acorn_engine.language.core import Node
    from acorn_engine.language.faults import Fault
    from acorn_engine.language.operands import Operand
    from acorn_engine.language.parsing import Syntax
    from acorn_engine.plugins.records import Function
    from acorn_engine.sites import Site

LARGEST_DEFINES: Final = 20

STANDARD_NAMES: Final[dict[str, Type]] = {"today": DATE, "tick": SITE_MONEY, "site": TEXT, "currency": TEXT}
"""``today`` is the site-local date, ``tick`` the site's minor unit, ``site`` and ``currency`` its names."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Everything that a name can stand for, on one site.

    ``names`` are the types of facts and fields, ``functions`` those of plugins, ``parameters``
    values that stand for literals, ``defines`` named expressions. A parameter goes before a
    define, that before a standard name, that before a fact. ``several_currencies`` says that the
    file is used by sites of several currencies, so that ``check`` warns of bare money.
    """

    site: Site
    names: Mapping[str, Type]
    functions: Mapping[str, Function] = field(default_factory=dict)
    parameters: Mapping[str, Value] = field(default_factory=dict)
    defines: Mapping[str, Syntax] = field(default_factory=dict)
    several_currencies: bool = False
    checked_defines: dict[str, Operand | Fault] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What checking found out about each define, so that each is checked and lowered once."""

    def standard(self, name: str) -> Value | None:
        """Return the value of a standard name that depends on the site only."""
        values: dict[str, Value] = {
            "tick": Money(self.site.tick, self.site.currency),
            "site": self.site.name,
            "currency": self.site.currency,
        }
        return values.get(name)


@dataclass(frozen=True, slots=True)
class Checked:
    """An expression that may run.

    ``type`` is its type on this site (money with a currency code or the tag of a column),
    ``node`` its core tree. ``reads`` are the facts and fields that it reads, through defines and
    functions, columns of currencies included; ``lookups`` the tables that it reads, each with the
    key where that is written down and the text column that holds it where it is one, for the age
    of what it uses. ``bare``: only literals and parameters stand in it.
    """

    syntax: Syntax
    scope: Scope
    type: Type
    node: Node
    reads: frozenset[str]
    lookups: frozenset[tuple[str, str | None, str | None]]
    warnings: tuple[Fault, ...]
    bare: bool


def type_of_value(value: Value) -> Type | None:
    """Return the type of a parameter; ``None`` for a list of several types, or no value."""
    if isinstance(value, Money):
        return Type(Kind.MONEY, value.currency)
    if isinstance(value, tuple):
        kinds = {member.kind for item in value if (member := type_of_value(item))}
        return Type(Kind.LIST, element=next(iter(kinds), None)) if len(kinds) <= 1 else None
    simple: tuple[tuple[type, Type], ...] = ((bool, BOOLEAN), (Fraction, NUMBER), (str, TEXT), (date, DATE))
    return next((type_ for python, type_ in simple if isinstance(value, python)), None)


def defines_in_order(syntax: Syntax, scope: Scope) -> tuple[list[str], dict[str, str], dict[str, int]]:
    """Return the defines that ``syntax`` needs, each after those that it needs itself.

    With them come the defines that cannot be used, with the sentence why (a cycle, or more than
    20 nested), and how deep each nests. Without recursion: a file may have any number of defines.
    """
    order: list[str] = []
    broken: dict[str, str] = {}
    depths: dict[str, int] = {}
    path: list[str] = []
    stack = [(name, False) for name in _defines_of(syntax, scope)]
    while stack:
        name, ready = stack.pop()
        if ready:
            path.pop()
            needs = _defines_of(scope.defines[name], scope)
            depths[name] = max((depths.get(need, 0) + 1 for need in needs), default=0)
            if depths[name] > LARGEST_DEFINES and name not in broken:
                broken[name] = f"'{name}' nests more than {LARGEST_DEFINES} defines"
            order.append(name)
        elif name in path:
            circle = path[path.index(name) :]
            for at, member in enumerate(circle):
                turned = " → ".join([*circle[at:], *circle[:at], member])
                broken[member] = f"'{member}' is defined by itself: {turned}"
        elif name not in depths:
            path.append(name)
            stack.append((name, True))
            stack.extend((need, False) for need in _defines_of(scope.defines[name], scope))
    return order, broken, depths


def _defines_of(syntax: Syntax, scope: Scope) -> list[str]:
    """Return the defines that an expression names, in a fixed order."""
    return sorted(name for name in syntax.names if name in scope.defines and name not in scope.parameters)
