"""A listings item as Amazon shows it, made from its attributes, so that all parts agree."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from acorn_sandbox.attributes import AVAILABILITY, DEFAULT_CHANNEL, OFFER
from acorn_sandbox.clock import instant_of, stamp
from acorn_sandbox.exact import JsonObject
from acorn_sandbox.issues import Issue, actions_of
from acorn_sandbox.standing import issues_of
from acorn_sandbox.state import Instances, Listing, State

_AUDIENCES: Final = {"ALL": ("B2C", "Sell on Amazon"), "B2B": ("B2B", "Amazon Business")}


def item(state: State, listings: list[Listing], included: list[str]) -> JsonObject:
    """Return one SKU on the requested sites with the data sets asked for."""
    shown: JsonObject = {"sku": listings[0].sku}
    for name in included:
        shown[name] = _PARTS[name](state, listings)
    return shown


def status_of(state: State, listing: Listing) -> list[str]:
    """Return BUYABLE where the offer has a price and stock, and DISCOVERABLE, unless Amazon has suppressed it."""
    actions = actions_of(issues_of(listing))
    priced = any(offer.get("our_price") for offer in listing.attributes.get(OFFER, []))
    stocked = any(_is_stocked(state, listing, channel) for channel in state.pool(listing))
    buyable = priced and stocked and not actions & {"LISTING_SUPPRESSED", "CATALOG_ITEM_REMOVED"}
    discoverable = not actions & {"SEARCH_SUPPRESSED", "CATALOG_ITEM_REMOVED"}
    return ["BUYABLE"] * buyable + ["DISCOVERABLE"] * discoverable


def _is_stocked(state: State, listing: Listing, channel: JsonObject) -> bool:
    if str(channel.get("fulfillment_channel_code", "")).startswith("AMAZON_"):
        return state.market.stock(listing.seller_id, listing.marketplace.region, listing.sku).fulfillable > 0
    return channel.get("quantity", 0) > 0 or channel.get("is_inventory_available") is True


def first_value(instances: Instances | None) -> Any:
    """Return the value of an attribute's first instance, or ``None``."""
    return instances[0].get("value") if instances else None


def _summaries(state: State, listings: list[Listing]) -> list[JsonObject]:
    return [_summary(state, listing) for listing in listings]


def _summary(state: State, listing: Listing) -> JsonObject:
    summary: JsonObject = {
        "marketplaceId": listing.marketplace_id,
        "asin": listing.asin,
        "productType": listing.product_type,
        "conditionType": first_value(listing.attributes.get("condition_type")) or "new_new",
        "status": status_of(state, listing),
        "createdDate": stamp(listing.created),
        "lastUpdatedDate": stamp(listing.updated),
    }
    name = first_value(listing.attributes.get("item_name"))
    if isinstance(name, str):
        summary["itemName"] = name
    image = listing.attributes.get("main_product_image_locator")
    if image and isinstance(image[0].get("media_location"), str):
        summary["mainImage"] = {"link": image[0]["media_location"], "height": 500, "width": 500}
    return summary


def _attributes(state: State, listings: list[Listing]) -> JsonObject:
    shown: dict[str, Instances] = {}
    for listing in listings:
        for name, instances in listing.attributes.items():
            shown.setdefault(name, []).extend(instances)
    pools = {listing.marketplace.region: state.pool(listing) for listing in listings}
    pooled = [instance for pool in pools.values() for instance in pool]
    return shown | {AVAILABILITY: pooled} if pooled else shown


def _issues(_state: State, listings: list[Listing]) -> list[JsonObject]:
    return [
        shown_issue(issue) | {"marketplaceIds": [listing.marketplace_id]}
        for listing in listings
        for issue in issues_of(listing)
    ]


def shown_issue(issue: Issue) -> JsonObject:
    """Return an issue in the shape of the Listings Items API: attributes by their own name only."""
    if "attributeNames" not in issue:
        return issue
    return issue | {"attributeNames": [name.partition(".")[0] for name in issue["attributeNames"]]}


def _offers(_state: State, listings: list[Listing]) -> list[JsonObject]:
    offers = []
    for listing in listings:
        for instance in listing.attributes.get(OFFER, []):
            price = _amount(instance)
            if price is not None:
                audience = instance.get("audience", "ALL")
                kind, name = _AUDIENCES.get(audience, ("B2C", audience))
                currency = instance.get("currency", listing.marketplace.currency)
                offers.append(
                    {
                        "marketplaceId": listing.marketplace_id,
                        "offerType": kind,
                        "price": {"currencyCode": currency, "amount": f"{Decimal(price):f}"},
                        "audience": {"value": audience, "displayName": name},
                    }
                )
    return offers


def selling_price(listing: Listing, now: float) -> Decimal | None:
    """Return what a consumer pays for one piece now, in the site's currency: the sale's price while there is one."""
    for offer in listing.attributes.get(OFFER, []):
        if offer.get("audience", "ALL") == "ALL":
            price, sale = _amount(offer), _sale(offer, now)
            found = price if sale is None else sale
            return None if found is None else Decimal(found)
    return None


def _sale(offer: JsonObject, now: float) -> Decimal | int | None:
    try:
        part = offer["discounted_price"][0]["schedule"][0]
        runs = instant_of(part["start_at"]) <= now <= instant_of(part["end_at"])
        return part["value_with_tax"] if runs else None
    except (KeyError, IndexError, TypeError, ValueError):
        return None


def _amount(instance: JsonObject) -> Decimal | int | None:
    try:
        value = instance["our_price"][0]["schedule"][0]["value_with_tax"]
    except (KeyError, IndexError, TypeError):
        return None
    return value if isinstance(value, (int, Decimal)) else None


def _availability(state: State, listings: list[Listing]) -> list[JsonObject]:
    shown = []
    for pool in {listing.marketplace.region: state.pool(listing) for listing in listings}.values():
        for instance in pool:
            line: JsonObject = {"fulfillmentChannelCode": instance.get("fulfillment_channel_code", DEFAULT_CHANNEL)}
            if "quantity" in instance:
                line["quantity"] = instance["quantity"]
            shown.append(line)
    return shown


def _relationships(_state: State, listings: list[Listing]) -> list[JsonObject]:
    return [{"marketplaceId": listing.marketplace_id, "relationships": []} for listing in listings]


def _product_types(_state: State, listings: list[Listing]) -> list[JsonObject]:
    return [{"marketplaceId": listing.marketplace_id, "productType": listing.product_type} for listing in listings]


def _procurement(_state: State, _listings: list[Listing]) -> list[JsonObject]:
    return []  # only vendors have cost prices


_PARTS: Final = {
    "summaries": _summaries,
    "attributes": _attributes,
    "issues": _issues,
    "offers": _offers,
    "fulfillmentAvailability": _availability,
    "procurement": _procurement,
    "relationships": _relationships,
    "productTypes": _product_types,
}
