"""Publication days of the European Central Bank's reference rates, and ages counted in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator

BANK_TIME: Final = ZoneInfo("Europe/Berlin")
_HOURS: Final = re.compile(r"\s*(\d+)\s*h\s*")
_DAYS: Final = re.compile(r"\s*(\d+)\s*publication\s+days?\s*")


def easter(year: int) -> date:
    """Return Easter Sunday of a year (Gregorian computus, Meeus/Jones/Butcher)."""
    golden, century, rest = year % 19, year // 100, year % 100
    leaps, leap_rest = divmod(century, 4)
    moon = (19 * golden + century - leaps - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    quarter, quarter_rest = divmod(rest, 4)
    weekday = (32 + 2 * leap_rest + 2 * quarter - moon - quarter_rest) % 7
    shift = (golden + 11 * moon + 22 * weekday) // 451
    month, day = divmod(moon + weekday - 7 * shift + 114, 31)
    return date(year, month, day + 1)


def is_publication_day(day: date) -> bool:
    """Say whether rates are published on a day: TARGET working days."""
    if day.weekday() >= 5:
        return False
    if (day.month, day.day) in {(1, 1), (5, 1), (12, 25), (12, 26)}:
        return False
    sunday = easter(day.year)
    return day not in {sunday - timedelta(days=2), sunday + timedelta(days=1)}


@dataclass(frozen=True, slots=True)
class LargestAge:
    """How old a rate may be: a number of publication days, or hours."""

    publication_days: int | None = None
    hours: int | None = None

    def passed(self, as_of: datetime, now: datetime) -> bool:
        """Say whether a rate of ``as_of`` is too old at ``now`` (both aware)."""
        if self.hours is not None:
            return now - as_of > timedelta(hours=self.hours)
        return now > self.ends(as_of)

    def ends(self, as_of: datetime) -> datetime:
        """Return the instant after which a rate of ``as_of`` is too old."""
        if self.hours is not None:
            return as_of + timedelta(hours=self.hours)
        return _after(as_of.astimezone(BANK_TIME).date(), self.publication_days or 0)


@lru_cache(maxsize=1_000)
def _after(day: date, publication_days: int) -> datetime:
    """Return the end of the publication day that comes so many after a day; most rates are of the same few days."""
    left = publication_days
    while left > 0:
        day += timedelta(days=1)
        left -= is_publication_day(day)
    return datetime.combine(day + timedelta(days=1), datetime.min.time(), BANK_TIME)


def parse_largest_age(value: Any) -> LargestAge:
    """Read ``2 publication days`` or ``36h``; raise ``ValueError`` for anything else."""
    if isinstance(value, LargestAge):
        return value
    if isinstance(value, str):
        if found := _HOURS.fullmatch(value):
            return LargestAge(hours=int(found[1]))
        if found := _DAYS.fullmatch(value):
            return LargestAge(publication_days=int(found[1]))
    raise ValueError(f'{value!r} is not an age; write "2 publication days" or "36h"')


Age = Annotated[LargestAge, BeforeValidator(parse_largest_age)]
