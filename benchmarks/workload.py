"""The workload: a catalogue of one seller on eight Amazon sites, and the twenty rules that run over it.

The same seed gives the same offers everywhere. At ``SKUS`` products (a million offers) the drawn
columns and every result are checked against counts and sums that were worked out independently,
so that whatever is timed is known to do the work that is claimed.

The offers stand in two forms that hold the same values: ``draw`` gives one flat frame of scaled
integers, as hand-written programs want it; ``acorn_offers`` gives a site's offers as Acorn reads
them from a catalogue, exact decimals.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl
from acorn_amazon.sites import SITES_BY_NAME
from acorn_currency.plugin import acorn_functions

from acorn_engine.facts import FactInfo, FactTable, Offers, TableEntry
from acorn_engine.fields import STANDARD_FIELDS
from acorn_engine.ruleset import Chain, Vocabulary, load_chain
from acorn_engine.sites import Site, SiteClock
from acorn_engine.types import BOOLEAN, INTEGER, NUMBER, SITE_MONEY, TEXT, Type, money

if TYPE_CHECKING:
    from collections.abc import Mapping

SKUS: Final = 125_000
"""So many products make a million offers, for which all counts and sums are known."""
SEED: Final = 7
NOW: Final = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Shop:
    """A site of the workload. ``fx`` are millionths of the site's currency for one unit of the cost's.

    ``vat`` and all amounts are scaled: ``vat`` by 10⁴, ``heavy_fee`` and ``step`` by 10².
    """

    key: str
    name: str
    account: str
    vat: int
    usd: int
    cny: int
    heavy_fee: int

    @property
    def site(self) -> Site:
        """Acorn's own record of the site."""
        return SITES_BY_NAME[self.name]

    @property
    def step(self) -> int:
        """The smallest step of a price, in hundredths."""
        return 100 if self.site.digits == 0 else 1


SHOPS: Final = (
    Shop("US", "amazon.com", "na", 0, 1_000_000, 138_217, 350),
    Shop("UK", "amazon.co.uk", "eu", 2000, 784_313, 108_399, 290),
    Shop("DE", "amazon.de", "eu", 1900, 921_457, 127_361, 349),
    Shop("FR", "amazon.fr", "eu", 2000, 921_457, 127_361, 349),
    Shop("IT", "amazon.it", "eu", 2200, 921_457, 127_361, 399),
    Shop("ES", "amazon.es", "eu", 2100, 921_457, 127_361, 399),
    Shop("JP", "amazon.co.jp", "fe", 1000, 149_832_157, 20_709_113, 50_000),
    Shop("PL", "amazon.pl", "eu", 2300, 3_957_311, 546_977, 1299),
)
"""In the order in which the offers of one product follow each other."""

CATEGORIES: Final = {
    "electronics": (1800, 800),
    "battery": (2200, 800),
    "toys": (2750, 1500),
    "baby": (2600, 1500),
    "pet": (2425, 1500),
    "apparel": (3333, 1700),
    "kitchen": (2500, 1500),
    "garden": (2850, 1500),
    "auto": (2075, 1200),
    "office": (2990, 1500),
    "beauty": (3525, 1500),
    "sports": (2640, 1530),
}
"""Margin and referral fee of every category, scaled by 10⁴, in the order in which they are drawn."""

EPR_DE: Final = "DE4711081500000"
EPR_FR: Final = "FR204711_01ABCD"
RESPONSIBLE_PERSON: Final = "Acorn EU Compliance GmbH, Eichenallee 7, 10115 Berlin, eu@acorn.example"

