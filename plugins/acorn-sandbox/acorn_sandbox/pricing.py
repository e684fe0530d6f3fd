"""The Product Pricing API v2022-05-01: competitive summaries and featured offer expected prices, in batches."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final
from urllib.parse import unquote

from acorn_sandbox.calls import Answer, Call, Handler
from acorn_sandbox.errors import invalid
from acorn_sandbox.marketplaces import MARKETPLACES, Marketplace
from acorn_sandbox.offers import NEW, Offer, featured, of_condition, offer_of, offers_of, winning_price
from acorn_sandbox.state import Listing, State

MOST_EXPECTED_PRICES: Final = 40
"""How many SKUs one batch may ask for. Source: SP-API reference of getFeaturedOfferExpectedPriceBatch."""
MOST_OFFERS: Final = 20

_ASIN: Final = re.compile(r"[A-Z0-9]{10}")
_SUMMARY: Final = "/products/pricing/2022-05-01/items/competitiveSummary"
_EXPECTED: Final = "/products/pricing/2022-05-01/offer/featuredOfferExpectedPrice"
_SUCCESS: Final = {"statusCode": 200, "reasonPhrase": "Success"}


class PartRefusedError(Exception):
    """What is wrong with one request of a batch; the others are answered."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.errors = [{"code": code, "message": message}]
        self.status: dict[str, Any] = {
            "statusCode": status,
            "reasonPhrase": "Not Found" if status == 404 else "Client Error",
        }


class Pricing:
    """What stands beside the offers of every account."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.handlers: dict[str, Handler] = {
            "getCompetitiveSummary": self.summaries,
            "getFeaturedOfferExpectedPriceBatch": self.expected_prices,
        }

    def summaries(self, call: Call) -> Answer:
        """Return for each ASIN the data that its request asks for."""
        return Answer(body={"responses": [self._summarized(request) for request in call.body["requests"]]})

    def expected_prices(self, call: Call) -> Answer:
        """Return for each SKU the price at which its offer would be featured."""
        requests = call.body.get("requests", [])
        if not 1 <= len(requests) <= MOST_EXPECTED_PRICES:
            raise invalid(f"A batch has 1 to {MOST_EXPECTED_PRICES} requests.")
        return Answer(body={"responses": [self._expected(call.account, request) for request in requests]})

    def _summarized(self, request: dict[str, Any]) -> dict[str, Any]:
        body: dict[str, Any] = {"asin": request["asin"], "marketplaceId": request["marketplaceId"]}
        try:
            check_part(request, _SUMMARY)
            site = site_of(request["marketplaceId"])
            offers = self._known_offers(site, checked_asin(request["asin"]))
        except PartRefusedError as fault:
            return {"status": fault.status, "body": body | {"errors": fault.errors}}
        for name in request["includedData"]:
            body[name] = _PARTS[name](offers, request, site)
        return {"status": _SUCCESS, "body": body}

    def _known_offers(self, site: Marketplace, asin: str) -> list[Offer]:
        offers = offers_of(self._state, site.id, asin)
        if not offers and not self._state.listings_of_item(site.id, asin):
            raise PartRefusedError(404, "NOT_FOUND", f"{asin} is not known in marketplace {site.id}.")
        return offers

    def _expected(self, account: str, request: dict[str, Any]) -> dict[str, Any]:
        asked = {key: request[key] for key in ("marketplaceId", "sku", "segment") if key in request}
        answer: dict[str, Any] = {"request": asked, "headers": {}, "status": _SUCCESS}
        try:
            check_part(request, _EXPECTED)
            listing = self._known_listing(account, site_of(request["marketplaceId"]), request["sku"])
        except PartRefusedError as fault:
            return answer | {"status": fault.status, "body": {"errors": fault.errors}}
        return answer | {"body": self._expected_body(listing)}

    def _known_listing(self, account: str, site: Marketplace, sku: str) -> Listing:
        listing = self._state.listing(account, site.id, sku)
        if listing is None:
            text = "The requested SKU does not exist for the seller in the requested Amazon store."
            raise PartRefusedError(400, "INVALID_SKU", text)
        return listing

    def _expected_body(self, listing: Listing) -> dict[str, Any]:
        own = offer_of(self._state, listing)
        offers = offers_of(self._state, listing.marketplace_id, listing.asin)
        identifier = {"marketplaceId": listing.marketplace_id, "sellerId": listing.seller_id, "sku": listing.sku}
        identifier["asin"] = listing.asin
        if own is not None:
            identifier["fulfillmentType"] = _fulfilment(own)
        rival = featured([offer for offer in offers if offer.seller_id != listing.seller_id])
        current = featured(offers)
        result: dict[str, Any] = {"resultStatus": "VALID_FOEP"}
        if own is None or own.condition != NEW:
            result["resultStatus"] = "OFFER_NOT_ELIGIBLE"
        elif rival is None:
            result["resultStatus"] = "NO_COMPETING_OFFER"
        else:
            price = winning_price(own, rival)
            result["featuredOfferExpectedPrice"] = {"listingPrice": money(own.marketplace, price)}
            result["competingFeaturedOffer"] = _shown_featured(rival)
        if current is not None:
            result["currentFeaturedOffer"] = _shown_featured(current)
        return {"offerIdentifier": identifier, "featuredOfferExpectedPriceResults": [result]}


def check_part(request: dict[str, Any], path: str, end: str = "") -> str:
    """Return what stands between ``path`` and ``end`` in the URI of a batch's part.

    Raises ``PartRefusedError`` unless the part is a GET of that path.
    """
    uri = str(request["uri"]).partition("?")[0]
    between = uri.removeprefix(path).removesuffix(end)
    if request["method"] != "GET" or uri != path + between + end or bool(between) != bool(end):
        raise PartRefusedError(400, "InvalidInput", f"The part must be a GET of {path}{'…' if end else ''}{end}.")
    return unquote(between)


def site_of(marketplace_id: str) -> Marketplace:
    """Return a marketplace. Raises ``PartRefusedError`` for an unknown one."""
    if marketplace_id not in MARKETPLACES:
        raise PartRefusedError(400, "InvalidInput", f"{marketplace_id} is not a valid marketplace id.")
    return MARKETPLACES[marketplace_id]


def checked_asin(text: str) -> str:
    """Return an ASIN. Raises ``PartRefusedError`` for what cannot be one."""
    if not _ASIN.fullmatch(text):
        raise PartRefusedError(400, "INVALID_ASIN", f"{text} is not a valid ASIN")
    return text


def money(site: Marketplace, amount: Decimal) -> dict[str, Any]:
    """Return an amount in the site's currency."""
    return {"amount": amount, "currencyCode": site.currency}


