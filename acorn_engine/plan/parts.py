"""Messages cut into parts that a submission may hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from acorn_engine.plan.model import MESSAGE_SCHEMA
from acorn_engine.plan.ordering import ordered, runs

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
    rows = ordered(messages, "account", "wave", "seller_sku")
    parts: list[int] = []
    starts: list[int] = []
    for first, length in runs(rows, "account", "wave"):
        account, wave = rows.select("account", "wave").row(first)
        begins = _starts(rows["message"].slice(first, length), limits[account])
        part = taken.get((account, wave), 0) + 1
        parts += range(part, part + len(begins))
        starts += [first + begin for begin in begins]
    begun = pl.repeat(0, rows.height, dtype=pl.Int32, eager=True).scatter(starts, 1).cum_sum()
    table = pl.DataFrame({"part": parts, "start": starts}, schema={"part": pl.Int32, "start": pl.Int32})
    numbers = pl.int_range(1, rows.height + 1, dtype=pl.Int32, eager=True)
    of_part = table[begun - 1]
    ids = (numbers - of_part["start"]).alias("message_id")
    return rows.with_columns(of_part["part"], ids).select(*MESSAGE_SCHEMA)


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
