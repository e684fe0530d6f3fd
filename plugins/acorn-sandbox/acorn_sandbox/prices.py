"""Prices as they stand on a listing, exact."""

from __future__ import annotations

from decimal import Decimal

from acorn_sandbox.attributes import OFFER
from acorn_sandbox.state import Listing


def standard_price(listing: Listing, audience: str = "ALL") -> Decimal | None:
    """Return the price without any sale for ``ALL`` or ``B2B``, in the site's currency; ``None`` where there is none."""
    for offer in listing.attributes.get(OFFER, []):
        if offer.get("audience", "ALL") == audience:
            try:
                value = offer["our_price"][0]["schedule"][0]["value_with_tax"]
            except (KeyError, IndexError, TypeError):
                return None
            return Decimal(value) if isinstance(value, (int, Decimal)) else None
    return None
