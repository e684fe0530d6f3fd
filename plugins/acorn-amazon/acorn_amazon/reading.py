"""A listing as Amazon shows it, turned into one row of ``READ_SCHEMA``."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

from acorn_amazon import exact_json
from acorn_amazon.attributes import OWNED, of_site
from acorn_amazon.documents import issues_of
from acorn_amazon.neighbours import (
    OUR_CHANNEL,
    availability_instances,
    day_of,
    neighbours_of,
    offer_instances,
    schedules,
)
from acorn_engine.marketplace import READ_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acorn_engine.sites import Site

_LARGEST_PRICE: Final = Decimal(10) ** 12


def _number(value: Any) -> Decimal | None:
    """Return a JSON number, or a number that Amazon wrote as text, exactly."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number) < _LARGEST_PRICE else None


def plain(number: Decimal, digits: int) -> str:
    """Return a price as plain decimal text with the currency's decimals, more only if it has more."""
    shortest = Decimal(1).scaleb(-digits)
    whole = number.quantize(shortest, rounding=ROUND_DOWN)
    return format(whole if whole == number else number.normalize(), "f")


def _price(instance: Mapping[str, Any], member: str) -> Decimal | None:
    periods = schedules(instance, member)
    return _number(periods[0].get("value_with_tax")) if periods else None


def _text(number: Decimal | None, site: Site) -> str | None:
    return None if number is None else plain(number, site.digits)


def _live_price(item: Mapping[str, Any], site: Site) -> Decimal | None:
    """Return the consumer price of the live offer in the site's currency."""
    for offer in of_marketplace(item.get("offers"), site):
        audience = offer.get("audience")
        kind = audience.get("value") if isinstance(audience, dict) else None
        price = offer.get("price")
        if (
            offer.get("offerType") == "B2C"
            and kind in (None, "ALL")
            and isinstance(price, dict)
            and price.get("currencyCode") == site.currency
        ):
            return _number(price.get("amount"))
    return None


def _shown_price(item: Mapping[str, Any], ours: Mapping[str, Any], site: Site) -> Decimal | None:
    """Return the price that the site shows.

    The attribute is what was submitted, the live offer what was applied, and the two can differ
    for hours. So the live offer counts; but not while the listing has a sale, because the live
    price may then be the sale price.
    """
    submitted, live = _price(ours, "our_price"), _live_price(item, site)
    if live is None or (submitted is not None and schedules(ours, "discounted_price")):
        return submitted
    return live


def _period_prices(instance: Mapping[str, Any], member: str) -> list[Decimal]:
    """Return the prices of every period; 0 is how Amazon shows a price that was taken away."""
    return [price for period in schedules(instance, member) if (price := _number(period.get("value_with_tax")))]


def _tier_prices(instance: Mapping[str, Any], site: Site) -> list[Decimal]:
    """Return the prices of quantity tiers; one in percent is worked out from the instance's price."""
    base = _price(instance, "our_price")
    found: list[Decimal] = []
    for plan in schedules(instance, "quantity_discount_plan"):
        levels = plan.get("levels")
        levels = levels if isinstance(levels, list) else []
        values = [_number(level.get("value")) for level in levels if isinstance(level, dict)]
        if plan.get("discount_type") != "percent":
            found.extend(value for value in values if value is not None)
        elif base:
            # Rounded down: a floor must hold for the least that a buyer may pay.
            tick = Decimal(1).scaleb(-site.digits)
            off = [base * (100 - value) / 100 for value in values if value is not None]
            found.extend(price.quantize(tick, rounding=ROUND_DOWN) for price in off)
    return found


def _other_prices(ours: Mapping[str, Any], others: Sequence[Mapping[str, Any]], site: Site) -> list[str]:
    """Return further sale periods, business prices and quantity tiers in the site's currency."""
    found = _period_prices(ours, "discounted_price")[1:] + _tier_prices(ours, site)
    for instance in others:
        if instance.get("currency") in (None, site.currency):
            for member in ("our_price", "discounted_price"):
                found += _period_prices(instance, member)
            found += _tier_prices(instance, site)
    return [plain(price, site.digits) for price in found]


