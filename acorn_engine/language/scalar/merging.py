"""One operand out of several branches, each of which may hold its number in another way."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from acorn_engine.language.scalar.held import Held
from acorn_engine.types import Kind

if TYPE_CHECKING:
    from acorn_engine.language.scalar.numbers import Numbers
    from acorn_engine.language.scalar.source import Later, Source


class Merged:
    """Collects what each branch holds, and then lets each put it where it is read afterwards."""

    def __init__(self, source: Source, numbers: Numbers) -> None:
        self._source, self._numbers = source, numbers
        self.top = source.name()
        self._taken: list[tuple[Held, Later]] = []

    def take(self, held: Held) -> None:
        """Take what the branch at hand holds; called inside its block, at its end."""
        self._taken.append((held, self._source.later()))

    def done(self) -> Held:
        """Write the moves, and return what holds the value after the branches."""
        held = [each for each, _ in self._taken]
        may_miss, may_fail = any(each.may_miss for each in held), any(each.may_fail for each in held)
        if held[0].kind is not Kind.NUMBER:
            for each, later in self._taken:
                later.line(f"{self.top} = {each.top}")
            return Held(held[0].kind, self.top, may_miss=may_miss, may_fail=may_fail)
        aligned = self._numbers.aligned(held)
        bottom = aligned[0].bottom
        if isinstance(bottom, str):
            bottom = self._source.name("d")
        for (each, later), one in zip(self._taken, aligned, strict=True):
            _move(each, one, self.top, bottom, later)
        bits = (max(one.bits[0] for one in aligned), max(one.bits[1] for one in aligned))
        return replace(aligned[0], top=self.top, bottom=bottom, bits=bits, may_miss=may_miss, may_fail=may_fail)


def _move(given: Held, aligned: Held, top: str, bottom: int | str | None, later: Later) -> None:
    """Write one branch's move; what is missing or failed has no bottom, and is moved as it is."""
    absent = [f"{given.top} is None"] if given.may_miss else []
    absent += [f"{given.top}.__class__ is Failure"] if given.may_fail else []
    unless = " or ".join(absent)
    changed = aligned.top != given.top
    later.line(
        f"{top} = {given.top} if {unless} else {aligned.top}" if absent and changed else f"{top} = {aligned.top}"
    )
    if isinstance(bottom, str):
        move = f"{bottom} = {aligned.bottom}"
        later.line(f"if not ({unless}): {move}" if absent else move)
