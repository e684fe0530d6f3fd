"""What one rule does to each row, in columns: whether it applies, why it holds, whose fault it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Final

import polars as pl

from acorn_engine.evaluate.model import HOLD_CODES, HoldCode
from acorn_engine.evaluate.slots import LOWER_LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from acorn_engine.evaluate.reads import RuleReads
    from acorn_engine.evaluate.targets import Target
    from acorn_engine.ruleset import Rule

CODE: Final[dict[str, int]] = {code: number for number, code in enumerate(HOLD_CODES, start=1)}
"""Hold codes as the program's columns have them; 0 is none."""
LARGEST_NAMES: Final = 62
"""So many missing or stale names of one rule fit its columns; where another is to be told, the row is exact."""


@dataclass(frozen=True, slots=True)
class ActiveRule:
    """A rule in force, by its number in the program's columns.

    ``named`` are the names that its hold columns can tell, as bits: for code ``missing`` the
    facts and tables that it reads, for ``stale`` those that can be too old.
    """

    rule: Rule
    number: int
    reads: RuleReads
    named: dict[str, tuple[str, ...]] = field(default_factory=dict)


def hold_bits(
    one: ActiveRule,
    code: pl.Expr,
    targets: list[Target],
    opens: list[pl.Expr | None],
    absent: Mapping[str, pl.Expr],
    stale: list[tuple[str, pl.Expr]],
) -> tuple[pl.Expr, pl.Expr | None]:
    """Return which names explain the hold, one bit for each of ``one.named``, and where others do too."""
    causes: dict[str, list[pl.Expr]] = {}
    tables: dict[str, list[pl.Expr]] = {}
    for each, opened, names, read_tables in zip(targets, opens, one.reads.sets, one.reads.tables, strict=True):
        missing = where(opened, each.missing)
        if missing is None:
            continue
        masks = {name: absent[name] for name in sorted(names) if name in absent}
        for name, mask in masks.items():
            causes.setdefault(name, []).append(missing & mask)
        for table in read_tables:
            unexplained = missing & ~any_of(masks.values()) if masks else missing
            tables.setdefault(table, []).append(unexplained)
    ordered = sorted(causes.items()) + sorted(tables.items())
    one.named["missing"] = tuple(name for name, _ in ordered)[:LARGEST_NAMES]
    one.named["stale"] = tuple(name for name, _ in stale)[:LARGEST_NAMES]
    found, untold = pl.lit(0, dtype=pl.Int64), []
    told = {"missing": [any_of(parts) for _, parts in ordered], "stale": [expr for _, expr in stale]}
    for word, exprs in told.items():
        if exprs:
            found = pl.when(code == CODE[word]).then(_bit_sum(exprs)).otherwise(found)
        if len(exprs) > LARGEST_NAMES:
            untold.append((code == CODE[word]) & any_of(exprs[LARGEST_NAMES:]))
    return found, any_of(untold) if untold else None


def hold_code(targets: list[Target], opens: list[pl.Expr | None], stale: list[tuple[str, pl.Expr]]) -> pl.Expr:
    """Return the code of the hold that a rule causes where it is true, or 0; the gravest wins."""
    pairs = list(zip(targets, opens, strict=True))
    found = pl.lit(0, dtype=pl.Int8)
    found_by: tuple[tuple[HoldCode, list[pl.Expr | None]], ...] = (
        ("stale", [expr for _, expr in stale]),
        ("missing", [where(opened, each.missing) for each, opened in pairs]),
        ("overflow", [where(opened, each.overflow) for each, opened in pairs]),
        ("failed", [where(opened, each.failed) for each, opened in pairs]),
    )
    for code, parts in found_by:
        present = [part for part in parts if part is not None]
        if present:
            found = pl.when(any_of(present)).then(pl.lit(CODE[code], dtype=pl.Int8)).otherwise(found)
    return found


def any_of(parts: Iterable[pl.Expr]) -> pl.Expr:
    listed = list(parts)
    return reduce(or_, listed) if listed else pl.lit(False)


def where(opened: pl.Expr | None, mask: pl.Expr | None) -> pl.Expr | None:
    return mask if mask is None or opened is None else mask & opened


def _bit_sum(masks: list[pl.Expr]) -> pl.Expr:
    bits = [
        pl.when(mask).then(pl.lit(1 << place, dtype=pl.Int64)).otherwise(pl.lit(0, dtype=pl.Int64))
        for place, mask in enumerate(masks[:LARGEST_NAMES])
    ]
    return pl.sum_horizontal(bits) if bits else pl.lit(0, dtype=pl.Int64)


def stricter(name: str, value: pl.Expr, before: pl.Expr) -> pl.Expr:
    """Return where a new limit stands: at least as strict as the one before, and a floor above 0."""
    if name == LOWER_LIMIT:
        return (value > 0) & (before.is_null() | (value >= before))
    return before.is_null() | (value <= before)
