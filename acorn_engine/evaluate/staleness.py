"""Facts and table entries that are too old: for columns, and for one offer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from acorn_engine.evaluate.slots import LOWER_LIMIT, UPPER_LIMIT
from acorn_engine.types import Missing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from acorn_engine.evaluate.model import Staleness
    from acorn_engine.evaluate.reads import RuleReads
    from acorn_engine.evaluate.slots import Slot
    from acorn_engine.facts import FactInfo, FactTable
    from acorn_engine.language.columns import Leaf
    from acorn_engine.sites import SiteClock


@dataclass(frozen=True, slots=True)
class Ages:
    """Decides what is too old at the clock's instant.

    A fact is too old where more than its largest age has passed since its instant. Where each
    row has its own instant and one is absent, a fact that has a value there is too old as well:
    nobody can say that it is not. An entry of a table is too old where its provider marked it,
    and from the instant at which it expires.
    """

    facts: Mapping[str, FactInfo]
    tables: Mapping[str, FactTable]
    clock: SiteClock
    slots: Mapping[str, Slot]
    mode: Staleness

    def _dated(self, names: Iterable[str]) -> Iterator[tuple[str, datetime | str, datetime]]:
        """Yield the facts that can be too old: name, instant or its column, oldest instant allowed."""
        for name in names:
            info = self.facts.get(name)
            if name in self.slots and name not in {LOWER_LIMIT, UPPER_LIMIT}:
                continue
            if info is None or info.as_of is None or info.largest_age is None:
                continue
            try:
                oldest = self.clock.now - info.largest_age
            except OverflowError:
                continue
            yield name, info.as_of, oldest.astimezone(UTC)

    def stale_keys(self, table: str) -> list[str]:
        """Return the keys of the entries of a table that are too old, sorted."""
        if self.mode == "off" or table not in self.tables:
            return []
        entries = self.tables[table].entries.get(self.clock.site.currency, {})
        now = self.clock.now
        return sorted(
            key for key, entry in entries.items() if entry.stale or (entry.expires_at and entry.expires_at <= now)
        )

    def columns(self, reads: RuleReads, leaves: Mapping[str, Leaf], schema: pl.Schema) -> list[tuple[str, pl.Expr]]:
        """Return, for each name that can be too old, where it is; never null."""
        if self.mode == "off":
            return []
        found = list(self.facts_too_old(reads.names, leaves, schema))
        return sorted([*found, *self._table_columns(reads, leaves)], key=_name)

    def facts_too_old(
        self, names: Iterable[str], leaves: Mapping[str, Leaf], schema: pl.Schema
    ) -> Iterator[tuple[str, pl.Expr]]:
        """Yield, for each fact that can be too old, where it is; never null."""
        for name, as_of, oldest in self._dated(names) if self.mode != "off" else ():
            present = _present(leaves[name]) if name in leaves else pl.lit(False)
            if isinstance(as_of, datetime):
                if as_of < oldest:
                    yield name, pl.lit(True)
            elif as_of in schema:
                limit = pl.lit(oldest).cast(pl.Datetime("us", "UTC"))
                yield name, (pl.col(as_of) < limit).fill_null(present)
            else:
                yield name, present

    def _table_columns(self, reads: RuleReads, leaves: Mapping[str, Leaf]) -> list[tuple[str, pl.Expr]]:
        tables: dict[str, list[pl.Expr]] = {}
        for table, literal, column in sorted(reads.lookups, key=str):
            stale = self.stale_keys(table)
            if not stale:
                continue
            if literal is not None:
                tables.setdefault(table, []).append(pl.lit(literal in stale))
            elif column is None:
                tables.setdefault(table, []).append(pl.lit(True))
            elif column in self.slots or column in leaves:
                key = self.slots[column].column if column in self.slots else leaves[column].column
                tables.setdefault(table, []).append(pl.col(key).is_in(pl.Series(stale).implode()).fill_null(False))
        return [(table, pl.any_horizontal(parts)) for table, parts in tables.items()]

    def of_row(self, reads: RuleReads, row: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the names of what is too old for one offer, sorted."""
        if self.mode == "off":
            return ()
        found: set[str] = set()
        for name, as_of, oldest in self._dated(reads.names):
            instant = as_of if isinstance(as_of, datetime) else row.get(as_of)
            absent = isinstance(row.get(name), Missing | None)
            if instant < oldest if isinstance(instant, datetime) else not absent:
                found.add(name)
        for table, literal, column in reads.lookups:
            stale_keys = self.stale_keys(table)
            key = literal if literal is not None else row.get(column or "")
            if stale_keys and (key in stale_keys or (literal is None and column is None)):
                found.add(table)
        return tuple(sorted(found))


def _name(pair: tuple[str, pl.Expr]) -> str:
    return pair[0]


def _present(leaf: Leaf) -> pl.Expr:
    present = pl.col(leaf.column).is_not_null()
    if leaf.type.tag_column is not None:
        present &= pl.col(leaf.type.tag_column).is_not_null()
    return present
