"""Releases: holds go with a reason, rejects never."""

from __future__ import annotations

import json

import polars as pl
import pytest
from judging import SITE, offer
from planning import ACCOUNTS, PlainMarketplace, planned

from acorn_engine.marketplace import Limits
from acorn_engine.plan import plan_digest, release
from acorn_engine.plugins.records import GuardSpec
from acorn_engine.problems import PlanError

BIG = GuardSpec("big", "hold", "price > 30", "{price} is above thirty")
ROWS = [
    offer("A", price="31.00", quantity=9, current_quantity=3, _neighbours="n"),
    offer("B", price="28.00"),
    offer("C", price="19.00", quantity=9, current_quantity=3),
    offer("D", price="28.00", floor=None, minimum_price=None),
    offer("E", price=None) | {"hold.price": "r1", "hold_code.price": "missing", "hold_facts.price": "cost"},
    offer("F", price="32.00", handling_days=2) | {"sku": "P-A"},
]


def _plan(**options):
    return planned(*ROWS, guards=[BIG], **options)


def _release(plan, *skus, because="the boss said so", marketplace=None):
    return release(plan, list(skus), because, marketplace or PlainMarketplace(), ACCOUNTS, SITE)


def test_a_release_sends_every_held_change_of_the_sku():
    plan = _plan()
    released = _release(plan, "A")
    mine = released.plan.changes.filter(pl.col("seller_sku") == "A")
    assert mine.select("field", "verdict", "code").rows() == [
        ("price", "send", "released"),
        ("quantity", "send", "released"),
    ]
    assert mine["because"][0] == "released: the boss said so (held: 31.00 EUR is above thirty)"
    assert json.loads(mine["params"][0]) == {
        "because": "the boss said so", "was": "guard", "held_because": "31.00 EUR is above thirty",
    }  # fmt: skip
    assert mine["guard"].to_list() == ["big", None]
    others = pl.col("seller_sku") != "A"
    assert released.plan.changes.filter(others).equals(plan.changes.filter(others))


def test_messages_are_frozen_at_approval_in_parts_of_their_own():
    plan = _plan()
    released = _release(plan, "A")
    assert released.messages.select("seller_sku", "wave", "part", "message_id").rows() == [
        ("A", 1, 2, 1),
        ("A", 2, 2, 1),
    ]
    first = json.loads(released.messages["message"][0])
    assert (first["price"], first["minimum_price"], first["neighbours"]) == ("31.00", "20.00", "n")
    kept = released.plan.messages.join(plan.messages, on=["account", "wave", "part", "message_id"], how="semi")
    assert kept.equals(plan.messages), "parts that were frozen before gain nothing"
    assert released.plan.messages.height == plan.messages.height + 2


def test_a_release_gives_a_new_digest_and_the_same_plan():
    plan = _plan()
    after = _release(plan, "A").plan
    assert (after.id, after.expires_at) == (plan.id, plan.expires_at)
    assert after.digest != plan.digest
    assert after.digest == plan_digest(after.changes, after.messages)
    assert after.summary["verdicts"]["send"] == plan.summary["verdicts"]["send"] + 2
    assert after.details["released"] == [{"skus": ["A"], "because": "the boss said so"}]
    again = _release(after, "F").plan
    assert [one["skus"] for one in again.details["released"]] == [["A"], ["F"]]
    assert again.messages.filter((pl.col("seller_sku") == "F") & (pl.col("wave") == 1))["part"].to_list() == [3]


def test_the_products_sku_releases_all_its_offers():
    after = _release(_plan(), "P-A").plan
    assert after.changes.filter(pl.col("code") == "released")["seller_sku"].unique().sort().to_list() == ["A", "F"]


def test_the_messages_carry_the_released_changes_only():
    messages = _release(_plan(), "F").messages
    assert messages.select("seller_sku", "wave").rows() == [("F", 1)]


def test_a_plan_read_back_from_json_details_can_be_released():
    from dataclasses import replace

    plan = _plan()
    kept = replace(plan, details=json.loads(json.dumps(plan.details)))
    assert _release(kept, "A").plan.digest == _release(plan, "A").plan.digest


def _problems(*skus, **options):
    with pytest.raises(PlanError) as caught:
        _release(_plan(), *skus, **options)
    return {(problem.code, problem.message) for problem in caught.value.problems}


def test_rejects_cannot_be_released():
    assert _problems("B", "C") == {
        ("nothing_held", "nothing of 'B' is held in plan '20261123-0001'. Nothing was released."),
        ("rejected", "the price of 'C' is rejected, so its quantity can't be raised. Nothing was released."),
    }
    plan = planned(offer("C", price="19.00"))
    with pytest.raises(PlanError, match="the changes of 'C' are rejected, not held: rejects can't be released"):
        _release(plan, "C")


def test_no_floor_cannot_be_released():
    with pytest.raises(PlanError, match="give the listing a floor price and plan again") as caught:
        _release(_plan(), "D")
    assert caught.value.problems[0].message == (
        "'price' of 'D' can't be released: there is no floor price, and without one no price is changed."
        " Nothing was released."
    )


def test_a_missing_value_cannot_be_released():
    assert _problems("E") == {
        (
            "unreleasable",
            "'price' of 'E' can't be released: rule 'r1' needs cost, which is missing. Nothing was released.",
        )
    }


def test_an_unread_offer_cannot_be_released_however_it_is_held():
    plan = planned(offer("A", price="31.00", _read=False), guards=[BIG])
    with pytest.raises(PlanError, match="let the offer be read in full, then plan again"):
        _release(plan, "A")


def test_an_unknown_sku_and_no_reason():
    with pytest.raises(PlanError) as caught:
        _release(planned(offer("SKU-100", price="31.00"), guards=[BIG]), "SKU-10")
    assert caught.value.problems[0].hint == "did you mean 'SKU-100'?"
    assert _problems("A", because="  ") == {
        ("no_reason", "holds are released with a reason only. Nothing was released.")
    }


def test_a_release_that_the_marketplace_cannot_write():
    found = _problems("A", marketplace=PlainMarketplace(refuse=["A"]))
    assert found == {
        ("no_message", "the changes of 'A' can't be released: ['A'] cannot be encoded. Nothing was released.")
    }


def test_released_parts_keep_the_limits():
    rows = [offer(str(number), price="31.00") for number in range(5)]
    marketplace = PlainMarketplace(Limits(2, 100_000, 5, 300))
    after = _release(planned(*rows, guards=[BIG], marketplace=marketplace), *"01234", marketplace=marketplace)
    assert after.messages["part"].to_list() == [1, 1, 2, 2, 3]
    assert after.plan.summary["submissions"] == 3
