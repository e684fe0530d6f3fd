"""What a doctor looks at on the computer: Python, packages, clock, disk."""

from __future__ import annotations

import platform
import re
import shutil
import sys
from datetime import datetime, timedelta
from importlib import metadata
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from acorn_engine.engine.doctor.model import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

OLDEST_PYTHON: Final = (3, 11)
MADE_IN: Final = 2026
"""No clock of a computer that runs this program can be right before this year."""
BACKWARDS: Final = timedelta(minutes=5)
"""Clocks of computers that share a database differ by less than this."""
LEAST_FREE: Final = 200 * 2**20
"""Bytes of disk below which a plan or a database may find no room."""
_DISTRIBUTION: Final = "acorn-engine"


def versions() -> dict[str, str | None]:
    """Return the versions of Python, the system, the engine and what it needs; ``None``: not installed."""
    found: dict[str, str | None] = {"python": platform.python_version(), "system": platform.platform(terse=True)}
    for name in [_DISTRIBUTION, *_needed()]:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = None
    return found


def _needed() -> list[str]:
    try:
        wanted = metadata.requires(_DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return []
    names = [found[0] for text in wanted if "extra ==" not in text and (found := re.match(r"[\w.-]+", text))]
    return sorted(names)


def python(known: Mapping[str, str | None]) -> Iterator[Finding]:
    """Look at Python and at the packages that the engine needs."""
    if sys.version_info[:2] < OLDEST_PYTHON:
        oldest = ".".join(map(str, OLDEST_PYTHON))
        yield Finding(
            "python", "must_act", f"Python {known['python']} is too old.", f"install Python {oldest} or newer"
        )
    missing = [name for name, version in known.items() if version is None]
    if missing:
        hint = f"install them: pip install {' '.join(missing)}"
        yield Finding("python", "must_act", f"packages are not installed: {', '.join(missing)}.", hint)
    else:
        yield Finding("python", "ok", f"Python {known['python']}, acorn-engine {known[_DISTRIBUTION]}")


def clock(now: datetime, newest: datetime | None, zones: Iterable[str]) -> Iterator[Finding]:
    """Look at the clock: against the newest record of the database, if any, and at the sites' time zones."""
    told = f"{now:%Y-%m-%d %H:%M} UTC"
    if now.year < MADE_IN:
        yield Finding("clock", "must_act", f"the clock shows {told}, which cannot be.", "set the computer's clock")
    elif newest is not None and newest - now > BACKWARDS:
        behind = str(newest - now).split(".", maxsplit=1)[0]
        message = f"the clock shows {told}, {behind} before the newest record of the database."
        hint = "set the clock of this computer, or of the one that wrote last; plans and waits run by it"
        yield Finding("clock", "must_act", message, hint)
    else:
        yield Finding("clock", "ok", told)
    for zone in sorted(set(zones)):
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            yield Finding("clock", "must_act", f"the time zone {zone} is unknown here.", "pip install tzdata")


def disk(folder: Path) -> Iterator[Finding]:
    """Look at the room that is left where the project is."""
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE:
        message = f"only {free // 2**20} MiB of disk are free for the project."
        yield Finding("disk", "warning", message, "make room; a full disk stops planning and sending")
