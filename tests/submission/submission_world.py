"""Sellers on a sandbox that runs as a process of its own, and lives of ``acorn`` that are killed.

What was wanted is in the projects' files, what came of it in the sandbox: ``GET /_sandbox/listings`` says what
every offer shows, ``GET /_sandbox/log`` what was asked, and the state file which feed brought which messages.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from acorn_amazon.sites import SITES_BY_NAME
from submission_driver import HIGH_WATER

DRIVER = Path(__file__).parent / "submission_driver.py"
ACORN = Path(sys.executable).parent / "acorn"
RULES = """\
acorn: 1
rules:
  - {id: wanted-price, set: {price: wanted}, because: what the seller wants}
  - {id: shelf, set: {quantity: stock}, because: what is on the shelf}
"""
OFF = '{ off = "the values of this test jump" }'


class SandboxProcess:
    """``acorn sandbox`` as a process, as a context manager. It writes its state into ``folder``."""

    def __init__(self, folder: Path, seeds: Sequence[Mapping[str, Any]], speed: float) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.state = folder / "amazon.db"
        self._seed = folder / "seed.jsonl"
        with self._seed.open("w", encoding="utf-8") as lines:
            lines.writelines(json.dumps(seed) + "\n" for seed in seeds)
        self._speed = speed
        self._process: subprocess.Popen[str] | None = None
        self.url = ""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, port: int = 0) -> None:
        """Start the process and wait until it listens."""
        command = [ACORN, "sandbox", "--port", str(port), "--state", self.state, "--seed", self._seed]
        command += ["--speed", str(self._speed), "--json"]
        self._process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the sandbox ended with {self._process.wait()}")
        self.url = json.loads(line)["url"]

    def stop(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(30)
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the sandbox's own paths."""
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=120)
        try:
            connection.request(method, f"/_sandbox/{path}", None if body is None else json.dumps(body))
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        assert response.status == 200, content[:500]
        return json.loads(content, parse_float=Decimal)

    def truth(self, seller: str) -> dict[tuple[str, str], tuple[Decimal | None, int | None]]:
        """Return (price, quantity) of every offer of a seller, by marketplace id and SKU."""
        return {
            (row["marketplace_id"], row["sku"]): shown(row["attributes"])
            for row in self.control("GET", f"listings?seller_id={quote(seller)}")
        }

    def answered(self, seller: str | None = None) -> Counter[str]:
        """Return how often every operation was done, answered or not."""
        return Counter(
            entry["operation"]
            for entry in self.control("GET", "log")
            if 200 <= entry["status"] < 300 and seller in {None, entry["account"]}
        )

    def refused(self, status: int) -> int:
        """Return how often a status was answered."""
        return sum(entry["status"] == status and "fault" not in entry for entry in self.control("GET", "log"))

    def feeds(self, seller: str) -> dict[str, FeedSeen]:
        """Return every feed that was ever created for a seller, from the state file."""
        found = {}
        with closing(sqlite3.connect(f"file:{self.state}?mode=ro", uri=True)) as connection:
            rows = connection.execute("SELECT value FROM records WHERE kind = 'feed'").fetchall()
            for (value,) in rows:
                feed = json.loads(value)
                if feed["seller_id"] != seller:
                    continue
                query = "SELECT value FROM records WHERE kind = 'content' AND key = ?"
                kept = connection.execute(query, [feed["document_id"]]).fetchone()
                # The sandbox forgets documents in time, feeds much later.
                document = zlib.decompress(kept[0]) if kept else b""
                messages = json.loads(document, parse_float=Decimal)["messages"] if kept else []
                found[feed["id"]] = FeedSeen(
                    feed["id"], feed["marketplace_ids"][0], feed["status"], feed["effect"], len(document), messages
                )
        return found


@dataclass(frozen=True)
class FeedSeen:
    """A feed as the sandbox has it: ``effect`` is the fault that befell it, ``size`` its document's in bytes.

    One whose document is forgotten has neither size nor messages.
    """

    id: str
    marketplace_id: str
    status: str
    effect: str | None
    size: int
    messages: list[dict[str, Any]]


