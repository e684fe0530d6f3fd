"""The hash of a column's content: types, nulls and values, whatever the memory looks like that they lie in."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import polars as pl

from acorn_engine.json_text import text_bytes

if TYPE_CHECKING:
    from hashlib import _Hash

_SLICE: Final = 8_192
_NO_TEXT: Final = 0xFFFF_FFFF
"""The length of a text that is not there; no text is as long."""


def column_hash(values: pl.Series) -> str:
    """Return the SHA-256 (hex) of a column's type and of its values in order; nulls are values of their own.

    Equal columns have equal hashes in every process. Texts count with their lengths, so no value can
    be mistaken for two; whole numbers, decimals, dates and times in the fewest bytes that hold them all.
    """
    named = isinstance(values.dtype, pl.Categorical | pl.Enum)
    digest = hashlib.sha256(f"{'names' if named else values.dtype}\n{len(values)}\n".encode())
    if values.null_count() == len(values):
        return digest.hexdigest()
    if named:
        # The numbers behind categories depend on what was read first; those of sorted ones do not.
        names = values.drop_nulls().unique().cast(pl.String).sort()
        _add_texts(digest, names)
        values = values.cast(pl.String).cast(pl.Enum(names))
    if values.dtype == pl.String:
        _add_texts(digest, values)
    elif values.dtype == pl.Binary:
        _add_texts(digest, values.bin.encode("hex"))
    elif values.dtype.is_nested():
        _add_texts(digest, values.to_frame("value").select(pl.struct("value").struct.json_encode()).to_series())
    else:
        _add_numbers(digest, values)
    return digest.hexdigest()


def _add_texts(digest: _Hash, texts: pl.Series) -> None:
    if not texts.null_count() and (texts == texts[0]).all():
        digest.update(b"each\n" + texts[0].encode())
        return
    for start in range(0, len(texts), _SLICE):
        some = texts.slice(start, _SLICE)
        digest.update(_memory(some.str.len_bytes().fill_null(_NO_TEXT)))
        digest.update(text_bytes(some))


def _add_numbers(digest: _Hash, values: pl.Series) -> None:
    numbers = values.to_physical()
    numbers = numbers.cast(pl.UInt8) if numbers.dtype == pl.Boolean else numbers
    numbers = numbers.shrink_dtype() if numbers.dtype.is_integer() else numbers
    if numbers.dtype in {pl.Int128, pl.UInt128}:
        _add_texts(digest, numbers.cast(pl.String))
        return
    nulls = numbers.is_null().arg_true()
    digest.update(f"{numbers.dtype}\n{len(nulls)}\n".encode())
    digest.update(_memory(nulls))
    digest.update(_memory(numbers.fill_null(0) if len(nulls) else numbers))


def _memory(numbers: pl.Series) -> memoryview:
    """Return the bytes of numbers without nulls."""
    array = numbers.to_arrow(compat_level=pl.CompatLevel.oldest())
    width = array.type.bit_width // 8
    return memoryview(array.buffers()[1])[array.offset * width : (array.offset + len(array)) * width]
