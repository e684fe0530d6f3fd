"""Values, instants and ages as a person reads them: exact where that is short."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from acorn_engine.types import Failure, Kind, Missing, Money

if TYPE_CHECKING:
    from datetime import timedelta

    from acorn_engine.sites import Site
    from acorn_engine.types import Type

SHOWN_DIGITS: Final = 8
"""Decimals that are shown of a number that never ends."""
_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def plain(value: Any, of: Type | None, site: Site) -> str | int | bool | None:
    """Return a value for JSON: numbers and money as plain decimal text, integers as integers, missing as ``None``.

    ``of`` is the type of the field or fact; amounts of a money field may come as bare fractions.
    """
    match value:
        case None | Missing() | Failure():
            text: str | int | bool | None = None
        case Money():
            text = decimal_text(value.amount, site.digits if value.currency == site.currency else 0)
        case bool():
            text = value
        case Fraction() | Decimal() | int():
            text = _number(Fraction(value), of, site)
        case date():
            text = value.isoformat()
        case tuple():
            text = ", ".join(str(plain(one, None, site)) for one in value)
        case _:
            text = str(value)
    return text


def _number(number: Fraction, of: Type | None, site: Site) -> str | int:
    if of is not None and of.kind is Kind.MONEY:
        return decimal_text(number, site.digits)
    if of is not None and of.integer and number.denominator == 1:
        return int(number)
    return decimal_text(number)


def words(value: Any, of: Type | None, site: Site) -> str:
    """Return a value for a sentence: money with its currency, ``missing`` where there is none."""
    text = plain(value, of, site)
    if text is None:
        return "missing"
    if isinstance(text, bool):
        return "true" if text else "false"
    if isinstance(value, Money):
        return f"{text} {value.currency}"
    return f"{text} {site.currency}" if of is not None and of.kind is Kind.MONEY else str(text)


def decimal_text(number: Fraction, digits: int = 0) -> str:
    """Return an exact number with at least ``digits`` decimals; one that never ends is cut, with ``…``."""
    for places in range(digits, 41):
        scaled = number * 10**places
        if scaled.denominator == 1:
            return _placed(scaled.numerator, places)
    cut = number * 10**SHOWN_DIGITS
    whole = abs(cut.numerator) // cut.denominator
    return _placed(whole if number > 0 else -whole, SHOWN_DIGITS) + "…"


def _placed(units: int, places: int) -> str:
    if not places:
        return str(units)
    text = str(abs(units)).zfill(places + 1)
    return f"{'-' if units < 0 else ''}{text[:-places]}.{text[-places:]}"


def age_text(age: timedelta) -> str:
    """Return an age in its two largest units: ``2 d 3 h``; in the future it is ``not yet``."""
    seconds = int(age.total_seconds())
    if seconds < 0:
        return "not yet"
    parts: list[str] = []
    for size, unit in _UNITS:
        if seconds >= size or (unit == "s" and not parts):
            parts.append(f"{seconds // size} {unit}")
            seconds %= size
        if len(parts) == 2:
            break
    return " ".join(parts)


def instant_of(as_of: datetime | str | None, row: Any) -> datetime | None:
    """Return when a fact held true: its one instant, or that of the row."""
    found = row.get(as_of) if isinstance(as_of, str) else as_of
    return found if isinstance(found, datetime) else None
