"""The catalogue source ``parquet``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from acorn_engine.catalog.files import changed_at, locate
from acorn_engine.plugins import CatalogRequest, CatalogSource
from acorn_engine.problems import CatalogError, Place, Problem

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from acorn_engine.catalog import CatalogOptions
    from acorn_engine.catalog.names import Role
    from acorn_engine.catalog.parquet_tables import ParquetTable


class ParquetOptions(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str = Field(description="the file, relative to acorn.toml")


def read_parquet(request: CatalogRequest) -> tuple[pl.DataFrame, datetime | None]:
    """Return the rows of a Parquet file in its own types, and when the file was changed."""
    options = request.options
    if not isinstance(options, ParquetOptions):
        raise TypeError("the options of a parquet source are ParquetOptions")
    file = locate(request, options.path)
    try:
        return pl.read_parquet(file, glob=False), changed_at(file)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise CatalogError(_unreadable(options.path, error)) from None


def parquet_table(role: Role, options: CatalogOptions, root: str | Path) -> ParquetTable:
    """Return where a project's Parquet file of products or listings is, for reading it in parts.

    Raises ``ProjectError`` for options that the source does not have, ``CatalogError`` where the file
    cannot be read.
    """
    from acorn_engine.catalog.parquet_tables import ParquetTable
    from acorn_engine.catalog.raw import source_options

    settings = source_options(role, options, PARQUET_SOURCE)
    file = locate(CatalogRequest(role, str(root), settings), settings.path)
    try:
        pl.read_parquet_schema(file)
        return ParquetTable.of(role, settings.path, str(file), options, changed_at(file))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise CatalogError(_unreadable(settings.path, error)) from None


def _unreadable(path: str, error: Exception) -> Problem:
    return Problem(
        code="unreadable",
        message=f"the file is not complete Parquet: {str(error).splitlines()[0]}; nothing was read",
        place=Place(file=path),
        hint="write it again, under another name, and rename it when it is complete",
    )


PARQUET_SOURCE = CatalogSource("parquet", ParquetOptions, read_parquet, "a Parquet file")
