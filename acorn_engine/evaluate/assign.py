"""The one rounding of one value, when it is assigned to a field."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING

from acorn_engine.evaluate.slots import Slot, digits_of, largest
from acorn_engine.language import round_to
from acorn_engine.types import Failure, Kind, Missing, Money, Type, Value

if TYPE_CHECKING:
    from acorn_engine.fields import Rounding
    from acorn_engine.sites import Site


@dataclass(frozen=True, slots=True)
class Assigned:
    """A value as a field keeps it, or why there is none: ``missing``, ``failed`` or ``overflow``."""

    value: Value | None = None
    problem: str | None = None
    message: str | None = None


def assign(value: Value | Failure, slot: Slot, site: Site, of: Type | None = None) -> Assigned:
    """Return a value rounded as its field is; ``of`` is the expression's type, for attributes."""
    if isinstance(value, Failure):
        return Assigned(problem="overflow" if value.code == "overflow" else "failed", message=value.message)
    if isinstance(value, Missing):
        return Assigned(problem="missing")
    if slot.json:
        return _attribute(value, of or slot.field.type, site)
    if slot.digits is None:
        return Assigned(value)
    kind = slot.field.type.kind
    scaled = _scaled(value, slot.digits, slot.field.rounding)
    if abs(scaled) > slot.largest:
        return _too_large()
    amount = Fraction(scaled, 10**slot.digits)
    return Assigned(Money(amount, site.currency) if kind is Kind.MONEY else amount)


def field_value(value: Value) -> Fraction:
    """Return the number of a field's value; 0 where it is missing."""
    if isinstance(value, Money):
        return value.amount
    return value if isinstance(value, Fraction) else Fraction(0)


def _scaled(value: Value, digits: int, rounding: Rounding) -> int:
    amount = value.amount if isinstance(value, Money) else value
    if not isinstance(amount, Fraction):
        raise TypeError("a number field is set to a number")
    rounded = round_to(amount, Fraction(1, 10**digits), "half_up" if rounding == "none" else rounding)
    return int(rounded * 10**digits)


def _too_large() -> Assigned:
    return Assigned(problem="overflow", message="the result is larger than any price or quantity can be")


def _attribute(value: Value, of: Type, site: Site) -> Assigned:
    """Return an attribute's value as JSON text; numbers keep six decimals, money the site's."""
    digits = digits_of(of.kind, integer=of.integer, site_digits=site.digits)
    if digits is None:
        plain = value.isoformat() if isinstance(value, date) else value
        return Assigned(json.dumps(plain, ensure_ascii=False))
    scaled = _scaled(value, digits, "half_up")
    if abs(scaled) > largest(of.kind, integer=of.integer):
        return _too_large()
    whole, fraction = divmod(abs(scaled), 10**digits)
    decimals = f"{fraction:0{digits}d}".rstrip("0") if digits else ""
    return Assigned(f"{'-' if scaled < 0 else ''}{whole}{'.' if decimals else ''}{decimals}")