def _fulfilment(offer: Offer) -> str:
    return "AFN" if offer.fulfilled_by_amazon else "MFN"


def _shown(offer: Offer) -> dict[str, Any]:
    return {
        "sellerId": offer.seller_id,
        "condition": offer.condition,
        "subCondition": offer.subcondition,
        "fulfillmentType": _fulfilment(offer),
        "listingPrice": money(offer.marketplace, offer.price),
        "shippingOptions": [{"shippingOptionType": "DEFAULT", "price": money(offer.marketplace, offer.shipping)}],
        "primeDetails": {"eligibility": "NATIONAL" if offer.fulfilled_by_amazon else "NONE"},
    }


def _shown_featured(offer: Offer) -> dict[str, Any]:
    identifier = {"marketplaceId": offer.marketplace_id, "sellerId": offer.seller_id, "asin": offer.asin}
    identifier["fulfillmentType"] = _fulfilment(offer)
    price = {
        "listingPrice": money(offer.marketplace, offer.price),
        "shippingPrice": money(offer.marketplace, offer.shipping),
    }
    return {"offerIdentifier": identifier, "condition": offer.condition, "price": price}


def _featured_options(offers: list[Offer], _request: dict[str, Any], _site: Marketplace) -> list[dict[str, Any]]:
    offer = featured(offers)
    if offer is None:
        return []
    segment = {"customerMembership": "DEFAULT", "segmentDetails": {"glanceViewWeightPercentage": 100}}
    return [
        {"buyingOptionType": "New", "segmentedFeaturedOffers": [_shown(offer) | {"featuredOfferSegments": [segment]}]}
    ]


def _lowest(offers: list[Offer], request: dict[str, Any], _site: Marketplace) -> list[dict[str, Any]]:
    asked = request.get("lowestPricedOffersInputs") or [{"itemCondition": NEW, "offerType": "Consumer"}]
    found = [(one, of_condition(offers, one["itemCondition"])[:MOST_OFFERS]) for one in asked]
    # Amazon's model has no empty list of offers.
    return [{"lowestPricedOffersInput": one, "offers": list(map(_shown, some))} for one, some in found if some]


def _reference_prices(offers: list[Offer], _request: dict[str, Any], site: Marketplace) -> list[dict[str, Any]]:
    """Return reference prices; a competitive price threshold only in Japan, as since 2025-09-30."""
    prices = [offer.landed for offer in offers if offer.sku is None]
    if not prices:
        return []
    lowest = money(site, min(prices))
    names = ["CompetitivePrice", "CompetitivePriceThreshold"] if site.country == "JP" else ["CompetitivePrice"]
    return [{"name": name, "price": lowest} for name in names]


def _similar(_offers: list[Offer], _request: dict[str, Any], _site: Marketplace) -> list[dict[str, Any]]:
    return []


_PARTS: Final = {
    "featuredBuyingOptions": _featured_options,
    "lowestPricedOffers": _lowest,
    "referencePrices": _reference_prices,
    "similarItems": _similar,
}
