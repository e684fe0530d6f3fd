"""Competitors' prices and what it takes to be featured (Product Pricing 2022-05-01), in batches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import polars as pl

from acorn_amazon.answers import Part, amount_of, currency_of
from acorn_amazon.batches import Fault, ask, fault_frame, fault_of, status_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from acorn_amazon.client import Client
    from acorn_engine.sites import Site

Condition = Literal["New", "Used", "Collectible", "Refurbished", "Club"]

ASINS_PER_CALL: Final = 20
SKUS_PER_CALL: Final = 40
_MOST_CONDITIONS: Final = 5
_SUCCESS: Final = 200
_SUMMARY: Final = "getCompetitiveSummary"
_SUMMARY_URI: Final = "/products/pricing/2022-05-01/items/competitiveSummary"
_EXPECTED: Final = "getFeaturedOfferExpectedPriceBatch"
_EXPECTED_URI: Final = "/products/pricing/2022-05-01/offer/featuredOfferExpectedPrice"
_FULFILMENTS: Final = {"AFN": "amazon", "MFN": "merchant"}

OFFERS: Final = {
    "asin": pl.String,
    "list": pl.String,
    "condition": pl.String,
    "sub_condition": pl.String,
    "segment": pl.String,
    "seller_id": pl.String,
    "fulfilment": pl.String,
    "listing_price": pl.String,
    "shipping": pl.String,
    "points": pl.Int64,
    "currency": pl.String,
}
"""Columns of competitors' offers: ``list`` is ``featured`` or ``lowest``; ``segment`` the customers who see a
featured offer (PRIME, NON_PRIME, DEFAULT); ``fulfilment`` amazon or merchant; ``listing_price`` and ``shipping``
plain decimal text in ``currency``; ``points`` the number of points given (Japan). Null where Amazon says nothing."""

REFERENCES: Final = {"asin": pl.String, "name": pl.String, "price": pl.String, "currency": pl.String}
"""Columns of reference prices: Amazon's name (CompetitivePrice, CompetitivePriceThreshold …) and decimal text."""

EXPECTED: Final = {
    "seller_sku": pl.String,
    "asin": pl.String,
    "status": pl.String,
    "expected_price": pl.String,
    "expected_points": pl.Int64,
    "competing_price": pl.String,
    "competing_shipping": pl.String,
    "competing_seller_id": pl.String,
    "current_price": pl.String,
    "current_shipping": pl.String,
    "current_seller_id": pl.String,
    "currency": pl.String,
}
"""Columns of expected prices: ``status`` is Amazon's (VALID_FOEP, NO_COMPETING_OFFER, OFFER_NOT_ELIGIBLE …; more may
come); ``expected_price`` the listing price at which the offer should become featured, decimal text, null unless
valid; the featured offer that competes, and the one that is featured now."""


@dataclass(frozen=True, slots=True)
class Summaries:
    """Competitive summaries: frames with the columns of ``OFFERS``, ``REFERENCES`` and ``batches.FAULTS``."""

    offers: pl.DataFrame
    references: pl.DataFrame
    faults: pl.DataFrame


@dataclass(frozen=True, slots=True)
class ExpectedPrices:
    """Expected prices: frames with the columns of ``EXPECTED`` and ``batches.FAULTS``."""

    prices: pl.DataFrame
    faults: pl.DataFrame


def _errors(body: Part | None) -> Sequence[Part]:
    return body.optional_parts("errors") if body else ()


def _points(offer: Part | None) -> int | None:
    points = offer.optional_part("points") if offer else None
    return points.optional_whole("pointsNumber") if points else None


def _fulfilment(part: Part) -> str | None:
    kind = part.optional_text("fulfillmentType")
    return None if kind is None else _FULFILMENTS.get(kind, kind)


def _shipping(offer: Part) -> str | None:
    """Return the price of the only shipping option that the model knows."""
    options = offer.optional_parts("shippingOptions")
    return amount_of(options[0].money("price")) if options else None


def _offer(asin: str, kind: str, segment: str | None, offer: Part) -> dict[str, Any]:
    price = offer.money("listingPrice")
    return {
        "asin": asin,
        "list": kind,
        "condition": offer.optional_text("condition"),
        "sub_condition": offer.optional_text("subCondition"),
        "segment": segment,
        "seller_id": offer.text("sellerId"),
        "fulfilment": _fulfilment(offer),
        "listing_price": price.text,
        "shipping": _shipping(offer),
        "points": _points(offer),
        "currency": price.currency,
    }


def _offers(asin: str, body: Part) -> Iterator[dict[str, Any]]:
    for option in body.optional_parts("featuredBuyingOptions"):
        for offer in option.parts("segmentedFeaturedOffers"):
            segments = [part.text("customerMembership") for part in offer.optional_parts("featuredOfferSegments")]
            for segment in dict.fromkeys(segments) or [None]:
                yield _offer(asin, "featured", segment, offer)
    for lowest in body.optional_parts("lowestPricedOffers"):
        for offer in lowest.parts("offers"):
            yield _offer(asin, "lowest", None, offer)


