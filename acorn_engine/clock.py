"""The one place that reads the clock; everything pure is handed the time."""

from __future__ import annotations

from datetime import UTC, datetime


def system_now() -> datetime:
    """Return the present instant, aware, in UTC."""
    return datetime.now(UTC)
