"""One message more than a feed holds, beside another account: ``make load`` has the long form."""

from __future__ import annotations

import load
import pytest
from submission_world import Shop

pytestmark = pytest.mark.slow


def test_as_few_feeds_as_the_limits_allow_and_not_one_refusal(tmp_path):
    options = {"patch_up_to": 0, "neighbours": "none"}
    many = tuple(f"SKU-{number:05d}" for number in range(load.MOST_MESSAGES + 1))
    shops = [
        Shop("large", "LARGE", ("amazon.de",), options, many),
        Shop("small", "SMALL", ("amazon.de", "amazon.fr"), options, many[:100]),
    ]
    done = load.run(tmp_path, shops, speed=200.0)
    assert done.messages == len(many) + 200
    assert done.feeds == done.least == 4
    assert done.throttled == 0
    first, second = done.peaks()
    assert second <= first * 1.5
