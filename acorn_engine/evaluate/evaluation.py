"""A site's chain over all its offers: columns first, then what only the exact scalar form can say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from acorn_engine.evaluate.leaves import bind_columns, typed
from acorn_engine.evaluate.model import HOLD_CODES, Proposals, Staleness
from acorn_engine.evaluate.program import ROW, Program
from acorn_engine.evaluate.reads import shows
from acorn_engine.evaluate.rule_columns import CODE
from acorn_engine.evaluate.scalar_rows import scalar_rows
from acorn_engine.evaluate.slots import NUMBER_DIGITS, Slot, slots_of
from acorn_engine.evaluate.staleness import Ages
from acorn_engine.evaluate.targets import decimal_text
from acorn_engine.types import Kind

if TYPE_CHECKING:
    from acorn_engine.facts import Offers
    from acorn_engine.ruleset import Chain
    from acorn_engine.sites import SiteClock

WIDEST_FACT: Final = 10**38
"""No column of facts holds an integer that is larger."""


def evaluate(chain: Chain, offers: Offers, clock: SiteClock, stale: Staleness = "hold") -> Proposals:
    """Run the rules of a site over its offers.

    ``offers`` are those of the chain's site only. ``stale="off"`` lets facts be of any age.
    Nothing here reads a clock: the rules in force and the age of facts follow from ``clock``.
    """
    leaves = bind_columns(offers.frame, offers.facts, chain.site)
    frame = typed(offers.frame, leaves).with_row_index(ROW)
    ages = Ages(offers.facts, offers.tables, clock, slots_of(chain), stale)
    program = Program(chain, leaves, frame.schema, offers.tables, clock, ages)
    found = program.run(frame, _now(program, None))
    found = _move_again(program, frame, found)
    exact = found.filter(pl.col("scalar"))[ROW]
    state = _named(program, found)
    if len(exact):
        state = scalar_rows(chain, offers, clock, stale, frame, leaves, exact, state, program.shown, program.groups)
    return Proposals(
        pl.concat([offers.frame, state.drop(ROW)], how="horizontal"),
        {name: slot.field for name, slot in program.shown.items()},
        program.groups,
        len(exact),
    )


def _now(program: Program, sent: pl.DataFrame | None) -> list[pl.Expr]:
    """Return the columns that show fields as they are, or as they would be once ``sent``."""
    columns = []
    for name, leaf in program.now.items():
        slot = program.slots[shows(name, program.slots) or ""]
        now = pl.col(program.facts[name].column)
        if leaf.type.kind in {Kind.NUMBER, Kind.MONEY}:
            now = _rescaled(now.to_physical(), leaf.scale - program.facts[name].scale)
        if sent is not None and slot.column in sent.columns:
            proposed = pl.col(slot.column)
            if slot.digits is not None:
                proposed = _rescaled(proposed, leaf.scale - slot.digits)
            goes = proposed.is_not_null() & pl.col(f"hold.{slot.group}").is_null()
            now = pl.when(goes).then(proposed).otherwise(now)
        columns.append(now.alias(leaf.column))
    return columns


def _rescaled(scaled: pl.Expr, digits: int) -> pl.Expr:
    """Return integers with ``digits`` more decimals; what would wrap ends beyond the bounds of every fact."""
    wide = scaled.cast(pl.Int128)
    if digits == 0:
        return wide
    most = WIDEST_FACT // 10**digits
    least, largest = (pl.lit(bound, dtype=pl.Int128) for bound in (-most, most))
    return wide.clip(least, largest) * pl.lit(10**digits, dtype=pl.Int128)


def _move_again(program: Program, frame: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """Hold what would move at every run.

    Where an applied rule reads a ``current_`` fact, the rules run once more as if the proposals
    had been sent; a group for which they would then propose something else is held.
    """
    if not program.reads_current:
        return found
    touched = found.filter(pl.col("~current_rule").is_not_null())
    if touched.is_empty():
        return found
    rows = frame[touched[ROW]].hstack(touched.drop(ROW, "scalar", "~current_rule"))
    again = program.run(rows, _now(program, touched))
    moved = touched.select(
        ROW,
        *[_moves(program, group, again).alias(f"~moves.{group}") for group in program.groups],
        (pl.col("scalar") | pl.Series(again["scalar"])).alias("~scalar"),
    )
    joined = found.join(moved, on=ROW, how="left", maintain_order="left")
    changed: list[pl.Expr] = [pl.col("scalar") | pl.col("~scalar").fill_null(False)]
    for group in program.groups:
        where = pl.col(f"~moves.{group}").fill_null(False) & pl.col(f"hold.{group}").is_null()
        code = pl.lit(CODE["moves_every_run"], dtype=pl.Int8)
        for part, value in (("hold", pl.col("~current_rule")), ("hold_code", code), ("hold_bits", pl.lit(0))):
            changed.append(pl.when(where).then(value).otherwise(pl.col(f"{part}.{group}")).alias(f"{part}.{group}"))
    return joined.with_columns(changed).select(found.columns)


def _moves(program: Program, group: str, again: pl.DataFrame) -> pl.Expr:
    """Return where the second run proposes something else for a field of ``group`` that is sent."""
    moves = pl.lit(False)
    for slot in program.shown.values():
        if slot.group == group and slot.field.sent:
            second = pl.Series("~second", again[slot.column])
            moves |= pl.lit(second).is_not_null() & pl.col(slot.column).ne_missing(pl.lit(second))
    return moves & pl.lit(pl.Series("~held", again[f"hold.{group}"])).is_null()


def _named(program: Program, found: pl.DataFrame) -> pl.DataFrame:
    """Return the state with the ids of rules, the codes' names and the facts in words."""
    ids = pl.Series("ids", [one.rule.id for one in program.rules], dtype=pl.String)
    codes = pl.Series("codes", [None, *HOLD_CODES], dtype=pl.String)
    columns: list[pl.Series] = [found[ROW]]
    columns += [_kept(found[slot.column], slot) for slot in program.shown.values()]
    columns += [_gather(ids, found[f"rule.{name}"]).alias(f"rule.{name}") for name in program.shown]
    for group in program.groups:
        columns.append(_gather(ids, found[f"hold.{group}"]).alias(f"hold.{group}"))
        columns.append(_gather(codes, found[f"hold_code.{group}"]).alias(f"hold_code.{group}"))
        columns.append(_facts(program, found, group))
    return pl.DataFrame([*columns, found["scalar"]])


