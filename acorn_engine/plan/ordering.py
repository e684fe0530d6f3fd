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


def runs(frame: pl.DataFrame, *keys: str) -> list[tuple[int, int]]:
    """Return the first row and the number of rows of every run of equal ``keys``."""
    new = pl.any_horizontal(pl.col(key).ne_missing(pl.col(key).shift(1)) for key in keys)
    later = frame.select(new.alias("new"))["new"].arg_true().to_list() if frame.height else []
    firsts = [0, *(first for first in later if first)] if frame.height else []
    return [(first, end - first) for first, end in zip(firsts, [*firsts[1:], frame.height], strict=False)]
