"""What Amazon checks at once in submitted instances of attributes."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from acorn_sandbox.attributes import AVAILABILITY, OFFER
from acorn_sandbox.issues import (
    MINIMUM_ABOVE_PRICE,
    WRONG_SHAPE,
    Issue,
    error,
    invalid_value,
    not_in_enum,
    required,
    too_few,
)
from acorn_sandbox.marketplaces import Marketplace

_PRICES: Final = (
    "our_price",
    "minimum_seller_allowed_price",
    "maximum_seller_allowed_price",
    "discounted_price",
    "map_price",
)
LARGEST_PRICE: Final = 10**12
_OFFER_KEYS: Final = frozenset(
    {"marketplace_id", "currency", "audience", "start_at", "end_at", "quantity_discount_plan",
     "automated_pricing_merchandising_rule_plan", *_PRICES}
)  # fmt: skip
_AVAILABILITY_KEYS: Final = frozenset(
    {"fulfillment_channel_code", "quantity", "lead_time_to_ship_max_days", "restock_date", "is_inventory_available"}
)
AUDIENCES: Final = frozenset({"ALL", "B2B"})
CHANNELS: Final = frozenset({"DEFAULT", "AMAZON_EU", "AMAZON_NA", "AMAZON_JP", "AMAZON_FE", "AMAZON_IN"})
REQUIRED_KEYS: Final[dict[str, tuple[str, ...]]] = {
    "gpsr_manufacturer_reference": ("gpsr_manufacturer_email_address",),
    "dsa_responsible_party_address": ("value",),
    "gpsr_safety_attestation": ("value",),
    "compliance_media": ("content_type", "content_language", "source_location"),
    "country_of_origin": ("value",),
    "condition_type": ("value",),
    "item_name": ("value",),
    "list_price": ("currency",),
}
_CONDITIONS: Final = (
    "new_new new_open_box new_oem refurbished_refurbished used_like_new used_very_good used_good used_acceptable "
    "collectible_like_new collectible_very_good collectible_good collectible_acceptable club_club"
)
_DOCUMENTS: Final = (
    "application_guide certificate_of_analysis certificate_of_compliance compatibility_guide "
    "emergency_use_authorization emergency_use_authorization_amendment installation_manual instructions_for_use "
    "patient_fact_sheet provider_fact_sheet product_certificate_of_conformity safety_data_sheet "
    "safety_information specification_sheet troubleshooting_guide user_guide user_manual warranty"
)
ENUMS: Final[dict[tuple[str, str], frozenset[str]]] = {
    ("condition_type", "value"): frozenset(_CONDITIONS.split()),
    ("compliance_media", "content_type"): frozenset(_DOCUMENTS.split()),
}


def is_one_of(value: Any, allowed: Collection[str]) -> bool:
    """Say whether a value of any type is one of the allowed texts."""
    return isinstance(value, str) and value in allowed


def check(name: str, instance: dict[str, Any], marketplace: Marketplace) -> list[Issue]:
    """Return the issues of one submitted instance, its defaults filled in."""
    if name == OFFER:
        return list(_offer(instance, marketplace))
    if name == AVAILABILITY:
        return list(_availability(instance))
    return list(_other(name, instance))


def _offer(offer: dict[str, Any], marketplace: Marketplace) -> Iterator[Issue]:
    yield from _unknown_keys(offer, _OFFER_KEYS, OFFER)
    currency = offer.get("currency")
    if currency is None:
        yield required("currency", OFFER)
    elif currency != marketplace.currency:
        yield not_in_enum("currency", currency, f"{OFFER}.currency")
    if not is_one_of(offer["audience"], AUDIENCES):
        yield not_in_enum("audience", offer["audience"], f"{OFFER}.audience")
    for bound in ("start_at", "end_at"):
        if bound in offer and not (isinstance(offer[bound], dict) and _instant(offer[bound].get("value"))):
            yield error(WRONG_SHAPE, f"'{bound}' must hold a date as its value.", f"{OFFER}.{bound}")
    amounts: dict[str, Decimal | int] = {}
    for price in _PRICES:
        if price in offer:
            faults = list(_schedule(price, offer, marketplace))
            yield from faults
            if not faults:
                amounts[price] = offer[price][0]["schedule"][0]["value_with_tax"]
    yield from _order(amounts)


def _schedule(price: str, offer: dict[str, Any], marketplace: Marketplace) -> Iterator[Issue]:
    path = f"{OFFER}.{price}"
    entries = offer[price]
    if not (isinstance(entries, list) and len(entries) == 1 and isinstance(entries[0], dict)):
        yield too_few("prices", path)
        return
    schedule = entries[0].get("schedule")
    if not (isinstance(schedule, list) and schedule and all(isinstance(part, dict) for part in schedule)):
        yield too_few("schedule", path)
        return
    for part in schedule:
        value = part.get("value_with_tax")
        if value is None:
            yield required(f"{price}.schedule.value_with_tax", path)
        elif isinstance(value, bool) or not isinstance(value, (int, Decimal)):
            yield error(WRONG_SHAPE, "'value_with_tax' must be a number.", path)
        elif not _is_possible(value, price, offer, marketplace):
            yield invalid_value(price, value, path, "INVALID_PRICE")
        if price == "discounted_price":
            yield from _sale_dates(part, path)


def _is_possible(value: Decimal | int, price: str, offer: dict[str, Any], marketplace: Marketplace) -> bool:
    """Say whether an amount is above zero and has the currency's decimals; a business price may be removed by 0."""
    removes = price == "our_price" and value == 0 and offer["audience"] == "B2B"
    return removes or (0 < value < LARGEST_PRICE and Decimal(value) == round(Decimal(value), marketplace.digits))


