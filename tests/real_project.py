"""A small seller on real HTTP: a project folder, its sandbox, and what was really said between them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
from acorn_sandbox.server import SandboxServer

from acorn_engine import Engine

IDS = {
    "amazon.de": ("A1PA6795UKMFR9", "EUR", "eu"),
    "amazon.fr": ("A13V1IB3VIYZZH", "EUR", "eu"),
    "amazon.co.uk": ("A1F83G8C2ARO7P", "GBP", "uk"),
    "amazon.com": ("ATVPDKIKX0DER", "USD", "na"),
    "amazon.co.jp": ("A1VC38T7YXB528", "JPY", "fe"),
}
SELLERS = {"eu": "A2EXAMPLE", "uk": "A5EXAMPLE", "na": "A3EXAMPLE", "fe": "A4EXAMPLE"}
SPEED = 2000.0
RATES = {("USD", "EUR"): "0.92", ("USD", "GBP"): "0.79", ("USD", "JPY"): "150", ("CNY", "EUR"): "0.128"}
PRICE_RULES = """\
acorn: 1
description: Landed cost, the competitor, an ending
rules:
  - id: cost-plus
    set: {price: fx(cost) * 2}
    because: cost in the site's currency, twice
  - id: follow
    when: floor_price <= competitor_price - tick < price
    set: {price: competitor_price - tick}
    because: a tick below {competitor_price}
  - id: ending
    use: price_ending
    with: {ending: 0.99, direction: up}
