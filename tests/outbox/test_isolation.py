"""One account's waiting, hanging or failing is its own."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from fake_marketplace import FR

from acorn_engine.engine.sending import Sender
from acorn_engine.outbox import running

WISHES = [("A", "price", "10.00", "12.00"), ("Z", "price", "5.00", "6.00")]
BOTH = {"A": "eu", "Z": "second"}


class Sending(Sender):
    """A sender with an outbox that is there already."""

    def __init__(self, box) -> None:
        self.box = box

    @property
    def outbox(self):
        return self.box


@pytest.mark.parametrize("verb", ["wait", "work"])
def test_an_account_that_hangs_keeps_no_other_waiting(lite, verb):
    gate = threading.Event()
    lite.eu.tick = lambda name: gate.wait(30) if name == "before upload" else None
    lite.send("P1", WISHES, account=BOTH)
    done = []

    def live() -> None:
        sender = Sending(lite.box)
        with ThreadPoolExecutor(4) as threads:
            if verb == "wait":
                done.append(sender.wait(30, lambda _words: None, threads=threads))
            else:
                done.append(sender.work(5, threads=threads))

    thread = threading.Thread(target=live)
    thread.start()
    end = time.monotonic() + 20
    wanted = "settled" if verb == "wait" else None
    while time.monotonic() < end and not (
        lite.connections["second"].feeds and lite.outcomes("P1")["Z", "price"] == wanted
    ):
        time.sleep(0.02)
    assert lite.connections["second"].feeds
    assert lite.outcomes("P1") == {("A", "price"): None, ("Z", "price"): wanted}
    assert lite.eu.feeds == []
    gate.set()
    thread.join(20)
    assert [progress.open_parts for progress in done] == [0 if verb == "wait" else 2]
    assert len(lite.eu.feeds) == 1


def test_an_interrupt_ends_the_other_accounts_threads(lite):
    lite.stopped = True  # nothing ends by itself
    lite.send("P1", WISHES, account=BOTH)
    lite.box.run = lambda *_: running.Progress(open_parts=1, next_due=lite.clock.now())
    calls = []

    def say(words: str) -> None:
        calls.append(words)
        time.sleep(0.01)
        if len(calls) == 5:
            raise KeyboardInterrupt

    begin = time.monotonic()
    with pytest.raises(KeyboardInterrupt), ThreadPoolExecutor(4) as threads:
        Sending(lite.box).wait(60, say, threads=threads)
    assert time.monotonic() - begin < 10


def test_in_one_thread_a_slow_account_comes_last(lite, monkeypatch):
    monkeypatch.setattr(running, "SLOW", 0.2)
    order = []

    def slow(name: str) -> None:
        order.append(("eu", name))
        time.sleep(0.3)

    lite.eu.tick = slow
    lite.connections["second"].tick = lambda name: order.append(("second", name))
    lite.send("P1", WISHES, account=BOTH)
    lite.plan("P2", [("F", "price", "1.00", "2.00")], site=FR)
    lite.store.approve("P2", "tester")
    lite.box.enqueue("P2")
    lite.box.work(60)
    mine = [place for place, (account, _) in enumerate(order) if account == "second"]
    others = [place for place, (account, _) in enumerate(order) if account == "eu"]
    assert len(mine) == 6
    assert len([place for place in others if place < max(mine)]) <= 4  # one step in each of its two lanes
    assert len(lite.eu.feeds) == 2
