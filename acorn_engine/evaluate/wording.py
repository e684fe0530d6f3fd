"""Values as a person writes them in a rule file."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from acorn_engine.ruleset import json_text
from acorn_engine.types import Missing, Money


def say(value: Any) -> str:
    """Return a value as a person writes it; structures as compact JSON."""
    if value is None or isinstance(value, Missing):
        return "missing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Money):
        return f"{say(value.amount)} {value.currency}"
    if isinstance(value, Fraction):
        return _decimal(value)
    return str(value) if isinstance(value, str | date | Decimal | int) else json_text(value)


def _decimal(number: Fraction) -> str:
    """Return a fraction as a plain decimal where it is one, else as a fraction."""
    for digits in range(31):
        scaled = number * 10**digits
        if scaled.denominator == 1:
            return f"{Decimal(scaled.numerator).scaleb(-digits):f}"
    return f"{number.numerator}/{number.denominator}"