"""


class RealProject:
    """Products and listings on some sites, in files as an ERP writes them and in a sandbox's seed."""

    def __init__(self, folder: Path, sites: Mapping[str, list[str]], rules: Mapping[str, str]) -> None:
        self.folder, self.sites, self.rules = folder, dict(sites), dict(rules)
        self.products: list[dict[str, str | None]] = []
        self.listings: list[dict[str, str | None]] = []
        self.extra = ""
        self.accounts_extra: dict[str, str] = {}
        self.columns = 'competitor_price = "money"\n'
        self.url = ""

    def add(
        self,
        sku: str,
        cost: str | None = "10.00",
        stock: str = "10",
        *,
        currency: str = "USD",
        sites: list[str] | None = None,
        **listing: Any,
    ) -> None:
        """Add a product and its listing on some sites, default on all."""
        self.products.append({"sku": sku, "cost": cost, "cost_currency": currency, "stock": stock})
        for site in sites or list(self.sites):
            row = {"site": site, "seller_sku": sku, "sku": sku, "product_type": "LUGGAGE", "fulfilment": "merchant"}
            row |= {"price": "18.99", "quantity": stock, "floor_price": "12.00", "ceiling_price": None}
            row |= {"competitor_price": None}
            self.listings.append(row | {name: None if value is None else str(value) for name, value in listing.items()})

    def seeds(self) -> list[dict[str, Any]]:
        """Return the sandbox's listings: what the seller's file says, with neighbours that must survive."""
        return [self.seed(row) for row in self.listings if row.get("unseeded") is None]

    def seed(self, row: Mapping[str, str | None]) -> dict[str, Any]:
        marketplace, currency, account = IDS[str(row["site"])]
        offer: dict[str, Any] = {"marketplace_id": marketplace, "currency": currency, "audience": "ALL"}
        if row["price"] is not None:
            offer["our_price"] = [{"schedule": [{"value_with_tax": Decimal(str(row["price"]))}]}]
        offer["map_price"] = [{"schedule": [{"value_with_tax": Decimal(1)}]}]
        channel: dict[str, Any] = {"fulfillment_channel_code": "DEFAULT", "quantity": int(row["quantity"] or 0)}
        if row["fulfilment"] == "amazon":
            channel = {"fulfillment_channel_code": {"na": "AMAZON_NA", "fe": "AMAZON_JP"}.get(account, "AMAZON_EU")}
        attributes = {
            "item_name": [{"value": "Koffer", "language_tag": "de_DE", "marketplace_id": marketplace}],
            "purchasable_offer": [offer],
            "fulfillment_availability": [channel],
        }
        return {
            "seller_id": SELLERS[account],
            "marketplace_id": marketplace,
            "sku": row["seller_sku"],
            "product_type": row["product_type"],
            "attributes": attributes,
        }

    def write(self, url: str | None = None) -> Path:
        """Write project file, rules, CSV files and rates."""
        self.url = url or self.url
        chains = "\n".join(f'"{site}" = {json.dumps(chain)}' for site, chain in self.sites.items())
        accounts: dict[str, list[str]] = {}
        for site in self.sites:
            accounts.setdefault(IDS[site][2], []).append(site)
        sections = "".join(
            f'[accounts.{name}]\nmarketplace = "amazon"\nseller_id = "{SELLERS[name]}"\nsites = {json.dumps(sites)}\n'
            f'endpoint = "{self.url}"\nauth_endpoint = "{self.url}/auth/o2/token"\n{self.accounts_extra.get(name, "")}\n'
            for name, sites in accounts.items()
        )
        (self.folder / "acorn.toml").write_text(
            '[project]\nname = "northwind"\ndatabase = "sqlite:///acorn.db"\n'
            f"[sites]\n{chains}\n"
            '[catalog.products]\nsource = "csv"\npath = "products.csv"\n'
            '[catalog.listings]\nsource = "csv"\npath = "listings.csv"\n'
            f"[catalog.columns]\n{self.columns}{sections}"
            '[currency]\nrates = "rates.csv"\n'
            '[run]\npoll = "20ms"\nverify_within = "20s"\n[amazon]\nfirst_pause_seconds = 0.01\n'
            f"{self.extra}",
            encoding="utf-8",
        )
        for name, text in self.rules.items():
            path = self.folder / "rules" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        pl.DataFrame(self.products).write_csv(self.folder / "products.csv")
        listings = [{name: value for name, value in row.items() if name != "unseeded"} for row in self.listings]
        pl.DataFrame(listings, infer_schema_length=None).write_csv(self.folder / "listings.csv")
        today = (datetime.now(UTC) - timedelta(hours=1)).date().isoformat()
        rows = [f"{base},{quote},{rate},{today},test" for (base, quote), rate in RATES.items()]
        (self.folder / "rates.csv").write_text("\n".join(["base,quote,rate,as_of,source", *rows, ""]), encoding="utf-8")
        return self.folder

    def engine(self, **options: Any) -> Engine:
        def credentials(account: Any) -> dict[str, str]:
            return {"client_id": "c", "client_secret": "s", "refresh_token": f"Atzr|{account.seller_id}"}

        return Engine.open(self.folder, **({"credentials": credentials} | options))


def price_of(server: SandboxServer, sku: str, site: str = "amazon.de") -> str:
    """Return the price that Amazon has, as exact text."""
    return str(offer_of(server, sku, site)["our_price"][0]["schedule"][0]["value_with_tax"])


def offer_of(server: SandboxServer, sku: str, site: str = "amazon.de") -> dict[str, Any]:
    (listing,) = server.truth(sku=sku, marketplace_id=IDS[site][0], seller_id=SELLERS[IDS[site][2]])
    return next(one for one in listing["attributes"]["purchasable_offer"] if one.get("audience", "ALL") == "ALL")


def quantity_of(server: SandboxServer, sku: str, site: str = "amazon.de") -> int:
    (listing,) = server.truth(sku=sku, marketplace_id=IDS[site][0], seller_id=SELLERS[IDS[site][2]])
    return int(listing["attributes"]["fulfillment_availability"][0]["quantity"])


def answered(server: SandboxServer, operation: str) -> int:
    """Return how often an operation was answered well."""
    return sum(1 for entry in server.log() if entry["operation"] == operation and 200 <= entry["status"] < 300)
