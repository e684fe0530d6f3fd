"""A seller's products and listings as real ERPs have them: with gaps, traps and two scripts.

Everything is drawn from one seed, in integers and decimals, so that each run makes the same
catalogue.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

PRODUCTS: Final = 2_000
CNY_TO: Final = {"EUR": Decimal("0.1274"), "GBP": Decimal("0.1112"), "USD": Decimal("0.1391"), "JPY": Decimal("21.05")}
USD_TO: Final = {"EUR": Decimal("0.9163"), "GBP": Decimal("0.7994"), "USD": Decimal(1), "JPY": Decimal("151.32")}
PRICES_FOLLOW: Final = (
    Decimal("0.97"),
    Decimal("1.00"),
    Decimal("1.00"),
    Decimal("1.00"),
    Decimal("1.04"),
    Decimal("1.08"),
)
"""How far a shown price is from today's target, usually: most offers stand where they should."""


@dataclass(frozen=True, slots=True)
class DemoSite:
    """A site as the demonstration sells on it; ``label`` is how the ERP writes it."""

    name: str
    marketplace_id: str
    account: str
    label: str
    country: str
    currency: str
    language: str
    tax: Decimal
    ending: Decimal


SITES: Final = (
    DemoSite("amazon.de", "A1PA6795UKMFR9", "eu", "德国", "DE", "EUR", "de_DE", Decimal("0.19"), Decimal("0.99")),
    DemoSite("amazon.fr", "A13V1IB3VIYZZH", "eu", "法国", "FR", "EUR", "fr_FR", Decimal("0.20"), Decimal("0.99")),
    DemoSite("amazon.it", "APJ6JRA9NG5V4", "eu", "意大利", "IT", "EUR", "it_IT", Decimal("0.22"), Decimal("0.99")),
    DemoSite("amazon.es", "A1RKKUPIHCS9HS", "eu", "西班牙", "ES", "EUR", "es_ES", Decimal("0.21"), Decimal("0.99")),
    DemoSite("amazon.co.uk", "A1F83G8C2ARO7P", "eu", "英国", "GB", "GBP", "en_GB", Decimal("0.20"), Decimal("0.99")),
    DemoSite("amazon.com", "ATVPDKIKX0DER", "na", "美国", "US", "USD", "en_US", Decimal(0), Decimal("0.99")),
    DemoSite("amazon.co.jp", "A1VC38T7YXB528", "fe", "日本", "JP", "JPY", "ja_JP", Decimal("0.10"), Decimal(80)),
)
SELLERS: Final = {"eu": "A2DEMOEU", "na": "A2DEMONA", "fe": "A2DEMOFE"}

_NOUNS: Final = {
    "LAMP": ("Schreibtischlampe für Büro & Küche", "台灯", "electronics"),
    "BACKPACK": ("Rucksack für Städtereisen, größenverstellbar", "背包", ""),
    "KITCHEN_KNIFE": ("Küchenmesser mit Äpfel-Schäler", "厨刀", ""),
    "TOY_FIGURE": ("Spielfigur „Bär“ für Mädchen und Jungen", "玩具", "toys"),
    "HEADPHONES": ("Kopfhörer mit Geräuschunterdrückung", "耳机", "electronics, batteries"),
    "TOWEL": ("Badetücher, weiß, 4 Stück", "毛巾", "textiles"),
}
_BRANDS: Final = ("Nordwind", "晨光", "Bärenkraft", "L'Étoile", "Acme")


@dataclass(frozen=True, slots=True)
class Product:
    """One row of the ERP's products; absent values are empty text."""

    sku: str
    ean: str
    title: str
    brand: str
    product_type: str
    cost: str
    cost_currency: str
    stock: str
    streams: str
    clearance: str


@dataclass(frozen=True, slots=True)
class Listing:
    """One row of the ERP's listings; money in the site's currency, as text."""

    site: DemoSite
    sku: str
    seller_sku: str
    asin: str
    product_type: str
    fulfilment: str
    price: str
    quantity: str
    floor: str
    ceiling: str
    competitor: str


