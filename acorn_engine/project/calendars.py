"""When a secret runs out: from the day on which it was issued and the days that the marketplace gives it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from acorn_engine.sites import utc

NOTICES: Final = (30, 14, 7, 1)
"""With so many days left, or fewer, one more word is said."""
URGENT: Final = 7
"""With so many days left, or fewer, it must be renewed now."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last day of one secret; ``notice`` is the smallest of ``NOTICES`` that was reached, 0 once it has run out."""

    account: str
    name: str
    issued_at: datetime
    expires_at: datetime
    days_left: int
    notice: int | None

    @property
    def urgent(self) -> bool:
        """Whether it must be renewed now."""
        return self.notice is not None and self.notice <= URGENT

    def to_dict(self) -> dict[str, Any]:
        """Return the deadline as JSON-ready data."""
        return {
            "account": self.account,
            "name": self.name,
            "issued_at": utc(self.issued_at),
            "expires_at": utc(self.expires_at),
            "days_left": self.days_left,
            "notice": self.notice,
        }


def deadline(account: str, name: str, issued_at: datetime, days: int, now: datetime) -> Deadline:
    """Return the deadline of a secret that was good for so many days when it was issued.

    ``days_left`` are whole days, rounded down; negative once it has run out.
    """
    expires_at = issued_at + timedelta(days=days)
    left = expires_at - now
    reached = [notice for notice in NOTICES if left <= timedelta(days=notice)]
    notice = 0 if left <= timedelta(0) else min(reached, default=None)
    return Deadline(account, name, issued_at, expires_at, left.days, notice)


def midnight(day: date) -> datetime:
    """Return the beginning of a day in UTC: of a day without an hour, the earliest moment is assumed."""
    return datetime.combine(day, time(), UTC)