def shown(attributes: Mapping[str, Any]) -> tuple[Decimal | None, int | None]:
    """Return the price and the quantity that attributes show."""
    price = quantity = None
    for offer in attributes.get("purchasable_offer", []):
        if offer.get("audience", "ALL") == "ALL" and "our_price" in offer:
            price = Decimal(offer["our_price"][0]["schedule"][0]["value_with_tax"])
    for channel in attributes.get("fulfillment_availability", []):
        quantity = channel.get("quantity")
    return price, quantity


@dataclass(frozen=True)
class Shop:
    """One account: its name in the project, its seller id, its sites, how it sends, and what it sells."""

    name: str
    seller: str
    sites: tuple[str, ...] = ("amazon.de",)
    options: Mapping[str, Any] = field(default_factory=dict)
    skus: tuple[str, ...] = ()
    """Default: those of the project."""
    secret: str = "secret"


class Project:
    """A project folder of some shops that all sell the same SKUs, and what is wanted of them."""

    def __init__(
        self,
        folder: Path,
        shops: Sequence[Shop],
        skus: Sequence[str],
        *,
        database: str = "sqlite:///acorn.db",
        name: str = "northwind",
        run: Mapping[str, Any] | None = None,
        amazon: Mapping[str, Any] | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.shops, self.skus = folder, tuple(shops), tuple(skus)
        self.database, self.name = database, name
        usual = {"poll": "20ms", "verify_within": "20s", "lookup_after": "200ms", "lookups": 2, "plan_ttl": "2h"}
        self.run = usual | dict(run or {})
        self.amazon = {"first_pause_seconds": 0.02} | dict(amazon or {})
        self.prices: dict[tuple[str, str, str], str] = {
            (shop.name, site, sku): "20.00" for shop in shops for site in shop.sites for sku in self.skus_of(shop)
        }
        self.stock = {sku: 5 for shop in shops for sku in self.skus_of(shop)}
        self.listing: dict[tuple[str, str, str], dict[str, str]] = {}
        self.usual = {"product_type": "LUGGAGE", "fulfilment": "merchant", "floor_price": "1.00"}
        """The columns of the listings' file; ``listing`` has other values for single rows."""

    @property
    def sites(self) -> list[str]:
        """The sites, in the order of the shops."""
        return list(dict.fromkeys(site for shop in self.shops for site in shop.sites))

    def seeds(self) -> Iterator[dict[str, Any]]:
        """Yield the listings as they stand before anything is sent."""
        for shop in self.shops:
            for site in shop.sites:
                yield from (seed(shop.seller, site, sku) for sku in self.skus_of(shop))

    def skus_of(self, shop: Shop) -> tuple[str, ...]:
        """Return what a shop sells."""
        return shop.skus or self.skus

    def want(self, prices: Mapping[tuple[str, str, str], str] | None = None, **stock: int) -> None:
        """Change what is wanted: prices by (account, site, SKU), quantities by SKU."""
        self.prices.update(prices or {})
        self.stock.update(stock)

    def wanted(self, shop: Shop) -> dict[tuple[str, str], tuple[Decimal, int]]:
        """Return what every offer of a shop should show in the end."""
        return {
            (SITES_BY_NAME[site].marketplace_id, sku): (Decimal(self.prices[shop.name, site, sku]), self.stock[sku])
            for site in shop.sites
            for sku in self.skus_of(shop)
        }

    def write(self, url: str) -> None:
        """Write the project's files."""
        chains = "".join(f'"{site}" = ["base.yaml"]\n' for site in self.sites)
        accounts = "".join(
            f"[accounts.{shop.name}]\n"
            + _toml(
                {"seller_id": shop.seller, "sites": list(shop.sites), "endpoint": url}
                | {"auth_endpoint": f"{url}/auth/o2/token"}
                | dict(shop.options)
            )
            for shop in self.shops
        )
        text = (
            f'[project]\nname = "{self.name}"\ndatabase = "{self.database}"\n[sites]\n{chains}{accounts}'
            '[catalog.products]\nsource = "csv"\npath = "products.csv"\n'
            '[catalog.listings]\nsource = "csv"\npath = "listings.csv"\n'
            '[catalog.columns]\nwanted = "money"\n'
            f"[guards]\nlargest_move = {OFF}\ndecimal_shift = {OFF}\nchanged_share = {OFF}\n"
            f"[run]\n{_toml(self.run)}[amazon]\n{_toml(self.amazon)}"
        )
        rules = self.folder / "rules"
        rules.mkdir(exist_ok=True)
        _replace(rules / "base.yaml", RULES)
        _replace(self.folder / "acorn.toml", text)
        self.write_catalogue()

    def write_catalogue(self) -> None:
        """Write what is wanted."""
        products = ["sku,stock", *(f"{sku},{stock}" for sku, stock in self.stock.items())]
        rows = [",".join(["account,site,seller_sku,sku", *self.usual, "wanted"])]
        for (account, site, sku), price in self.prices.items():
            more = self.usual | self.listing.get((account, site, sku), {})
            rows.append(",".join([account, site, sku, sku, *more.values(), price]))
        _replace(self.folder / "products.csv", "\n".join([*products, ""]))
        _replace(self.folder / "listings.csv", "\n".join([*rows, ""]))

    def secrets(self) -> dict[str, str]:
        """Return the environment that a life needs."""
        found = {}
        for shop in self.shops:
            prefix = f"ACORN_{shop.name.upper()}_"
            found |= {f"{prefix}CLIENT_ID": "client", f"{prefix}CLIENT_SECRET": shop.secret}
            found[f"{prefix}REFRESH_TOKEN"] = f"Atzr|{shop.seller}"
        return found

    def command(self, *words: str) -> list[str]:
        """Return the words of a command on this project."""
        return [*words, "--project", str(self.folder)]

    def acorn(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command as a process of its own."""
        return subprocess.run(
            [str(ACORN), *self.command(*words)],
            env=os.environ | self.secrets() | environment,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )


def seed(seller: str, site: str, sku: str) -> dict[str, Any]:
    """Return an offer of 20.00 and 5 units, with a map price beside that must survive."""
    place = SITES_BY_NAME[site].marketplace_id
    offer = {"marketplace_id": place, "currency": SITES_BY_NAME[site].currency, "audience": "ALL"}
    prices = {"our_price": "20.00", "map_price": "12.10"}
    offer |= {name: [{"schedule": [{"value_with_tax": float(text)}]}] for name, text in prices.items()}
    return {
        "seller_id": seller,
        "marketplace_id": place,
        "sku": sku,
        "product_type": "LUGGAGE",
        "attributes": {
            "item_name": [{"value": "Koffer", "language_tag": "de_DE", "marketplace_id": place}],
            "purchasable_offer": [offer],
            "fulfillment_availability": [{"fulfillment_channel_code": "DEFAULT", "quantity": 5}],
        },
    }


def _toml(values: Mapping[str, Any]) -> str:
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items())


def _replace(path: Path, text: str) -> None:
    """Write a file that nobody ever sees half written."""
    made = path.with_suffix(".new")
    made.write_text(text, encoding="utf-8")
    shutil.move(made, path)


@dataclass(frozen=True)
class Life:
    """What became of a life: its exit code (minus its signal if it was killed) and the places it passed."""

    code: int
    places: tuple[str, ...]
    high_water: int | None
    output: str


class Driver:
    """A driver process: it forks lives and kills them. Not thread-safe: one life after the other."""

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._trace, self._output = folder / f"{name}.trace", folder / f"{name}.out"
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.close()
            self._process.wait(60)
            self._process.stdout.close()
            self._process = None

    def life(
        self,
        project: Project,
        *words: str,
        plan: Sequence[str] = (),
        fuse: int | tuple[str, int] | None = None,
        delay: float | None = None,
    ) -> Life:
        """Plan and approve sites and run a command, in one process; it is killed in the command if so told."""
        process = self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        self._output.unlink(missing_ok=True)
        job = {"project": str(project.folder), "plan": list(plan), "words": list(words), "fuse": fuse, "delay": delay}
        job |= {"output": str(self._output), "trace": str(self._trace), "secrets": project.secrets()}
        process.stdin.write(json.dumps(job) + "\n")
        process.stdin.flush()
        answer = process.stdout.readline()
        if not answer:
            raise RuntimeError("the driver is gone")
        lines = self._trace.read_text(encoding="utf-8").splitlines()
        peak = next((int(line.split()[-1]) for line in lines if line.startswith(HIGH_WATER)), None)
        places = tuple(line for line in lines if not line.startswith(HIGH_WATER))
        return Life(json.loads(answer), places, peak, self._output.read_text(encoding="utf-8", errors="replace"))

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, str(DRIVER)],
                env=os.environ | {"POLARS_MAX_THREADS": "1"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        return self._process
