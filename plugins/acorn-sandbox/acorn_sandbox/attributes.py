"""The attributes that the sandbox's product types have, by site, and what makes an instance unique.

Amazon hands its product type schemas out per seller and allows no copies, so this is a small
vocabulary of the sandbox's own in Amazon's real words. A listing's own attributes are always known.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from acorn_sandbox.marketplaces import Marketplace

OFFER: Final = "purchasable_offer"
AVAILABILITY: Final = "fulfillment_availability"
DEFAULT_CHANNEL: Final = "DEFAULT"
ANY_PRODUCT_TYPE: Final = "PRODUCT"

_EVERYWHERE: Final = """
purchasable_offer fulfillment_availability list_price condition_type condition_note merchant_shipping_group
product_tax_code country_of_origin item_name bullet_point brand manufacturer product_description skip_offer
max_order_quantity merchant_release_date item_type_keyword item_type_name generic_keyword part_number model_number
model_name color size style material item_weight item_package_weight item_dimensions item_package_dimensions
number_of_items unit_count included_components target_audience_keyword department age_range_description
merchant_suggested_asin externally_assigned_product_identifier supplier_declared_has_product_identifier_exemption
main_product_image_locator other_product_image_locator_1 other_product_image_locator_2
other_product_image_locator_3 supplier_declared_dg_hz_regulation hazmat safety_data_sheet_url batteries_required
batteries_included num_batteries battery lithium_battery number_of_lithium_ion_cells number_of_lithium_metal_cells
contains_battery_or_cell has_multiple_battery_powered_components is_battery_non_spillable
has_less_than_30_percent_state_of_charge regulatory_compliance_certification
required_product_compliance_certificate legal_compliance_certifications warranty_description gift_options
child_parent_sku_relationship parentage_level variation_theme
"""
_GPSR: Final = "gpsr_manufacturer_reference dsa_responsible_party_address gpsr_safety_attestation " + " ".join(
    f"image_locator_ps0{number}" for number in range(1, 7)
)
GPSR_COUNTRIES: Final = frozenset({"ES", "FR", "BE", "NL", "DE", "IT", "SE", "PL", "IE"})
"""Where the attributes of the General Product Safety Regulation exist."""
_ENERGY: Final = (
    "eu_energy_label_efficiency_class eu_energy_efficiency_rating efficiency eprel_registration_number compliance_media"
)
_US_ONLY: Final = (
    "california_proposition_65 fcc_radio_frequency_emission_compliance pesticide_marking "
    "cpsia_cautionary_statement contains_pfas"
)

SELECTORS: Final[dict[str, tuple[str, ...]]] = {
    OFFER: ("marketplace_id", "currency", "audience"),
    AVAILABILITY: ("fulfillment_channel_code",),
    "list_price": ("marketplace_id", "currency"),
    "uvp_list_price": ("marketplace_id", "currency"),
    "compliance_media": ("marketplace_id", "content_type", "content_language"),
    "regulatory_compliance_certification": ("marketplace_id", "regulation_type"),
    "hazmat": ("marketplace_id", "aspect"),
    "num_batteries": ("marketplace_id", "type"),
}
_USUAL_SELECTORS: Final = ("marketplace_id", "language_tag")
WITH_LANGUAGE: Final = frozenset(
    {"item_name", "bullet_point", "brand", "manufacturer", "product_description", "generic_keyword", "color", "size",
     "style", "material", "condition_note", "model_name", "warranty_description", "included_components"}
)  # fmt: skip


@cache
def vocabulary(marketplace: Marketplace) -> frozenset[str]:
    """Return the names of the attributes that exist on a site."""
    names = set(_EVERYWHERE.split())
    if marketplace.country in GPSR_COUNTRIES:
        names.update(_GPSR.split())
    if marketplace.country in GPSR_COUNTRIES | {"GB"}:
        names.add("epr_product_packaging")
    if marketplace.region == "EU":
        names.update(_ENERGY.split())
    if marketplace.country == "DE":
        names.update({"epr_eco_fee_eubr", "uvp_list_price"})
    else:
        names.update({"ghs", "ghs_chemical_h_code"})
    if marketplace.country == "US":
        names.update(_US_ONLY.split())
    return frozenset(names)


def selectors(name: str) -> tuple[str, ...]:
    """Return the keys that make an instance of an attribute unique."""
    return SELECTORS.get(name, _USUAL_SELECTORS)


def defaults(name: str, marketplace: Marketplace) -> dict[str, Any]:
    """Return the selector values that Amazon assumes where an instance leaves them out."""
    if name == AVAILABILITY:
        return {}
    values: dict[str, Any] = {"marketplace_id": marketplace.id}
    if name == OFFER:
        values["audience"] = "ALL"
    if name in WITH_LANGUAGE:
        values["language_tag"] = marketplace.language
    return values


def key_of(name: str, instance: dict[str, Any], marketplace: Marketplace) -> tuple[Any, ...]:
    """Return what identifies an instance: the values of its selectors, defaults assumed."""
    assumed = defaults(name, marketplace)
    if name == OFFER:
        assumed["currency"] = marketplace.currency
    return tuple(str(instance.get(key, assumed.get(key))) for key in selectors(name))
