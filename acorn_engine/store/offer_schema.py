"""The shape of what is remembered of every offer."""

from __future__ import annotations

from typing import Any, Final

import polars as pl

from acorn_engine.marketplace import READ_SCHEMA

INSTANT: Final = pl.Datetime("us", "UTC")
OFFER_STATE_SCHEMA: Final[dict[str, Any]] = {
    "account": pl.String(),
    "site": pl.String(),
    **dict.fromkeys(READ_SCHEMA, pl.String()),
    "as_of": INSTANT,
    "neighbours_digest": pl.String(),
    "source": pl.String(),
}
"""The columns of ``offer_states``: what ``Connection.read`` gave, when, and the SHA-256 of ``neighbours``."""
