"""Products and listings that stand in Parquet files, and their keys, without holding the rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

from acorn_engine.catalog.mapping import folded
from acorn_engine.catalog.raw import ROW, RawTable, raw_table
from acorn_engine.catalog.tangles import key_text
from acorn_engine.problems import CatalogError, Place, Problem

if TYPE_CHECKING:
    from datetime import datetime

    from acorn_engine.catalog.names import Role
    from acorn_engine.catalog.options import CatalogOptions

BEGINS: Final = "\0begins"


@dataclass(frozen=True, slots=True)
class ParquetTable:
    """Products or listings in Parquet files: where they are, how messages call them, how they are to be read.

    ``stretch`` is the first row and the number of rows that belong to the table; ``None`` is all of them.
    ``stamp`` tells a source's own file from one that has taken its place.
    """

    role: Role
    name: str
    paths: tuple[str, ...]
    options: CatalogOptions
    as_of: datetime | None = None
    stretch: tuple[int, int] | None = None
    stamp: tuple[int, int, int] | None = None

    @classmethod
    def of(cls, role: Role, name: str, path: str, options: CatalogOptions, as_of: datetime | None) -> ParquetTable:
        """Return the table of a file as the file is now."""
        return cls(role, name, (path,), options, as_of, stamp=_stamp(path))

    def check(self) -> None:
        """Raise ``CatalogError`` where the file was replaced since: its rows would be read half old, half new."""
        if self.stamp is not None and _stamp(self.paths[0]) != self.stamp:
            raise CatalogError(
                Problem(
                    code="file_changed",
                    message="the file was replaced while it was read. Nothing was planned.",
                    place=Place(file=self.name),
                    hint="plan again; let the export finish before the plan begins",
                )
            )

    def scan(self) -> pl.LazyFrame:
        """Return the rows, unread, with ``_row``."""
        rows = pl.scan_parquet(list(self.paths), glob=False)
        first = 0
        if self.stretch is not None:
            first, length = self.stretch
            rows = rows.slice(first, length)
        return rows if ROW in rows.collect_schema() else rows.with_row_index(ROW, offset=2 + first)

    @property
    def height(self) -> int:
        """How many rows the file has."""
        return int(self.scan().select(pl.len()).collect().item())

    def raw(self, frame: pl.DataFrame) -> RawTable:
        """Return some of the rows under the names that rules use."""
        return raw_table(self.role, self.name, frame, self.as_of, self.options, [])


def _stamp(path: str) -> tuple[int, int, int]:
    """Return what changes when a file is written or replaced: its instant, size and number."""
    found = Path(path).stat()
    return found.st_mtime_ns, found.st_size, found.st_ino


def headers_of(table: ParquetTable) -> dict[str, str]:
    """Return what the file calls each column."""
    names = [name for name in table.scan().collect_schema() if name != ROW]
    # A row that holds the headers shows which column each of them has become.
    row = table.raw(pl.DataFrame({name: [name] for name in names})).frame.row(0, named=True)
    return {name: header for name, header in row.items() if name != ROW}


def beginnings(table: ParquetTable, *names: str) -> pl.LazyFrame:
    """Return the rows, with their places from 0 in ``BEGINS``, at which any of some columns begins another value.

    The first row is one. What is between two of them has the cells of the first: reading a key is dearer
    than comparing it.
    """
    headers = headers_of(table)
    cells = [pl.col(headers[name]) for name in names if name in headers]
    new = pl.any_horizontal(pl.col(BEGINS) == 0, *(cell.ne_missing(cell.shift(1)) for cell in cells))
    return table.scan().with_row_index(BEGINS).filter(new)


def key_of(table: ParquetTable, name: str, *, fold: bool = False) -> pl.Expr:
    """Return a key column as ``type_table`` reads it: clean text, null where there is none; folded if asked."""
    header = headers_of(table).get(name)
    default = table.options.default.get(name)
    if header is None:
        keys = pl.lit(default, dtype=pl.String)
        return (folded(keys) if fold else keys).alias(name)

    def read(cells: pl.Series) -> pl.Series:
        return key_text(cells, name, table.options)

    keys = pl.col(header).map_batches(read, return_dtype=pl.String, is_elementwise=True)
    return (folded(keys) if fold else keys).alias(name)
