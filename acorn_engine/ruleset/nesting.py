"""Definitions that are made of themselves, or of too many others in turn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acorn_engine.language import Syntax

MOST_DEFINITIONS: Final = 200
DEEPEST: Final = 20
_LONGEST_SHOWN: Final = 8


def bad_nesting(defines: Mapping[str, Syntax]) -> dict[str, str]:
    """Return why definitions cannot be used: those on a circle, and those that nest more than 20 deep.

    Without recursion, each definition once, however many there are.
    """
    needs = {name: sorted(syntax.names & defines.keys()) for name, syntax in defines.items()}
    bad: dict[str, str] = {}
    depths: dict[str, int] = {}
    path: list[str] = []
    stack = [(name, False) for name in reversed(needs)]
    while stack:
        name, done = stack.pop()
        if done:
            path.pop()
            depths[name] = 1 + max((depths.get(need, 0) for need in needs[name]), default=0)
            if depths[name] > DEEPEST + 1 and name not in bad:
                bad[name] = f"'{name}' nests more than {DEEPEST} definitions"
        elif name in path:
            _circle(path[path.index(name) :], bad)
        elif name not in depths:
            path.append(name)
            stack.append((name, True))
            stack.extend((need, False) for need in needs[name])
    return bad


def _circle(circle: list[str], bad: dict[str, str]) -> None:
    for at, name in enumerate(circle):
        turned = [*circle[at:], *circle[:at]]
        shown = turned if len(turned) <= _LONGEST_SHOWN else [*turned[:_LONGEST_SHOWN], "…"]
        bad.setdefault(name, f"'{name}' is defined by itself: {' → '.join([*shown, name])}")
