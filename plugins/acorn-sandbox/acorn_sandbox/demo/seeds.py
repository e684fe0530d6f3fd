"""The same listings as the marketplace has them: the sandbox's seed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from acorn_sandbox.demo.catalogue import SELLERS, DemoSite, Listing, Product
from acorn_sandbox.exact import dumps


def seed_lines(rows: Iterable[Product], offers: Iterable[Listing]) -> Iterator[str]:
    """Yield JSON lines of ``{seller_id, marketplace_id, sku, product_type, attributes}``.

    A quantity belongs to the region: every site of an account shows the first site's.
    """
    by_sku = {product.sku: product for product in rows}
    quantities: dict[tuple[str, str], str] = {}
    for number, offer in enumerate(offers):
        quantity = quantities.setdefault((offer.site.account, offer.seller_sku), offer.quantity)
        line = {
            "seller_id": SELLERS[offer.site.account],
            "marketplace_id": offer.site.marketplace_id,
            "sku": offer.seller_sku,
            "product_type": offer.product_type,
            "attributes": _attributes(by_sku[offer.sku], offer, quantity, number),
        }
        yield dumps(line)


def _price(text: str) -> list[dict[str, Any]]:
    return [{"schedule": [{"value_with_tax": Decimal(text)}]}]


def _attributes(product: Product, offer: Listing, quantity: str, number: int) -> dict[str, Any]:
    site = offer.site
    instance: dict[str, Any] = {
        "marketplace_id": site.marketplace_id,
        "currency": site.currency,
        "audience": "ALL",
        "our_price": _price(offer.price),
    }
    instances = [instance]
    if number % 25 == 3:
        business = {**instance, "audience": "B2B", "our_price": _price(offer.price)}
        business["quantity_discount_plan"] = [
            {"schedule": [{"discount_type": "percent", "levels": [{"lower_bound": 5, "value": Decimal(3)}]}]}
        ]
        instances.append(business)
    if offer.fulfilment == "FBA":
        channel = {"eu": "AMAZON_EU", "na": "AMAZON_NA", "fe": "AMAZON_JP"}[site.account]
        availability: dict[str, Any] = {"fulfillment_channel_code": channel}
    else:
        availability = {"fulfillment_channel_code": "DEFAULT", "quantity": int(quantity or 0)}
    attributes = {
        "item_name": _text(product.title, site),
        "brand": _text(product.brand, site),
        "condition_type": [{"value": "new_new", "marketplace_id": site.marketplace_id}],
        "country_of_origin": [{"value": "CN", "marketplace_id": site.marketplace_id}],
        "externally_assigned_product_identifier": [
            {"type": "ean", "value": product.ean, "marketplace_id": site.marketplace_id}
        ],
        "purchasable_offer": instances,
        "fulfillment_availability": [availability],
    }
    if site.country in {"DE", "FR", "IT", "ES"} and number % 3:
        attributes["dsa_responsible_party_address"] = [
            {"value": "eu@northwind.example", "marketplace_id": site.marketplace_id}
        ]
        attributes["gpsr_manufacturer_reference"] = [
            {"gpsr_manufacturer_email_address": "safety@northwind.example", "marketplace_id": site.marketplace_id}
        ]
    return attributes


def _text(value: str, site: DemoSite) -> list[dict[str, Any]]:
    return [{"value": value, "language_tag": site.language, "marketplace_id": site.marketplace_id}]
