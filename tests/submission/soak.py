"""Processes that submit are killed at random, while everything that can go wrong goes wrong; run as a script.

Some accounts sell on some sites. Round by round new prices and quantities are wanted, planned and approved, and two
processes at once run ``acorn submit --wait``: each is killed after its first request or commit, at a place or after a
time that is drawn, and followed by another. In the end the faults cease, and what is still missing is planned and
sent. Then every offer shows what was wanted last, every feed is the one of exactly one part, nothing is left open.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from submission_checks import check_one_feed_a_part, check_truth, check_whole, rows_of
from submission_world import Driver, Life, Project, SandboxProcess, Shop

from acorn_engine.store import Store
from acorn_engine.store.tables import deliveries, part_messages, parts

SITES = ("amazon.de", "amazon.fr", "amazon.it", "amazon.es", "amazon.nl", "amazon.com.be")
SKUS = ("A", "B", "C", "D")
SPEED = 1000.0
SEED = 4
KILLS = 200
KILLS_A_ROUND = 20
SUBMITTERS = 2
FAULT_RATE = 0.1
ANYWHERE = (
    "429",
    "500",
    "503",
    "timeout",
    "reset",
    "html400",
    "slow",
    "revoked_token",
    "403",
    "lost_answer",
    "expired_url",
)
OF_FEEDS = ("fatal", "cancelled", "stuck", "truncated_report", "no_effect")
RUN = {
    "poll": "50ms",
    "verify_within": "3s",
    "lookup_after": "300ms",
    "lookups": 3,
    "processing_within": "5s",
    "lease": "20s",
}
AMAZON = {"first_pause_seconds": 0.02, "timeout_seconds": 0.5, "longest_wait_seconds": 5}
LAST_ROUNDS = 12


@dataclass
class Soak:
    """What was done so far."""

    rounds: int = 0
    lives: int = 0
    kills: int = 0
    places: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    feeds: int = 0
    patches: int = 0
    seconds: float = 0.0

    def told(self) -> str:
        """Return the words for a person."""
        many = [f"{name} {count}" for name, count in self.faults.most_common()]
        places = [f"{name} {count}" for name, count in self.places.most_common()]
        return (
            f"{self.kills} kills of {self.lives} processes in {self.rounds} rounds, {self.seconds:.0f} s\n"
            f"killed last at: {', '.join(places)}\nfaults that struck: {', '.join(many)}\n"
            f"outcomes: {dict(self.outcomes)}\n{self.feeds} feeds, each of one part; {self.patches} patches, none twice"
        )


def faults(rate: float) -> list[dict[str, Any]]:
    """Return every kind of fault."""
    short = {"timeout": {"seconds": 0.6}, "slow": {"seconds": 0.1}}
    anywhere = [{"operation": "*", "kind": kind, "probability": rate} | short.get(kind, {}) for kind in ANYWHERE]
    of_feeds = [{"operation": "createFeed", "kind": kind, "probability": rate, "share": 0.5} for kind in OF_FEEDS]
    return anywhere + of_feeds


class Runner:
    """One soak: the sandbox, the project, and the drivers of its processes."""

    def __init__(self, sandbox: SandboxProcess, project: Project, drivers: list[Driver], draw: random.Random) -> None:
        self.sandbox, self.project, self.drivers, self.draw = sandbox, project, drivers, draw
        self.soak = Soak()

    def want_something_else(self) -> None:
        """Draw new prices and quantities for most offers."""
        draw = self.draw
        prices = {key: f"{draw.randrange(1500, 3500) / 100:.2f}" for key in self.project.prices if draw.random() < 0.7}
        stock = {sku: draw.randrange(1, 40) for sku in self.project.skus if draw.random() < 0.7}
        self.project.want(prices, **stock)
        self.project.write_catalogue()

    def plan(self) -> Life:
        """Plan and approve every site; what can't be read now is planned in another round."""
        self.soak.lives += 1
        life = self.drivers[0].life(self.project, "status", plan=self.project.sites)
        assert life.code == 0, life.output
        return life

    def submit(self, driver: Driver, kills: Sequence[Mapping[str, Any]]) -> None:
        """Run one process after the other, each killed as drawn unless it has nothing left to do before."""
        for kill in kills:
            life = driver.life(self.project, "submit", "--wait", **kill)
            self.soak.lives += 1
            assert life.code in {0, -signal.SIGKILL}, life.output
            if life.code:
                self.soak.kills += 1
                self.soak.places[life.places[-1] if life.places else "nowhere"] += 1

    def kill(self) -> dict[str, Any]:
        """Draw when a process is killed: at a place, or at any instant after its first request or commit."""
        if self.draw.random() < 0.5:
            return {"fuse": self.draw.randrange(2, 80)}
        return {"delay": self.draw.random() * 2.0}

    def round(self, kills: int) -> None:
        """Bring one set of wishes on its way."""
        self.soak.rounds += 1
        self.want_something_else()
        self.plan()
        drawn = [[self.kill() for _ in range(kills // SUBMITTERS)] for _ in range(SUBMITTERS)]
        with ThreadPoolExecutor(SUBMITTERS) as pool:
            list(pool.map(self.submit, self.drivers, drawn))

    def finish(self) -> None:
        """Send what is missing, with nothing in the way."""
        self.sandbox.control("DELETE", "faults")
        for _ in range(LAST_ROUNDS):
            self.plan()
            life = self.drivers[0].life(self.project, "submit", "--wait")
            self.soak.lives += 1
            assert life.code == 0, life.output
            if not self.missing():
                return
        check_truth(self.sandbox, self.project)

    def missing(self) -> int:
        """Return how many offers do not show what is wanted."""
        return sum(
            truth.get(key) != value
            for shop in self.project.shops
            for truth in [self.sandbox.truth(shop.seller)]
            for key, value in self.project.wanted(shop).items()
        )

    def check(self) -> None:
        """Check everything that must hold in the end."""
        check_truth(self.sandbox, self.project)
        with Store.open(self.project.database, self.project.name) as store:
            check_whole(store)
            for shop in self.project.shops:
                self.soak.feeds += len(check_one_feed_a_part(self.sandbox, store, shop))
                sent = sent_by_patch(store, shop)
                done = self.sandbox.answered(shop.seller)["patchListingsItem"]
                assert done <= sent, f"{done} patches were done for {sent} messages"
                self.soak.patches += done
            self.soak.outcomes.update(row["outcome"] for row in rows_of(store, deliveries))
        seen = [feed for shop in self.project.shops for feed in self.sandbox.feeds(shop.seller).values()]
        self.soak.faults.update(feed.effect for feed in seen if feed.effect)
        self.soak.faults.update(entry["fault"] for entry in self.sandbox.control("GET", "log") if "fault" in entry)


def sent_by_patch(store: Store, shop: Shop) -> int:
    """Return how many messages of a shop went out one by one."""
    mine = {row["id"] for row in rows_of(store, parts) if row["account"] == shop.name and row["mode"] == "patch"}
    return sum(row["part"] in mine and row["state"] == "sent" for row in rows_of(store, part_messages))


def run(
    folder: Path,
    *,
    database: str,
    kills: int = KILLS,
    seconds: float = 600.0,
    seed: int = SEED,
    accounts: int = 3,
    sites: int = len(SITES),
) -> Soak:
    """Soak until so many kills or seconds; a third of the time is left for what is on its way then."""
    begun = time.monotonic()
    shops = [
        # The last account's small plans go one message at a time.
        Shop(f"shop{number}", f"SELLER{number}", SITES[:sites], {} if number == accounts else {"patch_up_to": 0})
        for number in range(1, accounts + 1)
    ]
    project = Project(folder / "project", shops, SKUS, database=database, run=RUN, amazon=AMAZON)
    with ExitStack() as stack:
        sandbox = stack.enter_context(SandboxProcess(folder / "sandbox", list(project.seeds()), SPEED))
        project.write(sandbox.url)
        drivers = [stack.enter_context(Driver(folder, f"submitter-{number}")) for number in range(SUBMITTERS)]
        runner = Runner(sandbox, project, drivers, random.Random(seed))
        sandbox.control("POST", "faults", faults(FAULT_RATE))
        while runner.soak.kills < kills and time.monotonic() - begun < seconds * 2 / 3:
            runner.round(min(KILLS_A_ROUND, max(kills - runner.soak.kills, SUBMITTERS)))
            print(f"round {runner.soak.rounds}: {runner.soak.kills} kills", flush=True)
        runner.finish()
        runner.soak.seconds = time.monotonic() - begun
        runner.check()
    return runner.soak


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--database", help="of PostgreSQL, empty; default: a file of SQLite")
    parser.add_argument("--keep", type=Path, help="a new folder to keep everything in")
    given = parser.parse_args()
    print(f"seed {given.seed}, at most {given.seconds:.0f} s", flush=True)
    with tempfile.TemporaryDirectory(prefix="acorn-soak-") as name:
        folder = given.keep or Path(name)
        folder.mkdir(exist_ok=True)
        database = given.database or f"sqlite:///{folder / 'acorn.db'}"
        soak = run(folder, database=database, kills=given.kills, seconds=given.seconds, seed=given.seed)
    print(soak.told())
    if soak.kills < given.kills:
        print(f"only {soak.kills} of {given.kills} kills in the time given", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