RULES: Final = f"""\
acorn: 1
description: One catalogue on eight sites, from the landed cost to the responsible person
owner: pricing@acorn.example
rules:
  - id: 01-landed
    when: not locked
    set: {{price: fx(cost) * (1 + margin) * (1 + vat) / (1 - referral_fee)}}
    because: landed cost plus margin, VAT and referral fee
  - id: 02-heavy
    when: not locked and weight_g > 2000
    set: {{price: price + heavy_fee}}
    because: heavy parcels cost extra
  - id: 03-slow
    when: not locked and lead_days > 7
    set: {{price: price * 0.98}}
    because: two percent off for a long wait
  - id: 04-clearance
    when: not locked and clearance
    set: {{price: price * 0.85}}
    because: clearance
  - id: 05-family
    when: not locked and category in ['toys', 'baby', 'pet']
    set: {{price: price * 1.03}}
    because: toys, baby and pet carry three percent more
  - id: 06-undercut
    when: not locked and competitor_price - tick >= floor_price
    set: {{price: "min(price, competitor_price - tick)"}}
    because: "below the competitor's {{competitor_price}}"
  - id: 07-follow-up
    when: not locked and competitor_price > price * 1.2
    set: {{price: price * 1.05}}
    because: "the competitor asks {{competitor_price}}"
  - id: 08-scarce
    when: not locked and stock >= 5 and stock < 20
    set: {{price: price * 1.08}}
    because: few are left
  - id: 09-ending-99
    when: not locked and site in ['amazon.com', 'amazon.co.uk']
    set: {{price: "round_down(price, 1) + 0.99"}}
    because: prices end in .99
  - id: 10-ending-95
    when: not locked and site in ['amazon.de', 'amazon.fr', 'amazon.it', 'amazon.es', 'amazon.pl']
    set: {{price: "round_down(price, 1) + 0.95 if price >= 5 else price"}}
    because: prices end in ,95
  - id: 11-ending-80
    when: not locked and site == 'amazon.co.jp'
    set: {{price: "round_down(price, 100) + 80"}}
    because: prices end in 80
  - id: 12-at-least
    when: not locked and price < floor_price
    set: {{price: floor_price}}
    because: "the least that the offer may cost is {{floor_price}}"
  - id: 13-at-most
    when: not locked and price > ceiling_price
    set: {{price: ceiling_price}}
    because: "the most that the offer may cost is {{ceiling_price}}"
  - id: 14-map
    when: default(price, current_price) < map_price
    set: {{price: map_price}}
    because: the manufacturer's minimum advertised price
  - id: 15-sold-out
    when: stock < 5 or (hazmat and site == 'amazon.co.jp')
    set: {{quantity: 0}}
    final: true
    because: too few to show, or may not be shipped
  - id: 16-clear-all
    when: clearance
    set: {{quantity: stock}}
    final: true
    because: clearance shows all
  - id: 17-show
    set: {{quantity: "min(stock - 2, 50)"}}
    because: two are kept back, fifty are shown at most
  - id: 18-handling
    when: lead_days > 5
    set: {{handling_days: lead_days + 1 if lead_days < 29 else 30}}
    because: as long as the supplier takes, and a day
  - id: 19-epr
    when: site in ['amazon.de', 'amazon.fr'] and category in ['electronics', 'battery', 'toys', 'apparel']
    set: {{attributes.epr_number: "='{EPR_DE}' if site == 'amazon.de' else '{EPR_FR}'"}}
    because: producers of these are registered
  - id: 20-responsible-person
    when: site in ['amazon.de', 'amazon.fr', 'amazon.it', 'amazon.es', 'amazon.pl'] and not starts_with(sku, 'X')
    set: {{attributes.responsible_person: "{RESPONSIBLE_PERSON}"}}
    because: the European Union asks for a responsible person
"""
"""The twenty rules as an operator writes them; every site runs all of them.

``locked`` offers have no price of ours: their price stays as it is, unless the manufacturer's
minimum advertised price is above it.
"""

FACTS: Final[dict[str, Type]] = {
    "sku": TEXT,
    "category": TEXT,
    "cost": money("cost_currency"),
    "cost_currency": TEXT,
    "vat": NUMBER,
    "referral_fee": NUMBER,
    "margin": NUMBER,
    "floor_price": SITE_MONEY,
    "ceiling_price": SITE_MONEY,
    "competitor_price": SITE_MONEY,
    "map_price": SITE_MONEY,
    "current_price": SITE_MONEY,
    "heavy_fee": SITE_MONEY,
    "stock": INTEGER,
    "current_quantity": INTEGER,
    "lead_days": INTEGER,
    "weight_g": INTEGER,
    "locked": BOOLEAN,
    "clearance": BOOLEAN,
    "hazmat": BOOLEAN,
}
"""The facts that Acorn's rules read, and their types."""

