"""What an expression is in columns: a value, where it is missing, and where it failed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from acorn_engine.language.columns.cells import NEVER

if TYPE_CHECKING:
    from acorn_engine.language.columns.cells import Cell, Mask
    from acorn_engine.language.columns.whole import Whole


@dataclass(frozen=True, slots=True, eq=False)
class Number:
    """An exact number or amount: ``numerator / (unit * denominator)``.

    ``unit`` is a constant > 0; ``denominator`` is ≥ 1 on every row, ``None`` where it is 1.
    Where ``missing`` or ``failed`` is true the value is any number within its bounds; where
    both are true, the expression failed.
    """

    numerator: Whole
    unit: int = 1
    denominator: Whole | None = None
    missing: Mask = NEVER
    failed: Mask = NEVER


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """A condition: ``true`` is true where it holds, and false where it is false, missing or failed."""

    true: Cell
    missing: Mask = NEVER
    failed: Mask = NEVER


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """A text, never null; empty where it is missing.

    ``constant`` is the text that stands on every row, ``among`` the only texts that can stand
    where it is not missing, if they are known and few.
    """

    value: Cell
    missing: Mask = NEVER
    failed: Mask = NEVER
    constant: str | None = None
    among: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Day:
    """A date as days since 1970-01-01; 0 where it is missing."""

    value: Whole
    missing: Mask = NEVER
    failed: Mask = NEVER


Columns: TypeAlias = "Number | Truth | Words | Day"
