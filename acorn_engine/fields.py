"""Settable fields: what a rule may set, how it is rounded, and what is judged together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from acorn_engine.types import BOOLEAN, DATE, INTEGER, SITE_MONEY, Type

Rounding = Literal["half_up", "up", "down", "none"]
"""Half up is half away from zero; up and down are towards +infinity and -infinity."""

PRICE_GROUP: Final = "price"
AVAILABILITY_GROUP: Final = "availability"
ATTRIBUTE_PREFIX: Final = "attributes."


@dataclass(frozen=True, slots=True)
class Field:
    """A settable field.

    ``group`` is what is judged together (``price``, ``availability``, or the field's own name).
    ``sent`` is false for working values that never leave the engine. ``decrease_wave`` and
    ``increase_wave`` say in which wave a change goes out (equal for most fields).
    """

    name: str
    type: Type
    rounding: Rounding
    group: str
    sent: bool = True
    decrease_wave: int = 1
    increase_wave: int = 1
    description: str = ""


STANDARD_FIELDS: Final[tuple[Field, ...]] = (
    Field("price", SITE_MONEY, "half_up", PRICE_GROUP, description="the regular price"),
    Field("sale_price", SITE_MONEY, "half_up", PRICE_GROUP, description="the price while a sale runs"),
    Field("sale_from", DATE, "none", PRICE_GROUP, description="the first day of the sale"),
    Field("sale_to", DATE, "none", PRICE_GROUP, description="the last day of the sale"),
    Field("minimum_price", SITE_MONEY, "up", PRICE_GROUP, description="the least price that the marketplace may show"),
    Field(
        "maximum_price", SITE_MONEY, "down", PRICE_GROUP, description="the greatest price that the marketplace may show"
    ),
    Field("floor_price", SITE_MONEY, "up", PRICE_GROUP, sent=False, description="no price below it is ever sent"),
    Field("ceiling_price", SITE_MONEY, "down", PRICE_GROUP, sent=False, description="no price above it is ever sent"),
    Field(
        "quantity", INTEGER, "down", AVAILABILITY_GROUP, decrease_wave=0, increase_wave=2, description="units on offer"
    ),
    Field(
        "handling_days",
        INTEGER,
        "up",
        AVAILABILITY_GROUP,
        decrease_wave=2,
        increase_wave=2,
        description="days until dispatch",
    ),
    Field("eligible", BOOLEAN, "none", "eligible", sent=False, description="false holds everything else of the offer"),
)


def attribute_name(field: str) -> str | None:
    """Return the attribute that ``attributes.NAME`` sets, or ``None`` for another field."""
    return field.removeprefix(ATTRIBUTE_PREFIX) if field.startswith(ATTRIBUTE_PREFIX) else None


def group_of(field: str, fields: dict[str, Field]) -> str:
    """Return the group in which ``field`` is judged: an attribute is judged by itself."""
    return fields[field].group if field in fields else field
