"""The catalogue source ``csv``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

from acorn_engine.catalog import decode, read_delimited
from acorn_engine.catalog.files import read_bytes
from acorn_engine.plugins import CatalogRequest, CatalogSource

if TYPE_CHECKING:
    from datetime import datetime

    import polars as pl


class CsvOptions(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str = Field(description="the file, relative to acorn.toml")
    encoding: str | None = Field(default=None, description="utf-8 (the default), gb18030, cp1252, cp932, utf-16 …")
    delimiter: Literal[",", ";", "\t", "|"] = Field(default=",", description="what separates the columns")


def read_csv(request: CatalogRequest) -> tuple[pl.DataFrame, datetime | None]:
    """Return the rows of a delimited text file, as text, and when the file was changed."""
    options = request.options
    if not isinstance(options, CsvOptions):
        raise TypeError("the options of a csv source are CsvOptions")
    data, changed = read_bytes(request, options.path)
    text = decode(data, options.encoding, options.path, options.delimiter)
    return read_delimited(text, options.path, delimiter=options.delimiter, report=request.report), changed


CSV_SOURCE = CatalogSource("csv", CsvOptions, read_csv, "a text file with a header row: CSV, TSV")
