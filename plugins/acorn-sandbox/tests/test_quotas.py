from __future__ import annotations

import time

import pytest
from acorn_sandbox.clock import Timing
from acorn_sandbox.server import SandboxServer

DE, US = "A1PA6795UKMFR9", "ATVPDKIKX0DER"


@pytest.fixture
def clock():
    return [time.time()]


@pytest.fixture
def timed(clock):
    with SandboxServer(timing=Timing(now=lambda: clock[0])) as server:
        yield server


def test_a_bucket_empties_and_fills_at_the_rate_of_the_model(timed, clock, connect):
    seller, other = connect(timed), connect(timed, "A9OTHER")
    path = "/feeds/2021-06-30/feeds/1"
    answers = [seller.call("GET", path) for _ in range(16)]
    assert [one.status_code for one in answers] == [404] * 15 + [429]
    assert answers[0].headers["x-amzn-ratelimit-limit"] == "2"
    assert answers[-1].json()["errors"][0]["code"] == "QuotaExceeded"
    assert "x-amzn-ratelimit-limit" not in answers[-1].headers
    assert other.call("GET", path).status_code == 404
    assert seller.call("GET", "/feeds/2021-06-30/documents/1").status_code == 404
    clock[0] += 1
    assert [seller.call("GET", path).status_code for _ in range(3)] == [404, 404, 429]


def test_rates_grow_with_the_speed(connect):
    with SandboxServer(speed=10) as server:
        response = connect(server).call("GET", "/feeds/2021-06-30/feeds/1")
        assert response.headers["x-amzn-ratelimit-limit"] == "20"


def test_five_json_feeds_in_five_minutes_and_region(timed, clock, connect):
    seller = connect(timed)
    document = seller.upload(b"{}")
    assert [seller.create_feed(document).status_code for _ in range(6)] == [202] * 5 + [429]
    assert seller.create_feed(document, US).status_code == 202
    legacy = seller.create_feed(document, feedType="POST_PRODUCT_DATA")
    assert legacy.status_code == 202
    clock[0] += 59
    assert seller.create_feed(document).status_code == 429
    clock[0] += 1
    assert seller.create_feed(document).status_code == 202


def test_a_request_without_a_good_token_spends_nothing(timed, connect):
    seller = connect(timed)
    for _ in range(20):
        seller.call("GET", "/feeds/2021-06-30/feeds/1", headers={"x-amz-access-token": "x"})
    assert seller.call("GET", "/feeds/2021-06-30/feeds/1").status_code == 404
