"""Lengths of time as people write them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, Final

from pydantic import BeforeValidator

_UNITS: Final = {"ms": 0.001, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}
_SHAPE: Final = re.compile(r"\s*(\d+)\s*(ms|s|m|min|h|d)\s*")


def parse_duration(text: Any) -> timedelta:
    """Read ``500ms``, ``90s``, ``15m``, ``4h`` or ``2d``; raise ``ValueError`` for anything else."""
    if isinstance(text, timedelta):
        return text
    found = _SHAPE.fullmatch(text) if isinstance(text, str) else None
    if not found:
        raise ValueError(f'{text!r} is not a length of time; write it like "90s", "15m", "4h" or "2d"')
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]])


Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