_SOURCES: Final = {
    "category": "cat",
    "referral_fee": "ref",
    "floor_price": "min_price",
    "ceiling_price": "max_price",
    "competitor_price": "comp",
    "current_price": "cur_price",
    "current_quantity": "cur_qty",
    "lead_days": "lead",
    "weight_g": "weight",
}
_SCALES: Final = {
    "vat": 4,
    "referral_fee": 4,
    "margin": 4,
    **dict.fromkeys(
        (
            "cost",
            "floor_price",
            "ceiling_price",
            "competitor_price",
            "map_price",
            "heavy_fee",
            "current_price",
        ),
        2,
    ),
}


def draw(skus: int = SKUS, seed: int = SEED, first: int = 0) -> pl.DataFrame:
    """Return the offers of so many products: one row an offer, amounts as scaled integers.

    SKUs count from ``first``; another ``seed`` gives other offers, of which no sums are known.

    Rows follow each other by SKU, then by site in the order of ``SHOPS``. Scales are 2 for
    amounts, 4 for shares and 6 for rates; yen stand at scale 2 as well, as whole yen.
    """
    random = np.random.default_rng(seed)
    sites = len(SHOPS)
    rows = skus * sites
    category = random.integers(0, len(CATEGORIES), skus)
    dollars = random.random(skus) < 0.3
    cost = _cost(random.normal(3.2, 1.1, skus), random.random(skus) < 0.3, dollars)
    margin, fee = (np.array([pair[part] for pair in CATEGORIES.values()])[category] for part in (0, 1))

    def of_site(values: list[int]) -> np.ndarray:
        return np.tile(np.array(values), skus)

    vat, step = of_site([shop.vat for shop in SHOPS]), of_site([shop.step for shop in SHOPS])
    rates = np.where(np.repeat(dollars, sites), of_site([s.usd for s in SHOPS]), of_site([s.cny for s in SHOPS]))
    per_offer = {name: np.repeat(values, sites) for name, values in (("cost", cost), ("m", margin), ("f", fee))}
    about = per_offer["cost"] / 100 * (rates / 1e6) * (1 + per_offer["m"] / 1e4)
    about = about * (1 + vat / 1e4) / (1 - per_offer["f"] / 1e4)

    def amount(low: float, high: float) -> np.ndarray:
        return (np.round(about * random.uniform(low, high, rows) * 100 / step) * step).astype(np.int64)

    least, most = amount(0.75, 0.92), amount(1.2, 1.8)
    competitor, no_competitor = amount(0.7, 1.5), random.random(rows) < 0.35
    advertised, not_advertised = amount(0.9, 1.1), random.random(rows) > 0.05
    current = amount(0.9, 1.15)
    stock = np.minimum(random.geometric(0.02, rows) - 1, 500)
    shown = np.minimum(stock, 50) + random.integers(0, 2, rows)
    lead = random.integers(1, 32, rows)
    weight = np.repeat(random.integers(50, 6000, skus), sites)
    locked, clearance = random.random(rows) < 0.04, random.random(rows) < 0.06
    hazardous = np.repeat(random.random(skus) < 0.03, sites)
    number = pl.int_range(first, first + skus, eager=True)
    letter = pl.select(pl.when(number % 50 == 0).then(pl.lit("X")).otherwise(pl.lit("A"))).to_series()
    sku = pl.select(pl.concat_str(letter, number.cast(pl.String).str.zfill(7), pl.lit("-K"))).to_series()
    product = np.repeat(np.arange(skus), sites)

    def words(of: list[str], places: np.ndarray) -> pl.Series:
        return pl.Series(of, dtype=pl.Enum(list(dict.fromkeys(of)))).gather(places).cast(pl.String)

    place = np.tile(np.arange(sites), skus)
    return pl.DataFrame(
        {
            "sku": sku.gather(product),
            "site": words([shop.key for shop in SHOPS], place),
            "currency": words([shop.site.currency for shop in SHOPS], place),
            "cat": words(list(CATEGORIES), np.repeat(category, sites)),
            "cost": per_offer["cost"],
            "cost_currency": words(["CNY", "USD"], np.repeat(dollars.astype(np.int64), sites)),
            "fx": rates,
            "vat": vat,
            "ref": per_offer["f"],
            "margin": per_offer["m"],
            "min_price": least,
            "max_price": most,
            "comp": _absent(competitor, no_competitor),
            "map_price": _absent(advertised, not_advertised),
            "cur_price": current,
            "heavy_fee": of_site([shop.heavy_fee for shop in SHOPS]),
            "step": step,
            "stock": stock,
            "cur_qty": shown,
            "lead": lead,
            "weight": weight,
            "locked": locked,
            "clearance": clearance,
            "hazmat": hazardous,
        }
    )


