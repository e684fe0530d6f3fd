from __future__ import annotations

import pytest
from acorn_sandbox.clock import Timing

DAY = 86400.0
DURATIONS = {
    "queue_seconds": 30.0,
    "shown_late_seconds": 20.0,
    "step_seconds": 60.0,
    "token_seconds": 3600.0,
    "link_seconds": 300.0,
    "document_seconds": 2 * DAY,
    "report_seconds": 28 * DAY,
    "feed_seconds": 90 * DAY,
    "order_seconds": 730 * DAY,
}
SHORTEST = {
    "token_seconds": 15.0,
    "link_seconds": 15.0,
    "document_seconds": 60.0,
    "report_seconds": 600.0,
    "feed_seconds": 3600.0,
    "order_seconds": 3600.0,
}


@pytest.mark.parametrize("name", DURATIONS)
def test_every_duration_is_amazons_divided_by_the_speed(name):
    assert getattr(Timing(), name) == DURATIONS[name]
    assert getattr(Timing(speed=10), name) == DURATIONS[name] / 10
    assert getattr(Timing(speed=0.5), name) == DURATIONS[name] * 2
    assert getattr(Timing(speed=1e9), name) == pytest.approx(SHORTEST.get(name, 0.0), abs=1e-6)


def test_processing_grows_with_the_messages():
    assert Timing().processing_seconds(25_000) == 310.0
    assert Timing(speed=10).processing_seconds(25_000) == 31.0


def test_no_duration_is_left_out():
    described = {name for name in vars(Timing) if name.endswith("_seconds")} - {"processing_seconds"}
    assert described == set(DURATIONS)
