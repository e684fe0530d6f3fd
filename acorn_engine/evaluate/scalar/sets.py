"""One set in generated source: the value as its field keeps it, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from acorn_engine.evaluate.slots import Slot, digits_of, largest
from acorn_engine.types import Kind

if TYPE_CHECKING:
    from acorn_engine.language.scalar import Held, ScalarCompiler
    from acorn_engine.ruleset import Assignment


@dataclass(frozen=True, slots=True)
class SetNames:
    """Where a set's result is held: the value, and the problem (``None`` where there is none).

    ``problem`` is no name where nothing can go wrong.
    """

    assignment: Assignment
    slot: Slot
    value: str
    problem: str | None


def write_set(compiler: ScalarCompiler, assignment: Assignment, slot: Slot, site_digits: int) -> SetNames:
    """Write what a set comes to, rounded once, in the block at hand."""
    source = compiler.source
    if assignment.value is None:
        return SetNames(assignment, slot, source.constant(assignment.literal_json), None)
    held, digits, limit = compiler.add(assignment.value.node), slot.digits, slot.largest
    if slot.json:
        of = assignment.value.type
        digits = digits_of(of.kind, integer=of.integer, site_digits=site_digits)
        limit = largest(of.kind, integer=of.integer)
    if digits is None and not held.may_miss and not held.may_fail:
        value = f"json_plain({held.top})" if slot.json else held.top
        return SetNames(assignment, slot, source.assign(value, "a"), None)
    value, problem, word = source.name("a"), source.name("p"), "if"
    source.line(f"{value} = {problem} = None")
    if held.may_fail:
        with source.block(f"if {held.top}.__class__ is Failure:"):
            source.line(f"{problem} = problem({held.top})")
        word = "elif"
    if held.may_miss:
        with source.block(f"{word} {held.top} is None:"):
            source.line(f"{problem} = {source.constant('missing')}")
        word = "elif"
    with source.block("if True:" if word == "if" else "else:"):
        if digits is None:
            source.line(f"{value} = json_plain({held.top})" if slot.json else f"{value} = {held.top}")
        else:
            mode = "half_up" if slot.json else slot.field.rounding
            source.move(compiler.numbers.scaled(_sure_number(held), digits, mode), value)
            most = source.constant(limit)
            with source.block(f"if not -{most} <= {value} <= {most}:"):
                source.line(f"{problem} = {source.constant('overflow')}")
            if slot.json:
                source.line(f"if {problem} is None: {value} = json_number({value}, {source.constant(digits)})")
    return SetNames(assignment, slot, value, problem)


def _sure_number(held: Held) -> Held:
    if held.kind is not Kind.NUMBER and held.kind is not Kind.MONEY:
        raise TypeError("a number field is set to a number")
    return held.sure()