def _sale_dates(part: dict[str, Any], path: str) -> Iterator[Issue]:
    start, end = _instant(part.get("start_at")), _instant(part.get("end_at"))
    for key, instant in (("start_at", start), ("end_at", end)):
        if part.get(key) is None:
            yield required(f"discounted_price.schedule.{key}", path)
        elif instant is None:
            yield invalid_value(key, part[key], path)
    if start and end and end < start:
        yield invalid_value("end_at", part["end_at"], path)


def _order(amounts: dict[str, Decimal | int]) -> Iterator[Issue]:
    price = amounts.get("our_price")
    lowest, highest = amounts.get("minimum_seller_allowed_price"), amounts.get("maximum_seller_allowed_price")
    if price is not None and lowest is not None and lowest > price:
        text = (
            "The 'minimum price' is greater than the selling price (excluding shipping) for the listing. "
            "Review and update your price and/or minimum price."
        )
        yield error(MINIMUM_ABOVE_PRICE, text, f"{OFFER}.minimum_seller_allowed_price", "INVALID_PRICE")
    if price is not None and highest is not None and highest < price:
        path = f"{OFFER}.maximum_seller_allowed_price"
        yield invalid_value("maximum_seller_allowed_price", highest, path, "INVALID_PRICE")
    sale = amounts.get("discounted_price")
    if price is not None and sale is not None and sale >= price:
        yield invalid_value("discounted_price", sale, f"{OFFER}.discounted_price", "INVALID_PRICE")


def _availability(instance: dict[str, Any]) -> Iterator[Issue]:
    yield from _unknown_keys(instance, _AVAILABILITY_KEYS, AVAILABILITY)
    channel = instance.get("fulfillment_channel_code")
    if channel is None:
        yield required("fulfillment_channel_code", AVAILABILITY)
    elif not is_one_of(channel, CHANNELS):
        yield not_in_enum("fulfillment_channel_code", channel, f"{AVAILABILITY}.fulfillment_channel_code")
    for key in ("quantity", "lead_time_to_ship_max_days"):
        value = instance.get(key)
        if key in instance and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
            yield invalid_value(key, value, f"{AVAILABILITY}.{key}")
    if "quantity" in instance and "is_inventory_available" in instance:
        yield error(WRONG_SHAPE, "'quantity' and 'is_inventory_available' exclude each other.", AVAILABILITY)


def _other(name: str, instance: dict[str, Any]) -> Iterator[Issue]:
    for key in REQUIRED_KEYS.get(name, ()):
        if instance.get(key) is None or instance[key] == "":
            yield required(f"{name}.{key}", name)
    if name == "gpsr_safety_attestation" and not isinstance(instance.get("value", False), bool):
        yield invalid_value("value", instance["value"], name)
    for (attribute, key), allowed in ENUMS.items():
        if attribute == name and key in instance and not is_one_of(instance[key], allowed):
            yield not_in_enum(key, instance[key], name)


def _unknown_keys(instance: dict[str, Any], known: frozenset[str], name: str) -> Iterator[Issue]:
    for key in instance:
        if key not in known:
            yield error(WRONG_SHAPE, f"The field '{key}' is not part of the attribute '{name}'.", f"{name}.{key}")


def _instant(text: Any) -> datetime | None:
    if not isinstance(text, str):
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
