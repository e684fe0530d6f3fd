"""A whole marketplace in memory, as a plugin: plan, approve, submit and verify with nothing installed.

Sites ``shop.de``, ``shop.fr`` (EUR), ``shop.us`` (USD, without tax) and ``shop.jp`` (JPY). Messages are JSON,
``{"sku": …, "set": {field: text}, "attributes": {name: value}}``, and take effect at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from fake_marketplace import FakeConnection, FakeMarketplace

from acorn_engine import Engine, builtin
from acorn_engine.clock import system_now
from acorn_engine.marketplace import Account, Limits
from acorn_engine.plugins import hookimpl
from acorn_engine.sites import Site

DE = Site("shop.de", "shop", "DE1", "DE", "EUR", 2, "de_DE", "eu", "Europe/Berlin", tax_included=True)
FR = Site("shop.fr", "shop", "FR1", "FR", "EUR", 2, "fr_FR", "eu", "Europe/Paris", tax_included=True)
US = Site("shop.us", "shop", "US1", "US", "USD", 2, "en_US", "na", "America/Los_Angeles", tax_included=False)
JP = Site("shop.jp", "shop", "JP1", "JP", "JPY", 0, "ja_JP", "fe", "Asia/Tokyo", tax_included=True)
SITES = {site.name: site for site in (DE, FR, US, JP)}
SECRETS = {"client_id": "client", "client_secret": "topsecret", "refresh_token": "Atzr|secret"}
START = datetime(2026, 3, 2, 11, tzinfo=UTC)
"""A Monday, noon in Berlin."""

PRICES = ("price", "sale_price", "sale_from", "sale_to", "minimum_price", "maximum_price")
AVAILABILITY = ("quantity", "handling_days")


class Clock:
    """A clock that moves by a millisecond whenever it is read, and further when told to."""

    def __init__(self, start: datetime = START) -> None:
        self.at = start

    def now(self) -> datetime:
        self.at += timedelta(milliseconds=1)
        return self.at

    def advance(self, **units: float) -> None:
        self.at += timedelta(**units)


class Shop(FakeMarketplace):
    """The provider, which is its own plugin."""

    name = "shop"
    sites = tuple(SITES.values())
    limits = Limits(25_000, 10_000_000, 5, 300)

    def __init__(self, clock: Clock) -> None:
        super().__init__({})
        self.clock = clock

    @hookimpl
    def acorn_marketplaces(self) -> Iterable[Shop]:
        yield self

    def connection(self, account: str) -> FakeConnection:
        """Return the account's marketplace; what it has is kept whatever engines come and go."""
        if account not in self.connections:
            self.connections[account] = FakeConnection(self.clock, seconds=0)
        return self.connections[account]

    def connect(self, account: Account, credentials: Any = None, options: Any = None) -> FakeConnection:
        return self.connection(account.name)

    def encode(self, offers: pl.DataFrame, account: Account, site: Site) -> pl.DataFrame:
        texts = []
        for row in offers.iter_rows(named=True):
            names = [name for name in AVAILABILITY if row[name] is not None]
            names += PRICES if row["price_changed"] else ()
            message: dict[str, Any] = {"sku": row["seller_sku"]}
            if names:
                message["set"] = {name: row[name] for name in names}
            if row["attributes"] is not None:
                message["attributes"] = json.loads(row["attributes"])
            texts.append(json.dumps(message, sort_keys=True, ensure_ascii=False))
        return pl.DataFrame({"seller_sku": offers["seller_sku"], "message": texts})

    def document(self, messages: Any, account: Account, site: Site) -> bytes:
        return super().document(list(messages), account, site)