def _kept(column: pl.Series, slot: Slot) -> pl.Series:
    """Return a field's column in its final type: numbers that are no integers are decimals."""
    if not slot.decimal:
        return column
    scaled = pl.col(column.name).cast(pl.Int128)
    text = decimal_text(scaled, NUMBER_DIGITS).cast(pl.Decimal(38, NUMBER_DIGITS))
    return pl.DataFrame(column).select(text.alias(column.name)).to_series()


def _gather(words: pl.Series, numbers: pl.Series) -> pl.Series:
    """Return the word behind each number; null where there is none."""
    if numbers.null_count() == len(numbers):
        return pl.Series(numbers.name, [None], dtype=pl.String).new_from_index(0, len(numbers))
    return words.gather(numbers.cast(pl.UInt32))


def _facts(program: Program, found: pl.DataFrame, group: str) -> pl.Series:
    """Return the names behind each hold of a group: one text for each combination that occurs."""
    keys = [f"hold.{group}", f"hold_code.{group}", f"hold_bits.{group}"]
    name = f"hold_facts.{group}"
    combinations = found.select(keys).drop_nulls().unique()
    if combinations.is_empty():
        return pl.Series(name, [None] * found.height, dtype=pl.String)
    words = [_words(program, *row) for row in combinations.rows()]
    told = combinations.with_columns(pl.Series(name, words, dtype=pl.String))
    return found.select(keys).join(told, on=keys, how="left", maintain_order="left")[name]


def _words(program: Program, number: Any, code: Any, bits: Any) -> str | None:
    one = program.rules[number]
    said = HOLD_CODES[code - 1]
    if said == "moves_every_run":
        return ",".join(one.reads.current)
    names = one.named.get(said, ())
    return ",".join(name for place, name in enumerate(names) if bits >> place & 1) or None
