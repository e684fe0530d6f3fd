"""The Product Pricing API v0: the offers of an item or a listing, own prices, competitive prices."""

from __future__ import annotations

import uuid
from decimal import Decimal
from email.utils import formatdate
from typing import Any, Final

from acorn_sandbox import views
from acorn_sandbox.calls import Answer, Call, Handler, stores
from acorn_sandbox.errors import ApiError, invalid
from acorn_sandbox.marketplaces import Marketplace
from acorn_sandbox.offers import NEW, Offer, featured, of_condition, offer_of, offers_of
from acorn_sandbox.prices import standard_price
from acorn_sandbox.pricing import MOST_OFFERS, PartRefusedError, check_part, checked_asin, site_of
from acorn_sandbox.state import Listing, State

_ITEM: Final = ("/products/pricing/v0/items/", "/offers")
_LISTING: Final = ("/products/pricing/v0/listings/", "/offers")
_CHANNELS: Final = {True: "Amazon", False: "Merchant"}


class PricingV0:
    """Prices and offers of every account."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.handlers: dict[str, Handler] = {
            "getItemOffers": self.item_offers,
            "getListingOffers": self.listing_offers,
            "getItemOffersBatch": self.item_offers_batch,
            "getListingOffersBatch": self.listing_offers_batch,
            "getPricing": self.prices,
            "getCompetitivePricing": self.competitive_prices,
        }

    def item_offers(self, call: Call) -> Answer:
        """Return the offers of one ASIN."""
        return self._single(call, {"Asin": call.path["Asin"]})

    def listing_offers(self, call: Call) -> Answer:
        """Return the offers of the item that one SKU lists."""
        return self._single(call, {"SellerSKU": call.path["SellerSKU"]})

    def item_offers_batch(self, call: Call) -> Answer:
        """Return the offers of up to 20 ASINs."""
        return self._batch(call, "Asin", _ITEM)

    def listing_offers_batch(self, call: Call) -> Answer:
        """Return the offers of the items that up to 20 SKUs list."""
        return self._batch(call, "SellerSKU", _LISTING)

    def prices(self, call: Call) -> Answer:
        """Return a seller's own prices."""
        return self._priced(call, self._own_prices)

    def competitive_prices(self, call: Call) -> Answer:
        """Return the featured offer's price and the number of offers."""
        return self._priced(call, self._competitive)

    def _single(self, call: Call, named: dict[str, str]) -> Answer:
        try:
            return Answer(body={"payload": self._offers(call.account, call.query | named)})
        except PartRefusedError as fault:
            error = fault.errors[0]
            raise ApiError(fault.status["statusCode"], error["code"], error["message"]) from None

    def _batch(self, call: Call, key: str, path: tuple[str, str]) -> Answer:
        parts = call.body.get("requests")
        if not parts:
            raise invalid("A batch has 1 to 20 requests.")
        return Answer(body={"responses": [self._part(call.account, part, key, path) for part in parts]})

    def _part(self, account: str, part: dict[str, Any], key: str, path: tuple[str, str]) -> dict[str, Any]:
        asked: dict[str, Any] = {
            name: part[name] for name in ("MarketplaceId", "ItemCondition", "CustomerType") if name in part
        }
        headers = {"x-amzn-RequestId": str(uuid.uuid4()), "Date": formatdate(self._state.now(), usegmt=True)}
        asked[key] = ""
        status: dict[str, Any] = {"statusCode": 200, "reasonPhrase": "OK"}
        try:
            asked[key] = check_part(part, *path)
            body: dict[str, Any] = {"payload": self._offers(account, asked)}
        except PartRefusedError as fault:
            status, body = fault.status, {"errors": fault.errors}
        return {"headers": headers, "status": status, "body": body, "request": asked}

    def _offers(self, account: str, asked: dict[str, Any]) -> dict[str, Any]:
        site, condition = site_of(asked["MarketplaceId"]), asked["ItemCondition"]
        identifier = {"MarketplaceId": site.id, "ItemCondition": condition}
        payload: dict[str, Any] = {"marketplaceId": site.id}
        if "Asin" in asked:
            asin = checked_asin(asked["Asin"])
            payload["ASIN"] = identifier["ASIN"] = asin
        else:
            listing = self._state.listing(account, site.id, asked["SellerSKU"])
            if listing is None:
                text = f"{asked['SellerSKU']} is an invalid SKU for marketplace {site.id}"
                raise PartRefusedError(400, "InvalidInput", text)
            asin = listing.asin
            payload["SKU"] = identifier["SellerSKU"] = listing.sku
        business = asked.get("CustomerType") == "Business"
        every = offers_of(self._state, site.id, asin, business=business)
        offers = of_condition(every, condition)
        best = featured(every)
        return payload | {
            "ItemCondition": condition,
            "status": "Success" if offers else "NoBuyableOffers",
            "Identifier": identifier,
            "Summary": _summary(every, best),
            "Offers": [_detail(offer, account, offer is best) for offer in offers[:MOST_OFFERS]],
        }

    def _priced(self, call: Call, product: Any) -> Answer:
        query = call.query
        (site,) = stores([query["MarketplaceId"]])
        name = "Asins" if query["ItemType"] == "Asin" else "Skus"
        if name not in query:
            raise invalid(f"'{name}' is required for the ItemType {query['ItemType']}.")
        return Answer(body={"payload": [self._price(call, site, key, product) for key in query[name]]})

    def _price(self, call: Call, site: Marketplace, key: str, product: Any) -> dict[str, Any]:
        by_sku = call.query["ItemType"] == "Sku"
        answer: dict[str, Any] = {"SellerSKU" if by_sku else "ASIN": key}
        if by_sku:
            listing = self._state.listing(call.account, site.id, key)
            listings = [] if listing is None else [listing]
        else:
            listings = self._state.listings_of_item(site.id, key)
        if not listings:
            return {"status": "ClientError"} | answer
        shown: dict[str, Any] = {
            "Identifiers": {
                "MarketplaceASIN": {"MarketplaceId": site.id, "ASIN": listings[0].asin},
                "SKUIdentifier": {
                    "MarketplaceId": site.id if by_sku else "",
                    "SellerId": call.account if by_sku else "",
                    "SellerSKU": key if by_sku else "",
                },
            }
        }
        own = [listing for listing in listings if listing.seller_id == call.account]
        return {"status": "Success"} | answer | {"Product": shown | product(call, listings[0], own)}

    def _own_prices(self, call: Call, _item: Listing, own: list[Listing]) -> dict[str, Any]:
        business = call.query.get("OfferType") == "B2B"
        wanted = call.query.get("ItemCondition")
        offers = []
        for listing in own:
            regular = standard_price(listing)
            selling = standard_price(listing, "B2B") if business else views.selling_price(listing, self._state.now())
            offer = offer_of(self._state, listing)
            if offer is None or regular is None or selling is None or wanted not in {None, offer.condition}:
                continue
            site = listing.marketplace
            shown = {
                "offerType": "B2B" if business else "B2C",
                "BuyingPrice": _price_type(site, selling, offer.shipping),
                "RegularPrice": _money(site, regular),
                "FulfillmentChannel": "AMAZON" if offer.fulfilled_by_amazon else "MERCHANT",
                "ItemCondition": offer.condition,
                "ItemSubCondition": offer.subcondition,
                "SellerSKU": listing.sku,
            }
            offers.append(shown)
        return {"Offers": offers}

    def _competitive(self, call: Call, item: Listing, _own: list[Listing]) -> dict[str, Any]:
        business = call.query.get("CustomerType") == "Business"
        offers = offers_of(self._state, item.marketplace_id, item.asin, business=business)
        best = featured(offers)
        prices = [] if best is None else [_competitive_price(best, call.account)]
        conditions = sorted({offer.condition for offer in offers})
        counts = [{"condition": name, "Count": len(of_condition(offers, name))} for name in conditions]
        counts.append({"condition": "Any", "Count": len(offers)})
        return {
            "CompetitivePricing": {"CompetitivePrices": prices, "NumberOfOfferListings": counts},
            "SalesRankings": [],
        }


