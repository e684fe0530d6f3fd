"""Buckets that start from Amazon's plans and follow what it answers."""

from __future__ import annotations

import pytest
from acorn_amazon.operations import FEED_TYPE, FURTHER_PLANS, OPERATIONS
from acorn_amazon.quotas import APPLICATION_PLANS, Quotas, application_of

from acorn_engine.marketplace import MarketplaceError
from acorn_engine.quotas import MemoryBuckets

RESERVE = 0.25
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
    assert time.slept == [pytest.approx(RESERVE)]
    for _ in range(4):
        quotas.acquire(GET_FEED, 10)
    assert sum(time.slept) == pytest.approx(4 / 2 + RESERVE)


def test_an_idle_bucket_fills_to_its_burst_and_no_further(time, quotas):
    for _ in range(15):
        quotas.acquire(GET_FEED, 10)
    time.now += 3600
    for _ in range(14):
        quotas.acquire(GET_FEED, 0)
    quotas.acquire(GET_FEED, RESERVE)
    with pytest.raises(MarketplaceError):
        quotas.acquire(GET_FEED, 0)


def test_five_feeds_in_five_minutes_whatever_createfeed_allows(time, quotas):
    for _ in range(5):
        quotas.acquire(CREATE, 1)
    time.slept.clear()
    with pytest.raises(MarketplaceError, match="createFeed: Amazon's quota for this account is used up") as caught:
        quotas.acquire(CREATE, 30)
    assert time.slept == []
    assert caught.value.code == "throttled"
    assert caught.value.retryable
    assert caught.value.retry_after == pytest.approx(60, abs=1)
    assert (caught.value.who, "Wait 60 seconds" in caught.value.remedy) == ("time", True)
    assert FURTHER_PLANS[FEED_TYPE].burst == 5


def test_a_new_rate_rescales_the_debt(time, quotas):
    for _ in range(15):
        quotas.acquire(GET_FEED, 10)
    quotas.learn(GET_FEED, {"x-amzn-RateLimit-Limit": "20"})
    for _ in range(10):
        quotas.acquire(GET_FEED, 10)
    assert sum(time.slept) == pytest.approx(10 / 20 + 3.75 / 20, abs=0.3)
    quotas.learn(GET_FEED, {"x-amzn-RateLimit-Limit": "1"})
    for _ in range(5):
        quotas.acquire(GET_FEED, 10)
    assert time.slept[-1] == pytest.approx(1)


@pytest.mark.parametrize("header", ["", "many", "nan", "inf", "-1", "0"])
def test_an_unreadable_rate_changes_nothing(time, quotas, header):
    quotas.learn(GET_FEED, {"x-amzn-RateLimit-Limit": header})
    quotas.learn(GET_FEED, {})
    for _ in range(15):
        quotas.acquire(GET_FEED, 10)
    time.slept.clear()
    quotas.acquire(GET_FEED, 10)
    assert time.slept == [pytest.approx(0.5)]


def test_a_refusal_empties_the_bucket(time, quotas):
    quotas.drain(GET_FEED)
    quotas.acquire(GET_FEED, 10)
    assert time.slept == [pytest.approx(0.5 + RESERVE)]


def test_operations_do_not_share_a_bucket(time, quotas):
    quotas.drain(GET_FEED)
    quotas.acquire(OPERATIONS["getFeeds"], 0)
    assert time.slept == []


@pytest.mark.parametrize(("imitation", "wait"), [(True, 0.6), (False, 60)])
def test_only_a_sandbox_speeds_up_what_no_answer_tells_of(time, imitation, wait):
    quotas = Quotas(imitation=imitation, clock=time.clock, sleep=time.sleep)
    quotas.acquire(CREATE, 0)
    quotas.learn(CREATE, {"x-amzn-RateLimit-Limit": str(CREATE.plan.rate * 100)})
    for _ in range(4):
        quotas.acquire(CREATE, 1)
    with pytest.raises(MarketplaceError) as caught:
        quotas.acquire(CREATE, 0)
    assert caught.value.retry_after == pytest.approx(wait, rel=0.01)


class Owner:
    def __init__(self, time, endpoint="https://eu", client="app-1", seller="S1"):
        self.buckets = MemoryBuckets(time.clock)
        self.time = time
        self.quotas = self.of(endpoint, client, seller)

    def of(self, endpoint="https://eu", client="app-1", seller="S1"):
        return Quotas(
            self.buckets,
            endpoint=endpoint,
            application=application_of(client),
            seller=seller,
            clock=self.time.clock,
            sleep=self.time.sleep,
        )


def free(quotas, operation):
    try:
        quotas.acquire(operation, 0)
    except MarketplaceError:
        return False
    return True


def test_a_quota_is_that_of_region_application_seller_and_operation(time):
    owner = Owner(time)
    owner.quotas.drain(GET_FEED)
    assert not free(owner.of(), GET_FEED)
    for other in ({"endpoint": "https://na"}, {"client": "app-2"}, {"seller": "S2"}):
        assert free(owner.of(**other), GET_FEED), other


def test_feeds_count_together_for_all_of_a_sellers_applications(time):
    owner = Owner(time)
    for _ in range(5):
        owner.quotas.acquire(CREATE, 1)
    assert not free(owner.of(client="app-2"), CREATE)
    assert free(owner.of(endpoint="https://na"), CREATE)
    assert free(owner.of(seller="S2"), CREATE)


def test_sellers_of_one_application_share_its_own_limits(time):
    owner = Owner(time)
    patch = OPERATIONS["patchListingsItem"]
    went = 0
    for number in range(60):
        quotas = owner.of(seller=f"S{number}")
        went += sum(free(quotas, patch) for _ in range(3))
    plan = APPLICATION_PLANS["patchListingsItem"]
    assert plan.burst * 0.7 <= went <= plan.burst
    assert free(owner.of(client="app-2"), patch)


def test_names_do_not_give_a_client_id_away(time):
    owner = Owner(time, client="amzn1.application-oa2-client.secretish")
    owner.quotas.acquire(GET_FEED, 0)
    assert "secretish" not in str(list(owner.buckets._levels))


def test_others_that_are_faster_do_not_keep_a_call_waiting_for_ever(time):
    class Busy:
        def take(self, quotas):
            return 4.0

    quotas = Quotas(Busy(), clock=time.clock, sleep=time.sleep)
    with pytest.raises(MarketplaceError) as caught:
        quotas.acquire(GET_FEED, 10)
    assert (caught.value.code, caught.value.retry_after) == ("throttled", 4.0)
    assert sum(time.slept) == 8
