"""What the marketplace is given, and what becomes of offers that it cannot write."""

from __future__ import annotations

import hashlib
import json
from datetime import date

import polars as pl
import pytest
from judging import SITE, judged, offer
from planning import ACCOUNTS, PlainMarketplace, drafted_of, freeze_judged, messages_of, planned

from acorn_engine.marketplace import Limits
from acorn_engine.plan import build_messages, to_encode
from acorn_engine.plugins.records import GuardSpec
from acorn_engine.problems import PlanError

COLUMNS = [
    "seller_sku", "product_type", "fulfilment", "currency", "price", "sale_price", "sale_from", "sale_to",
    "minimum_price", "maximum_price", "price_changed", "quantity", "handling_days", "attributes", "neighbours",
]  # fmt: skip


def test_one_wave_is_given_as_the_marketplace_contract_says():
    row = offer(
        price="28.00",
        ceiling="60.00",
        current_sale_price="25.00",
        current_sale_from=date(2026, 11, 1),
        current_sale_to=date(2026, 12, 1),
        quantity=1,
        current_quantity=3,
        handling_days=2,
        _neighbours='{"audience":"B2B"}',
    ) | {"attributes.color": '"r\\"ed"', "attributes.bullet_point": '["a","b"]'}
    drafted = drafted_of(judged(row, attributes=["color", "bullet_point"]))
    assert to_encode(drafted, 1, "eu").columns == COLUMNS
    assert to_encode(drafted, 1).row(0, named=True) == {
        "seller_sku": "A",
        "product_type": "SHIRT",
        "fulfilment": "merchant",
        "currency": "EUR",
        "price": "28.00",
        "sale_price": "25.00",
        "sale_from": "2026-11-01",
        "sale_to": "2026-12-01",
        "minimum_price": "20.00",
        "maximum_price": "60.00",
        "price_changed": True,
        "quantity": None,
        "handling_days": None,
        "attributes": '{"bullet_point":["a","b"],"color":"r\\"ed"}',
        "neighbours": '{"audience":"B2B"}',
    }
    first = to_encode(drafted, 0).row(0, named=True)
    assert (first["quantity"], first["price_changed"], first["price"]) == ("1", False, None)
    last = to_encode(drafted, 2).row(0, named=True)
    assert (last["quantity"], last["handling_days"]) == ("1", "2"), "handling days go with the planned quantity"


def test_handling_days_alone_carry_the_quantity_only_where_it_is_planned():
    rows = [offer("A", handling_days=2), offer("B", handling_days=2, quantity=5, current_quantity=5)]
    frame = to_encode(drafted_of(judged(*rows)), 2)
    assert frame.select("seller_sku", "quantity").rows() == [("A", None), ("B", "5")]


def test_a_sale_that_is_over_is_not_sent_again():
    row = offer(
        price="28.00",
        current_sale_price="25.00",
        current_sale_to=date(2026, 11, 1),
        current_sale_from=date(2026, 10, 1),
    )
    assert to_encode(drafted_of(judged(row)), 1).select("sale_price", "sale_from", "sale_to").row(0) == (None,) * 3


def test_held_changes_are_not_encoded():
    plan = planned(offer(price="19.00"), offer("B", price="28.00"))
    assert plan.messages["seller_sku"].to_list() == ["B"]


def test_the_same_sku_of_two_accounts_is_two_offers():
    plan = planned(offer(price="28.00"), offer(price="29.00", account="other"))
    assert [(row["account"], json.loads(row["message"])["price"]) for row in plan.messages.iter_rows(named=True)] == [
        ("eu", "28.00"),
        ("other", "29.00"),
    ]


def test_the_plan_keeps_the_digest_of_the_read():
    text = '{"x":"é"}'
    plan = planned(offer(price="28.00", _neighbours=text, quantity=1, current_quantity=3), offer("B", price="28.00"))
    digests = {
        (sku, wave): digest
        for sku, wave, digest in plan.messages.select("seller_sku", "wave", "neighbours_digest").iter_rows()
    }
    assert digests == {("A", 0): None, ("A", 1): hashlib.sha256(text.encode()).hexdigest(), ("B", 1): None}


