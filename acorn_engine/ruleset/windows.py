"""``active: sat 00:00 - mon 00:00``: weekly hours in which a rule holds, in the site's own time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from acorn_engine.problems import did_you_mean

if TYPE_CHECKING:
    from datetime import datetime

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_MINUTES: Final = 24 * 60
_WEEK_MINUTES: Final = 7 * _DAY_MINUTES
_MOMENT: Final = re.compile(r"([A-Za-z]+)\s+([0-9]{1,2}):([0-9]{2})")
_SHAPE: Final = "write it as sat 00:00 - mon 00:00"


class WindowError(ValueError):
    """Text that is no window; ``hint`` says what to write."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Window:
    """Hours of the week. ``start`` and ``end`` are minutes since Monday 00:00 on the site's clock.

    The start belongs to the window, the end does not; a window whose end is not after its start
    runs over the turn of the week.
    """

    start: int
    end: int
    text: str

    def contains(self, local: datetime) -> bool:
        """Say whether a site-local time lies in the window."""
        minute = local.weekday() * _DAY_MINUTES + local.hour * 60 + local.minute
        if self.start < self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end

    def __str__(self) -> str:
        return self.text


def parse_window(text: str) -> Window:
    """Read ``DAY HH:MM - DAY HH:MM``. Raises ``WindowError``."""
    parts = [part.strip() for part in text.split("-")]
    if len(parts) != 2:
        raise WindowError(f"'{text}' is not a weekly window", _SHAPE)
    start, end = _moment(parts[0], text), _moment(parts[1], text)
    if start % _WEEK_MINUTES == end % _WEEK_MINUTES:
        raise WindowError(f"the window '{text}' begins and ends at the same moment", "for always, delete the line")
    return Window(start % _WEEK_MINUTES, end if end == _WEEK_MINUTES else end % _WEEK_MINUTES, " ".join(text.split()))


def _moment(part: str, text: str) -> int:
    found = _MOMENT.fullmatch(part)
    if not found:
        raise WindowError(f"'{text}' is not a weekly window", _SHAPE)
    day, hour, minute = found[1].lower(), int(found[2]), int(found[3])
    if day not in DAYS:
        raise WindowError(
            f"'{found[1]}' is not a day of the week", did_you_mean(day, DAYS) or f"use one of {', '.join(DAYS)}"
        )
    if minute > 59 or hour > 24 or (hour == 24 and minute):
        raise WindowError(f"'{found[2]}:{found[3]}' is not a time of day", "use 00:00 to 24:00")
    return DAYS.index(day) * _DAY_MINUTES + hour * 60 + minute
