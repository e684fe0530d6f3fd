"""Frozen plans: ids, expiry, status, summary, and their JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import jsonschema_rs
import polars as pl
import pytest
from judging import CLOCK, FIELDS, chain, judged, offer
from planning import ACCOUNTS, PlainMarketplace, freeze_judged, planned

from acorn_engine.facts import FactInfo
from acorn_engine.guard import GuardSettings
from acorn_engine.marketplace import Limits
from acorn_engine.plan import CHANGE_SCHEMA, MESSAGE_SCHEMA, PlanStatus
from acorn_engine.plugins.records import GuardSpec
from acorn_engine.problems import Problem

HOURS = timedelta(hours=1)


def test_changes_have_ids_that_are_unique_in_the_plan():
    plan = planned(offer("B", price="28.00"), offer("A", price="19.00", quantity=1))
    assert plan.changes["id"].to_list() == ["20261123-0001-000001", "20261123-0001-000002", "20261123-0001-000003"]
    assert plan.changes.select("seller_sku", "field").rows() == [("A", "price"), ("A", "quantity"), ("B", "price")]
    assert dict(plan.changes.schema) == CHANGE_SCHEMA
    assert dict(plan.messages.schema) == MESSAGE_SCHEMA


def test_a_plan_lives_until_its_time_to_live():
    assert planned(offer(price="28.00")).expires_at == CLOCK.now + 4 * HOURS
    assert planned(offer(price="28.00")).created_at == CLOCK.now


@pytest.mark.parametrize(
    ("age", "largest", "hours"),
    [(1, 2, 1), (1, 48, 4), (3, 2, 4)],
    ids=["runs out in an hour", "lasts longer than the plan", "ran out already: its change is held"],
)
def test_a_plan_lives_until_a_fact_that_it_used_runs_out(age, largest, hours):
    info = FactInfo(
        "competitor_price", FIELDS["price"].type, 2, as_of=CLOCK.now - age * HOURS, largest_age=largest * HOURS
    )
    guard = GuardSpec("g", "hold", "competitor_price > 99", "")
    facts = {"competitor_price": info}
    result = judged(offer(price="28.00", competitor_price="25.00"), guards=[guard], facts=facts)
    assert freeze_judged(result, made_by=chain(guard, facts=facts)).expires_at == CLOCK.now + hours * HOURS


def test_each_rows_own_instant_counts_where_the_offer_is_sent():
    info = FactInfo("competitor_price", FIELDS["price"].type, 2, as_of="seen", largest_age=2 * HOURS)
    guard = GuardSpec("g", "hold", "competitor_price > 99", "")
    facts = {"competitor_price": info}
    rows = [offer("A", price="28.00", competitor_price="25.00"), offer("B", price="19.00", competitor_price="25.00")]
    from judging import proposals

    from acorn_engine.evaluate import Proposals
    from acorn_engine.guard import Known, judge

    made = proposals(*rows)
    seen = pl.Series("seen", [CLOCK.now - HOURS, CLOCK.now - 1.9 * HOURS], pl.Datetime("us", "UTC"))
    made = Proposals(made.frame.with_columns(seen), made.fields, made.groups)
    rules = chain(guard, facts=facts)
    result = judge(rules, made, CLOCK, GuardSettings(), Known(2))
    assert freeze_judged(result, made_by=rules).expires_at == CLOCK.now + HOURS
    sooner = CLOCK.now + timedelta(minutes=20)
    assert freeze_judged(result, made_by=rules, fresh_until=sooner).expires_at == sooner


def test_a_problem_that_stops_halts_the_plan_and_one_that_warns_does_not():
    result = judged(offer(price="28.00"))
    assert freeze_judged(result, problems=[Problem("x", "y", effect="warns")]).status is PlanStatus.READY
    assert freeze_judged(result, problems=[Problem("x", "y")]).status is PlanStatus.HALTED


def test_the_summary_counts():
    rows = [
        offer("A", price="28.00", quantity=1, current_quantity=3),
        offer("B", price="19.00"),
        offer("C", price="28.00", floor=None, minimum_price=None),
        offer("D", price="27.99"),
        offer("E", price="28.00", _considered=False),
    ]
    settings = GuardSettings.model_validate({"stale": {"off": "a test"}})
    summary = planned(*rows, settings=settings).summary
    assert {key: summary[key] for key in ("offers", "considered", "changed", "held", "changes", "messages", "submissions")} == {
        "offers": 5, "considered": 4, "changed": 1, "held": 2, "changes": 4, "messages": 2, "submissions": 2,
    }  # fmt: skip
    assert summary["verdicts"] == {"send": 2, "hold": 1, "reject": 1, "pending": 0, "superseded": 0, "not_owned": 0}
    assert summary["rules"] == {"r1": 4}
    assert summary["guards"] == {"below_floor": 1, "no_floor": 1}
    assert summary["codes"] == {"below_floor": 1, "no_floor": 1, "rule": 2}
    assert summary["fields"] == {"price": 1, "quantity": 1}
    assert summary["shares"] == {"offers": "5", "changed_count": "1", "changed_share": "20%", "held_share": "40%"}
    assert summary["switched_off"] == {"stale": "a test"}
    json.dumps(summary)


@pytest.mark.parametrize(("parts", "minutes"), [(0, 0), (1, 0), (5, 0), (6, 1), (11, 6)])
def test_how_long_sending_takes_at_least(parts, minutes):
    marketplace = PlainMarketplace(Limits(1, 100_000, 5, 300))
    plan = planned(*(offer(str(number), price="28.00") for number in range(parts)), marketplace=marketplace)
    assert (plan.summary["submissions"], plan.summary["minutes"]) == (parts, minutes)
    assert (plan.summary["feeds"], plan.summary["patches"]) == (parts, 0)


SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": [
        "format", "plan", "project", "site", "accounts", "status", "created_at", "expires_at", "ruleset", "inputs",
        "digest", "summary", "changes", "problems",
    ],
    "properties": {
        "format": {"const": "acorn.plan/1"},
        "status": {"enum": ["ready", "halted"]},
        "created_at": {"pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"},
        "expires_at": {"pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"},
        "digest": {"pattern": "^[0-9a-f]{64}$"},
        **{name: {} for name in ("plan", "project", "site", "accounts", "ruleset", "inputs", "summary", "problems")},
        "changes": {
            "items": {
                "additionalProperties": False,
                "required": list(CHANGE_SCHEMA),
                "properties": {name: {} for name in CHANGE_SCHEMA} | {"params": {"type": "object"}},
            }
        },
    },
}  # fmt: skip


def test_a_plan_as_json():
    row = offer(
        price="28.00",
        quantity=1,
        current_quantity=3,
        handling_days=2,
        current_attributes='{"color":[{"value":"red"}],"size":"L"}',
    )
    row |= {"attributes.color": '{"a":[1,"x"]}', "attributes.size": '"M"'}
    lost = offer("B", price=None) | {"hold.price": "r1", "hold_code.price": "missing"}
    plan = planned(row, lost, attributes=["color", "size"])
    data = plan.to_json()
    jsonschema_rs.validate(SCHEMA, data)
    assert json.loads(json.dumps(data)) == data
    found = {(change["seller_sku"], change["field"]): (change["from"], change["to"]) for change in data["changes"]}
    assert found == {
        ("A", "price"): ("27.99", "28.00"),
        ("A", "quantity"): (3, 1),
        ("A", "handling_days"): (None, 2),
        ("A", "attributes.color"): ([{"value": "red"}], {"a": [1, "x"]}),
        ("A", "attributes.size"): ("L", "M"),
        ("B", "price"): ("27.99", None),
    }
    assert data["changes"][-1]["verdict"] == "hold"
    assert data["created_at"] == "2026-11-23T09:30:00Z"


def test_times_are_utc():
    plan = planned(offer(price="28.00"))
    assert plan.created_at.tzinfo is UTC
    assert plan.expires_at == datetime(2026, 11, 23, 13, 30, tzinfo=UTC)
    assert set(ACCOUNTS) >= set(plan.accounts)
