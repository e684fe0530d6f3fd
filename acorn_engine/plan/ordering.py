"""Frames in the order of their keys, at the price of a look where they stand in it already."""

from __future__ import annotations

import polars as pl


def ordered(frame: pl.DataFrame, *keys: str) -> pl.DataFrame:
    """Return a frame sorted by ``keys``: the frame itself where it is sorted already."""
    return frame if is_ordered(frame, *keys) else frame.sort(*keys)


def is_ordered(frame: pl.DataFrame, *keys: str) -> bool:
    """Say whether a frame is sorted by ``keys``. One with a null among its keys counts as unsorted."""
    if frame.height < 2:
        return True
    if any(frame[key].null_count() for key in keys):
        return False
    *first, last = keys
    in_order = pl.col(last) <= pl.col(last).shift(-1)
    for key in reversed(first):
        following = pl.col(key).shift(-1)
        in_order = (pl.col(key) < following) | ((pl.col(key) == following) & in_order)
    # The last row has no row after it: its comparison is null, and does not count.
    return bool(frame.select(in_order.all()).item())


def begins(*keys: str) -> pl.Expr:
    """Return whether a row is the first of a run of equal ``keys``; the first of all is, whatever its keys are."""
    first = pl.int_range(pl.len()) == 0
    return pl.any_horizontal(first, *(pl.col(key).ne_missing(pl.col(key).shift(1)) for key in keys))


def runs(frame: pl.DataFrame, *keys: str) -> list[tuple[int, int]]:
    """Return the first row and the number of rows of every run of equal ``keys``."""
    firsts = frame.select(begins(*keys).alias("new"))["new"].arg_true().to_list()
    return [(first, end - first) for first, end in zip(firsts, [*firsts[1:], frame.height], strict=False)]
