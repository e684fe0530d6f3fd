"""The offers as a program reads them: the facts that rules read, as integers, and what is known of each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Final

import polars as pl

from acorn_engine.evaluate.leaves import bind_columns, typed
from acorn_engine.language import core
from acorn_engine.language.columns import Leaf, Words
from acorn_engine.language.columns.cells import Cell, both, either, inverse, literal
from acorn_engine.language.columns.texts import among
from acorn_engine.types import Kind

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from acorn_engine.evaluate.outline import Outline
    from acorn_engine.evaluate.reads import RuleReads
    from acorn_engine.evaluate.staleness import Ages
    from acorn_engine.facts import Offers
    from acorn_engine.language.columns import ColumnBuilder

ROW: Final = "~row"
NUMBERS: Final = frozenset({Kind.NUMBER, Kind.MONEY, Kind.DATE})
MANY_ROWS: Final = 1000
"""From so many offers on, one value on all of them is taken for a constant of the site."""
FEW_TEXTS: Final = 8
"""So many different texts of a column by which a table is looked up are told apart."""
SAMPLE: Final = 1000


@dataclass(frozen=True, slots=True)
class Facts:
    """What a program may rely on.

    ``leaves`` say how each fact stands in the frame, ``absent`` which have no column. ``old`` are
    the facts that are too old on some rows, each with the column that says where, ``None`` for
    everywhere; ``expired`` the entries of tables that are.
    """

    leaves: Mapping[str, Leaf]
    absent: tuple[tuple[str, Kind], ...] = ()
    old: tuple[tuple[str, str | None], ...] = ()
    expired: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def frame(self) -> Hashable:
        """All but the leaves; a program serves only frames for which it is the same."""
        return self.absent, self.old, self.expired

    def cover(self, others: Mapping[str, Leaf]) -> bool:
        """Say whether a program that relies on these leaves may run where ``others`` are true."""
        return self.leaves.keys() == others.keys() and all(
            _covers(leaf, others[name]) for name, leaf in self.leaves.items()
        )

    def complete(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return a frame of which more is known with the columns that a program for these facts reads."""
        masks = [leaf.mask for leaf in self.leaves.values() if leaf.mask and leaf.mask not in frame.columns]
        return frame.with_columns(pl.lit(value=False).alias(mask) for mask in masks) if masks else frame

    def too_old(self, reads: RuleReads, builder: ColumnBuilder) -> list[tuple[str, Cell]]:
        """Return the facts and tables of a rule that are too old, and where, by name."""
        scratch, old = builder.scratch, dict(self.old)
        found = []
        for name in reads.names:
            if name in old:
                column = old[name]
                found.append((name, literal(True) if column is None else scratch.any(scratch.given(column))))
        return sorted([*found, *self._tables_too_old(reads, builder)], key=_first)

    def _tables_too_old(self, reads: RuleReads, builder: ColumnBuilder) -> list[tuple[str, Cell]]:
        expired = dict(self.expired)
        tables: dict[str, Cell] = {}
        for table, key, column in sorted(reads.lookups, key=str):
            keys = expired.get(table)
            if not keys:
                continue
            where = literal(key in keys if key is not None else column is None)
            if key is None and column is not None and builder.kind_of(column) is Kind.TEXT:
                words = builder.add_node(core.Name(column, Kind.TEXT)).columns
                if isinstance(words, Words):
                    listed = among(words, list(keys), builder.scratch)
                    where = both(listed, inverse(builder.scratch.any(words.missing)))
            tables[table] = either(tables.get(table, literal(False)), where)
        return list(tables.items())


def _first(pair: tuple[str, Cell]) -> str:
    return pair[0]


def _covers(leaf: Leaf, other: Leaf) -> bool:
    """Say whether everything that ``leaf`` promises holds where ``other`` does."""
    if (leaf.column, leaf.type, leaf.scale, leaf.span is None) != (
        other.column,
        other.type,
        other.scale,
        other.span is None,
    ):
        return False
    if leaf.span and other.span and not leaf.span[0] <= other.span[0] <= other.span[1] <= leaf.span[1]:
        return False
    if leaf.among is not None and (other.among is None or not set(other.among) <= set(leaf.among)):
        return False
    return other.present or not leaf.present


def inputs(outline: Outline, offers: Offers, ages: Ages) -> tuple[pl.DataFrame, Facts]:
    """Return the frame that a program for ``outline`` runs on, and what is true of it.

    Every number that fits is an ``Int64`` column, measured; ``~row`` numbers the rows.
    """
    known = {name: offers.facts[name] for name in outline.names if name in offers.facts}
    leaves = bind_columns(offers.frame, known, outline.site)
    schema = offers.frame.schema
    columns = {leaf.column for leaf in leaves.values()}
    columns |= {leaf.type.tag_column for leaf in leaves.values() if leaf.type.tag_column}
    old = dict(ages.facts_too_old(outline.names, leaves, schema))
    columns |= {name for where in old.values() for name in where.meta.root_names()}
    frame = typed(pl.DataFrame([offers.frame[name] for name in sorted(columns)]), leaves).with_row_index(ROW)
    frame, too_old = _with_ages(frame, old)
    absent = {name: outline.kinds[name] for name in outline.names if name in outline.kinds and name not in leaves}
    absent |= {name: leaf.type.kind for name, leaf in leaves.items() if _empty(frame[leaf.column])}
    frame, measured = _measured(frame, {name: leaf for name, leaf in leaves.items() if name not in absent}, outline)
    expired = {table: tuple(ages.stale_keys(table)) for table in outline.tables}
    return frame, Facts(
        measured,
        tuple(sorted((name, kind) for name, kind in absent.items() if kind is not Kind.LIST)),
        tuple(sorted(too_old.items())),
        tuple((table, keys) for table, keys in expired.items() if keys),
    )


