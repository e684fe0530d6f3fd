"""A catalogue larger than memory: products and listings in Parquet, cut into parts that can be read one by one.

The listings of a SKU and its product stand in one part, and so do SKUs that have to do with each
other: ones that are mistaken for each other, and ones whose listings share a seller SKU or an ASIN. So
each part, read alone, gives the offers and the problems that the whole would give for it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from acorn_engine.catalog.join import join_offers
from acorn_engine.catalog.parquet_tables import ParquetTable, beginnings, headers_of, key_of
from acorn_engine.catalog.raw import ROW, RawTable
from acorn_engine.catalog.scales import largest_scales
from acorn_engine.catalog.stretches import stretches
from acorn_engine.catalog.table import no_rows, type_table
from acorn_engine.catalog.tangles import FOLDED, tangled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from acorn_engine.catalog.names import Role
    from acorn_engine.catalog.options import ColumnSpec
    from acorn_engine.facts import Offers
    from acorn_engine.marketplace import Account
    from acorn_engine.problems import Problem
    from acorn_engine.sites import Site

_PART: Final = "\0part"
_ROWS_AT_ONCE: Final = 1_000_000
_SHARING: Final = ("seller_sku", "asin")


@dataclass(frozen=True, slots=True)
class CataloguePart:
    """Some products and all their listings, in Parquet files; it can be sent to another process.

    ``scales`` are the decimals of each table's columns, so that all parts have the same types.
    """

    products: ParquetTable
    listings: ParquetTable
    scales: Mapping[Role, Mapping[str, int]]

    def tables(self) -> tuple[RawTable, RawTable]:
        """Read products and listings."""
        products, listings = (table.raw(table.scan().collect()) for table in (self.products, self.listings))
        for table in (self.products, self.listings):
            table.check()
        return products, listings

    def offers(
        self,
        columns: Mapping[str, ColumnSpec],
        sites: Mapping[str, Site],
        accounts: Mapping[str, Account],
        now: datetime,
    ) -> tuple[Offers, tuple[Problem, ...]]:
        """Read, type and join, in the order of the keys: what the whole would give, for the rows of this part.

        The problems are those of rows; what concerns a table as a whole is told by ``Parts``.
        """
        products, listings = (
            replace(
                type_table(raw, columns, sites, allow_empty=True, least_scales=self.scales[raw.role]),
                table_problems=(),
            )
            for raw in self.tables()
        )
        return join_offers(products, listings, sites, accounts, now, sort=True)


@dataclass(frozen=True, slots=True)
class Parts:
    """A catalogue in parts, and the problems of its tables as wholes."""

    parts: tuple[CataloguePart, ...]
    problems: tuple[Problem, ...]


def split_catalogue(
    products: ParquetTable,
    listings: ParquetTable,
    columns: Mapping[str, ColumnSpec],
    sites: Mapping[str, Site],
    now: datetime,
    folder: Path,
    *,
    rows: int = 1_000_000,
) -> Parts:
    """Cut a catalogue into parts of about ``rows`` listings, written to ``folder``; it is never held whole.

    A catalogue of no more rows stays in its own files. The parts last as long as the folder does, and
    depend on nothing but the rows, whatever their order. Raises ``CatalogError`` where a table cannot
    be used; what is wrong with single rows is told by each part.
    """
    tables = (products, listings)
    problems = _whole_problems(tables, columns, sites, now)
    scales = {
        table.role: largest_scales(table.scan(), table.raw(_no_frame(table)), headers_of(table), columns)
        for table in tables
    }
    # A file from the future has been told by now.
    products, listings = (
        table if table.as_of is None else replace(table, as_of=min(table.as_of, now)) for table in tables
    )
    count = -(-listings.height // rows)
    if count <= 1:
        return Parts((CataloguePart(products, listings, scales),), problems)
    moved = _moved(listings)
    cut = None if moved.height else stretches(listings, rows)
    if cut is None:
        keys = [_by_hash(table, count, moved) for table in (products, listings)]
        cuts = [_cut(table, count, key, folder) for table, key in zip((products, listings), keys, strict=True)]
    else:
        cuts = [_cut(products, len(cut.listings), cut.part_of(products), folder), list(cut.listings)]
    for table in (products, listings):
        table.check()
    parts = [CataloguePart(one, other, scales) for one, other in zip(*cuts, strict=True)]
    return Parts(tuple(parts), problems)


def _no_frame(table: ParquetTable) -> pl.DataFrame:
    return table.scan().head(0).collect()


def _whole_problems(
    tables: Sequence[ParquetTable], columns: Mapping[str, ColumnSpec], sites: Mapping[str, Site], now: datetime
) -> tuple[Problem, ...]:
    """Return what concerns the tables as wholes: columns and instants. Raises ``CatalogError`` where one stops."""
    typed = []
    for table in tables:
        found = type_table(table.raw(_no_frame(table)), columns, sites, allow_empty=True)
        if _is_blank(table):
            found = replace(found, table_problems=(*found.table_problems, no_rows(table.role, table.name)))
        typed.append(found)
    _, problems = join_offers(typed[0], typed[1], sites, {}, now)
    return problems


def _is_blank(table: ParquetTable) -> bool:
    rows = table.scan()
    cells: list[pl.Expr] = []
    for name, kind in rows.collect_schema().items():
        if name != ROW:
            filled = pl.col(name).is_not_null()
            cells.append(filled & (pl.col(name).str.strip_chars() != "") if kind == pl.String else filled)
    if not cells:
        return True
    return rows.filter(pl.any_horizontal(cells)).head(1).collect(engine="streaming").is_empty()


def _moved(listings: ParquetTable) -> pl.DataFrame:
    """Return (sku, with) for the folded SKUs that stand in the part of another one."""
    names = [name for name in _SHARING if name in headers_of(listings)]
    keys = beginnings(listings, "sku", *names).select(
        key_of(listings, "sku", fold=True), *(key_of(listings, name) for name in names)
    )
    return tangled(keys, names)


def _by_hash(table: ParquetTable, count: int, moved: pl.DataFrame) -> pl.Expr:
    """Return the number of each row's part: by the hash of its SKU, or of that with which it is entangled."""
    key = key_of(table, "sku", fold=True).fill_null("")
    if moved.height:
        key = key.replace(moved[FOLDED], moved["with"])
    return key.hash(seed=0) % count