def of_marketplace(value: Any, site: Site) -> list[dict[str, Any]]:
    """Return those records of ``summaries``, ``offers`` … that stand for this site."""
    records = value if isinstance(value, list) else []
    return [item for item in records if isinstance(item, dict) and item.get("marketplaceId") == site.marketplace_id]


def _integer(value: Any) -> str | None:
    number = _number(value)
    return str(int(number)) if number is not None and number == number.to_integral_value() else None


def _availability(
    item: Mapping[str, Any], attributes: Mapping[str, Any], site: Site
) -> tuple[str | None, str | None, str | None]:
    """Return fulfilment, quantity and handling days.

    One Amazon channel makes the offer Amazon's: stock must then never be sent, even where a
    merchant channel stands beside it.
    """
    ours, others = availability_instances(attributes, site)
    live = item.get("fulfillmentAvailability")
    channels = [entry for entry in (live if isinstance(live, list) else []) if isinstance(entry, dict)]
    codes = {str(entry.get("fulfillmentChannelCode") or "") for entry in channels}
    codes |= {str(entry.get("fulfillment_channel_code") or "") for entry in ([ours] if ours else []) + others}
    if any(code.startswith("AMAZON") for code in codes):
        fulfilment: str | None = "amazon"
    else:
        fulfilment = "merchant" if codes - {""} else None
    quantity = next(
        (entry.get("quantity") for entry in channels if entry.get("fulfillmentChannelCode") == OUR_CHANNEL),
        None,
    )
    shown = _integer(quantity) if quantity is not None else _integer(ours.get("quantity"))
    return fulfilment, shown, _integer(ours.get("lead_time_to_ship_max_days"))


def _issues(item: Mapping[str, Any], site: Site) -> str:
    entries = item.get("issues")
    here = [
        entry
        for entry in (entries if isinstance(entries, list) else [])
        if isinstance(entry, dict)
        # One that names no site, or none that can be read, counts here too.
        and (not isinstance(sites := entry.get("marketplaceIds"), list) or not sites or site.marketplace_id in sites)
    ]
    return exact_json.dumps(
        [
            {"code": issue.code, "message": issue.message, "severity": issue.severity, "attribute": issue.attribute}
            for issue in issues_of(here)
        ]
    )


def row_of(item: Mapping[str, Any], site: Site) -> dict[str, str | None] | None:
    """Return one listing as a row of ``READ_SCHEMA``, or ``None`` where it is not on this site.

    ``item`` is Amazon's ``Item`` (Listings Items 2021-08-01), read with exact numbers.
    """
    attributes = item.get("attributes")
    attributes = attributes if isinstance(attributes, dict) else {}
    here = {name: kept for name, value in attributes.items() if (kept := of_site(value, site))}
    summaries = of_marketplace(item.get("summaries"), site)
    if not summaries and not here:
        return None
    ours, others = offer_instances(attributes, site)
    sale = next(iter(schedules(ours, "discounted_price")), {})
    product_types = [*summaries, *of_marketplace(item.get("productTypes"), site)]
    named = (entry.get("productType") for entry in product_types)
    product_type = next((name for name in named if isinstance(name, str) and name), None)
    fulfilment, quantity, handling_days = _availability(item, attributes, site)
    row = {
        "seller_sku": str(item["sku"]),
        "product_type": product_type,
        "fulfilment": fulfilment,
        "price": _text(_shown_price(item, ours, site), site),
        "sale_price": _text(_number(sale.get("value_with_tax")), site),
        "sale_from": day_of(sale.get("start_at"), site),
        "sale_to": day_of(sale.get("end_at"), site),
        "minimum_price": _text(_price(ours, "minimum_seller_allowed_price"), site),
        "maximum_price": _text(_price(ours, "maximum_seller_allowed_price"), site),
        "quantity": quantity,
        "handling_days": handling_days,
        "attributes": exact_json.dumps({name: value for name, value in here.items() if name not in OWNED}),
        "other_prices": exact_json.dumps(_other_prices(ours, others, site)),
        "neighbours": neighbours_of(attributes, site),
        "issues": _issues(item, site),
    }
    return {column: row[column] for column in READ_SCHEMA}
