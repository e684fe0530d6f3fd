"""Instants as the store keeps them: microseconds since 1970 in UTC, as an integer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def micros(moment: datetime) -> int:
    """Return an aware instant as microseconds; a naive one is refused."""
    if moment.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return (moment - _EPOCH) // timedelta(microseconds=1)


def instant(value: int) -> datetime:
    """Return microseconds as an aware instant in UTC."""
    return _EPOCH + timedelta(microseconds=value)


def maybe_instant(value: int | None) -> datetime | None:
    """Return microseconds as an aware instant, or ``None``."""
    return None if value is None else instant(value)
