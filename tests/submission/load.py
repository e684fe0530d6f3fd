"""A large plan goes out at the pace of the quotas; run as a script.

Every offer's price changes. Then: as few feeds as the limits of a document allow, not one 429, and a process whose
memory does not grow with what it has done.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path

from submission_checks import check_one_feed_a_part, check_truth, check_whole, rows_of
from submission_world import ACORN, Driver, Project, SandboxProcess, Shop

from acorn_engine.store import Store
from acorn_engine.store.tables import deliveries

SITES = ("amazon.de", "amazon.fr", "amazon.it", "amazon.es")
OFFERS = 200_000
SPEED = 20.0
RUN = {"poll": "200ms", "verify_within": "20m"}
MOST_MESSAGES = 25_000
MOST_BYTES = 10 * 1024 * 1024
"""What Amazon takes in one document: maxItems of the feed's schema, and the best practices of its Feeds API."""
GROWTH = 1.2
"""How much more memory the second half of a run may take than the first."""


@dataclass
class Load:
    """What it took."""

    messages: int = 0
    feeds: int = 0
    least: int = 0
    throttled: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    memory: list[tuple[float, int]] = field(default_factory=list)
    high_water: int = 0

    def peaks(self) -> tuple[int, int]:
        """Return the most memory (KiB) in the first and in the second half of the run."""
        middle = self.memory[-1][0] / 2
        return (
            max(size for at, size in self.memory if at <= middle),
            max(size for at, size in self.memory if at > middle),
        )

    def told(self) -> str:
        """Return the words for a person."""
        first, second = (peak // 1024 for peak in self.peaks())
        return (
            f"{self.messages} messages in {self.feeds} feeds (the least is {self.least}), {self.throttled} times 429, "
            f"{self.seconds:.0f} s\nmemory: {first} MiB in the first half, {second} MiB in the second, "
            f"VmHWM {self.high_water // 1024} MiB\ncalls: {dict(self.calls)}"
        )


def status_of(process: int) -> dict[str, int]:
    """Return a process's memory in KiB, by the kernel's names; nothing once it has ended."""
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return {}
    return {line.split(":")[0]: int(line.split()[1]) for line in lines if line.startswith("Vm")}


def submit(project: Project, load: Load, seconds: float) -> None:
    """Run ``acorn submit --wait`` and watch its memory."""
    begun = time.monotonic()
    command = [str(ACORN), *project.command("submit", "--wait", "--json")]
    output = project.folder / "submit.out"
    with output.open("wb") as out:
        process = subprocess.Popen(command, env=os.environ | project.secrets(), stdout=out, stderr=subprocess.STDOUT)
        try:
            while process.poll() is None:
                found = status_of(process.pid)
                if "VmRSS" in found:
                    load.memory.append((time.monotonic() - begun, found["VmRSS"]))
                    load.high_water = max(load.high_water, found["VmHWM"])
                assert time.monotonic() - begun < seconds, f"not done after {seconds:.0f} s"
                time.sleep(0.2)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    load.seconds = time.monotonic() - begun
    assert process.returncode == 0, output.read_text(encoding="utf-8", errors="replace")


def least_feeds(sizes: dict[tuple[str, str], list[int]]) -> int:
    """Return how many documents the messages of every account and site need at least."""
    return sum(max(ceil(len(lane) / MOST_MESSAGES), ceil(sum(lane) / MOST_BYTES)) for lane in sizes.values())


def run(folder: Path, shops: list[Shop], *, speed: float = SPEED, seconds: float = 900.0) -> Load:
    """Change every price of the shops, and check what came of it."""
    project = Project(folder / "project", shops, (), database=f"sqlite:///{folder / 'acorn.db'}", run=RUN)
    project.usual |= {"price": "20.00", "quantity": "5"}
    load = Load()
    with SandboxProcess(folder / "sandbox", list(project.seeds()), speed) as sandbox, Driver(folder, "load") as driver:
        project.want({key: f"21.{number % 100:02d}" for number, key in enumerate(project.prices)})
        project.write(sandbox.url)
        planned = driver.life(project, "status", plan=project.sites)
        assert planned.code == 0, planned.output
        submit(project, load, seconds)
        check_truth(sandbox, project)
        sizes: dict[tuple[str, str], list[int]] = defaultdict(list)
        with Store.open(project.database, project.name) as store:
            check_whole(store)
            outcomes = Counter(row["outcome"] for row in rows_of(store, deliveries))
            assert set(outcomes) == {"settled"}, outcomes
            for shop in shops:
                for feed in check_one_feed_a_part(sandbox, store, shop).values():
                    load.feeds += 1
                    load.messages += len(feed.messages)
                    # The document's head is shared out among its messages: the least is never overstated.
                    sizes[shop.name, feed.marketplace_id] += [feed.size // len(feed.messages)] * len(feed.messages)
        load.least = least_feeds(sizes)
        load.throttled = sandbox.refused(429)
        load.calls = sandbox.answered()
    return load


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--offers", type=int, default=OFFERS)
    parser.add_argument("--speed", type=float, default=SPEED)
    parser.add_argument("--seconds", type=float, default=1200)
    given = parser.parse_args()
    each = given.offers // 2 // len(SITES)
    options = {"patch_up_to": 0, "neighbours": "none"}
    shops = [
        Shop(f"shop{number}", f"SELLER{number}", SITES, options, tuple(f"SKU-{one:06d}" for one in range(each)))
        for number in (1, 2)
    ]
    with tempfile.TemporaryDirectory(prefix="acorn-load-") as name:
        load = run(Path(name), shops, speed=given.speed, seconds=given.seconds)
    print(load.told())
    first, second = load.peaks()
    faults = {
        "more feeds than the limits ask for": load.feeds > load.least,
        "calls beyond the quota": load.throttled > 0,
        "the memory grows": second > first * GROWTH,
    }
    for text, holds in faults.items():
        if holds:
            print(f"fault: {text}", file=sys.stderr)
    return int(any(faults.values()))


if __name__ == "__main__":
    sys.exit(main())
