"""A seller on amazon.de over HTTP: the real plugins, the sandbox, and settings handed in by a program."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

from acorn_amazon import plugin as amazon
from acorn_amazon.sites import SITES_BY_NAME
from acorn_sandbox.server import SandboxServer

from acorn_engine import Engine, builtin

SELLER = "A2EXAMPLE"
DE = SITES_BY_NAME["amazon.de"]
SECRETS = {
    "client_id": "amzn1.client.SECRETCLIENT",
    "client_secret": "SECRETSECRET",
    "refresh_token": f"Atzr|{SELLER}",
}
RULES = """
acorn: 1
rules:
  - {id: landed, set: {price: landed}, because: landed}
  - {id: shelf, set: {quantity: stock}, because: shelf}
"""


def schedule(text: str) -> list[dict[str, Any]]:
    return [{"schedule": [{"value_with_tax": Decimal(text)}]}]


def seed(sku: str, price: str = "20.00", **more: Any) -> dict[str, Any]:
    """Return a listing with a business price, a sale and a map price beside the regular one."""
    offer: dict[str, Any] = {
        "marketplace_id": DE.marketplace_id,
        "currency": "EUR",
        "audience": "ALL",
        "our_price": schedule(price),
        "map_price": schedule("12.10"),
    }
    offer |= more
    business = {
        "marketplace_id": DE.marketplace_id,
        "currency": "EUR",
        "audience": "B2B",
        "our_price": schedule("18.10"),
        "quantity_discount_plan": [
            {"schedule": [{"discount_type": "fixed", "levels": [{"lower_bound": 5, "value": Decimal("17.10")}]}]}
        ],
    }
    return {
        "seller_id": SELLER,
        "marketplace_id": DE.marketplace_id,
        "sku": sku,
        "product_type": "LUGGAGE",
        "attributes": {
            "item_name": [{"value": "Koffer", "language_tag": "de_DE", "marketplace_id": DE.marketplace_id}],
            "purchasable_offer": [offer, business],
            "fulfillment_availability": [{"fulfillment_channel_code": "DEFAULT", "quantity": 5}],
        },
    }


def settings(server: SandboxServer, database: str, **account: Any) -> dict[str, Any]:
    mine = {
        "marketplace": "amazon",
        "seller_id": SELLER,
        "sites": ["amazon.de"],
        "endpoint": server.url,
        "auth_endpoint": server.auth_url,
    }
    return {
        "project": {"name": "northwind", "database": database},
        "sites": {"amazon.de": ["base.yaml"]},
        "accounts": {"eu": mine | account},
        "catalog": {"columns": {"landed": "money"}},
        "run": {"poll": "50ms"},
    }


def rows(skus: list[str], landed: str = "21.00", floor: str = "10.00") -> dict[str, Any]:
    listings = [
        {"account": "eu", "site": "amazon.de", "seller_sku": sku, "sku": sku, "landed": landed, "floor_price": floor}
        for sku in skus
    ]
    return {"products": [{"sku": sku, "stock": "7"} for sku in skus], "listings": listings}


def opened(given: dict[str, Any], rules: str = RULES, **options: Any) -> Engine:
    defaults: dict[str, Any] = {
        "rules": {"base.yaml": rules},
        "credentials": lambda _account: SECRETS,
        "plugins": [amazon, builtin],
        "entry_points": False,
    }
    return Engine.open(given, **(defaults | options))


def finish(engine: Engine, seconds: float = 60) -> None:
    """Work and verify until nothing is on its way."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        engine.work(5)
        if not engine.verify()["open"]:
            return
        time.sleep(0.05)
    raise AssertionError(f"it did not end: {engine.status()}")