def _cut(table: ParquetTable, count: int, part: pl.Expr, folder: Path) -> list[ParquetTable]:
    """Write a table into files of ``count`` parts; ``part`` is the number of each row's. Return the parts."""
    target = folder / table.role
    part = part.cast(pl.UInt32).alias(_PART)
    # The rows of all parts are held until a file is done, so not too many rows are written at once.
    turns = range(max(1, -(-table.height // _ROWS_AT_ONCE)))
    for turn in turns:
        rows = table.scan().slice(turn * _ROWS_AT_ONCE, _ROWS_AT_ONCE)
        rows.with_columns(part).sink_parquet(
            pl.PartitionBy(
                target,
                key=_PART,
                include_key=False,
                approximate_bytes_per_file=None,
                file_path_provider=partial(_file_name, turn),
            ),
            compression="lz4",
            statistics=False,
            mkdir=True,
        )
    made = []
    for number in range(count):
        paths = [target / _name(number, turn) for turn in turns]
        there = [str(path) for path in paths if path.exists()]
        if not there:
            table.scan().head(0).collect().write_parquet(paths[0])
        made.append(replace(table, paths=tuple(there or [str(paths[0])]), stamp=None))
    return made


def _file_name(turn: int, arguments: Any) -> str:
    return _name(arguments.partition_keys.item(), turn)


def _name(number: int, turn: int) -> str:
    return f"{number:05}-{turn:05}.parquet"
