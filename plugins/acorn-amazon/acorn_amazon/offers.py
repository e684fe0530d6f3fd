"""Offers of items and of own listings, own prices and competitive prices (Product Pricing v0)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import quote

import polars as pl

from acorn_amazon.answers import Part, amount_of, currency_of
from acorn_amazon.batches import PATIENCE, Fault, ask, cut, fault_frame, fault_of, status_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from acorn_amazon.client import Client
    from acorn_amazon.pricing import Condition
    from acorn_engine.sites import Site

CustomerType = Literal["Consumer", "Business"]

PER_CALL: Final = 20
_SUCCESS: Final = 200
_BAD_REQUEST: Final = 400

OFFERS: Final = {
    "id": pl.String,
    "asin": pl.String,
    "seller_id": pl.String,
    "is_ours": pl.Boolean,
    "is_featured": pl.Boolean,
    "sub_condition": pl.String,
    "fulfilment": pl.String,
    "listing_price": pl.String,
    "shipping": pl.String,
    "points": pl.Int64,
    "currency": pl.String,
    "ships_from": pl.String,
}
"""Columns of offers: ``id`` the ASIN or SKU asked for; ``fulfilment`` amazon or merchant; prices plain decimal text in
``currency``; ``points`` the number of points given (Japan); ``ships_from`` a country. At most 20 offers each."""

OWN: Final = {
    "seller_sku": pl.String,
    "asin": pl.String,
    "offer_type": pl.String,
    "listing_price": pl.String,
    "shipping": pl.String,
    "landed_price": pl.String,
    "regular_price": pl.String,
    "currency": pl.String,
    "fulfilment": pl.String,
}
"""Columns of own prices: what a buyer pays now (``listing_price``), and without a sale (``regular_price``); decimal
text in ``currency``; ``offer_type`` B2C or B2B."""

COMPETITIVE: Final = {
    "asin": pl.String,
    "competitive_price_id": pl.String,
    "condition": pl.String,
    "offer_type": pl.String,
    "is_ours": pl.Boolean,
    "listing_price": pl.String,
    "shipping": pl.String,
    "landed_price": pl.String,
    "currency": pl.String,
}
"""Columns of competitive prices; id 1 is the featured offer for new condition, 2 for used. Decimal text."""


@dataclass(frozen=True, slots=True)
class Found:
    """Rows, and what Amazon could not answer (columns of ``batches.FAULTS``)."""

    rows: pl.DataFrame
    faults: pl.DataFrame


def _fulfilment(by_amazon: bool | None) -> str | None:
    return None if by_amazon is None else "amazon" if by_amazon else "merchant"


def _offer(id: str, asin: str | None, offer: Part) -> dict[str, Any]:  # noqa: A002 - the column's name
    price, shipping = offer.money("ListingPrice"), offer.optional_money("Shipping")
    points, origin = offer.optional_part("Points"), offer.optional_part("ShipsFrom")
    return {
        "id": id,
        "asin": asin,
        "seller_id": offer.optional_text("SellerId"),
        "is_ours": offer.optional_flag("MyOffer"),
        "is_featured": offer.optional_flag("IsBuyBoxWinner"),
        "sub_condition": offer.optional_text("SubCondition"),
        "fulfilment": _fulfilment(offer.optional_flag("IsFulfilledByAmazon")),
        "listing_price": price.text,
        "shipping": amount_of(shipping),
        "points": points.optional_whole("PointsNumber") if points else None,
        "currency": price.currency,
        "ships_from": origin.optional_text("Country") if origin else None,
    }


def _batch(
    client: Client,
    operation: str,
    ids: Sequence[str],
    key: str,
    request: Callable[[str], Mapping[str, object]],
) -> Found:
    rows: list[dict[str, Any]] = []

    def read(response: Part) -> tuple[str | None, Fault | None]:
        body, asked = response.part("body"), response.optional_part("request")
        payload = body.optional_part("payload")
        # Amazon's model lets a listing's answer leave out the question; its payload names the SKU too.
        name = {"Asin": "ASIN", "SellerSKU": "SKU"}[key]
        found = (asked and asked.optional_text(key)) or (payload and payload.optional_text(name)) or None
        status = status_of(response) if "status" in response.data else _SUCCESS if payload else _BAD_REQUEST
        if found is None:
            return None, None
        if status != _SUCCESS or payload is None:
            return found, fault_of(found, status, body.optional_parts("errors"), client)
        asin = payload.optional_text("ASIN") or payload.part("Identifier").optional_text("ASIN")
        rows.extend(_offer(found, asin, offer) for offer in payload.parts("Offers"))
        return found, None

    faults = ask(client, operation, ids, PER_CALL, request, read)
    return Found(pl.DataFrame(rows, schema=OFFERS, orient="row"), fault_frame(faults))


def _question(site: Site, uri: str, condition: Condition, customer: CustomerType) -> Mapping[str, object]:
    return {
        "uri": uri,
        "method": "GET",
        "MarketplaceId": site.marketplace_id,
        "ItemCondition": condition,
        "CustomerType": customer,
    }


def item_offers(
    client: Client,
    site: Site,
    asins: Sequence[str],
    condition: Condition = "New",
    customer: CustomerType = "Consumer",
) -> Found:
    """Return the 20 lowest offers of each ASIN with their sellers; 20 ASINs a call, one call in 10 seconds."""
    return _batch(
        client,
        "getItemOffersBatch",
        asins,
        "Asin",
        lambda asin: _question(site, f"/products/pricing/v0/items/{quote(asin, safe='')}/offers", condition, customer),
    )


def listing_offers(
    client: Client,
    site: Site,
    seller_skus: Sequence[str],
    condition: Condition = "New",
    customer: CustomerType = "Consumer",
) -> Found:
    """Return the 20 lowest offers beside each own listing; 20 SKUs a call, one call in 2 seconds."""
    return _batch(
        client,
        "getListingOffersBatch",
        seller_skus,
        "SellerSKU",
        lambda sku: _question(site, f"/products/pricing/v0/listings/{quote(sku, safe='')}/offers", condition, customer),
    )


def _prices(client: Client, operation: str, query: Mapping[str, str | Sequence[str]]) -> Sequence[Part]:
    answer = Part(operation, client.patient(PATIENCE).call(operation, query=query))
    return answer.parts("payload")


def _price(part: Part) -> dict[str, str | None]:
    listing, shipping = part.money("ListingPrice"), part.optional_money("Shipping")
    landed = part.optional_money("LandedPrice")
    return {
        "listing_price": listing.text,
        "shipping": amount_of(shipping),
        "landed_price": amount_of(landed),
        "currency": currency_of(listing),
    }


def own_prices(client: Client, site: Site, seller_skus: Sequence[str]) -> Found:
    """Return the prices of own offers as buyers see them; 20 SKUs a call, one call in 2 seconds."""
    rows: list[dict[str, Any]] = []
    faults: list[Fault] = []
    for some in cut(seller_skus, PER_CALL):
        # The list is split at commas, whatever is escaped.
        sendable = [sku for sku in some if "," not in sku]
        faults += [
            Fault(sku, None, "not_sendable", "Amazon's list cannot hold a SKU with a comma")
            for sku in some
            if "," in sku
        ]
        if not sendable:
            continue
        query = {"MarketplaceId": site.marketplace_id, "ItemType": "Sku", "Skus": sendable}
        left = dict.fromkeys(sendable)
        for price in _prices(client, "getPricing", query):
            sku = price.optional_text("SellerSKU")
            if sku not in left:
                continue
            del left[sku]
            product = price.optional_part("Product")
            if product is None or price.text("status") != "Success":
                faults.append(Fault(sku, None, price.text("status"), "Amazon has no price of this SKU on this site"))
                continue
            asin = product.part("Identifiers").part("MarketplaceASIN").text("ASIN")
            for offer in product.optional_parts("Offers"):
                regular = offer.optional_money("RegularPrice")
                rows.append(
                    {
                        "seller_sku": sku,
                        "asin": asin,
                        "offer_type": offer.optional_text("offerType"),
                        **_price(offer.part("BuyingPrice")),
                        "regular_price": amount_of(regular),
                        "fulfilment": _fulfilment(offer.text("FulfillmentChannel").upper() == "AMAZON"),
                    }
                )
        faults += [Fault(sku, None, "left_out", "Amazon's answer leaves it out; ask again") for sku in left]
    return Found(pl.DataFrame(rows, schema=OWN, orient="row"), fault_frame(faults))


def competitive_prices(client: Client, site: Site, asins: Sequence[str]) -> Found:
    """Return the featured offers' prices of ASINs; 20 ASINs a call, one call in 2 seconds."""
    rows: list[dict[str, Any]] = []
    faults: list[Fault] = []
    for some in cut(asins, PER_CALL):
        query = {"MarketplaceId": site.marketplace_id, "ItemType": "Asin", "Asins": some}
        left = dict.fromkeys(some)
        for answer in _prices(client, "getCompetitivePricing", query):
            asin = answer.optional_text("ASIN")
            if asin not in left:
                continue
            del left[asin]
            product = answer.optional_part("Product")
            if product is None or answer.text("status") != "Success":
                faults.append(Fault(asin, None, answer.text("status"), "Amazon has no price of this ASIN on this site"))
                continue
            competing = product.optional_part("CompetitivePricing")
            rows.extend(
                {
                    "asin": asin,
                    "competitive_price_id": one.text("CompetitivePriceId"),
                    "condition": one.optional_text("condition"),
                    "offer_type": one.optional_text("offerType"),
                    "is_ours": one.optional_flag("belongsToRequester"),
                    **_price(one.part("Price")),
                }
                for one in (competing.parts("CompetitivePrices") if competing else ())
            )
        faults += [Fault(asin, None, "left_out", "Amazon's answer leaves it out; ask again") for asin in left]
    return Found(pl.DataFrame(rows, schema=COMPETITIVE, orient="row"), fault_frame(faults))
