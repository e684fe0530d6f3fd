"""Product type schemas of the sandbox's own, in Amazon's vocabulary and in the form of Amazon's.

Amazon allows no copies of its schemas. These say what the sandbox's feeds and VALIDATION_PREVIEW
demand: the attributes that a site has, the keys and values that an instance must have. Where the
sandbox does not look into an attribute, its schema is open.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any, Final

from acorn_sandbox.attributes import AVAILABILITY, OFFER, WITH_LANGUAGE, selectors, vocabulary
from acorn_sandbox.checks import AUDIENCES, CHANNELS, ENUMS, LARGEST_PRICE, REQUIRED_KEYS
from acorn_sandbox.marketplaces import Marketplace
from acorn_sandbox.messages import REQUIRED

Schema = dict[str, Any]

BASE: Final = "https://schemas.amazon.com/selling-partners/definitions/product-types"
META_ID: Final = f"{BASE}/meta-schema/v1"

_OFFER_ATTRIBUTES: Final = frozenset(
    {OFFER, AVAILABILITY, "list_price", "uvp_list_price", "condition_type", "condition_note", "merchant_shipping_group",
     "product_tax_code", "skip_offer", "max_order_quantity", "merchant_release_date", "merchant_suggested_asin",
     "externally_assigned_product_identifier", "gift_options", "epr_eco_fee_eubr"}
)  # fmt: skip
_MORE_LANGUAGES: Final = {
    "AE": "ar_AE", "BE": "nl_BE", "CA": "fr_CA", "DE": "en_GB cs_CZ nl_NL pl_PL tr_TR", "EG": "en_AE", "ES": "pt_PT",
    "IN": "hi_IN", "SA": "en_AE", "US": "es_US",
}  # fmt: skip
_TRUTHS: Final = frozenset(
    {"skip_offer", "batteries_required", "batteries_included", "contains_battery_or_cell", "is_battery_non_spillable",
     "has_multiple_battery_powered_components", "has_less_than_30_percent_state_of_charge", "contains_pfas",
     "supplier_declared_has_product_identifier_exemption", "gpsr_safety_attestation"}
)  # fmt: skip
_COUNTS: Final = frozenset(
    {"max_order_quantity", "number_of_items", "number_of_lithium_ion_cells", "number_of_lithium_metal_cells"}
)
_MOST_INSTANCES: Final = {"bullet_point": 5, "generic_keyword": 1, "supplier_declared_dg_hz_regulation": 5}
_TEXT: Final[Schema] = {"type": "string", "minLength": 1, "maxUtf8ByteLength": 2000}
_MOMENT: Final[Schema] = {"type": "string", "anyOf": [{"format": "date"}, {"format": "date-time"}]}

GROUPS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "offer": ("Offer", tuple(sorted(_OFFER_ATTRIBUTES))),
    "images": ("Images", ("main_product_image_locator", "other_product_image_locator_", "image_locator_ps")),
    "safety_and_compliance": (
        "Safety & Compliance",
        ("gpsr_", "dsa_", "compliance_media", "country_of_origin", "batter", "num_batteries", "lithium", "hazmat", "ghs",
         "safety_data_sheet_url", "supplier_declared_dg", "regulatory_", "required_product_compliance", "legal_", "epr_",
         "eu_energy", "eprel_", "california_", "fcc_", "pesticide_", "cpsia_", "contains_", "is_battery", "has_"),
    ),
    "variations": ("Variations", ("child_parent_sku_relationship", "parentage_level", "variation_theme")),
    "product_identity": (
        "Product Identity",
        ("item_name", "brand", "manufacturer", "item_type_", "part_number", "model_"),
    ),
    "product_details": ("Product Details", ("",)),
}  # fmt: skip
"""Property groups: title, and what the names in them begin with; a name belongs to the first that fits."""


def definition(
    product_type: str,
    marketplace: Marketplace,
    requirements: str,
    *,
    enforced: bool,
    more: Iterable[str] = (),
) -> Schema:
    """Return the schema of a product type on one site.

    ``requirements`` is LISTING, LISTING_PRODUCT_ONLY or LISTING_OFFER_ONLY; unless ``enforced`` no
    attribute is required, as for partial updates. ``more`` are attributes that the site has for
    this seller beyond the vocabulary.
    """
    names = sorted(name for name in vocabulary(marketplace) | set(more) if _belongs(name, requirements))
    return {
        "$schema": META_ID,
        "$id": f"{BASE}/schema/v1/{product_type}",
        "$comment": f"A synthetic definition of {product_type} for {marketplace.domain}, made by acorn-sandbox.",
        "$defs": {
            "marketplace_id": _listed([marketplace.id], marketplace.id),
            "language_tag": _listed(languages(marketplace), marketplace.language),
            "currency": {"type": "string", "enum": [marketplace.currency], "enumNames": [marketplace.currency]},
        },
        "type": "object",
        "required": list(REQUIRED[requirements]) if enforced else [],
        "properties": {name: _attribute(name, marketplace) for name in names},
        "additionalProperties": False,
    }


def languages(marketplace: Marketplace) -> list[str]:
    """Return the language tags of a site, its own first."""
    return [marketplace.language, *_MORE_LANGUAGES.get(marketplace.country, "").split()]


def groups(names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return the property groups of attributes; groups without any are left out."""
    found: dict[str, list[str]] = {}
    for name in names:
        group = next(key for key, (_, starts) in GROUPS.items() if name.startswith(starts))
        found.setdefault(group, []).append(name)
    return {
        key: {"title": title, "description": f"{title} of the listing.", "propertyNames": found[key]}
        for key, (title, _) in GROUPS.items()
        if key in found
    }


