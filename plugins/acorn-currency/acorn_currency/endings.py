"""Price endings: ``ending(x, 0.99, 'up')`` and the rule kind ``price_ending``."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from acorn_engine.plugins import RuleSpec

DIRECTIONS = ("up", "down", "nearest")
_ROUNDING = {"up": "round_up", "down": "round_down", "nearest": "round"}


def plain(value: Fraction) -> str:
    """Return an exact decimal as text without an exponent."""
    return format(Decimal(value.numerator) / Decimal(value.denominator), "f")


def ending_definition(ending: Fraction, direction: str, digits: int) -> str:
    """Return ``ending`` in the expression language.

    The period is the smallest power of ten ≥ 1 above the ending (0.99 → 1, 80 → 100). Raises
    ``ValueError`` for an ending below 0 or finer than the currency's minor unit.
    """
    if ending < 0:
        raise ValueError(f"an ending cannot be negative: {plain(ending)}")
    if (ending * 10**digits).denominator != 1:
        unit = plain(Fraction(1, 10**digits))
        raise ValueError(
            f"an ending of {plain(ending)} does not exist in this site's currency, whose smallest unit is {unit}"
        )
    period = 1
    while period <= ending:
        period *= 10
    return f"{_ROUNDING[direction]}(x - {plain(ending)}, {period}) + {plain(ending)}"


class PriceEnding(BaseModel):
    """``with:`` of the rule kind ``price_ending``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ending: Decimal = Field(ge=0, description="how the price ends: 0.99, 0.95, 80")
    direction: Literal["up", "down", "nearest"] = Field("up", description="where the next such price is looked for")
    field: Literal["price", "sale_price", "minimum_price", "maximum_price"] = Field(
        "price", description="the field to set"
    )


def expand_price_ending(options: PriceEnding) -> Iterable[RuleSpec]:
    """Expand to one rule that moves a proposed price to its ending; a price not proposed is left alone."""
    ending = format(options.ending, "f")
    yield RuleSpec(
        when=f"not is_missing({options.field})",
        set={options.field: f"ending({options.field}, {ending}, '{options.direction}')"},
        because=f"prices end in {ending}",
    )
