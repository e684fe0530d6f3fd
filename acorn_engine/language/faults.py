"""What is wrong with an expression, as values with a position in its text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with an expression.

    ``code`` is stable: ``too_long, too_deep, literal, character, syntax, not_allowed,
    unknown_name, unknown_function, arguments, type, currency, cycle, define, function, list,
    date, never`` and, for warnings, ``bare_money``. ``start`` and ``end`` are offsets in
    characters from the start of the expression's text, 0 first. ``hint`` says what to do.
    """

    code: str
    message: str
    start: int = 0
    end: int = 0
    hint: str | None = None


class ExpressionError(Exception):
    """An expression that cannot be used; ``faults`` holds all that is wrong, in text order."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(
            sorted(dict.fromkeys(faults), key=lambda fault: (fault.start, fault.end))
        )
        super().__init__("\n".join(_line(fault) for fault in self.faults))


def _line(fault: Fault) -> str:
    """Return a fault on one line, its column counted from 1."""
    hint = f" ({fault.hint})" if fault.hint else ""
    return f"column {fault.start + 1}: {fault.message}{hint}"
