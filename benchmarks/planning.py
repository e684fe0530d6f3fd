"""How fast a site is evaluated and planned, against the exact one-offer form, in one run.

Usage: ``python benchmarks/planning.py [OFFERS]``. Ten rules over a synthetic catalogue on amazon.de,
held in memory; medians of five runs. Prints the machine and the versions, since only ratios travel.
"""

from __future__ import annotations

import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path

import polars as pl

from acorn_engine import Engine
from acorn_engine.engine.evaluating import evaluate_site
from acorn_engine.engine.inputs import read_catalogue, site_offers
from acorn_engine.evaluate import Tracer, bind_columns, evaluate, row_values

SITE = "amazon.de"
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
RUNS = 5
SAMPLE = 2_000
RULES = """\
acorn: 1
parameters: {margin: 28%}
define: {landed: fx(cost) * 1.04}
rules:
  - {id: landed, set: {price: landed * (1 + margin) * (1 + vat_rate)}}
  - {id: heavy, when: weight_g > 2000, set: {price: price + 3.49}}
  - {id: clearance, when: clearance, set: {price: price * 0.85}}
  - {id: toys, when: "category in ['toys', 'baby']", set: {price: price * 1.03}}
  - {id: follow, when: floor_price <= competitor_price - tick < price, set: {price: competitor_price - tick}}
  - {id: scarce, when: stock >= 5 and stock < 20, set: {price: price * 1.08}}
  - {id: ending, use: price_ending, with: {ending: 0.99}}
  - {id: least, when: price < floor_price, set: {price: floor_price}}
  - {id: show, use: stock, with: {reserve: 2, cap: 50, threshold: 5}}
  - {id: slow, when: stock > 100, set: {handling_days: 2}}
"""


def catalogue(offers: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return products and listings with exact values, drawn without a random generator."""
    number = pl.int_range(offers, eager=True)
    cents = (number * 7919) % 9000 + 100
    products = pl.DataFrame(
        {
            "sku": number.cast(pl.String).str.zfill(8),
            "cost": (cents.cast(pl.Decimal(38, 2)) * Decimal("0.01")).cast(pl.Decimal(38, 2)),
            "cost_currency": ["USD"] * offers,
            "stock": (number * 31) % 200,
            "weight_g": (number * 97) % 6000,
            "clearance": (number % 17) == 0,
            "category": pl.Series(["toys", "pet", "kitchen", "baby"]).gather(number % 4),
        }
    )
    price = cents + cents // 2
    money = {name: price + shift for name, shift in (("price", 7), ("competitor_price", 3))}
    listings = pl.DataFrame(
        {
            "site": [SITE] * offers,
            "seller_sku": products["sku"],
            "sku": products["sku"],
            "fulfilment": ["merchant"] * offers,
            "product_type": ["HOME"] * offers,
            "quantity": (number * 31) % 60,
            "floor_price": (cents.cast(pl.Decimal(38, 2)) * Decimal("0.01")).cast(pl.Decimal(38, 2)),
            **{
                name: (values.cast(pl.Decimal(38, 2)) * Decimal("0.01")).cast(pl.Decimal(38, 2))
                for name, values in money.items()
            },
        }
    )
    return products, listings


def settings(folder: Path) -> dict[str, object]:
    """Return a project without files: one account, one site, rates of the day."""
    rates = ({"base": "USD", "quote": "EUR", "rate": "0.9163", "as_of": NOW, "source": "benchmark"},)
    return {
        "project": {"name": "benchmark", "database": f"sqlite:///{folder}/benchmark.db"},
        "sites": {SITE: ["rules.yaml"]},
        "catalog": {
            "columns": {"weight_g": "integer", "clearance": "boolean", "competitor_price": "money"},
        },
        "accounts": {"eu": {"seller_id": "A1", "sites": [SITE], "neighbours": "none"}},
        "currency": {"rates": rates},
        "guards": {"changed_share": {"off": "a benchmark moves everything"}},
    }


def median(action: Callable[[], object]) -> float:
    """Return the median seconds of some runs."""
    seconds = []
    for _ in range(RUNS):
        started = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def main(offers: int) -> None:
    """Measure and print."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("acorn-engine", "polars", "simpleeval"))
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, {packages}")
    products, listings = catalogue(offers)
    with (
        tempfile.TemporaryDirectory() as folder,
        Engine.open(settings(Path(folder)), rules={"rules.yaml": RULES}, now=lambda: NOW) as engine,
    ):
        context = engine._context  # noqa: SLF001  # stages are timed one by one
        table = read_catalogue(context, products, listings)
        done = evaluate_site(context, table, SITE, remembered=False)
        columns = median(lambda: evaluate(done.chain, done.offers, done.clock))
        exact = median(lambda: _one_by_one(done)) / SAMPLE
        facts = median(lambda: site_offers(context, table, done.clock, done.accounts))
        whole = median(lambda: engine.plan(SITE, products=products, listings=listings))
    print(f"{offers:,} offers, {len(done.chain.rules)} rules, medians of {RUNS} runs")
    print(f"  evaluate in columns     {columns:8.3f} s   {offers / columns:12,.0f} offers/s")
    print(f"  evaluate one by one     {exact * offers:8.1f} s   {1 / exact:12,.0f} offers/s   (from {SAMPLE:,})")
    print(f"  columns against one by one          {exact * offers / columns:8.0f} x")
    print(f"  facts of the offers     {facts:8.3f} s")
    print(f"  plan, rows in to saved  {whole:8.3f} s   {offers / whole:12,.0f} offers/s")


def _one_by_one(done: object) -> None:
    chain, offers, clock = done.chain, done.offers, done.clock  # type: ignore[attr-defined]
    tracer = Tracer(chain, offers.tables, clock, offers.facts)
    leaves = bind_columns(offers.frame, chain.vocabulary.facts, clock.site)
    for row in offers.frame.head(SAMPLE).iter_rows(named=True):
        tracer.trace(row_values(row, leaves))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
