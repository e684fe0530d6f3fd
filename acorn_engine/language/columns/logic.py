"""Conditions on columns: Kleene logic with failures, as the reference has it."""

from __future__ import annotations

from dataclasses import dataclass

from acorn_engine.language.columns.scratch import NEVER, Cell, Mask, Scratch, cell, literal
from acorn_engine.language.columns.values import Truth


@dataclass(frozen=True, slots=True)
class Conditions:
    """The logic of one program."""

    scratch: Scratch

    def keep(self, a: Truth) -> Truth:
        """Return ``a`` as something that may be used again."""
        return Truth(self.scratch.keep(a.true), a.missing, a.failed)

    def masked(self, holds: Cell, missing: Mask, failed: Mask) -> Truth:
        """Return a condition that is true where ``holds`` and nothing is missing or failed."""
        if missing or failed:
            absent = self.scratch.any(missing, failed)
            holds = cell(holds.expr & ~absent.expr, holds, absent)
        return Truth(holds, missing, failed)

    def false(self, a: Truth) -> Cell:
        """Return where ``a`` is false: neither true nor missing nor failed."""
        if not a.missing and not a.failed:
            return cell(~a.true.expr, a.true)
        absent = self.scratch.any(a.missing, a.failed)
        return cell(~(a.true.expr | absent.expr), a.true, absent)

    def negated(self, a: Truth) -> Truth:
        """Return ``not a``."""
        return Truth(self.false(a), a.missing, a.failed)

    def only(self, where: Cell, mask: Mask) -> Mask:
        """Return ``mask`` where ``where`` is true; ``where`` must be kept."""
        if not mask:
            return NEVER
        marked = self.scratch.any(mask)
        return self.scratch.mask(cell(where.expr & marked.expr, where, marked))

    def both(self, a: Truth, b: Truth) -> Truth:
        """Return ``a and b``: b does not count where a is false or failed."""
        a, b = self.keep(a), self.keep(b)
        true = cell(a.true.expr & b.true.expr, a.true, b.true)
        failed, missing = a.failed, self.only(a.true, b.missing)
        if a.missing:
            absent = self.scratch.any(a.missing)
            open_end = self.scratch.any(b.missing)
            undecided = cell(absent.expr & (b.true.expr | open_end.expr), absent, b.true, open_end)
            missing |= self.scratch.mask(undecided)
            if b.failed:
                going_on = self.scratch.keep(cell(a.true.expr | absent.expr, a.true, absent))
                failed |= self.only(going_on, b.failed)
        else:
            failed |= self.only(a.true, b.failed)
        return Truth(true, missing, failed)

    def either(self, a: Truth, b: Truth) -> Truth:
        """Return ``a or b``: b does not count where a is true or failed."""
        a, b = self.keep(a), self.keep(b)
        true_b = b.true
        if a.failed:
            broken = self.scratch.any(a.failed)
            true_b = cell(b.true.expr & ~broken.expr, b.true, broken)
        true = cell(a.true.expr | true_b.expr, a.true, true_b)
        missing, failed = NEVER, a.failed
        if a.missing:
            missing = self.only(self._not(b.true), a.missing)
        if b.missing:
            missing |= self.only(self._not(a.true), b.missing)
        if b.failed:
            failed |= self.only(self._not(a.true), b.failed)
        return Truth(true, missing, failed)

    def _not(self, a: Cell) -> Cell:
        return self.scratch.keep(cell(~a.expr, a))

    def branches(self, test: Truth, then: tuple[Mask, Mask], other: tuple[Mask, Mask]) -> tuple[Mask, Mask]:
        """Return where a conditional is missing and where it failed; ``test`` must be kept.

        ``then`` and ``other`` are the masks (missing, failed) of the branches.
        """
        missing, failed = test.missing, test.failed
        if any(then):
            missing |= self.only(test.true, then[0])
            failed |= self.only(test.true, then[1])
        if any(other):
            no = self.scratch.keep(self.false(test))
            missing |= self.only(no, other[0])
            failed |= self.only(no, other[1])
        return missing, failed

    def is_missing(self, missing: Mask, failed: Mask) -> Truth:
        """Return where an operand with these masks is missing; it fails where the operand failed."""
        return (
            self.masked(self.scratch.any(missing), NEVER, failed) if missing else Truth(literal(False), NEVER, failed)
        )
