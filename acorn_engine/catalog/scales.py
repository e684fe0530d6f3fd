"""How many decimals the columns of a table need, found without holding the table."""

from __future__ import annotations

import re
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
            decimals = pl.col(headers[name]).str.extract(_decimals(point), 1).str.strip_chars_end("0")
            texts[name] = decimals.str.len_bytes().max().alias(name)
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
    for name, places in _filled_in(rows, bare, headers, columns, wanted, point).items():
        scales[name] = max(scales.get(name, 0), places)
    return {name: min(scale, LARGEST_SCALE) for name, scale in scales.items()}


def _decimals(point: str) -> str:
    """Return a pattern of amounts and numbers as people write them, whose group is what stands after the point."""
    blanks = r"[\s\x{a0}\x{202f}]*"
    return rf"^{blanks}(?:[A-Za-z]{{3}}{blanks})?[+\-]?[\d\s,.'’]*{re.escape(point)}(\d+){blanks}(?:[A-Za-z]{{3}})?{blanks}$"


def _places(text: str, point: str) -> int:
    """Return the decimals that a text needs as a number."""
    found = pl.select(pl.lit(text).str.extract(_decimals(point), 1).str.strip_chars_end("0").str.len_bytes()).item()
    return int(found or 0)


def _filled_in(
    rows: pl.LazyFrame,
    bare: RawTable,
    headers: Mapping[str, str],
    columns: Mapping[str, ColumnSpec],
    wanted: list[str],
    point: str,
) -> dict[str, int]:
    """Return the decimals of what stands for blank cells, and for cells that mean something else, where there are such."""
    places: dict[str, int] = {}
    asked: dict[str, tuple[str, int]] = {}
    tests: list[pl.Expr] = []
    for name in wanted:
        declared = columns[name].default if name in columns else None
        default = bare.options.default.get(name, declared)
        if name not in headers:
            places[name] = _places(default, point) if default is not None else 0
            continue
        cell = pl.col(headers[name]).cast(pl.String).str.strip_chars()
        meant = list(bare.options.values.get(name, {}).items())
        conditions = [((cell.is_null() | (cell == "")), default)] if default is not None else []
        conditions += [(cell == written.strip(), means) for written, means in meant]
        for condition, text in conditions:
            key = f"{len(tests)}"
            asked[key] = name, _places(text, point)
            tests.append(condition.any().alias(key))
    if tests:
        for key, there in rows.select(tests).collect(engine="streaming").row(0, named=True).items():
            name, needed = asked[key]
            if there:
                places[name] = max(places.get(name, 0), needed)
    return places
