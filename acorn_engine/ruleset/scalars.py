"""What a piece of YAML text means: YAML 1.2 core scalars, and the values that rule files add.

Numbers are exact decimals as written. A number with a leading zero or a plus sign is text, so
that article codes and telephone numbers survive; ``NO``, ``yes`` and ``12:30`` are text as well.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Final, TypeAlias

from acorn_engine.types import Money

if TYPE_CHECKING:
    from acorn_engine.types import Value

Core: TypeAlias = bool | int | Decimal | str | None

_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS: Final[dict[str, bool]] = {
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)")
_NUMBER: Final = re.compile(r"-?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_PERCENT: Final = re.compile(r"(-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))\s*%")
_MONEY: Final = re.compile(r"(-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))\s+([A-Z]{3})")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

LARGEST_DIGITS: Final = 40
LARGEST_EXPONENT: Final = 30


_COMMAS: Final = re.compile(r"[-+]?\d[\d.' ]*(?:,\d+)+(?:\.\d+)?\s*(?:%|[A-Z]{3})?")
"""Numbers as other languages write them: ``0,3``, ``12,5%``, ``1.234,56 EUR``, ``1,234.56``."""


class ScalarError(ValueError):
    """Text that looks like a value and is none; the text says why, for a person."""


def core_value(text: str) -> Core:
    """Return the YAML 1.2 core value of unquoted text; a number beyond the limits stays text."""
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if not _NUMBER.fullmatch(text) or beyond_limits(text):
        return text
    return int(text) if _INTEGER.fullmatch(text) else Decimal(text)


def is_number(text: str) -> bool:
    """Say whether unquoted text is a number."""
    return _NUMBER.fullmatch(text) is not None


def is_date(text: str) -> bool:
    """Say whether text is written like a date."""
    return _DATE.fullmatch(text) is not None


def beyond_limits(text: str) -> bool:
    """Say whether a number has more than 40 digits or an exponent beyond ±30."""
    mantissa, _, exponent = text.lower().partition("e")
    if sum(character.isdigit() for character in mantissa) > LARGEST_DIGITS:
        return True
    return len(exponent) > 4 or bool(exponent and abs(int(exponent)) > LARGEST_EXPONENT)


def percent(text: str) -> Fraction | None:
    """Return ``28%`` as 28/100, exactly; ``None`` for text that is no percentage."""
    found = _PERCENT.fullmatch(text)
    if not found:
        return None
    refuse_beyond_limits(found[1])
    return Fraction(Decimal(found[1])) / 100


def bare_value(text: str) -> Value | None:
    """Return the value of unquoted text, or ``None`` where there is none.

    Numbers and percentages are ``Fraction``, ``20.00 USD`` is ``Money``, ``2026-12-24`` a date,
    ``true`` and ``false`` booleans, everything else text. Raises ``ScalarError``.
    """
    core = core_value(text)
    if core is None or isinstance(core, bool):
        return core
    if isinstance(core, int | Decimal):
        return Fraction(core)
    if is_number(text):
        refuse_beyond_limits(text)
    share = percent(text)
    if share is not None:
        return share
    amount = _MONEY.fullmatch(text)
    if amount:
        refuse_beyond_limits(amount[1])
        return Money(Fraction(Decimal(amount[1])), amount[2])
    if _DATE.fullmatch(text):
        return iso_date(text)
    if _COMMAS.fullmatch(text):
        raise ScalarError(f"'{shortened(text)}' looks like a number, but numbers take a point and no commas: 1234.56")
    return core


def iso_date(text: str) -> date:
    """Return ``2026-12-24`` as a date. Raises ``ScalarError``."""
    if not _DATE.fullmatch(text):
        raise ScalarError(f"'{shortened(text)}' is not a date; write it as 2026-12-24")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ScalarError(f"'{text}' is not a day of the calendar") from None


def refuse_beyond_limits(text: str) -> None:
    """Raise ``ScalarError`` for a number beyond the limits."""
    if beyond_limits(text):
        raise ScalarError(
            f"the number '{shortened(text)}' is beyond the limits: at most {LARGEST_DIGITS} digits, "
            f"exponents within ±{LARGEST_EXPONENT}"
        )


def shortened(text: str, length: int = 60) -> str:
    """Return ``text`` on one line, cut to ``length`` characters."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"
