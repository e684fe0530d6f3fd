"""A frame of texts as one line of text, for places that keep JSON only."""

from __future__ import annotations

import base64
import io

import polars as pl


def pack(frame: pl.DataFrame) -> str:
    """Return a frame as Base64 of a compressed Parquet file."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd")
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def unpack(text: str) -> pl.DataFrame:
    """Return the frame that ``pack`` was given."""
    return pl.read_parquet(io.BytesIO(base64.b64decode(text)))
