"""Parts: as full as the limits allow, never fuller."""

from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from acorn_engine.marketplace import Limits
from acorn_engine.plan import MESSAGE_SCHEMA, cut


def _messages(sizes, account="eu", wave=1):
    return pl.DataFrame(
        {
            "account": [account] * len(sizes),
            "wave": pl.Series([wave] * len(sizes), dtype=pl.Int8),
            "seller_sku": [f"{number:05}" for number in range(len(sizes))],
            "message": ["é" * (size // 2) for size in sizes],
            "neighbours_digest": pl.Series([None] * len(sizes), dtype=pl.String),
        },
        schema_overrides={"account": pl.String, "seller_sku": pl.String, "message": pl.String},
    )


def test_messages_are_cut_by_count():
    parts = cut(_messages([10] * 25), {"eu": Limits(10, 1_000_000, 5, 300)})
    assert parts["part"].value_counts(sort=False).sort("part").rows() == [(1, 10), (2, 10), (3, 5)]
    assert parts.filter(pl.col("part") == 3)["message_id"].to_list() == [1, 2, 3, 4, 5]
    assert dict(parts.schema) == MESSAGE_SCHEMA


def test_messages_are_cut_by_bytes_of_utf_8():
    parts = cut(_messages([1000] * 10), {"eu": Limits(100, 4096 + 3 * 1048, 5, 300)})
    assert parts["part"].to_list() == [1, 1, 1, 2, 2, 2, 3, 3, 3, 4]


def test_every_account_and_wave_counts_its_own_parts():
    frame = pl.concat([_messages([10], "b"), _messages([10, 10], "a", 2), _messages([10], "a", 0)])
    parts = cut(frame, {"a": Limits(1, 9999, 5, 300), "b": Limits(1, 9999, 5, 300)})
    assert parts.select("account", "wave", "part").rows() == [("a", 0, 1), ("a", 2, 1), ("a", 2, 2), ("b", 1, 1)]


def test_new_parts_come_after_those_that_are_taken():
    parts = cut(_messages([10, 10]), {"eu": Limits(1, 9999, 5, 300)}, {("eu", 1): 3})
    assert parts["part"].to_list() == [4, 5]


def test_no_messages_are_no_parts():
    assert cut(_messages([]), {}).is_empty()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 3000), max_size=60), st.integers(1, 9), st.integers(3000, 9000))
def test_no_part_is_over_its_limits_and_none_could_take_the_next_message(sizes, count, room):
    limits = Limits(count, 4096 + 48 + room, 5, 300)
    parts = cut(_messages(sizes).sample(fraction=1, shuffle=True), {"eu": limits})
    assert sorted(parts["seller_sku"]) == parts["seller_sku"].to_list()
    assert parts.height == len(sizes)
    weight = pl.col("message").str.len_bytes() + 48
    sums = parts.group_by("part", maintain_order=True).agg(
        weight.sum().alias("bytes"), pl.len(), weight.first().alias("first")
    )
    assert all(size <= room + 48 and length <= count for _, size, length, _ in sums.rows())
    for (_, size, length, _), (_, _, _, following) in zip(sums.rows(), sums.rows()[1:], strict=False):
        assert length == count or size + following > room + 48
