"""The offers of a catalogue item on one site: the sandbox's sellers' and the competitors', and which one is featured.

Featured is the new offer with the lowest landed price; at equal prices one that Amazon fulfils
goes first, then the seller id decides. That rule is the sandbox's own: Amazon's is not published.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from acorn_sandbox import views
from acorn_sandbox.alive import is_fulfilled_by_amazon
from acorn_sandbox.market import CompetitorOffer
from acorn_sandbox.marketplaces import MARKETPLACES, Marketplace
from acorn_sandbox.prices import standard_price
from acorn_sandbox.state import Listing, State

NEW: Final = "New"
_SUBCONDITIONS: Final = {
    "new_new": "New", "new_open_box": "OpenBox", "new_oem": "OEM", "refurbished_refurbished": "Refurbished",
    "used_like_new": "Mint", "used_very_good": "VeryGood", "used_good": "Good", "used_acceptable": "Acceptable",
    "collectible_like_new": "Mint", "collectible_very_good": "VeryGood", "collectible_good": "Good",
    "collectible_acceptable": "Acceptable", "club_club": "Club",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Offer:
    """One offer; amounts are in the site's currency, ``condition`` and ``subcondition`` in the pricing API's words.

    ``sku`` is ``None`` for a competitor's.
    """

    marketplace_id: str
    asin: str
    seller_id: str
    sku: str | None
    price: Decimal
    shipping: Decimal
    fulfilled_by_amazon: bool
    condition: str = NEW
    subcondition: str = NEW
    feedback_count: int = 250
    positive_percent: int = 97

    @property
    def landed(self) -> Decimal:
        """What a buyer pays: price and shipping."""
        return self.price + self.shipping

    @property
    def rank(self) -> tuple[Decimal, bool, str]:
        """What offers are put in order by; the first new one is featured."""
        return self.landed, not self.fulfilled_by_amazon, self.seller_id

    @property
    def marketplace(self) -> Marketplace:
        """The site."""
        return MARKETPLACES[self.marketplace_id]


def offers_of(state: State, marketplace_id: str, asin: str, *, business: bool = False) -> list[Offer]:
    """Return the offers of an item that can be bought now, best first.

    With ``business`` a listing's business price counts where it has one.
    """
    listings = state.listings_of_item(marketplace_id, asin)
    prices = [price for listing in listings if (price := views.selling_price(listing, state.now())) is not None]
    near = min(prices, default=None)
    found = [offer for listing in listings if (offer := offer_of(state, listing, business=business)) is not None]
    found += [
        _competitor(marketplace_id, asin, one)
        for one in state.market.competitors(marketplace_id, asin, near, state.now())
    ]
    return sorted(found, key=lambda offer: offer.rank)


def offer_of(state: State, listing: Listing, *, business: bool = False) -> Offer | None:
    """Return a listing's offer, or ``None`` where it cannot be bought now."""
    price = views.selling_price(listing, state.now())
    if business:
        price = standard_price(listing, "B2B") or price
    if price is None or "BUYABLE" not in views.status_of(state, listing):
        return None
    kind = str(views.first_value(listing.attributes.get("condition_type")) or "new_new")
    return Offer(
        marketplace_id=listing.marketplace_id,
        asin=listing.asin,
        seller_id=listing.seller_id,
        sku=listing.sku,
        price=price,
        shipping=Decimal(0),
        fulfilled_by_amazon=is_fulfilled_by_amazon(state, listing),
        condition=kind.partition("_")[0].capitalize(),
        subcondition=_SUBCONDITIONS.get(kind, "Other"),
    )


def of_condition(offers: list[Offer], condition: str) -> list[Offer]:
    """Return the offers of one condition."""
    return [offer for offer in offers if offer.condition == condition]


def featured(offers: list[Offer]) -> Offer | None:
    """Return the featured offer, if there is any new one."""
    return next(iter(of_condition(offers, NEW)), None)


def winning_price(own: Offer, rival: Offer) -> Decimal:
    """Return the highest price at which ``own`` would be ranked before ``rival``."""
    tick = Decimal(1).scaleb(-own.marketplace.digits)
    wins_ties = own.rank[1:] < rival.rank[1:]
    return rival.landed - own.shipping - (0 if wins_ties else tick)


def _competitor(marketplace_id: str, asin: str, offer: CompetitorOffer) -> Offer:
    return Offer(
        marketplace_id=marketplace_id,
        asin=asin,
        seller_id=offer.seller_id,
        sku=None,
        price=offer.price,
        shipping=offer.shipping,
        fulfilled_by_amazon=offer.fulfilled_by_amazon,
        feedback_count=offer.feedback_count,
        positive_percent=offer.positive_percent,
    )
