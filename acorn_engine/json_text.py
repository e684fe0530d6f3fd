"""JSON written in columns: texts escaped where they need it, rows as objects, and the bytes of it all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_ESCAPES: Final = {chr(code): f"\\u{code:04x}" for code in range(0x20)} | {
    '"': '\\"',
    "\\": "\\\\",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
}
_AWKWARD: Final = list(_ESCAPES)
_SAMPLE: Final = 1_000
_SLICE: Final = 8_192
"""Rows whose bytes are made at a time: few enough to stay in the processor's cache."""


def escaped_text(text: pl.Expr) -> pl.Expr:
    """Return texts as they stand between the quotes of a JSON string; null stays null."""
    return text.str.replace_many(_AWKWARD, list(_ESCAPES.values()))


def is_awkward(text: pl.Expr) -> pl.Expr:
    """Return whether a text holds what cannot stand between the quotes of a JSON string."""
    return text.str.contains_any(_AWKWARD)


def escaped(frame: pl.DataFrame, *names: str) -> pl.DataFrame:
    """Return a frame with some of its text columns as JSON strings have them; most need no change at all.

    Every text is looked at, and only those that need it are rewritten, each distinct one once where few
    are distinct.
    """
    found = frame.select(is_awkward(pl.col(name)).any().alias(name) for name in names)
    needed = [name for name in names if found[name].any()]
    return frame.with_columns(_rewritten(frame[name]) for name in needed) if needed else frame


def _rewritten(texts: pl.Series) -> pl.Series:
    awkward = texts.to_frame("text").select(is_awkward(pl.col("text")))["text"]
    some = texts.alias("text").filter(awkward).to_frame()
    sample = some["text"].gather_every(max(1, some.height // _SAMPLE))
    if 2 * sample.n_unique() < len(sample):
        distinct = some.unique().with_columns(escaped_text(pl.col("text")).alias("escaped"))
        written = some.join(distinct, on="text", how="left", maintain_order="left")["escaped"]
    else:
        written = some.select(escaped_text(pl.col("text"))).to_series()
    return texts.clone().scatter(awkward.arg_true(), written)


def objects(frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.Expr]:
    """Return a frame, and what makes a JSON object of each of its rows: texts and whole numbers, keys in order.

    The frame that comes back has its texts escaped; the expression is for that frame or for any part of it.
    """
    same = frame.select((pl.col(name) == pl.col(name).first()).all(ignore_nulls=False) for name in frame.columns)
    constant = {name: frame[name][0] for name in frame.columns if frame.height and same[name].item()}
    constant |= {name: None for name in frame.columns if frame[name].null_count() == frame.height}
    texts = [name for name, dtype in frame.schema.items() if dtype == pl.String and name not in constant]
    # Constants alone would be one text, however many rows there are.
    pieces: list[str | pl.Expr] = [pl.repeat("{", pl.len())] if len(constant) == frame.width else ["{"]
    for number, name in enumerate(frame.columns):
        pieces.append(f"{',' if number else ''}{json.dumps(name, ensure_ascii=False)}:")
        if name in constant:
            pieces.append(json.dumps(constant[name], ensure_ascii=False))
            continue
        quote = '"' if name in texts else ""
        member: list[str | pl.Expr] = [quote, pl.col(name), quote]
        pieces += [concatenated(member).fill_null("null")] if frame[name].null_count() else member
    return escaped(frame, *texts), concatenated([*pieces, "}"])


def concatenated(pieces: Sequence[str | pl.Expr]) -> pl.Expr:
    """Return texts and columns one after the other, as one text a row; neighbouring constant texts are joined first."""
    joined: list[pl.Expr] = []
    constant = ""
    for piece in pieces:
        if isinstance(piece, str):
            constant += piece
            continue
        if constant:
            joined.append(pl.lit(constant))
        joined.append(piece)
        constant = ""
    return pl.concat_str(*joined, pl.lit(constant))


def written(frame: pl.DataFrame, text: pl.Expr) -> Iterator[memoryview]:
    """Return the UTF-8 bytes of one text a row, without anything between them, a few thousand rows at a time."""
    for some in frame.iter_slices(_SLICE):
        yield text_bytes(some.select(text.alias("text"))["text"])


def text_bytes(texts: pl.Series) -> memoryview:
    """Return the UTF-8 bytes of texts, one after the other; a null has none."""
    array = texts.to_arrow(compat_level=pl.CompatLevel.oldest())
    _, offsets, data = array.buffers()
    if data is None:
        return memoryview(b"")
    edges = memoryview(offsets).cast("q")
    return memoryview(data)[edges[array.offset] : edges[array.offset + len(array)]]