@functools.cache
def meta_schema() -> Schema:
    """Return the meta-schema: JSON Schema 2019-09 and Amazon's keywords."""
    number = {"type": "integer", "minimum": 0}
    core = "https://json-schema.org/draft/2019-09"
    vocabularies = ("core", "applicator", "validation", "meta-data", "format", "content")
    return {
        "$schema": f"{core}/schema",
        "$id": META_ID,
        "$comment": "A synthetic meta-schema made by acorn-sandbox, with the keywords of Amazon's.",
        "$vocabulary": {f"{core}/vocab/{name}": name != "format" for name in vocabularies}
        | {f"{BASE}/vocabulary/v1": False},
        "$recursiveAnchor": True,
        "allOf": [{"$ref": f"{core}/schema"}],
        "properties": {
            "editable": {"type": "boolean", "default": True},
            "hidden": {"type": "boolean", "default": False},
            "enumNames": {"type": "array", "items": {"type": "string"}},
            "selectors": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
            "minUniqueItems": number,
            "maxUniqueItems": number,
            "minUtf8ByteLength": number,
            "maxUtf8ByteLength": number,
        },
    }


def _belongs(name: str, requirements: str) -> bool:
    if requirements == "LISTING_OFFER_ONLY":
        return name in _OFFER_ATTRIBUTES
    return requirements != "LISTING_PRODUCT_ONLY" or name not in {OFFER, AVAILABILITY}


def _attribute(name: str, marketplace: Marketplace) -> Schema:
    properties = _properties(name, marketplace)
    items: Schema = {"type": "object", "required": _required(name), "properties": properties}
    if name in {OFFER, AVAILABILITY}:
        items["additionalProperties"] = False
    attribute: Schema = {
        "title": _title(name),
        "description": f"The {_title(name)} of the item on {marketplace.domain}.",
        "type": "array",
        "minItems": 1,
        "minUniqueItems": 1,
    }
    if name not in {OFFER, AVAILABILITY, "compliance_media", "regulatory_compliance_certification"}:
        attribute["maxUniqueItems"] = _MOST_INSTANCES.get(name, 1)
    # Only keys that an instance can have are selectors.
    attribute["selectors"] = [key for key in selectors(name) if key in properties]
    return attribute | {"items": items}


def _required(name: str) -> list[str]:
    if name == OFFER:
        return ["currency"]
    return ["fulfillment_channel_code"] if name == AVAILABILITY else list(REQUIRED_KEYS.get(name, ()))


def _properties(name: str, marketplace: Marketplace) -> Schema:
    if name == AVAILABILITY:
        return _availability()
    made = _offer(marketplace) if name == OFFER else _other(name)
    if name in WITH_LANGUAGE:
        made["language_tag"] = {"$ref": "#/$defs/language_tag"}
    for (attribute, key), allowed in ENUMS.items():
        if attribute == name:
            made[key] = {"type": "string", **_enum(sorted(allowed))}
    return made | {"marketplace_id": {"$ref": "#/$defs/marketplace_id"}}