def competitive_summaries(
    client: Client, site: Site, asins: Sequence[str], conditions: Sequence[Condition] = ("New",)
) -> Summaries:
    """Return featured offers, the 20 lowest of each condition, and reference prices of ASINs on one site.

    20 ASINs a call, and Amazon takes a call every 30 seconds: 1,000 ASINs take 25 minutes. At most 5
    ``conditions``. What Amazon could not answer stands in ``faults``, with the ASIN as its id.
    """
    if len(conditions) > _MOST_CONDITIONS:
        raise ValueError(f"Amazon takes at most {_MOST_CONDITIONS} conditions, not {len(conditions)}")
    offers: list[dict[str, Any]] = []
    references: list[tuple[str, str, str, str]] = []
    included = ["featuredBuyingOptions", "referencePrices"] + (["lowestPricedOffers"] if conditions else [])

    def request(asin: str) -> Mapping[str, object]:
        question: dict[str, object] = {
            "asin": asin,
            "marketplaceId": site.marketplace_id,
            "includedData": included,
            "method": "GET",
            "uri": _SUMMARY_URI,
        }
        if conditions:
            question["lowestPricedOffersInputs"] = [
                {"itemCondition": condition, "offerType": "Consumer"} for condition in conditions
            ]
        return question

    def read(response: Part) -> tuple[str | None, Fault | None]:
        body, status = response.part("body"), status_of(response)
        asin = body.text("asin")
        if status != _SUCCESS:
            return asin, fault_of(asin, status, _errors(body), client)
        offers.extend(_offers(asin, body))
        for reference in body.optional_parts("referencePrices"):
            price = reference.money("price")
            references.append((asin, reference.text("name"), price.text, price.currency))
        return asin, None

    faults = ask(client, _SUMMARY, asins, ASINS_PER_CALL, request, read)
    return Summaries(
        offers=pl.DataFrame(offers, schema=OFFERS, orient="row"),
        references=pl.DataFrame(references, schema=REFERENCES, orient="row"),
        faults=fault_frame(faults),
    )


def _featured(result: Part, key: str) -> tuple[str | None, str | None, str | None, str | None]:
    """Return a featured offer's price, shipping, seller and currency."""
    offer = result.optional_part(key)
    if offer is None:
        return None, None, None, None
    price = offer.optional_part("price")
    listing = price.optional_money("listingPrice") if price else None
    shipping = price.optional_money("shippingPrice") if price else None
    seller = offer.part("offerIdentifier").optional_text("sellerId")
    return amount_of(listing), amount_of(shipping), seller, currency_of(listing, shipping)


def _expected(sku: str, asin: str | None, result: Part) -> dict[str, Any]:
    expected = result.optional_part("featuredOfferExpectedPrice")
    price = expected.money("listingPrice") if expected else None
    competing, current = _featured(result, "competingFeaturedOffer"), _featured(result, "currentFeaturedOffer")
    return {
        "seller_sku": sku,
        "asin": asin,
        "status": result.text("resultStatus"),
        "expected_price": amount_of(price),
        "expected_points": _points(expected),
        "competing_price": competing[0],
        "competing_shipping": competing[1],
        "competing_seller_id": competing[2],
        "current_price": current[0],
        "current_shipping": current[1],
        "current_seller_id": current[2],
        "currency": currency_of(price) or competing[3] or current[3],
    }


def expected_prices(client: Client, site: Site, seller_skus: Sequence[str]) -> ExpectedPrices:
    """Return the price at which each own offer should become the featured one (FOEP) on one site.

    40 SKUs a call, and Amazon takes a call every 30 seconds. What Amazon could not answer stands in
    ``faults``, with the SKU as its id; an offer that has no expected price is a row with its status.
    """
    rows: list[dict[str, Any]] = []

    def request(sku: str) -> Mapping[str, object]:
        return {"marketplaceId": site.marketplace_id, "sku": sku, "method": "GET", "uri": _EXPECTED_URI}

    def read(response: Part) -> tuple[str | None, Fault | None]:
        sku, status = response.part("request").text("sku"), status_of(response)
        body = response.optional_part("body")
        if status != _SUCCESS or body is None:
            return sku, fault_of(sku, status, _errors(body), client)
        identifier = body.optional_part("offerIdentifier")
        asin = identifier.optional_text("asin") if identifier else None
        rows.extend(_expected(sku, asin, result) for result in body.parts("featuredOfferExpectedPriceResults"))
        return sku, None

    faults = ask(client, _EXPECTED, seller_skus, SKUS_PER_CALL, request, read)
    return ExpectedPrices(pl.DataFrame(rows, schema=EXPECTED, orient="row"), fault_frame(faults))