def test_a_refused_offer_is_held_and_the_others_go():
    rows = [offer(str(number), price="28.00") for number in range(20)]
    plan = planned(*rows, marketplace=PlainMarketplace(refuse=["7", "13"]))
    held = plan.held
    assert held.select("seller_sku", "code").rows() == [("13", "no_message"), ("7", "no_message")]
    assert held["because"][0] == "no message can be made: ['13'] cannot be encoded"
    assert plan.messages.height == 18


def test_a_marketplace_that_refuses_everything_is_not_asked_for_ever():
    marketplace = PlainMarketplace(refuse=[str(number) for number in range(2000)])
    plan = planned(*(offer(str(number), price="28.00") for number in range(2000)), marketplace=marketplace)
    assert plan.summary["codes"] == {"no_message": 2000}
    assert len(marketplace.calls) < 600


def test_one_call_tells_all_refusals():
    marketplace = PlainMarketplace(tell=["7", "13"])
    plan = planned(*(offer(str(number), price="28.00") for number in range(20)), marketplace=marketplace)
    assert plan.held.select("seller_sku", "code", "because").rows() == [
        ("13", "no_message", "no message can be made: '13' is not wanted"),
        ("7", "no_message", "no message can be made: '7' is not wanted"),
    ]
    assert plan.messages.height == 18
    assert len(marketplace.calls) == 2, "once with all, once without what was refused"


def test_a_price_without_a_message_holds_the_increase_of_its_quantity():
    row = {"price": "28.00", "quantity": 9, "current_quantity": 3}
    marketplace = PlainMarketplace()
    real = marketplace.encode
    marketplace.encode = lambda offers, account, site: real(
        offers.filter(~(pl.col("price_changed") & (pl.col("seller_sku") == "A"))), account, site
    )
    plan = planned(offer("A", **row), offer("B", **row), marketplace=marketplace)
    changes = {
        (sku, field): (verdict, code)
        for sku, field, verdict, code in plan.changes.select("seller_sku", "field", "verdict", "code").iter_rows()
    }
    assert changes == {
        ("A", "price"): ("hold", "no_message"),
        ("A", "quantity"): ("hold", "price_held"),
        ("B", "price"): ("send", "rule"),
        ("B", "quantity"): ("send", "rule"),
    }
    assert set(messages_of(plan, "B")) == {1, 2}


def test_an_offer_that_the_marketplace_leaves_out_is_held():
    plan = planned(offer(price="28.00"), marketplace=PlainMarketplace(mute=["A"]))
    assert plan.held["because"].to_list() == ["no message can be made: the marketplace has no words for it"]


def test_a_message_larger_than_a_submission_is_held():
    rows = [offer("A", price="28.00"), offer("B", price="28.00", product_type="X" * 9000)]
    plan = planned(*rows, marketplace=PlainMarketplace(Limits(10, 10_000, 5, 300)))
    assert plan.held.select("seller_sku", "because").rows() == [
        ("B", "no message can be made: it is larger than a submission may be")
    ]


def test_two_messages_for_one_offer_are_a_fault_of_the_plugin():
    with pytest.raises(PlanError, match="marketplace 'plain' made two messages for 'A'. Nothing was planned"):
        build_messages(drafted_of(judged(offer(price="28.00"))), PlainMarketplace(twice="A"), ACCOUNTS, SITE)


def test_a_halted_plan_lists_all_changes_with_verdicts():
    result = judged(
        offer(price="28.00"), offer("B", price="19.00"), guards=[GuardSpec("all", "halt", "offers > 0", "no")]
    )
    plan = freeze_judged(result)
    assert (plan.status, plan.changes["verdict"].to_list()) == ("halted", ["send", "reject"])
    assert [problem.message for problem in plan.problems] == [
        "the plan is halted by guard 'all': no. Nothing of it is sent."
    ]
