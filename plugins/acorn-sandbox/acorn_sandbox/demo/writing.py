"""Writing the demonstration's project folder: what a seller's own would look like."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterable
from datetime import datetime
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

from acorn_engine.sites import utc
from acorn_sandbox.demo.catalogue import CNY_TO, SELLERS, SITES, USD_TO, listings, products
from acorn_sandbox.demo.seeds import seed_lines

SEED_FILE: Final = "amazon-seed.jsonl"
_PRODUCT_HEADER: Final = ("SKU", "EAN", "标题", "品牌", "采购成本", "货币", "可用库存", "环保类别", "清仓")
_LISTING_HEADER: Final = (
    "站点", "卖家SKU", "SKU", "ASIN", "产品类型", "配送", "售价", "数量", "最低价", "最高价", "竞品价", "更新时间",
)  # fmt: skip

_PROJECT: Final = """\
# The demonstration's project: one catalogue, three accounts, seven sites.
[project]
name = "northwind"
database = "sqlite:///acorn.db"

[sites]                       # the chain of each site: folders of rules/, in the order they run
{chains}

[catalog.products]            # the ERP's export, as it comes: Chinese headers, GB18030
source = "csv"
path = "产品.csv"
encoding = "gb18030"
rename = {{ sku = "SKU", gtin = "EAN", title = "标题", brand = "品牌", cost = "采购成本", cost_currency = "货币", stock = "可用库存", epr_streams = "环保类别", clearance = "清仓" }}

[catalog.listings]
source = "csv"
path = "刊登.csv"
rename = {{ site = "站点", seller_sku = "卖家SKU", sku = "SKU", asin = "ASIN", product_type = "产品类型", fulfilment = "配送", price = "售价", quantity = "数量", floor_price = "最低价", ceiling_price = "最高价", competitor_price = "竞品价", as_of = "更新时间" }}
values.site = {{ {labels} }}
values.fulfilment = {{ FBM = "merchant", FBA = "amazon" }}

[catalog.columns]
clearance = {{ type = "boolean", default = false }}
competitor_price = "money"

{accounts}
[currency]
rates = "rates.csv"
max_age = "2 publication days"

[compliance]
manufacturer = "safety@northwind.example"
responsible_person = "eu@northwind.example"

[[compliance.registrations]]
country = "DE"
stream = "packaging"
number = "DE1234567890123"
[[compliance.registrations]]
country = "DE"
stream = "electronics"
number = "DE12345678"
[[compliance.registrations]]
country = "DE"
stream = "batteries"
number = "DE87654321"
[[compliance.registrations]]
country = "FR"
stream = "packaging"
number = "FR123456_01ABCD"
[[compliance.registrations]]
country = "FR"
stream = "textiles"
number = "FR123456_11ABCD"
[[compliance.registrations]]
country = "FR"
stream = "toys"
number = "FR123456_12ABCD"

[run]
poll = "500ms"                # the sandbox answers at once; Amazon takes minutes

[guards]
changed_share = "95%"         # the default of 40% would halt a day on which most prices move
"""
_ACCOUNT: Final = """\
[accounts.{name}]
marketplace = "amazon"
seller_id = "{seller}"
sites = [{sites}]
endpoint = "{url}"
auth_endpoint = "{url}/auth/o2/token"

"""


def chain_of(site: str) -> list[str]:
    """Return the rule folders of one of the demonstration's sites."""
    middle = ["eu"] if site in {"amazon.de", "amazon.fr", "amazon.it", "amazon.es"} else []
    return ["shared", *middle, "yen" if site == "amazon.co.jp" else "charm"]


def write_project(folder: Path, url: str, now: datetime, count: int) -> None:
    """Write project file, rules, catalogue, rates and the sandbox's seed; money as exact text.

    ``url`` is where the sandbox will answer. The folder must be empty or absent.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _write_rules(folder / "rules")
    rows = products(count)
    offers = list(listings(rows))
    _write_csv(
        folder / "产品.csv",
        "gb18030",
        _PRODUCT_HEADER,
        (
            (row.sku, row.ean, row.title, row.brand, row.cost, row.cost_currency, row.stock, row.streams, row.clearance)
            for row in rows
        ),
    )
    stamp = utc(now)
    _write_csv(
        folder / "刊登.csv",
        "utf-8-sig",
        _LISTING_HEADER,
        (
            (offer.site.label, offer.seller_sku, offer.sku, offer.asin, offer.product_type, offer.fulfilment, offer.price,
             offer.quantity, offer.floor, offer.ceiling, offer.competitor, stamp)
            for offer in offers
        ),
    )  # fmt: skip
    _write_csv(folder / "rates.csv", "utf-8", ("base", "quote", "rate", "as_of", "source"), _rates(now))
    with (folder / SEED_FILE).open("w", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in seed_lines(rows, offers))
    (folder / "acorn.toml").write_text(project_text(url), encoding="utf-8")


def project_text(url: str) -> str:
    """Return the project file."""
    chains = "\n".join(f'"{site.name}" = [{_quoted(chain_of(site.name))}]' for site in SITES)
    labels = ", ".join(f'"{site.label}" = "{site.name}"' for site in SITES)
    accounts = "".join(
        _ACCOUNT.format(
            name=name,
            seller=seller,
            sites=_quoted(site.name for site in SITES if site.account == name),
            url=url,
        )
        for name, seller in SELLERS.items()
    )
    return _PROJECT.format(chains=chains, labels=labels, accounts=accounts)


def _quoted(words: Iterable[str]) -> str:
    return ", ".join(f'"{word}"' for word in words)


def _rates(now: datetime) -> Iterable[tuple[str, ...]]:
    today = now.date().isoformat()
    for base, table in (("CNY", CNY_TO), ("USD", USD_TO)):
        for quote, rate in table.items():
            if base != quote:
                yield base, quote, format(rate, "f"), today, "demo"


def _write_csv(path: Path, encoding: str, header: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def _write_rules(folder: Path) -> None:
    with as_file(files("acorn_sandbox").joinpath("demo/rules")) as source:
        shutil.copytree(source, folder, dirs_exist_ok=True)
