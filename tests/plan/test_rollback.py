"""Rollback: a new plan of before-values, exempt from move, share and shift guards, never from the floor."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from judging import CLOCK, chain, judged, offer, proposals, rule, verdicts
from planning import freeze_judged, planned

from acorn_engine.evaluate import Proposals
from acorn_engine.guard import GuardSettings, Known, judge
from acorn_engine.plan import exempt_guards, rollback_proposals
from acorn_engine.plugins.records import GuardSpec

MOVES = [
    GuardSpec("de-big-move", "hold", "abs(price / current_price - 1) > 12%", ""),
    GuardSpec("de-rate-feed", "halt", "changed_share > 40%", ""),
    GuardSpec("many", "halt", "changed_count > 0", ""),
]
OTHERS = [
    GuardSpec("never", "reject", "price > 90", "above ninety"),
    GuardSpec("held", "halt", "held_share > 50%", "too many held"),
]


def _roll_back(before, *now, guards=(*MOVES, *OTHERS), rules=None, attributes=()):
    """Submit a plan made of ``before``, then roll it back where offers stand as ``now``."""
    plan = planned(*before, attributes=attributes)
    settings = GuardSettings()
    rules = chain(*settings.specs(), *guards, rules=rules)
    made = rollback_proposals(plan.changes, proposals(*now, attributes=attributes), rules)
    return judge(rules, made, CLOCK, settings, Known(len(now), exempt=exempt_guards(rules)))


def _values(result):
    return {
        (sku, field): (old, new, verdict)
        for sku, field, old, new, verdict in result.changes.select(
            "seller_sku", "field", "from", "to", "verdict"
        ).iter_rows()
    }


def test_a_rollback_proposes_what_stood_before():
    days = {"sale_from": date(2026, 11, 24), "sale_to": date(2026, 11, 30)}
    row = offer(price="28.00", quantity=1, current_quantity=3, sale_price="22.00", current_sale_price="23.00", **days)
    row |= {
        "current_sale_from": date(2026, 11, 1),
        "current_sale_to": date(2026, 11, 30),
        "attributes.size": '"M"',
        "current_attributes": '{"size":5}',
    }
    now = offer(
        price="40.00", current_price="28.00", quantity=70, current_quantity=1, current_sale_price="22.00",
        current_sale_from=date(2026, 11, 24), current_sale_to=date(2026, 11, 30), current_attributes='{"size":"M"}',
    )  # fmt: skip
    result = _roll_back([row], now, attributes=["size"])
    assert _values(result) == {
        ("A", "price"): ("28.00", "27.99", "send"),
        ("A", "sale_price"): ("22.00", "23.00", "send"),
        ("A", "sale_from"): ("2026-11-24", "2026-11-01", "send"),
        ("A", "quantity"): ("1", "3", "send"),
        ("A", "attributes.size"): ("M", "5", "send"),
    }
    assert set(result.changes["rule"].to_list()) == {"rollback"}


def test_a_rollback_is_exempt_from_move_share_and_shift_guards():
    before = [
        offer(str(number), price="28.00", current_price="3.00", floor="1.00", current_minimum_price="1.00")
        for number in range(60)
    ]
    now = [
        offer(str(number), current_price="28.00", floor="1.00", current_minimum_price="1.00") for number in range(60)
    ]
    result = _roll_back(before, *now)
    assert set(result.changes.filter(pl.col("field") == "price")["verdict"].to_list()) == {"send"}
    assert result.halts == ()
    assert exempt_guards(chain(*GuardSettings().specs(), *MOVES, *OTHERS)) == {
        "decimal_shift", "decimal_shift_sale", "largest_move", "largest_move_sale", "changed_share",
        "de-big-move", "de-rate-feed", "many",
    }  # fmt: skip


def test_a_rollback_is_never_exempt_from_the_floor():
    before = offer(price="28.00", current_price="21.00")
    assert verdicts(_roll_back([before], offer(current_price="28.00", floor="22.00")))["price"] == (
        "reject",
        "below_floor",
    )
    nothing = offer(current_price="28.00", floor=None, minimum_price=None)
    assert verdicts(_roll_back([before], nothing))["price"] == ("hold", "no_floor")


def test_other_guards_judge_a_rollback():
    result = _roll_back([offer(price="28.00", current_price="95.00")], offer(current_price="28.00"))
    assert verdicts(result)["price"] == ("reject", "guard")
    assert [halt.guard for halt in result.halts] == ["held"]


def test_only_what_was_sent_is_rolled_back():
    result = _roll_back(
        [offer(price="19.00", quantity=1, current_quantity=3)], offer(price="50.00", current_quantity=1)
    )
    assert _values(result) == {("A", "quantity"): ("1", "3", "send")}


def test_a_value_that_was_missing_before_is_held():
    result = _roll_back([offer(price="28.00", current_price=None)], offer(price="31.00", current_price="28.00"))
    assert _values(result) == {("A", "price"): ("28.00", None, "hold")}
    assert result.changes["because"].to_list() == ["rule 'rollback' needs the value from before, which is missing"]


def test_an_offer_that_stands_as_before_does_not_change():
    assert _roll_back([offer(price="28.00")], offer(price="35.00", current_price="27.99")).changes.is_empty()


def test_a_minimum_is_restored_within_todays_floor():
    before = offer(
        price="28.00", floor="21.00", current_minimum_price="20.00", ceiling="60.00", current_maximum_price="90.00"
    )
    now = offer(
        current_price="28.00",
        floor="20.50",
        ceiling="60.00",
        current_minimum_price="21.00",
        current_maximum_price="60.00",
    )
    result = _roll_back([before], now)
    assert _values(result)["A", "minimum_price"] == ("21.00", "20.50", "send")
    assert ("A", "maximum_price") not in _values(result)


@pytest.mark.parametrize(("sets", "verdict"), [("floor_price", "hold"), ("price", "send")])
def test_holds_of_todays_limits_bind_and_those_of_other_rules_do_not(sets, verdict):
    now = offer(current_price="28.00") | {"hold.price": "r9", "hold_code.price": "missing", "hold_facts.price": "cost"}
    result = _roll_back([offer(price="28.00")], now, rules=[rule("r9", sets)])
    assert result.changes["verdict"].to_list() == [verdict]


def test_an_offer_that_is_gone_is_left_out():
    assert _roll_back([offer("gone", price="28.00")], offer("A")).changes.is_empty()


def test_a_rollback_freezes_like_any_plan():
    result = _roll_back([offer(price="28.00")], offer(current_price="28.00"))
    plan = freeze_judged(result, kind="rollback", details={"undoes": "p1"})
    assert (plan.kind, plan.details["undoes"]) == ("rollback", "p1")
    assert plan.messages["seller_sku"].to_list() == ["A"]
    assert isinstance(proposals(offer()), Proposals)
    assert judged(offer()).changes.is_empty()
