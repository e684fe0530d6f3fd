"""The issues that a listing has for what it lacks, whatever was submitted last: warnings, no refusals.

The codes are those seen at Amazon. Which attributes a product type calls relevant, or which
documents a product needs, Amazon says per product type; the sandbox asks the same of all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from acorn_sandbox.attributes import GPSR_COUNTRIES
from acorn_sandbox.issues import DOCUMENTS_REQUIRED, IMAGE_MISSING, INCOMPLETE, Issue, warning
from acorn_sandbox.marketplaces import Marketplace
from acorn_sandbox.records import Listing

_IMAGE: Final = "main_product_image_locator"
_RELEVANT: Final = ("brand", "bullet_point", "item_weight", "item_dimensions")
_SAFETY: Final = ("gpsr_safety_attestation", "compliance_media", "image_locator_ps01")
_GPSR: Final = ("gpsr_manufacturer_reference", "dsa_responsible_party_address")


def issues_of(listing: Listing) -> list[Issue]:
    """Return all issues of a listing: those that submissions left, and those for what it lacks."""
    return listing.issues + standing(listing.attributes.keys(), listing.marketplace, described=listing.described)


def standing(names: Collection[str], marketplace: Marketplace, *, described: bool) -> list[Issue]:
    """Return the warnings for what a set of attributes lacks on a site.

    ``described`` says that the seller has submitted the whole product: of any other listing the
    sandbox cannot know what stands in Amazon's catalogue.
    """
    return [*_compliance(names, marketplace), *(_product(names) if described else ())]


def _compliance(names: Collection[str], marketplace: Marketplace) -> Iterator[Issue]:
    if marketplace.country not in GPSR_COUNTRIES:
        return
    missing = [name for name in _GPSR if name not in names]
    if not any(name in names for name in _SAFETY):
        missing.append(_SAFETY[0])
    if missing:
        text = f"Product safety information is required in this store. Provide: {', '.join(missing)}."
        yield warning(DOCUMENTS_REQUIRED, text, missing)


def _product(names: Collection[str]) -> Iterator[Issue]:
    missing = [name for name in _RELEVANT if name not in names]
    if missing:
        text = (
            "Attributes tagged as relevant_attributes are incomplete. "
            f"Provide values for the following attribute(s): {', '.join(missing)}"
        )
        yield warning(INCOMPLETE, text, missing)
    if _IMAGE not in names:
        text = "The main image is missing. Submit a compliant image to lift the suppression."
        yield warning(IMAGE_MISSING, text, [_IMAGE], "MISSING_IMAGE", "SEARCH_SUPPRESSED")
