"""Who counts where something is missing or failed, and where evaluation ends early."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from acorn_engine.language.scalar.held import Held
from acorn_engine.language.scalar.merging import Merged
from acorn_engine.types import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from acorn_engine.language.core import LogicOperator
    from acorn_engine.language.scalar.numbers import Numbers
    from acorn_engine.language.scalar.source import Source


class Branches:
    """Writes the operations that do not simply compute.

    ``late`` operands are written when they are called for, inside the block that needs them;
    ``block`` opens one.
    """

    def __init__(self, source: Source, numbers: Numbers) -> None:
        self._source = source
        self._numbers = numbers

    def strict(self, operands: Sequence[Held], make: Callable[..., Held]) -> Held:
        """Write an operation for which all operands count: the first failure, then what is missing."""
        failing = {each.top: each for each in operands if each.may_fail}.values()
        missing = {each.top: each for each in operands if each.may_miss}.values()
        if not failing and not missing:
            return make(*operands)
        source = self._source
        top, word = source.name(), "if"
        for each in failing:
            with source.block(f"{word} {each.top}.__class__ is Failure:"):
                source.line(f"{top} = {each.top}")
            word = "elif"
        if missing:
            with source.block(f"{word} {' or '.join(f'{each.top} is None' for each in missing)}:"):
                source.line(f"{top} = None")
        with source.block("else:"):
            made = make(*(each.sure() for each in operands))
            held = self._moved(made, top)
        return replace(
            held,
            may_miss=bool(missing) or made.may_miss,
            may_fail=bool(failing) or made.may_fail,
        )

    def logic(
        self,
        op: LogicOperator,
        late: Sequence[Callable[[], Held]],
        block: Callable[[str], AbstractContextManager[None]],
    ) -> Held:
        """Write ``and`` or ``or``: the first item that decides or fails ends it."""
        source = self._source
        last = "False" if op == "and" else "True"
        first = late[0]()
        top = source.assign(first.top)
        may_miss, may_fail = first.may_miss, first.may_fail
        unknown = source.assign(f"{top} is None", "u") if may_miss else None
        for item in late[1:]:
            goes_on = f"{top} is not {last}"
            if may_fail:
                goes_on += f" and {top}.__class__ is not Failure"
            if unknown is None:
                unknown = source.assign("False", "u")
            with block(f"if {goes_on}:"):
                held = item()
                source.move(held.top, top)
                if held.may_miss:
                    source.line(f"{unknown} = {unknown} or {top} is None")
            may_miss, may_fail = may_miss or held.may_miss, may_fail or held.may_fail
        if may_miss:
            with source.block(f"if {unknown} and {top} is {'True' if op == 'and' else 'False'}:"):
                source.line(f"{top} = None")
        return Held(Kind.BOOLEAN, top, may_miss=may_miss, may_fail=may_fail)

    def conditional(
        self,
        test: Held,
        then: Callable[[], Held],
        other: Callable[[], Held],
        block: Callable[[str], AbstractContextManager[None]],
    ) -> Held:
        """Write a conditional: a test that is missing or failed is the outcome."""
        source = self._source
        merged = Merged(source, self._numbers)
        word = "if"
        if test.may_miss or test.may_fail:
            parts = [f"{test.top} is None"] if test.may_miss else []
            parts += [f"{test.top}.__class__ is Failure"] if test.may_fail else []
            with source.block(f"if {' or '.join(parts)}:"):
                source.line(f"{merged.top} = {test.top}")
            word = "elif"
        with block(f"{word} {test.top}:"):
            merged.take(then())
        with block("else:"):
            merged.take(other())
        held = merged.done()
        return replace(held, may_miss=held.may_miss or test.may_miss, may_fail=held.may_fail or test.may_fail)

    def default(self, a: Held, late: Callable[[], Held], block: Callable[[str], AbstractContextManager[None]]) -> Held:
        """Write ``a``, or the other where that is missing."""
        if not a.may_miss:
            return a
        merged = Merged(self._source, self._numbers)
        with block(f"if {a.top} is None:"):
            b = late()
            merged.take(b)
        with block("else:"):
            merged.take(replace(a, may_miss=False))
        held = merged.done()
        return replace(held, may_miss=b.may_miss)

    def _moved(self, made: Held, top: str) -> Held:
        """Let ``top`` hold what was made in the block at hand; a bottom made there stays where it is."""
        self._source.move(made.top, top)
        return replace(made, top=top, literal=None)