def _money(site: Marketplace, amount: Decimal) -> dict[str, Any]:
    return {"CurrencyCode": site.currency, "Amount": amount}


def _price_type(site: Marketplace, price: Decimal, shipping: Decimal) -> dict[str, Any]:
    return {
        "LandedPrice": _money(site, price + shipping),
        "ListingPrice": _money(site, price),
        "Shipping": _money(site, shipping),
    }


def _competitive_price(best: Offer, account: str) -> dict[str, Any]:
    return {
        "CompetitivePriceId": "1",
        "Price": _price_type(best.marketplace, best.price, best.shipping),
        "condition": best.condition,
        "subcondition": best.subcondition,
        "belongsToRequester": best.seller_id == account,
    }


def _summary(offers: list[Offer], best: Offer | None) -> dict[str, Any]:
    kinds = sorted({(offer.condition, offer.fulfilled_by_amazon) for offer in offers})
    counts, lowest = [], []
    for condition, amazon in kinds:
        some = [offer for offer in of_condition(offers, condition) if offer.fulfilled_by_amazon == amazon]
        kind = {"condition": condition.lower(), "fulfillmentChannel": _CHANNELS[amazon]}
        counts.append(kind | {"OfferCount": len(some)})
        lowest.append(kind | _price_type(some[0].marketplace, some[0].price, some[0].shipping))
    summary: dict[str, Any] = {
        "TotalOfferCount": len(offers),
        "NumberOfOffers": counts,
        "LowestPrices": lowest,
        "BuyBoxEligibleOffers": [one for one in counts if one["condition"] == NEW.lower()],
        "SalesRankings": [],
    }
    if best is not None:
        price = {"condition": "New"} | _price_type(best.marketplace, best.price, best.shipping)
        summary["BuyBoxPrices"] = [price | {"sellerId": best.seller_id}]
    return summary


def _detail(offer: Offer, account: str, wins: bool) -> dict[str, Any]:
    return {
        "MyOffer": offer.seller_id == account,
        "SubCondition": offer.subcondition.lower(),
        "SellerId": offer.seller_id,
        "SellerFeedbackRating": {
            "FeedbackCount": offer.feedback_count,
            "SellerPositiveFeedbackRating": offer.positive_percent,
        },
        "ShippingTime": {"minimumHours": 24, "maximumHours": 48, "availabilityType": "NOW"},
        "ListingPrice": _money(offer.marketplace, offer.price),
        "Shipping": _money(offer.marketplace, offer.shipping),
        "ShipsFrom": {"Country": offer.marketplace.country},
        "IsFulfilledByAmazon": offer.fulfilled_by_amazon,
        "PrimeInformation": {"IsPrime": offer.fulfilled_by_amazon, "IsNationalPrime": offer.fulfilled_by_amazon},
        "IsBuyBoxWinner": wins,
        "IsFeaturedMerchant": True,
    }
