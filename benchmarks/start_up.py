"""The small waits: a quote, ``acorn --version``, and ``acorn check`` of a rule book for all 23 sites."""

from __future__ import annotations

import resource
import shutil
import statistics
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from typing import Final

from acorn_amazon.sites import SITES

from acorn_engine import Engine
from benchmarks import catalogue, workload

QUOTES: Final = 300
SITE: Final = "amazon.de"
RULES_A_SITE: Final = 20


def quote_ms(folder: Path, quotes: int = QUOTES) -> float:
    """Return the milliseconds of a quote (median), twenty rules, each time for another offer."""
    products, listings, _ = catalogue.tables(workload.draw(quotes + 20))
    rows = listings.filter(listings["site"] == SITE).join(products, on="sku", maintain_order="left").to_dicts()
    settings = catalogue.settings(folder, str(folder / "quotes.db"))
    seconds = []
    with Engine.open(settings, rules={"shop.yaml": catalogue.FILED_RULES}) as engine:
        for row in rows[-20:]:
            engine.quote(SITE, row)
        for row in rows[:quotes]:
            started = time.perf_counter()
            engine.quote(SITE, row)
            seconds.append(time.perf_counter() - started)
    return statistics.median(seconds) * 1000


def command() -> str:
    """Return the path of the command ``acorn`` of this environment."""
    found = shutil.which("acorn", path=sysconfig.get_path("scripts")) or shutil.which("acorn")
    if found is None:
        raise RuntimeError("the command 'acorn' is not installed in this environment")
    return found


def cpu_seconds(arguments: list[str], repeats: int) -> float:
    """Return the CPU seconds, user and system, of a command: the median of some runs, after one that warms up."""
    found = []
    for _ in range(repeats + 1):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run([command(), *arguments], capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"acorn {' '.join(arguments)} failed: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    return statistics.median(found[1:])


def rule_book(folder: Path) -> Path:
    """Write a project for all sites of Amazon, twenty rules in a file of its own for each; return its folder."""
    (folder / "rules").mkdir(parents=True)
    accounts: dict[str, list[str]] = {}
    for site in SITES:
        accounts.setdefault(site.region, []).append(site.name)
    lines = ['[project]\nname = "book"\n\n[sites]']
    lines += [f'"{site.name}" = ["{site.name}.yaml"]' for site in SITES]
    for role in ("products", "listings"):
        lines += [f"\n[catalog.{role}]", 'source = "csv"', f'path = "{role}.csv"']
    lines += ["\n[catalog.columns]", 'weight_g = "number"', 'clearance = "boolean"', 'competitor_price = "money"']
    for region, names in accounts.items():
        listed = ", ".join(f'"{name}"' for name in names)
        lines += [f"\n[accounts.{region}]", f'seller_id = "A{region.upper()}BENCH"', f"sites = [{listed}]"]
    (folder / "acorn.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    products = ["sku,cost,cost_currency,stock,brand,category,weight_g,clearance"]
    listings = ["site,seller_sku,sku,product_type,fulfilment,price,quantity,floor_price,competitor_price"]
    for number in range(5):
        products.append(f"S{number},10.50,USD,20,Acme,toys,500,false")
        listings += [f"{site.name},S{number},S{number},HOME,merchant,100,5,50,120" for site in SITES]
    (folder / "products.csv").write_text("\n".join(products) + "\n", encoding="utf-8")
    (folder / "listings.csv").write_text("\n".join(listings) + "\n", encoding="utf-8")
    for site in SITES:
        (folder / "rules" / f"{site.name}.yaml").write_text(
            _file(site.name, site.digits, site.currency), encoding="utf-8"
        )
    return folder


def _file(site: str, digits: int, currency: str) -> str:
    short = site.removeprefix("amazon.").replace(".", "-")
    ending = "0.99" if digits else "80"
    rules = [
        ("landed", "fulfilment == 'merchant'", "price: landed * (1 + margin) * (1 + vat_rate)"),
        ("heavy", "weight_g > 2000", f"price: price + 3 {currency}"),
        ("clearance", "clearance", "price: price * 85%"),
        ("toys", "category in ['toys', 'baby', 'pet']", "price: price * 1.03"),
        ("undercut", "floor_price <= competitor_price - tick < price", "price: competitor_price - tick"),
        ("scarce", "stock >= 5 and stock < 20", "price: price * 1.08"),
        ("brand", "starts_with(brand, 'Ac')", "price: price * 1.01"),
        ("weekend", "weekday(today) in ['sat', 'sun']", "price: price * 0.99"),
        ("least", "price < floor_price", "price: floor_price"),
        ("sold-out", "stock < 5", "quantity: 0"),
        ("show", "stock >= 5", '{quantity: "min(stock - 2, 50)"}'),
        ("slow", "stock > 100", "handling_days: 2"),
        ("origin", "category == 'toys'", "attributes.country_of_origin: CN"),
    ]
    count = RULES_A_SITE - len(rules) - 1
    rules += [
        (f"band-{n}", f"weight_g > {n}00 and weight_g <= {n + 1}00", f"price: price * {1 + n / 100:.2f}")
        for n in range(1, count + 1)
    ]
    text = ["acorn: 1", "parameters: {margin: 28%}", "define: {landed: fx(cost) * 1.04}", "rules:"]
    for name, when, sets in rules:
        value = sets if sets.startswith("{") else "{" + sets + "}"
        text.append(f'  - {{id: {short}-{name}, when: "{when}", set: {value}, because: the rule {name}}}')
    text.append(f"  - {{id: {short}-ending, use: price_ending, with: {{ending: {ending}}}}}")
    given = "cost: 20.00 USD, rate: {USD: 1}, fulfilment: merchant, clearance: false, vat_rate: 0%, weight_g: 500, stock: 50"
    text += ["examples:", f"  - {{name: stock is shown, site: {site}, given: {{{given}}}, expect: {{quantity: 48}}}}"]
    return "\n".join(text) + "\n"


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as somewhere:
        book = rule_book(Path(somewhere) / "book")
        sys.stdout.write(
            subprocess.run(
                [command(), "check", "--project", str(book)], capture_output=True, text=True, check=False
            ).stdout
        )
        sys.stdout.write(
            f"version {cpu_seconds(['--version'], 3):.3f} s, check {cpu_seconds(['check', '--project', str(book)], 1):.3f} s of CPU\n"
        )
