"""Differences between plans, and between a plan and the site."""

from __future__ import annotations

import polars as pl
from judging import offer
from planning import planned

from acorn_engine.plan import diff_current, diff_plans


def test_two_plans():
    old = planned(offer("A", price="28.00"), offer("B", price="28.00"), offer("C", price="28.00"))
    new = planned(offer("A", price="28.00"), offer("B", price="19.00"), offer("D", price="28.00"))
    found = diff_plans(old.changes, new.changes)
    assert found.select("seller_sku", "field", "what", "old_to", "new_to", "new_verdict").rows() == [
        ("B", "price", "different", "28.00", "19.00", "reject"),
        ("C", "price", "gone", "28.00", None, None),
        ("D", "price", "added", None, "28.00", "send"),
    ]
    assert diff_plans(old.changes, old.changes).is_empty()


def test_a_plan_and_the_site():
    plan = planned(*(offer(sku, price="28.00") for sku in "ABCDE"))
    now = {"A": "28.00", "B": "27.99", "C": "26.00", "D": None}
    shown = pl.DataFrame(
        {"account": "eu", "site": "amazon.de", "seller_sku": list(now), "field": "price", "now": list(now.values())}
    )
    found = diff_current(plan.changes, shown)
    assert found.select("seller_sku", "now", "what").rows() == [
        ("A", "28.00", "done"), ("B", "27.99", "waiting"), ("C", "26.00", "moved"), ("D", None, "moved"), ("E", None, "unknown"),
    ]  # fmt: skip
