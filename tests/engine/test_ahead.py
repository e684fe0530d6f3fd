"""Work in threads of the caller's keeps its order, its bounds and its errors."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from acorn_engine.engine.ahead import worked


class Gate:
    """Tasks that say when they begin, and each of which ends when it is let."""

    def __init__(self, count: int, *, closed: tuple[int, ...] = ()) -> None:
        self.begun: list[int] = []
        self.ended: list[int] = []
        self.open = [threading.Event() for _ in range(count)]
        for number, gate in enumerate(self.open):
            if number not in closed:
                gate.set()

    def task(self, number: int) -> int:
        self.begun.append(number)
        assert self.open[number].wait(timeout=10)
        self.ended.append(number)
        return number

    def tasks(self):
        return [partial(self.task, number) for number in range(len(self.open))]


@pytest.fixture
def threads():
    with ThreadPoolExecutor(4) as pool:
        yield pool


def test_without_threads_each_task_is_done_when_its_result_is_asked_for():
    gate = Gate(3)
    results = worked(gate.tasks(), None, 2)
    assert gate.begun == []
    assert (next(results), gate.begun) == (0, [0])
    assert (list(results), gate.begun) == ([1, 2], [0, 1, 2])


def test_results_come_in_order_whichever_is_done_first(threads):
    late = threading.Event()

    def first() -> str:
        late.wait(timeout=10)
        return "first"

    def second() -> str:
        late.set()
        return "second"

    assert list(worked([first, second], threads, 2)) == ["first", "second"]


def test_no_more_is_begun_than_was_asked_for_ahead(threads):
    gate = Gate(6, closed=(1, 2))
    results = worked(gate.tasks(), threads, 2)
    assert next(results) == 0
    assert {*gate.begun} <= {0, 1, 2}
    gate.open[1].set()
    gate.open[2].set()
    assert list(results) == [1, 2, 3, 4, 5]


def test_an_error_is_raised_in_its_place_and_ends_it(threads):
    done = []

    def bad() -> int:
        raise ValueError("no")

    results = worked([lambda: 1, bad, lambda: done.append(3)], threads, 1)
    assert next(results) == 1
    with pytest.raises(ValueError, match="no"):
        next(results)
    assert list(results) == []


def test_who_stops_asking_waits_for_what_runs_and_the_rest_never_begins():
    gate = Gate(4, closed=(1,))
    with ThreadPoolExecutor(1) as one:
        results = worked(gate.tasks(), one, 2)
        assert next(results) == 0
        threading.Timer(0.05, gate.open[1].set).start()
        results.close()
        assert gate.ended == gate.begun
        assert 3 not in gate.begun
