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
        raise CatalogError(
            Problem(
                code="unreadable",
                message=f"the file is not complete Parquet: {str(error).splitlines()[0]}; nothing was read",
                place=Place(file=options.path),
                hint="write it again, under another name, and rename it when it is complete",
            )
        ) from None


PARQUET_SOURCE = CatalogSource("parquet", ParquetOptions, read_parquet, "a Parquet file")
