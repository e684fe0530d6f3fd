"""Buckets that start from Amazon's plans and follow what it answers."""

from __future__ import annotations

import pytest
from acorn_amazon.operations import FEED_TYPE, FURTHER_PLANS, OPERATIONS, Plan
from acorn_amazon.quotas import Quotas, TokenBucket

from acorn_engine.marketplace import MarketplaceError

GET_FEED = OPERATIONS["getFeed"]
CREATE = OPERATIONS["createFeed"]


class Time:
    def __init__(self):
        self.now = 1000.0
        self.slept = []

    def clock(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def quotas(time):
    return Quotas(clock=time.clock, sleep=time.sleep)


def test_the_table_is_that_of_amazons_models(models):
    printed = models.rates()
    assert {name: (one.plan.rate, one.plan.burst) for name, one in OPERATIONS.items()} == {
        name: printed[name] for name in OPERATIONS
    }


def test_every_operation_stands_in_amazons_models(models):
    for operation in OPERATIONS.values():
        path = operation.path.replace("{", "").replace("}", "")
        _, found, _ = models.find(operation.method, path)
        assert found["operationId"] == operation.name


def test_a_burst_goes_at_once_then_one_per_interval(time, quotas):
    for _ in range(15):
        quotas.acquire(GET_FEED, 10)
    assert time.slept == []
    for _ in range(4):
        quotas.acquire(GET_FEED, 10)
    assert sum(time.slept) == pytest.approx(4 / 2)


def test_an_idle_bucket_fills_to_its_burst_and_no_further(time, quotas):
    for _ in range(15):
        quotas.acquire(GET_FEED, 10)
    time.now += 3600
    for _ in range(15):
        quotas.acquire(GET_FEED, 0)
    with pytest.raises(MarketplaceError):
        quotas.acquire(GET_FEED, 0)


def test_long_runs_keep_the_rate(time):
    bucket = TokenBucket(Plan(0.5, 3))
    granted = 0
    while time.now < 1100:
        if bucket.wait(time.now) <= 0:
            bucket.take(time.now)
            granted += 1
        time.now += 0.1
    assert granted == pytest.approx(3 + 100 * 0.5, abs=1)


def test_five_feeds_in_five_minutes_whatever_createfeed_allows(time, quotas):
    for _ in range(5):
        quotas.acquire(CREATE, 0)
    with pytest.raises(MarketplaceError, match="createFeed: Amazon's quota for this account is used up") as caught:
        quotas.acquire(CREATE, 30)
    assert time.slept == []
    assert caught.value.code == "throttled"
    assert caught.value.retryable
    assert caught.value.retry_after == pytest.approx(60)
    assert FURTHER_PLANS[FEED_TYPE].burst == 5


def test_a_new_rate_rescales_the_debt(time, quotas):
    for _ in range(15):
        quotas.acquire(GET_FEED, 10)
    quotas.learn(GET_FEED, {"x-amzn-RateLimit-Limit": "20"})
    for _ in range(10):
        quotas.acquire(GET_FEED, 10)
    assert sum(time.slept) == pytest.approx(10 / 20)
    quotas.learn(GET_FEED, {"x-amzn-RateLimit-Limit": "1"})
    quotas.acquire(GET_FEED, 10)
    assert time.slept[-1] == pytest.approx(1)


@pytest.mark.parametrize("header", ["", "many", "nan", "inf", "-1", "0"])
def test_an_unreadable_rate_changes_nothing(quotas, header):
    quotas.learn(GET_FEED, {"x-amzn-RateLimit-Limit": header})
    quotas.learn(GET_FEED, {})
    assert quotas._buckets["getFeed"].rate == 2


def test_a_refusal_empties_the_bucket(time, quotas):
    quotas.drain(GET_FEED)
    quotas.acquire(GET_FEED, 10)
    assert time.slept == [pytest.approx(0.5)]


def test_operations_do_not_share_a_bucket(time, quotas):
    quotas.drain(GET_FEED)
    quotas.acquire(OPERATIONS["getFeeds"], 0)
    assert time.slept == []


def test_a_quota_that_no_answer_tells_of_follows_the_one_that_it_belongs_to():
    operation = OPERATIONS["createFeed"]
    quotas = Quotas(clock=lambda: 0.0, sleep=lambda seconds: None)
    quotas.learn(operation, {"x-amzn-RateLimit-Limit": str(operation.plan.rate * 100)})
    assert operation.also
    assert quotas._buckets[operation.also].rate == pytest.approx(FURTHER_PLANS[operation.also].rate * 100)
