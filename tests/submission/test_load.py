"""Sustained load's short form: every price of two accounts, at the pace of the quotas. ``make load`` has the long one."""

from __future__ import annotations

import load
import pytest
from submission_world import Shop

pytestmark = pytest.mark.slow


def test_as_few_feeds_as_the_limits_allow_and_not_one_refusal(tmp_path):
    skus = tuple(f"SKU-{number:05d}" for number in range(600))
    options = {"patch_up_to": 0, "neighbours": "none"}
    sites = ("amazon.de", "amazon.fr")
    shops = [Shop(f"shop{number}", f"SELLER{number}", sites, options, skus) for number in (1, 2)]
    done = load.run(tmp_path, shops, speed=60.0)
    assert done.messages == len(skus) * len(sites) * len(shops)
    assert done.feeds == done.least == len(sites) * len(shops)
    assert done.throttled == 0
    assert done.high_water > 0