def _empty(column: pl.Series) -> bool:
    """Say whether none of many offers has a fact."""
    return len(column) >= MANY_ROWS and column.null_count() == len(column)


def _with_ages(frame: pl.DataFrame, old: Mapping[str, pl.Expr]) -> tuple[pl.DataFrame, dict[str, str | None]]:
    """Return the frame with a column for each fact that is too old somewhere, and their names."""
    found: dict[str, str | None] = {}
    if not old or not frame.height:
        return frame, found
    where = frame.select(value.alias(name) for name, value in old.items())
    for name in old:
        if not where[name].any():
            continue
        found[name] = None if where[name].all() else f"~old.{name}"
        if found[name]:
            frame = frame.with_columns(where[name].alias(f"~old.{name}"))
    return frame, found


def _measured(
    frame: pl.DataFrame, leaves: Mapping[str, Leaf], outline: Outline
) -> tuple[pl.DataFrame, dict[str, Leaf]]:
    """Return the frame with integers in place of decimals and dates, and leaves that say what was measured."""
    numbers = list(dict.fromkeys(leaf.column for leaf in leaves.values() if leaf.type.kind in NUMBERS))
    nulls = {name: frame[name].null_count() for name in frame.columns}
    integers, spans = _integers(frame, numbers, nulls)
    masks: list[pl.Series] = []
    found: dict[str, Leaf] = {}
    for name, leaf in leaves.items():
        column, tag = leaf.column, leaf.type.tag_column
        present = not nulls[column] and not (tag and nulls[tag])
        span, mask, few = None, None, None
        if column in spans:
            low, high = spans[column]
            constant = low == high and present and frame.height >= MANY_ROWS
            span = (low, high) if constant else _rounded(low, high)
            if not present:
                mask, absent = f"~absent.{column}", frame[column].is_null()
                masks.append((absent if tag is None else absent | frame[tag].is_null()).alias(mask))
        elif name in outline.keys and leaf.type.kind is Kind.TEXT:
            few = _few(frame[column])
        found[name] = Leaf(column, leaf.type, leaf.scale, span=span, present=present, mask=mask, among=few)
    columns = [integers[name] if name in spans else frame[name] for name in frame.columns]
    return pl.DataFrame([*columns, *masks]), found


def _integers(
    frame: pl.DataFrame, names: list[str], nulls: Mapping[str, int]
) -> tuple[pl.DataFrame, dict[str, tuple[int, int]]]:
    """Return the numbers and dates whose every value fits 64 bits, without nulls, and the least and greatest of each."""
    # What does not fit becomes null, and shows as one null more.
    narrow = frame.select(pl.col(names).to_physical().cast(pl.Int64, strict=False))
    fits = [name for name in names if narrow[name].null_count() == nulls[name]]
    integers = pl.DataFrame([narrow[name] for name in fits])
    if not fits:
        return integers, {}
    ends = integers.select(pl.all().min().name.suffix("<"), pl.all().max().name.suffix(">")).row(0, named=True)
    spans = {name: (ends[f"{name}<"] or 0, ends[f"{name}>"] or 0) for name in fits}
    filled = [pl.col(name).fill_null(_any_value(narrow[name])) for name in fits if nulls[name]]
    return integers.with_columns(filled) if filled else integers, spans


def _any_value(column: pl.Series) -> int:
    """Return one of a column's own values, 0 if it has none: unlike an end of its range, it seldom is odd."""
    some = column.head(SAMPLE).drop_nulls()
    some = some if len(some) else column.drop_nulls()
    return int(some[0]) if len(some) else 0


def _rounded(low: int, high: int) -> tuple[int, int]:
    """Return bounds that other data of the same kind will keep: powers of two, and 1 for what is positive."""
    least = 1 if low > 0 else 1 - (1 << (-low).bit_length()) if low < 0 else 0
    return least, (1 << high.bit_length()) - 1 if high > 0 else 0


def _few(column: pl.Series) -> tuple[str, ...] | None:
    """Return the different texts of a column, if they are few."""
    first = column.head(SAMPLE).unique().drop_nulls()
    if len(first) > FEW_TEXTS:
        return None
    # Comparing is cheaper than hashing, and the first rows mostly show all there is.
    if len(first) and (reduce(or_, [column == text for text in first])).all():
        return tuple(sorted(first))
    texts = column.unique().drop_nulls()
    return tuple(sorted(texts)) if len(texts) <= FEW_TEXTS else None
