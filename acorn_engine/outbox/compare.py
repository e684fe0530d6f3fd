"""Whether an offer shows a value: exact decimals, not texts (29.9 is 29.90)."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from acorn_engine.fields import attribute_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acorn_engine.marketplace import Marketplace
    from acorn_engine.sites import Site

NUMBERS: Final = frozenset(
    {"price", "sale_price", "minimum_price", "maximum_price", "quantity", "handling_days"},
)
DATES: Final = frozenset({"sale_from", "sale_to"})
READABLE: Final = NUMBERS | DATES
"""The fields that a read of an offer shows, besides its attributes."""


def canonical_number(column: pl.Expr) -> pl.Expr:
    """Return plain decimal texts in one spelling: no leading zeros, no trailing zeros behind the point."""
    trimmed = (
        column.str.strip_chars()
        .str.replace(r"^\+", "")
        .str.replace(r"^(-?)0+(\d)", "$1$2")
        .str.replace(r"^(-?)\.", "${1}0.")
    )
    plain = pl.when(trimmed.str.contains(".", literal=True)).then(trimmed.str.replace(r"\.?0*$", "")).otherwise(trimmed)
    return plain.str.replace(r"^-0$", "0")


def same_number(wanted: str | None, shown: str | None) -> bool:
    """Say whether two plain decimal texts are the same number; two absent ones are the same."""
    if wanted is None or shown is None:
        return wanted is shown
    try:
        return Decimal(wanted) == Decimal(shown)
    except InvalidOperation:
        return wanted == shown


def shown_value(field: str, offer: Mapping[str, Any]) -> str | None:
    """Return what a read offer (columns of ``READ_SCHEMA``) shows for a field, or ``None``."""
    name = attribute_name(field)
    if name is None:
        value: str | None = offer.get(field)
        return value
    attributes = json.loads(offer.get("attributes") or "{}", parse_float=Decimal)
    return json_text(attributes[name]) if name in attributes else None


def same_value(field: str, wanted: str | None, shown: str | None, marketplace: Marketplace, site: Site) -> bool:
    """Say whether a field that shows ``shown`` has the value ``wanted``."""
    if attribute_name(field) is not None:
        if wanted is None or shown is None:
            return wanted is shown
        return marketplace.attribute_matches(wanted, shown, site)
    return same_number(wanted, shown) if field in NUMBERS else wanted == shown


def is_readable(field: str) -> bool:
    """Say whether a read of an offer shows this field at all."""
    return field in READABLE or attribute_name(field) is not None


def settled(
    change: Mapping[str, Any], offer: Mapping[str, Any] | None, marketplace: Marketplace, site: Site
) -> dict[str, Any] | None:
    """Return a change as settled where an offer, if one was read, shows the value that it sets; else ``None``."""
    if offer is None or not is_readable(change["field"]):
        return None
    shown = shown_value(change["field"], offer)
    if not same_value(change["field"], change["to"], shown, marketplace, site):
        return None
    return {**change, "outcome": "settled", "shown": shown, "code": None, "text": None}


def json_text(value: Any) -> str:
    """Return JSON text of a structure whose numbers are decimals, digit for digit."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json_text(key)}: {json_text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(json_text(item) for item in value) + "]"
    if isinstance(value, Decimal):
        return format(value, "f")
    return json.dumps(value, ensure_ascii=False)