def _other(name: str) -> Schema:
    keys = {key for key in (*REQUIRED_KEYS.get(name, ()), *selectors(name)) if key not in _COMMON}
    made: Schema = {key: {"title": _title(key), **_TEXT} for key in sorted(keys)}
    if "currency" in selectors(name):
        made["currency"] = {"$ref": "#/$defs/currency"}
        made |= {key: {"title": _title(key), "type": "number", "minimum": 0} for key in ("value", "value_with_tax")}
    elif "image_locator" in name:
        made["media_location"] = {"title": "Media location", "type": "string", "format": "uri"}
    elif name in _TRUTHS:
        made["value"] = {"title": _title(name), "type": "boolean"}
    elif name in _COUNTS:
        made["value"] = {"title": _title(name), "type": "integer", "minimum": 0}
    elif not keys and name in WITH_LANGUAGE | _TEXTS:
        made["value"] = {"title": _title(name), **_TEXT}
    return made


def _offer(marketplace: Marketplace) -> Schema:
    price: Schema = {"type": "number", "minimum": 0, "exclusiveMaximum": LARGEST_PRICE}
    if not marketplace.digits:
        price["multipleOf"] = 1
    plain = {"value_with_tax": price}
    dated = plain | {"start_at": _MOMENT, "end_at": _MOMENT}
    level = {
        "type": "object",
        "required": ["lower_bound", "value"],
        "properties": {"lower_bound": {"type": "integer", "minimum": 2}, "value": {"type": "number", "minimum": 0}},
    }
    plan = {
        "discount_type": {"type": "string", **_enum(["fixed", "percent"])},
        "levels": {"type": "array", "minItems": 1, "maxItems": 5, "items": level},
    }
    moment = {"type": "object", "required": ["value"], "properties": {"value": _MOMENT}}
    return {
        "currency": {"$ref": "#/$defs/currency"},
        "audience": {"type": "string", "default": "ALL", **_enum(sorted(AUDIENCES))},
        "our_price": _schedule(plain, ["value_with_tax"]),
        "minimum_seller_allowed_price": _schedule(plain, ["value_with_tax"]),
        "maximum_seller_allowed_price": _schedule(plain, ["value_with_tax"]),
        "discounted_price": _schedule(dated, ["value_with_tax", "start_at", "end_at"]),
        "map_price": _schedule(plain, ["value_with_tax"]),
        "start_at": moment,
        "end_at": moment,
        "quantity_discount_plan": _schedule(plan, ["discount_type", "levels"]),
        "automated_pricing_merchandising_rule_plan": {"type": "array"},
    }


def _schedule(properties: Schema, required: list[str]) -> Schema:
    part = {"type": "object", "required": required, "properties": properties}
    schedule = {"type": "array", "minItems": 1, "items": part}
    entry = {"type": "object", "required": ["schedule"], "properties": {"schedule": schedule}}
    return {"type": "array", "minItems": 1, "maxItems": 1, "items": entry}


def _availability() -> Schema:
    count = {"type": "integer", "minimum": 0}
    return {
        "fulfillment_channel_code": {"type": "string", **_enum(sorted(CHANNELS))},
        "quantity": count,
        "lead_time_to_ship_max_days": count,
        "restock_date": _MOMENT,
        "is_inventory_available": {"type": "boolean"},
    }


def _listed(values: list[str], default: str) -> Schema:
    return {"type": "string", "default": default, "editable": False, "hidden": True, **_enum(values)}


def _enum(values: list[str]) -> Schema:
    return {"enum": values, "enumNames": [_title(value) if value.islower() else value for value in values]}


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()


_COMMON: Final = frozenset({"marketplace_id", "language_tag", "currency"})
_TEXTS: Final = frozenset(
    {"product_tax_code", "merchant_shipping_group", "part_number", "model_number", "item_type_keyword",
     "item_type_name", "department", "merchant_suggested_asin", "eprel_registration_number", "parentage_level"}
)  # fmt: skip
