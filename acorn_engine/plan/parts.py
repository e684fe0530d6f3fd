"""Messages cut into parts that a submission may hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from acorn_engine.plan.model import MESSAGE_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acorn_engine.marketplace import Limits

_ENVELOPE: Final = 4096
"""Bytes kept free for what a document holds around its messages."""
_PER_MESSAGE: Final = 48
"""Bytes kept free for each message's id and separators."""


def envelope_bytes() -> int:
    """Return how many bytes of a submission are not for one message's own text."""
    return _ENVELOPE + _PER_MESSAGE


def cut(
    messages: pl.DataFrame, limits: Mapping[str, Limits], after: Mapping[tuple[str, int], int] | None = None
) -> pl.DataFrame:
    """Return messages with ``part`` and ``message_id``, in the order of account, wave and SKU.

    ``limits`` by account. As many messages as the count and the bytes allow go into each part.
    ``after`` is the last part that is taken already, by (account, wave).
    """
    taken = after or {}
    ordered = messages.sort("account", "wave", "seller_sku")
    pieces: list[pl.DataFrame] = []
    for (account, wave), some in ordered.group_by("account", "wave", maintain_order=True):
        limit = limits[str(account)]
        starts = _starts(some["message"], limit)
        first = taken.get((str(account), int(wave)), 0) + 1
        for number, (start, end) in enumerate(zip(starts, [*starts[1:], some.height], strict=True)):
            piece = some.slice(start, end - start)
            pieces.append(
                piece.with_columns(
                    pl.lit(first + number, pl.Int32).alias("part"),
                    pl.int_range(1, pl.len() + 1, dtype=pl.Int32).alias("message_id"),
                )
            )
    empty = pl.DataFrame(schema=MESSAGE_SCHEMA)
    return pl.concat([empty, *(piece.select(*MESSAGE_SCHEMA) for piece in pieces)])


def _starts(messages: pl.Series, limit: Limits) -> list[int]:
    """Return where each part begins: one step per part, not per message."""
    ends = (messages.str.len_bytes().cast(pl.Int64) + _PER_MESSAGE).cum_sum()
    room = limit.bytes - _ENVELOPE
    starts: list[int] = []
    at, used = 0, 0
    while at < len(messages):
        starts.append(at)
        fits = int(ends.search_sorted(used + room, side="right"))
        at = max(at + 1, min(at + limit.messages, fits))
        used = int(ends[at - 1])
    return starts
