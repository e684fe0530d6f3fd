"""How many decimals the columns of a table need, found without holding the table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from acorn_engine.catalog.exact import LARGEST_SCALE, needed_scale
from acorn_engine.catalog.layout import lay_out
from acorn_engine.catalog.options import SEPARATORS
from acorn_engine.types import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acorn_engine.catalog.options import ColumnSpec
    from acorn_engine.catalog.raw import RawTable

_SAMPLE: Final = 1_000


def largest_scales(
    rows: pl.LazyFrame, bare: RawTable, headers: Mapping[str, str], columns: Mapping[str, ColumnSpec]
) -> dict[str, int]:
    """Return for each column of numbers or amounts the decimals that its values need, or somewhat more.

    ``bare`` is the table without rows, ``headers`` what the source calls its columns.
    """
    frame = bare.frame.with_columns(_position=pl.lit(0, dtype=pl.UInt32))
    types = lay_out(bare, frame, columns).types
    wanted = [name for name, kind in types.items() if kind.kind in {Kind.NUMBER, Kind.MONEY} and not kind.integer]
    point = SEPARATORS[bare.options.number_format][1]
    scales: dict[str, int] = {}
    open_decimals: dict[str, int] = {}
    first = rows.select(headers[name] for name in wanted if name in headers).head(_SAMPLE).collect()
    texts: dict[str, pl.Expr] = {}
    for name in wanted:
        own = bare.frame.schema.get(name)
        if isinstance(own, pl.Decimal):
            needed = needed_scale(first[headers[name]])
            scales[name] = needed
            if needed < own.scale:
                open_decimals[name] = own.scale
        elif own == pl.String:
            text = pl.col(headers[name]).str
            texts[name] = (text.len_bytes().cast(pl.Int64) - text.find(point, literal=True) - 1).max().alias(name)
    if texts:
        found = rows.select(texts.values()).collect(engine="streaming").row(0, named=True)
        scales |= {name: places or 0 for name, places in found.items()}
    while open_decimals:
        tests = [
            (pl.col(headers[name]).to_physical() % pl.lit(10 ** (scale - scales[name]), dtype=pl.Int128) != 0)
            .any()
            .alias(name)
            for name, scale in open_decimals.items()
        ]
        finer = rows.select(tests).collect(engine="streaming").row(0, named=True)
        for name in finer:
            scales[name] += bool(finer[name])
            if not finer[name] or scales[name] == open_decimals[name]:
                del open_decimals[name]
    return {name: min(scale, LARGEST_SCALE) for name, scale in scales.items()}
