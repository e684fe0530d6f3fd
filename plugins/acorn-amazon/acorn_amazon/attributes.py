"""Attribute values: from what a rule says to the list of objects that Amazon wants, and back.

Shapes are those of Amazon's product type schemas. Which attributes a product type has differs
by store; whether one may be sent is the seller's data and Amazon's answer, not this table.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from acorn_amazon import exact_json

if TYPE_CHECKING:
    from acorn_engine.sites import Site

OWNED: Final = frozenset({"purchasable_offer", "fulfillment_availability"})
"""Attributes that the fields of the engine write; rules cannot set them as attributes."""

NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")

_WITH_LANGUAGE: Final = frozenset(
    {
        "brand",
        "bullet_point",
        "care_instructions",
        "color",
        "condition_note",
        "directions",
        "generic_keyword",
        "included_components",
        "ingredients",
        "item_name",
        "item_type_name",
        "legal_disclaimer_description",
        "manufacturer",
        "material",
        "model_name",
        "product_description",
        "safety_data_sheet_url",
        "safety_warning",
        "size",
        "special_feature",
        "style",
        "warranty_description",
    }
)
_WITH_CURRENCY: Final = frozenset({"epr_eco_fee_eubr", "list_price", "uvp_list_price"})
_KEYS: Final = {"gpsr_manufacturer_reference": "gpsr_manufacturer_email_address"}
_SELECTORS: Final = frozenset({"marketplace_id", "language_tag", "currency"})


@dataclass(frozen=True, slots=True)
class Shape:
    """How a single value of one attribute is wrapped: the text before and after its JSON text."""

    before: str
    after: str


def _key(name: str, site: Site) -> str:
    if "image_locator" in name:
        return "media_location"
    if name in {"list_price", "uvp_list_price"} and site.tax_included:
        return "value_with_tax"
    return _KEYS.get(name, "value")


def shape_of(name: str, site: Site, *, is_text: bool) -> Shape:
    """Return how a text, number or boolean of ``name`` becomes one object."""
    language = f',"language_tag":"{site.language}"' if is_text and name in _WITH_LANGUAGE else ""
    currency = f',"currency":"{site.currency}"' if name in _WITH_CURRENCY else ""
    return Shape(f'{{"{_key(name, site)}":', f'{language}{currency},"marketplace_id":"{site.marketplace_id}"}}')


def wrap(name: str, value: str, site: Site) -> str:
    """Return Amazon's list for one attribute, as JSON text.

    ``value`` is JSON text: one value, an object, or a list of either. An object keeps its members
    and gains ``marketplace_id`` where it has none; null members of a list are dropped.
    """
    data = exact_json.loads(value)
    instances = []
    for item in data if isinstance(data, list) else [data]:
        if item is None:
            continue
        if isinstance(item, dict):
            instances.append(
                exact_json.dumps({**item, "marketplace_id": item.get("marketplace_id", site.marketplace_id)})
            )
        elif isinstance(item, list):
            raise ValueError("a list of lists is nothing that Amazon takes")  # noqa: TRY004 - the data is wrong, not the call
        else:
            shape = shape_of(name, site, is_text=isinstance(item, str))
            instances.append(f"{shape.before}{exact_json.dumps(item)}{shape.after}")
    return f"[{','.join(instances)}]"


def of_site(value: Any, site: Site) -> list[dict[str, Any]]:
    """Return those objects of an attribute, as read, that stand for this site."""
    if not isinstance(value, list):
        return []
    return [
        item for item in value if isinstance(item, dict) and item.get("marketplace_id") in (None, site.marketplace_id)
    ]


def matches(wanted: str, shown: str | None, site: Site) -> bool:
    """Say whether an attribute reads back as planned.

    ``wanted`` is what the rule said, ``shown`` what Amazon shows, both JSON text. Every wanted
    instance must stand there, in any order, and no other one of this site; members that Amazon
    added by itself (a language, a marketplace) don't count. Numbers compare by value.
    """
    try:
        plan = exact_json.loads(wanted)
        read = None if shown is None else exact_json.loads(shown)
    except ValueError:
        return False
    plan_items = [item for item in (plan if isinstance(plan, list) else [plan]) if item is not None]
    read_items: list[Any] = list(of_site(read, site)) if isinstance(read, list) else [read] if read is not None else []
    if isinstance(read, list) and len(read_items) < len(read) and not any(isinstance(item, dict) for item in read):
        read_items = read
    if len(plan_items) != len(read_items):
        return False
    left = list(read_items)
    for item in plan_items:
        found = next((index for index, other in enumerate(left) if _covers(item, other)), None)
        if found is None:
            return False
        del left[found]
    return True


def _covers(wanted: Any, shown: Any) -> bool:
    """Say whether ``shown`` holds at least ``wanted``."""
    if isinstance(wanted, dict):
        return isinstance(shown, dict) and all(key in shown and _covers(wanted[key], shown[key]) for key in wanted)
    if isinstance(shown, dict):
        own = [value for key, value in shown.items() if key not in _SELECTORS]
        return len(own) == 1 and _covers(wanted, own[0])
    if isinstance(wanted, list):
        return (
            isinstance(shown, list)
            and len(wanted) == len(shown)
            and all(_covers(one, other) for one, other in zip(wanted, shown, strict=True))
        )
    if isinstance(wanted, bool) or isinstance(shown, bool):
        return wanted is shown
    if isinstance(wanted, int | Decimal) and isinstance(shown, int | Decimal):
        return wanted == shown
    return type(wanted) is type(shown) and bool(wanted == shown)
