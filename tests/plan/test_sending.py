"""What is sent and how long its quotas make that take: counted as it will be sent, and never too little."""

from __future__ import annotations

from dataclasses import replace

import pytest
from judging import judged, offer
from planning import ACCOUNTS, PlainMarketplace, freeze_judged

from acorn_engine.marketplace import Limits
from acorn_engine.plan.sending import least_minutes, least_seconds, together
from acorn_engine.quotas import SECOND, MemoryBuckets, Quota

AMAZON = Limits(1, 100_000, 5, 300, further=((15, 120.0),), patch_seconds=0.2)


def one(feeds=0, patches=0):
    quotas = [[AMAZON.submissions, AMAZON.per_seconds / AMAZON.submissions], *map(list, AMAZON.further)]
    return {"feeds": feeds, "patches": patches, "waves": 1, "quotas": quotas, "patch_seconds": AMAZON.patch_seconds}


@pytest.mark.parametrize("feeds", [1, 5, 6, 15, 16, 25, 26, 60])
def test_so_long_do_the_buckets_take_that_send_it(feeds):
    now = [0.0]
    buckets = MemoryBuckets(lambda: now[0])
    quotas = [Quota("type", 60 * SECOND, 5), Quota("createFeed", 120 * SECOND, 15)]
    for _ in range(feeds):
        while wait := buckets.take(quotas):
            now[0] += wait
    assert least_seconds(one(feeds)) == pytest.approx(now[0], abs=1)


def frozen(*rows, patch_up_to, limits=AMAZON):
    accounts = {name: replace(account, patch_up_to=patch_up_to) for name, account in ACCOUNTS.items()}
    return freeze_judged(judged(*rows), PlainMarketplace(limits), accounts=accounts)


def test_few_changes_go_one_by_one_and_need_no_feed():
    rows = [offer(str(number), price="28.00") for number in range(3)]
    by_patch, by_feed = (frozen(*rows, patch_up_to=number) for number in (3, 2))
    told = by_patch.summary
    assert (told["feeds"], told["patches"], told["submissions"], told["minutes"]) == (0, 3, 3, 1)
    told = by_feed.summary
    assert (told["feeds"], told["patches"], told["minutes"]) == (3, 0, 0)
    assert by_patch.digest == by_feed.digest


def test_the_digest_does_not_know_how_long_it_takes():
    rows = [offer(str(number), price="28.00") for number in range(30)]
    quick, slow = (frozen(*rows, patch_up_to=0, limits=replace(AMAZON, further=each)) for each in ((), ((1, 600.0),)))
    assert (quick.summary["minutes"], slow.summary["minutes"]) == (25, 290)
    assert quick.digest == slow.digest


def test_waves_are_counted():
    plan = frozen(offer(price="28.00", quantity=9, current_quantity=3), patch_up_to=0)
    (told,) = plan.summary["sending"].values()
    assert (told["waves"], told["feeds"]) == (2, 2)


def test_the_sites_of_an_account_share_its_quotas_and_accounts_do_not():
    site, other = {"eu": one(4), "us": one(5)}, {"eu": one(4)}
    assert least_minutes(site) == 0
    both = together([site, other])
    assert (both["eu"]["feeds"], both["us"]["feeds"]) == (8, 5)
    assert least_minutes(both) == 3
    assert least_minutes({}) == 0


def test_patches_take_as_long_as_their_rate_says():
    assert least_seconds(one(patches=50)) == pytest.approx(10)
