"""SIGKILL before and after every call and every commit of a submission, then a new process: nothing lost or doubled.

Each place is a case of its own: a seller whose ``acorn submit --wait`` is killed there, and run again.
"""

from __future__ import annotations

import signal
import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
from submission_checks import check_one_feed_a_part, check_truth, check_whole, payloads, rows_of
from submission_world import Driver, Life, Project, SandboxProcess, Shop, seed

from acorn_engine.store import Store
from acorn_engine.store.tables import deliveries

pytestmark = pytest.mark.slow

SKUS = ("A", "B")
SPEED = 4000
WORKERS = 3
CASES = 200
"""Sellers with listings; each is used once."""
NUMBERS = count()
QUOTA = "quota commit"
QUOTA_PLACES = 4

CALLS = {"login", "searchListingsItems"}
FEED_CALLS = CALLS | {
    "createFeedDocument", "upload", "getFeeds", "createFeed", "getFeed", "getFeedDocument", "report download",
}  # fmt: skip
PATCH_CALLS = CALLS | {"patchListingsItem"}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    seeds = [seed(f"seller-{number}", "amazon.de", sku) for number in range(CASES) for sku in SKUS]
    with SandboxProcess(tmp_path_factory.mktemp("sandbox"), seeds, SPEED) as server:
        yield server


@pytest.fixture(scope="module")
def drivers(tmp_path_factory):
    made = [Driver(tmp_path_factory.mktemp("driver"), str(number)) for number in range(WORKERS)]
    yield made
    for driver in made:
        driver.__exit__()


class Matrix:
    """Cases in one database, a seller each."""

    def __init__(self, sandbox, database, folder, drivers):
        self.sandbox, self.database, self.folder = sandbox, database, folder
        self._free = list(drivers)
        self._lock = threading.Lock()

    def case(self, patch_up_to: int, fuse: tuple[str, int] | None) -> Life:
        """Send two prices in one wave, killed at ``fuse``; then send on, and check everything."""
        with self._lock:
            driver, number = self._free.pop(), next(NUMBERS)
        try:
            shop = Shop("eu", f"seller-{number}", options={"patch_up_to": patch_up_to})
            name = f"case-{number}"
            project = Project(self.folder / name, [shop], SKUS, database=self.database, name=name)
            project.want({("eu", "amazon.de", sku): "21.00" for sku in SKUS})
            project.write(self.sandbox.url)
            killed = driver.life(project, "submit", "--wait", plan=["amazon.de"], fuse=fuse)
            assert killed.code in {0, -signal.SIGKILL}, killed.output
            if killed.code:
                resumed = driver.life(project, "submit", "--wait")
                assert resumed.code == 0, resumed.output
            try:
                self.check(project, patch_up_to)
            except AssertionError as error:
                where = f"killed {killed.places[-1:]}, place {fuse}, {patch_up_to=}"
                raise AssertionError(f"{where}: {error}\n{killed.output}") from error
            return killed
        finally:
            with self._lock:
                self._free.append(driver)

    def check(self, project: Project, patch_up_to: int) -> None:
        (shop,) = project.shops
        check_truth(self.sandbox, project)
        with Store.open(self.database, project.name) as store:
            check_whole(store)
            found = rows_of(store, deliveries)
            assert [row["outcome"] for row in found] == ["settled"] * len(found)
            feeds = check_one_feed_a_part(self.sandbox, store, shop)
        assert {row["seller_sku"] for row in found} == set(SKUS)
        if patch_up_to:
            # A message whose answer was lost is looked at before it is sent again: never twice.
            assert self.sandbox.answered(shop.seller)["patchListingsItem"] == len(SKUS)
            assert not feeds
        else:
            (feed,) = feeds.values()
            assert sorted(sku for sku, _, _ in payloads(feed)) == ["A", "B"]


@pytest.mark.parametrize(("patch_up_to", "calls"), [(0, FEED_CALLS), (50, PATCH_CALLS)], ids=["feed", "patch"])
def test_killed_at_every_place(sandbox, drivers, database_url, tmp_path, request, patch_up_to, calls):
    matrix = Matrix(sandbox, database_url, tmp_path, drivers)
    whole = matrix.case(patch_up_to, None)
    fuses = fuses_of(whole.places)
    with ThreadPoolExecutor(WORKERS) as pool:
        lives = list(pool.map(lambda fuse: matrix.case(patch_up_to, fuse), fuses))
    killed = [life.places[-1] for life in lives if life.code]
    names = {place.partition(" ")[2] for place in whole.places}
    assert names == calls | {"commit", QUOTA}
    assert set(killed) >= {f"{when} {name}" for when in ("before", "after") for name in names}
    # A life that polls less often than the first does not pass a place as often.
    assert len(killed) >= len(fuses) - 8


def fuses_of(places: Sequence[str]) -> list[tuple[str, int]]:
    """Return the places that differ, each with how often it was passed: every instant once, every name at least once.

    Between "after" one thing and "before" the next nothing happens, so one of the two says it all. Of the commits of
    quotas, which are all alike, only the first are taken.
    """
    found: list[tuple[str, int]] = []
    passed: Counter[str] = Counter()
    quotas, taken = 0, False
    for place in places:
        passed[place] += 1
        quotas += place.endswith(QUOTA)
        same = taken and place.startswith("before")
        taken = passed[place] == 1 or not (same or (place.endswith(QUOTA) and quotas > QUOTA_PLACES))
        if taken:
            found.append((place, passed[place]))
    return found


def test_every_instant_is_taken_once_and_every_name():
    places = ["before a", "after a", "before b", "after b", "before a", "after a", "before b", "after b"]
    first = [("before a", 1), ("after a", 1), ("before b", 1), ("after b", 1)]
    assert fuses_of(places) == [*first, ("after a", 2), ("after b", 2)]
