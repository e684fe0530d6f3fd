"""Killed anywhere, resumed: every message is applied once, and every part submitted once.

The kill is an exception that nothing catches (not an ``Exception``), raised before and after every
call to the marketplace and every commit, one place a run, until a run goes through.
"""

from __future__ import annotations

import random

import pytest
from outbox_world import World

from acorn_engine.store import Store

FEED = [("B", "price", "20.00", "19.99"), ("B", "quantity", "1", "7")]
ONE = [("B", "price", "20.00", "19.99")]
PATCH = [("A", "price", "10.00", "12.00"), ("B", "price", "20.00", "19.99")]


pytestmark = pytest.mark.slow


class Kill(BaseException):
    """What a SIGKILL looks like from inside: nothing runs after it."""


class Fuse:
    """Counts the places where a run may be killed, and kills it at one of them."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.count = 0
        self.place = ""

    def __call__(self, name: str) -> None:
        self.count += 1
        if self.count == self.at:
            self.place = name
            raise Kill(name)


class MortalStore(Store):
    fuse = Fuse(-1)

    def _commit(self, connection):
        type(self).fuse("before commit")
        super()._commit(connection)
        type(self).fuse("after commit")


def one_life(world: World, wishes) -> None:
    """Do whatever is left to do; every life of the process begins like this."""
    if world.store.plan_info("P1").state == "planned":
        world.store.approve("P1", "tester")
    world.box.enqueue("P1")
    world.box.run(100_000)


def killed(url: str, name: str, wishes, patch_up_to: int, fuses: list[int], **script) -> list[Fuse]:
    """Live until the plan has ended, killed once for every fuse; return the fuses."""
    MortalStore.fuse = Fuse(-1)
    world = World(url, project=name, patch_up_to=patch_up_to, store_class=MortalStore)
    for option, value in script.items():
        setattr(world.eu, option, value)
    world.plan("P1", wishes)
    burnt = []
    for number in [*fuses, -1]:
        MortalStore.fuse = world.eu.tick = Fuse(number)
        burnt.append(MortalStore.fuse)
        try:
            one_life(world, wishes)
        except Kill:
            world.store.close()
            world.store = world.open_store()
            world.box = world.outbox()
            world.clock.advance(200)  # the dead worker's lease runs out
        else:
            break
    MortalStore.fuse = world.eu.tick = Fuse(-1)
    where = f"killed at {[(fuse.at, fuse.place) for fuse in burnt]}"
    rows = world.rows("P1")
    assert {row["outcome"] for row in rows.values()} == {"settled"}, where
    assert world.store.plan_info("P1").state == "ended", where
    assert set(world.eu.applied.values()) == {1}, where
    assert len(world.eu.applied) == len({(row["wave"], sku) for (sku, _), row in rows.items()}), where
    waves = len({row["wave"] for row in rows.values()})
    assert len(world.eu.submits) == len(set(world.eu.submits)) == (0 if patch_up_to else waves), where
    assert world.store.verify_ledger().whole, where
    numbers = [event.number for event in world.store.events(limit=10_000)]
    assert numbers == list(range(1, len(numbers) + 1)), where
    world.store.close()
    return burnt


@pytest.mark.parametrize(
    ("wishes", "patch_up_to", "script"),
    [
        pytest.param(FEED, 0, {}, id="feed"),
        pytest.param(ONE, 0, {"lag": 90}, id="feed-shown-late"),
        pytest.param(PATCH, 50, {}, id="patch"),
    ],
)
def test_killed_anywhere_nothing_is_lost_or_sent_twice(database_url, wishes, patch_up_to, script):
    number = 0
    while True:
        number += 1
        if not killed(database_url, f"kill-{number}", wishes, patch_up_to, [number], **script)[0].place:
            break
    assert number > 25


@pytest.mark.parametrize("patch_up_to", [0, 50])
def test_killed_again_and_again(database_url, patch_up_to):
    seed = random.SystemRandom().randrange(1_000_000)
    draw = random.Random(seed)
    for number in range(6):
        fuses = [draw.randrange(1, 40) for _ in range(4)]
        killed(database_url, f"again-{seed}-{number}", FEED, patch_up_to, fuses)