class World:
    """A project in a folder with its marketplace. ``engine()`` opens it; ``main`` runs the command line on it."""

    def __init__(self, folder: Path, rules: Mapping[str, str] | str, *, clock: Clock | None = None) -> None:
        self.folder = folder
        self.clock = clock or Clock()
        self.shop = Shop(self.clock)
        self.rules = {"base.yaml": rules} if isinstance(rules, str) else dict(rules)
        self.settings: dict[str, Any] = {
            "project": {"name": "northwind", "database": "sqlite:///acorn.db"},
            "sites": {"shop.de": list(self.rules)},
            "accounts": {"eu": {"marketplace": "shop", "seller_id": "S1", "sites": ["shop.de", "shop.fr"]}},
            "catalog": {"columns": {}},
            "run": {"poll": "0s", "verify_within": "0s"},
        }
        self.products: list[dict[str, Any]] = []
        self.listings: list[dict[str, Any]] = []

    def add(self, sku: str, site: str = "shop.de", *, account: str = "eu", shown: bool = True, **columns: Any) -> None:
        """Add a product with one listing, and put the offer up where ``shown``.

        Columns of products: cost, stock, brand and whatever begins with ``p_``; the others are the listing's.
        """
        product = {"sku": sku}
        listing: dict[str, Any] = {"account": account, "site": site, "seller_sku": sku, "sku": sku}
        listing |= {"product_type": "PRODUCT", "fulfilment": "merchant", "as_of": "2026-03-02T08:00:00Z"}
        for name, value in columns.items():
            (product if name in {"cost", "cost_currency", "stock", "brand"} or name.startswith("p_") else listing)[
                name
            ] = value
        if all(row["sku"] != sku for row in self.products):
            self.products.append(product)
        self.listings.append(listing)
        if shown:
            values = {name: str(listing[name]) for name in (*PRICES, *AVAILABILITY) if listing.get(name) is not None}
            self.shop.connection(account).offer(sku, SITES[site], fulfilment=listing["fulfilment"], **values)

    def offer(self, sku: str, site: str = "shop.de", account: str = "eu") -> dict[str, Any]:
        """Return what the marketplace has, after what was sent has taken effect."""
        connection = self.shop.connection(account)
        connection.read(SITES[site], [sku])
        return connection.listings[site, sku]

    def engine(self, **options: Any) -> Engine:
        given: dict[str, Any] = {
            "rules": self.rules,
            "credentials": lambda _account: SECRETS,
            "plugins": [self.shop, builtin],
            "entry_points": False,
            "now": self.clock.now,
            "root": self.folder,
        }
        return Engine.open(self.settings, **(given | options))

    def rows(self) -> dict[str, Any]:
        """Return the catalogue as keyword arguments of ``Engine.plan``."""
        return {"products": frame(self.products), "listings": frame(self.listings)}

    def plan(self, engine: Engine, site: str = "shop.de", **options: Any) -> Any:
        return engine.plan(site, **(self.rows() | options))

    def write(self, **more: Mapping[str, Any]) -> Path:
        """Write the project into the folder: project file, rules, CSV files and the plugin. Returns the folder."""
        worlds[str(self.folder)] = self
        self.clock.at = system_now()  # which is what the command line knows
        settings = self.settings | more
        settings["catalog"] = {
            "products": {"source": "csv", "path": "products.csv"},
            "listings": {"source": "csv", "path": "listings.csv"},
            **self.settings["catalog"],
        }
        settings["plugins"] = {"directory": "plugins"}
        (self.folder / "acorn.toml").write_text(toml(settings), encoding="utf-8")
        for name, text in self.rules.items():
            path = self.folder / "rules" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        frame(self.products).write_csv(self.folder / "products.csv")
        frame(self.listings).write_csv(self.folder / "listings.csv")
        plugin = self.folder / "plugins" / "shop_in_memory.py"
        plugin.parent.mkdir(exist_ok=True)
        plugin.write_text(
            f"from marketplace import worlds\nacorn_marketplaces = worlds[{str(self.folder)!r}].shop.acorn_marketplaces\n",
            encoding="utf-8",
        )
        return self.folder


worlds: dict[str, World] = {}
"""Worlds that were written to folders, for the plugin in the folder to find."""


def frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Return rows as a frame of text; absent columns are null."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    texts = [{name: None if row.get(name) is None else str(row[name]) for name in names} for row in rows]
    return pl.DataFrame(texts, schema=dict.fromkeys(names, pl.String))


def toml(settings: Mapping[str, Any]) -> str:
    """Return settings as a project file."""
    lines: list[str] = []

    def table(path: tuple[str, ...], data: Mapping[str, Any]) -> None:
        if path:
            lines.append("[" + ".".join(json.dumps(part) for part in path) + "]")
        for name, value in data.items():
            if not isinstance(value, Mapping):
                lines.append(f"{json.dumps(name, ensure_ascii=False)} = {json.dumps(value, ensure_ascii=False)}")
        for name, value in data.items():
            if isinstance(value, Mapping):
                table((*path, name), value)

    table((), settings)
    return "\n".join(lines) + "\n"
