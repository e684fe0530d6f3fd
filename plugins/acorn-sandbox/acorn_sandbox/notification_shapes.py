"""Parts of notification payloads: prices and offers in the shapes of Amazon's notification schemas."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from acorn_sandbox.marketplaces import Marketplace
from acorn_sandbox.offers import Offer

Payload = dict[str, Any]

_CHANNELS: Final = {True: "Amazon", False: "Merchant"}


def money(site: Marketplace, amount: Decimal) -> Payload:
    """Return an amount with upper-case keys."""
    return {"Amount": amount, "CurrencyCode": site.currency}


def prices(offer: Offer) -> Payload:
    """Return an offer's prices with upper-case keys."""
    return {
        "LandedPrice": money(offer.marketplace, offer.landed),
        "ListingPrice": money(offer.marketplace, offer.price),
        "Shipping": money(offer.marketplace, offer.shipping),
    }


def lower_money(offer: Offer, amount: Decimal) -> Payload:
    """Return an amount in an offer's currency with lower-case keys."""
    return {"amount": amount, "currencyCode": offer.marketplace.currency}


def lower_prices(offer: Offer) -> Payload:
    """Return an offer's prices with lower-case keys."""
    return {
        "listingPrice": lower_money(offer, offer.price),
        "shipping": lower_money(offer, offer.shipping),
        "landedPrice": lower_money(offer, offer.landed),
    }


def fulfilment(amazon: bool) -> str:
    """Return who fulfils."""
    return "AFN" if amazon else "MFN"


def by_channel(offers: list[Offer]) -> dict[bool, int]:
    """Return how many offers Amazon fulfils and how many the merchant."""
    kinds = sorted({offer.fulfilled_by_amazon for offer in offers})
    return {kind: sum(offer.fulfilled_by_amazon == kind for offer in offers) for kind in kinds}


def counts(offers: list[Offer]) -> list[Payload]:
    """Return the number of offers by channel."""
    return [
        {"Condition": "new", "FulfillmentChannel": _CHANNELS[amazon], "OfferCount": count}
        for amazon, count in by_channel(offers).items()
    ]


def lowest(offers: list[Offer]) -> list[Payload]:
    """Return the best offer of each channel; ``offers`` are best first."""
    best: dict[bool, Offer] = {}
    for offer in offers:
        best.setdefault(offer.fulfilled_by_amazon, offer)
    return [
        {"Condition": "new", "FulfillmentChannel": _CHANNELS[amazon]} | prices(offer) for amazon, offer in best.items()
    ]


def prime(offer: Offer) -> Payload:
    """Return whether an offer is Prime, in the words of ANY_OFFER_CHANGED."""
    return {"IsOfferPrime": offer.fulfilled_by_amazon, "IsOfferNationalPrime": offer.fulfilled_by_amazon}


def shown(offer: Offer) -> Payload:
    """Return an offer without what differs between the notifications."""
    site = offer.marketplace
    return {
        "SellerId": offer.seller_id,
        "SubCondition": offer.subcondition.lower(),
        "SellerFeedbackRating": {
            "FeedbackCount": offer.feedback_count,
            "SellerPositiveFeedbackRating": offer.positive_percent,
        },
        "ShippingTime": {"MinimumHours": 24, "MaximumHours": 48, "AvailabilityType": "NOW", "AvailableDate": ""},
        "ListingPrice": money(site, offer.price),
        "Shipping": money(site, offer.shipping),
        "ShipsFrom": {"Country": site.country, "State": ""},
        "IsFulfilledByAmazon": offer.fulfilled_by_amazon,
        "IsExpeditedShippingAvailable": False,
        "IsFeaturedMerchant": True,
        "ShipsDomestically": True,
        "ShipsInternationally": False,
    }
