"""An offer that is handed in by its columns: which of them are the product's, which the listing's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from acorn_engine.catalog.names import KNOWN_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from acorn_engine.catalog.names import Role

QUOTE_SKU: Final = "QUOTE"
"""The SKU of an offer that is quoted without one."""
KEYS: Final = ("site", "account", "sku", "seller_sku")


def skus(offer: Mapping[str, Any]) -> tuple[str, str]:
    """Return the product's SKU and the seller's; both may be left out."""
    sku = str(offer.get("sku") or offer.get("seller_sku") or QUOTE_SKU)
    return sku, str(offer.get("seller_sku") or sku)


def places(names: Iterable[str]) -> dict[str, tuple[Role, str]]:
    """Return the table and the column of each name that is no key."""
    found: dict[str, tuple[Role, str]] = {}
    for name in names:
        if name not in KEYS:
            bare = name.removeprefix("current_")
            plain = bare if bare in KNOWN_COLUMNS["listings"] else name
            found[name] = ("products" if name in KNOWN_COLUMNS["products"] else "listings", plain)
    return found


def rows(site: str, account: str, offer: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the offer as a row of products and one of listings."""
    sku, seller_sku = skus(offer)
    product: dict[str, Any] = {"sku": sku}
    listing: dict[str, Any] = {"site": site, "account": account, "sku": sku, "seller_sku": seller_sku}
    for name, (role, column) in places(offer).items():
        (product if role == "products" else listing)[column] = offer[name]
    return product, listing