def _cost(logarithm: np.ndarray, stepped: np.ndarray, dollars: np.ndarray) -> np.ndarray:
    cents = np.round(np.clip(np.exp(logarithm), 0.50, 5000) * 100).astype(np.int64)
    cents = np.where(stepped, np.maximum(cents // 5 * 5, 50), cents)
    return np.where(dollars, cents, cents * 7)


def _absent(values: np.ndarray, where: np.ndarray) -> pl.Series:
    return pl.select(pl.when(~pl.Series(where)).then(pl.Series(values))).to_series()


def acorn_offers(flat: pl.DataFrame, shop: Shop) -> Offers:
    """Return the offers of one site as Acorn reads them from a catalogue."""
    columns = [
        pl.lit(shop.account).alias("account"),
        pl.lit(shop.name).alias("site"),
        pl.col("sku").alias("seller_sku"),
    ]
    for name in FACTS:
        value = pl.col(_SOURCES.get(name, name))
        if name == "current_price" and shop.site.digits == 0:
            value = (value // 100).cast(pl.Decimal(38, 0))
        elif name in _SCALES:
            value = decimal(value, _SCALES[name])
        columns.append(value.alias(name))
    frame = flat.filter(pl.col("site") == shop.key).select(columns)
    facts = {name: FactInfo(name, of, _SCALES.get(name, 0), "the workload") for name, of in FACTS.items()}
    return Offers(frame, facts, {"rate": rate_table()})


def decimal(value: pl.Expr, scale: int) -> pl.Expr:
    """Return scaled integers as the exact decimals that they stand for."""
    return value.cast(pl.Decimal(38, scale)) * pl.lit(Decimal(1).scaleb(-scale), pl.Decimal(38, scale))


def rate_table() -> FactTable:
    """Return the exchange rates of the workload as a table of Acorn's."""
    entries: dict[str, dict[str, TableEntry]] = {}
    for shop in SHOPS:
        rates = {"USD": Fraction(shop.usd, 10**6), "CNY": Fraction(shop.cny, 10**6)}
        entries[shop.site.currency] = {code: TableEntry(rate, "the workload") for code, rate in rates.items()}
    return FactTable("rate", entries, "the workload")


def acorn_chain(shop: Shop, rules: Mapping[str, str] | None = None) -> Chain:
    """Return the checked rules of one site; ``rules`` are files in place of the workload's."""
    facts = {name: FactInfo(name, of, _SCALES.get(name, 0), "the workload") for name, of in FACTS.items()}
    vocabulary = Vocabulary(
        site=shop.site,
        facts=facts,
        fields={field.name: field for field in STANDARD_FIELDS},
        functions={function.name: function for function in acorn_functions()},
        several_currencies=True,
    )
    return load_chain(list((rules or {"shop.yaml": RULES}).items()), vocabulary)


def clock(shop: Shop) -> SiteClock:
    """Return the one instant at which everything is worked out."""
    return SiteClock(shop.site, NOW)


RESULTS: Final = ("price", "qty", "handling", "epr", "rp", "price_rule", "qty_rule")
"""The results of an offer: the price at scale 2, and the numbers of the rules that set price and quantity."""


def acorn_results(frame: pl.DataFrame, shop: Shop) -> pl.DataFrame:
    """Return what Acorn proposes for the offers of a site in the columns of ``RESULTS``.

    A price that no rule sets is the current one; attributes are JSON text.
    """
    unit = 10 ** (2 - shop.site.digits)
    current = (pl.col("current_price") * 10**shop.site.digits).cast(pl.Int64) * unit

    def number(field: str) -> pl.Expr:
        return pl.col(f"rule.{field}").cast(pl.String).str.head(2).cast(pl.Int64).fill_null(0)

    return frame.select(
        price=pl.coalesce(pl.col("to.price") * unit, current),
        qty="to.quantity",
        handling="to.handling_days",
        epr=pl.col("to.attributes.epr_number").str.strip_chars('"'),
        rp=pl.col("to.attributes.responsible_person").str.strip_chars('"'),
        price_rule=number("price"),
        qty_rule=number("quantity"),
    )


def in_order(parts: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Return the results of all sites, by the key of the site, in the order of ``draw``."""
    pieces = [
        parts[shop.key].with_columns(_offer=pl.int_range(pl.len()) * len(SHOPS) + number)
        for number, shop in enumerate(SHOPS)
    ]
    return pl.concat(pieces).sort("_offer").drop("_offer")


_SUMS: Final = {
    "cost": 23_380_145_016,
    "min_price": 118_112_571_584,
    "comp": 101_500_204_851,
    "cur_price": 145_048_320_811,
    "stock": 49_022_516,
    "lead": 15_982_932,
    "weight": 3_025_042_336,
}
_RESULT_SUMS: Final = {"price": 146_108_188_127, "qty": 30_858_769, "handling": 16_239_802}
_PRICE_RULES: Final = {0: 39_332, 9: 223_200, 10: 561_522, 11: 112_716, 12: 5_970, 13: 43_169, 14: 14_091}
_QUANTITY_RULES: Final = {15: 99_339, 16: 54_064, 17: 846_597}


def check(flat: pl.DataFrame) -> None:
    """Raise ``ValueError`` where the drawn columns of a million offers are not those that are known."""
    _compare({name: int(flat[name].sum()) for name in _SUMS}, _SUMS, "sums")
    absent = {"comp": 349_810, "map_price": 949_730}
    _compare({name: flat[name].null_count() for name in absent}, absent, "absent values")


def check_results(flat: pl.DataFrame, results: pl.DataFrame) -> None:
    """Raise ``ValueError`` where the results for a million offers are not those that are known."""
    _compare({name: int(results[name].sum()) for name in _RESULT_SUMS}, _RESULT_SUMS, "sums of results")
    absent = {"handling": 161_736, "epr": 917_240, "rp": 387_500}
    _compare({name: results[name].null_count() for name in absent}, absent, "absent results")
    for name, known in (("price_rule", _PRICE_RULES), ("qty_rule", _QUANTITY_RULES)):
        counted = dict(results.group_by(name).len().sort(name).iter_rows())
        _compare(counted, known, f"offers by {name}")
    found = {
        "lowest": results["price"].min(),
        "highest": results["price"].max(),
        "changed": int((results["price"] != flat["cur_price"]).sum()),
    }
    _compare(found, {"lowest": 58, "highest": 57_208_000, "changed": 959_871}, "prices")


def _compare(found: Mapping[Any, Any], known: Mapping[Any, Any], what: str) -> None:
    if dict(found) != dict(known):
        raise ValueError(f"the workload is not the known one: {what} are {dict(found)}, not {dict(known)}")


def wrong(results: pl.DataFrame, oracle: pl.DataFrame) -> int:
    """Return how many offers have any result that differs from the oracle's."""
    differs = [pl.Series(results[name]).ne_missing(oracle[name]) for name in RESULTS]
    return int(pl.DataFrame({str(number): one for number, one in enumerate(differs)}).max_horizontal().sum())


def rule_ids() -> list[str]:
    """Return the ids of the twenty rules, in order."""
    return re.findall(r"- id: (\S+)", RULES)
