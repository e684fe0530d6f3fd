"""Conditions on columns: Kleene logic with failures, as the reference has it."""

from __future__ import annotations

from dataclasses import dataclass

from acorn_engine.language.columns.cells import NEVER, Cell, Mask, both, either, inverse, literal
from acorn_engine.language.columns.scratch import Scratch
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
        return Truth(both(holds, inverse(self.scratch.any(missing, failed))), missing, failed)

    def false(self, a: Truth) -> Cell:
        """Return where ``a`` is false: neither true nor missing nor failed."""
        return inverse(either(a.true, self.scratch.any(a.missing, a.failed)))

    def negated(self, a: Truth) -> Truth:
        """Return ``not a``."""
        return Truth(self.false(a), a.missing, a.failed)

    def only(self, where: Cell, mask: Mask) -> Mask:
        """Return ``mask`` where ``where`` is true; ``where`` must be kept."""
        if not mask:
            return NEVER
        return mask if where.known else self.scratch.mask(both(where, self.scratch.any(mask)))

    def both(self, a: Truth, b: Truth) -> Truth:
        """Return ``a and b``: b does not count where a is false or failed."""
        if not (a.missing or a.failed or b.missing or b.failed):
            return Truth(both(a.true, b.true))
        a, b = self.keep(a), self.keep(b)
        true = both(a.true, b.true)
        failed, missing = a.failed, self.only(a.true, b.missing)
        if a.missing:
            absent = self.scratch.any(a.missing)
            undecided = both(absent, either(b.true, self.scratch.any(b.missing)))
            missing |= self.scratch.mask(undecided)
            if b.failed:
                going_on = self.scratch.keep(either(a.true, absent))
                failed |= self.only(going_on, b.failed)
        else:
            failed |= self.only(a.true, b.failed)
        return Truth(true, missing, failed)

    def either(self, a: Truth, b: Truth) -> Truth:
        """Return ``a or b``: b does not count where a is true or failed."""
        if not (a.missing or a.failed or b.missing or b.failed):
            return Truth(either(a.true, b.true))
        a, b = self.keep(a), self.keep(b)
        true = either(a.true, both(b.true, inverse(self.scratch.any(a.failed))))
        missing, failed = NEVER, a.failed
        if a.missing:
            missing = self.only(self._not(b.true), a.missing)
        if b.missing:
            missing |= self.only(self._not(a.true), b.missing)
        if b.failed:
            failed |= self.only(self._not(a.true), b.failed)
        return Truth(true, missing, failed)

    def _not(self, a: Cell) -> Cell:
        return self.scratch.keep(inverse(a))

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
