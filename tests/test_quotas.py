"""Token buckets as one number: what may go when, and what answers and refusals change."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acorn_engine.quotas import RESERVE, SECOND, Level, MemoryBuckets, Quota, interval


class Time:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def buckets(time):
    return MemoryBuckets(time)


FEEDS = Quota("feeds", 60 * SECOND, 5)
CALLS = Quota("calls", SECOND // 2, 15)
ONE = Quota("one", 30 * SECOND, 1)


def takes(buckets, time, quotas, seconds, step=0.01):
    """Return when calls went that are asked for again and again."""
    went, end = [], time.now + seconds
    while time.now < end - step / 2:
        if not buckets.take(quotas):
            went.append(time.now)
        else:
            time.now += step
    return went


def refused(arrivals, every, burst):
    """Return how many calls a server would refuse that counts tokens, as Amazon says that it does."""
    tokens, filled, count = float(burst), arrivals[0], 0
    for arrival in arrivals:
        tokens = min(tokens + (arrival - filled) * SECOND / every, burst)
        filled = arrival
        if tokens < 1 - 1e-6:
            count += 1
        else:
            tokens -= 1
    return count


@pytest.mark.parametrize("quota", [CALLS, Quota("patch", SECOND // 5, 5), ONE, Quota("fast", 5_000, 15)])
def test_a_server_that_counts_tokens_refuses_none_and_hardly_waits(buckets, time, quota):
    went = takes(buckets, time, [quota], 120, step=0.001)
    assert refused(went, quota.every, quota.burst) == 0
    ideal = quota.burst + 120 * SECOND / quota.every
    assert ideal * 0.96 - 1 <= len(went) <= ideal


def test_calls_that_bunch_up_on_their_way_are_not_refused(buckets, time):
    went = takes(buckets, time, [CALLS], 30)
    late = [moment + (RESERVE / SECOND if number < 10 else 0) for number, moment in enumerate(went)]
    assert refused(sorted(late), CALLS.every, CALLS.burst) == 0


def test_a_first_call_that_is_slow_to_arrive_is_not_counted_from_its_start(buckets, time):
    arrivals = []
    for number in range(40):
        while wait := buckets.take([CALLS]):
            time.now += wait
        time.now += 3.0 if number == 0 else 0.01  # arrives only when it is answered
        arrivals.append(time.now)
        buckets.answered([CALLS], {})
    assert refused(arrivals, CALLS.every, CALLS.burst) == 0


def test_all_quotas_give_or_none(buckets, time):
    assert len(takes(buckets, time, [FEEDS, CALLS], 1)) == 5
    assert buckets.take([FEEDS, CALLS]) == pytest.approx(60, abs=1)
    time.now += 3
    left = len(takes(buckets, time, [CALLS], 0.02))
    assert left == 14, "a call that one quota refused must cost the others nothing"


def test_a_rate_that_grows_or_shrinks_takes_its_debt_along(buckets, time):
    takes(buckets, time, [CALLS], 1)
    buckets.answered([CALLS], {"calls": SECOND // 20})
    assert len(takes(buckets, time, [CALLS], 1)) in range(16, 22)
    buckets.answered([CALLS], {"calls": SECOND})
    assert len(takes(buckets, time, [CALLS], 10)) in range(9, 14)


def test_a_refusal_empties(buckets, time):
    buckets.drain([ONE, CALLS])
    assert buckets.take([CALLS]) == pytest.approx(0.5 + RESERVE / SECOND)
    assert buckets.take([ONE]) == pytest.approx(30 + RESERVE / SECOND)


def test_a_clock_that_was_set_back_does_not_stall(buckets, time):
    buckets.take([CALLS])
    time.now -= 86_400
    assert buckets.take([CALLS]) <= CALLS.every * 2 / SECOND
    buckets.drain([CALLS])
    time.now += 100
    assert len(takes(buckets, time, [CALLS], 0.01)) == 14


@given(st.integers(1, 10**9), st.integers(1, 40), st.integers(-(10**12), 10**12))
def test_a_full_bucket_gives_at_once_but_an_empty_one_never(every, burst, now):
    full = Level(now - every, every)
    assert burst == 1 or full.wait(now, burst) == 0
    assert Level(now - every, every).wait(now, 1) == 0
    emptied = full.taken(now, burst, burst)
    assert emptied.wait(now, burst) >= every
    assert emptied.drained(now, burst) == emptied


def test_intervals_are_never_too_short():
    assert interval(0.0083) == 120_481_928
    assert interval(3) == 333_334
    assert interval(1e9) == 1
