"""JSON in columns, judged by json.dumps."""

from __future__ import annotations

import json

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acorn_engine.json_text import concatenated, escaped, objects, text_bytes, written

TEXTS = st.text(alphabet=st.characters(codec="utf-8"), max_size=6) | st.sampled_from(['"', "\\", "\x00\x1f\x7f", "\n"])


def compact(row):
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.none() | TEXTS, st.none() | TEXTS, st.none() | st.integers(-9, 9)), max_size=12))
def test_rows_are_objects_as_json_dumps_writes_them(rows):
    frame = pl.DataFrame(rows, schema={"a": pl.String, 'b"': pl.String, "n": pl.Int8}, orient="row")
    ready, row = objects(frame)
    assert ready.select(row.alias("row"))["row"].to_list() == [compact(one) for one in frame.to_dicts()]


@pytest.mark.parametrize("distinct", [1, 3, 5000])
def test_texts_are_escaped_whether_few_or_many_differ(distinct):
    texts = [f'{number % distinct}"\n' if number % 3 else "plain" for number in range(5000)]
    made = escaped(pl.DataFrame({"a": texts, "b": ["x"] * 5000}), "a", "b")
    assert made["a"].to_list() == [json.dumps(text)[1:-1] for text in texts]
    assert made["b"].to_list() == ["x"] * 5000


@settings(deadline=None)
@given(st.lists(st.none() | TEXTS, max_size=9), st.integers(0, 9), st.integers(0, 9))
def test_bytes_are_those_of_the_texts_from_any_part_of_a_column(texts, start, length):
    whole = pl.Series(texts, dtype=pl.String)
    some = pl.concat([whole, whole], rechunk=False).slice(start, length)
    assert bytes(text_bytes(some)) == "".join(text or "" for text in some).encode()


def test_bytes_come_in_pieces_and_in_order():
    frame = pl.DataFrame({"n": range(100_000)})
    pieces = list(written(frame, concatenated(["<", pl.col("n"), ">"])))
    assert len(pieces) > 1
    assert b"".join(pieces) == "".join(f"<{number}>" for number in range(100_000)).encode()
