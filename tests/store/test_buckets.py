"""Quotas in the database: one for all threads, processes and projects, also while it does not answer."""

from __future__ import annotations

import multiprocessing
import threading
import time

import pytest
from sqlalchemy import select, text

from acorn_engine.quotas import SECOND, Quota
from acorn_engine.store import Store
from acorn_engine.store.buckets import SHARED, SHARERS, SharedBuckets
from acorn_engine.store.connection import connect
from acorn_engine.store.tables import buckets as table

QUICK = Quota("quick", SECOND // 10, 5)
SLOW = Quota("slow", 60 * SECOND, 5)


@pytest.fixture
def store(database_url):
    with Store.open(database_url, "northwind") as made:
        made.check()
        yield made


@pytest.fixture
def shared(store):
    made = SharedBuckets(lambda: store)
    yield made
    made.close()


class Instant:
    def __init__(self):
        self.now = 1_000_000 * SECOND

    def __call__(self):
        return self.now


def worker(url, project, seconds, granted, started):
    with Store.open(url, project) as store:
        buckets = SharedBuckets(lambda: store)
        buckets.take([Quota("warm", 1, 1)])
        started.wait()
        end, count = time.monotonic() + seconds, 0
        while time.monotonic() < end:
            wait = buckets.take([QUICK])
            count += not wait
            time.sleep(min(wait, max(end - time.monotonic(), 0)))
        granted.put(count)
        buckets.close()


def test_processes_of_two_projects_share_one_quota(database_url, store):
    context = multiprocessing.get_context("spawn")
    granted, started = context.Queue(), context.Barrier(4)
    seconds = 4
    processes = [
        context.Process(target=worker, args=(database_url, f"project-{number % 2}", seconds, granted, started))
        for number in range(4)
    ]
    for process in processes:
        process.start()
    total = sum(granted.get(timeout=60) for _ in processes)
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    ideal = QUICK.burst + seconds * SECOND / QUICK.every
    assert ideal * 0.8 <= total <= ideal + 1


def test_threads_share_one_quota(shared):
    went = []

    def ask():
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            if not shared.take([QUICK, SLOW]):
                went.append(time.monotonic())
            time.sleep(0.005)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(went) == 5, "the slower of two quotas decides, and five are all that it has"


def rows(store):
    with store.read() as connection:
        return {row.name: row for row in connection.execute(select(table))}


def test_the_rows_belong_to_no_project(shared, store):
    shared.take([QUICK])
    (row,) = rows(store).values()
    assert (row.project, row.name, row.every, row.burst) == (SHARED, "quick", QUICK.every, QUICK.burst)


def test_what_one_learns_all_know(store):
    instant = Instant()
    first, second = (SharedBuckets(lambda: store, now=instant) for _ in range(2))
    try:
        assert [first.take([SLOW]) for _ in range(4)] == [0, 0, 0, 0]
        first.answered([SLOW], {"slow": 2 * SLOW.every})
        assert second.take([SLOW]) == pytest.approx(0.25), "one is left, however slowly they come back"
        instant.now += SECOND
        assert second.take([SLOW]) == 0
        assert first.take([SLOW]) == pytest.approx(120, abs=2)
        second.answered([SLOW], {"slow": SECOND})
        assert 1 <= first.take([SLOW]) <= 1.25, "the debt is rescaled, so a faster rate does not stall"
        instant.now += 3 * SECOND
        assert first.take([SLOW]) == 0
        second.drain([SLOW])
        assert first.take([SLOW]) == pytest.approx(1.25)
    finally:
        first.close()
        second.close()


def test_an_answer_that_says_nothing_new_writes_nothing(store, monkeypatch):
    buckets = SharedBuckets(lambda: store, now=Instant())
    buckets.take([SLOW])
    buckets.take([SLOW])
    saved = []
    monkeypatch.setattr(buckets, "_save", lambda *given: saved.append(given))
    buckets.answered([SLOW], {"slow": SLOW.every})
    buckets.answered([SLOW], {})
    assert saved == []
    buckets.answered([SLOW], {"slow": SLOW.every + 1})
    assert len(saved) == 1
    buckets.close()


@pytest.fixture
def blocked(database_url):
    """Return a lock on the bucket's row (PostgreSQL) or on the whole file (SQLite), held by somebody else."""
    database = connect(database_url, patience=1, pool_size=1)
    connection = database.writer.connect()

    class Lock:
        def __enter__(self):
            connection.begin()
            if not database.sqlite:
                connection.execute(text("lock table acorn.buckets in access exclusive mode"))

        def __exit__(self, *_):
            connection.rollback()

    yield Lock()
    connection.close()
    database.close()


def test_a_locked_database_blocks_nobody_and_permits_no_more(store, blocked):
    tick = [0.0]
    buckets = SharedBuckets(lambda: store, clock=lambda: tick[0], patience=0.02)
    assert buckets.take([SLOW]) == 0
    with blocked:
        began = time.monotonic()
        waits = [buckets.take([SLOW]) for _ in range(5)]
        assert time.monotonic() - began < 5
        assert all(0 < wait <= 1 for wait in waits), (
            "in an outage nothing goes at once, and the database is asked again soon"
        )
        went = 0
        while tick[0] < 1200:
            went += not buckets.take([SLOW])
            tick[0] += 15
        assert went in {1200 / 60 / SHARERS - 1, 1200 / 60 / SHARERS}
    tick[0] += 2
    # Four were left when the lock came, five were given in the meantime: they are paid back.
    assert buckets.take([SLOW]) > 1
    assert rows(store)["slow"].full_at > time.time_ns() // 1000 + 4 * SLOW.every
    buckets.close()


def test_a_refusal_while_it_is_locked_is_remembered(store, blocked):
    tick = [0.0]
    buckets = SharedBuckets(lambda: store, clock=lambda: tick[0])
    buckets.take([SLOW])
    with blocked:
        buckets.drain([SLOW])
    tick[0] += 2
    assert buckets.take([SLOW]) == pytest.approx(60, abs=2)
    buckets.close()


def test_a_database_that_cannot_be_opened_leaves_a_slow_bucket(tmp_path, caplog):
    missing = Store.open(f"sqlite:///{tmp_path}/none/acorn.db", "northwind")
    tick = [0.0]
    buckets = SharedBuckets(lambda: missing, clock=lambda: tick[0])
    assert 0 < buckets.take([QUICK]) <= 1
    tick[0] += SHARERS * QUICK.every / SECOND * 2
    assert buckets.take([QUICK]) == 0
    assert buckets.take([QUICK]) > 0
    assert len([one for one in caplog.records if "quotas are kept in memory" in one.message]) == 1
    buckets.close()