def money(value: Decimal, site: DemoSite) -> str:
    """Return an amount as the site's currency writes it."""
    step = Decimal(1) if site.currency == "JPY" else Decimal("0.01")
    return format(value.quantize(step, ROUND_HALF_UP), "f")


def ended(value: Decimal, site: DemoSite) -> Decimal:
    """Return the next price, upwards, that ends as the site's prices do."""
    period = Decimal(100) if site.ending >= 10 else Decimal(1)
    steps = ((value - site.ending) / period).to_integral_value("ROUND_CEILING")
    return steps * period + site.ending


def check_digit(digits: str) -> str:
    """Return the check digit of a 12-digit EAN-13 body (GS1 General Specifications 7.9)."""
    total = sum(int(digit) * (3 if index % 2 else 1) for index, digit in enumerate(digits))
    return str(-total % 10)


def products(count: int = PRODUCTS, seed: int = 20) -> list[Product]:
    """Draw the products: 3 % without a cost, some leading zeros, two scripts."""
    draw = random.Random(seed)
    rows = []
    types = list(_NOUNS)
    for number in range(count):
        kind = types[number % len(types)]
        german, chinese, streams = _NOUNS[kind]
        body = f"00{draw.randrange(10**10):010d}"
        in_dollars = draw.random() < 0.2
        cents = draw.randrange(300, 9000) * (1 if in_dollars else 7)
        stock = 0 if draw.random() < 0.05 else draw.randrange(0, 400)
        rows.append(
            Product(
                sku=f"{number:05d}-{kind[:3]}",
                ean=body + check_digit(body),
                title=f"{chinese} {german} {number:05d}",
                brand=_BRANDS[number % len(_BRANDS)],
                product_type=kind,
                cost="" if number % 33 == 7 else format(Decimal(cents) / 100, "f"),
                cost_currency="USD" if in_dollars else "CNY",
                stock="" if number % 101 == 5 else str(stock),
                streams="packaging" + (f", {streams}" if streams else ""),
                clearance="是" if draw.random() < 0.06 else "否",
            )
        )
    return rows


def target(product: Product, site: DemoSite) -> Decimal:
    """Return about what the rules will ask for: landed cost, margin, tax, ending."""
    cost = Decimal(product.cost or "20")
    rate = (USD_TO if product.cost_currency == "USD" else CNY_TO)[site.currency]
    margin = Decimal(1) if product.clearance == "是" else Decimal("1.28")
    return ended(cost * rate * Decimal("1.04") * margin * (1 + site.tax), site)


def listings(rows: list[Product], seed: int = 21) -> Iterator[Listing]:
    """Draw the listings: every product on every site, a fifth shipped by Amazon, 35 % without a competitor.

    About 2 % are unsafe: a shifted decimal, a blank or zero floor, a price far off.
    """
    draw = random.Random(seed)
    for number, product in enumerate(rows):
        by_amazon = draw.random() < 0.2
        for site in SITES:
            wanted = target(product, site)
            price = ended(wanted * draw.choice(PRICES_FOLLOW), site)
            floor = wanted * Decimal("0.70")
            trap = draw.random()
            if trap < 0.005:
                price = price / 100
            elif trap < 0.010:
                price = price * Decimal("1.6")
            competitor = wanted * (Decimal(draw.randrange(97, 140)) / 100)
            yield Listing(
                site=site,
                sku=product.sku,
                seller_sku=product.sku + ("-FBA" if by_amazon else ""),
                asin=f"B0{number:05d}DEMO"[:10],
                product_type=product.product_type,
                fulfilment="FBA" if by_amazon else "FBM",
                price=money(price, site),
                quantity="" if by_amazon else str(_shown(product, draw)),
                floor="" if 0.010 <= trap < 0.015 else "0" if 0.015 <= trap < 0.020 else money(floor, site),
                ceiling=money(wanted * 3, site),
                competitor="" if draw.random() < 0.35 else money(competitor, site),
            )


def _shown(product: Product, draw: random.Random) -> int:
    stock = int(product.stock or "10")
    shown = 0 if stock < 5 else min(stock - 2, 50)
    return max(0, shown + draw.choice((0, 0, 0, 0, 1, -1)))
