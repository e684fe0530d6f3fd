from __future__ import annotations

import json

import polars as pl
import pytest

from acorn_engine.marketplace import READ_SCHEMA, MarketplaceError
from acorn_engine.problems import PlanError

PRICE = [("A", "price", "10.00", "12.00")]
A = ("A", "price")
PART = "P1/eu/1/1"
REFUSAL = {"code": "invalid", "status": 400, "request_id": "r-1"}


def refused(world, times=3, **options):
    error = MarketplaceError("bad document", **REFUSAL, **options)
    world.eu.fail["submit"] = [error] * times


def test_a_document_that_is_refused_again_becomes_a_dead_letter(world):
    refused(world, who="developer", remedy="Mend the plugin that writes the document.")
    world.send("P1", PRICE)
    progress = world.box.run(3600)
    assert (progress.open_parts, progress.next_due) == (1, None)
    part = world.parts("P1")[PART]
    assert (part.state, part.code, part.note, part.in_flight) == (
        "dead",
        "invalid",
        "bad document (request r-1)",
        False,
    )
    assert world.rows("P1")[A]["sent_at"] is None
    [task] = world.box.status()["must_act"]
    assert (task["kind"], task["who"]) == ("dead_letter", "developer")
    assert task["do"] == f"Mend the plugin that writes the document; then 'acorn resume {PART}' takes it up again"
    assert "part_dead" in world.kinds()


@pytest.mark.parametrize("name", [PART, "P1"])
def test_a_dead_letter_is_resumed_once_and_sent_once(world, name):
    refused(world)
    world.send("P1", PRICE)
    world.box.run(600)
    looks = world.eu.calls["recent"]
    assert world.box.resume(name, "ann") == [PART]
    assert world.box.resume(name, "bob") == []
    world.box.run(3600)
    assert world.outcomes("P1") == {A: "settled"}
    assert len(world.eu.feeds) == 1
    assert world.eu.calls["recent"] == looks + 1
    [event] = [event for event in world.store.events(limit=1000) if event.kind == "part_resumed"]
    assert event.data["by"] == "ann"
    assert world.store.verify_ledger().whole


def test_one_that_never_left_ends_with_its_plan(lite):
    refused(lite)
    lite.send("P1", PRICE)
    lite.box.run(600)
    lite.clock.advance(4 * 3600)
    lite.box.run(60)
    row = lite.rows("P1")[A]
    assert (row["outcome"], row["code"], row["text"]) == ("rejected", "invalid", "bad document (request r-1)")
    assert lite.store.plan_info("P1").state == "ended"
    assert [item["kind"] for item in lite.box.status()["must_act"]] == ["rejected"]
    assert lite.box.resume("P1", "ann") == []


def test_one_that_is_resumed_after_its_plan_ran_out_is_not_sent(lite):
    refused(lite)
    lite.send("P1", PRICE)
    lite.box.run(600)
    lite.clock.advance(4 * 3600)
    lite.box.resume("P1", "ann")
    lite.box.run(60)
    assert (lite.outcomes("P1"), lite.eu.feeds) == ({A: "superseded"}, [])


def test_one_whose_offer_moved_meanwhile_is_not_sent(lite):
    refused(lite)
    lite.send("P1", PRICE)
    lite.box.run(600)
    seen = pl.DataFrame([{"seller_sku": "A", "price": "11.00"}], schema=dict.fromkeys(READ_SCHEMA, pl.String()))
    lite.store.record_reads("eu", "amazon.de", seen, lite.clock.now())
    lite.box.resume("P1", "ann")
    lite.box.run(60)
    assert (lite.rows("P1")[A]["code"], lite.eu.feeds) == ("moved", [])


def test_what_is_refused_for_days_waits_for_a_person(lite):
    expired = MarketplaceError("the authorisation was revoked", code="unauthorized", status=403, who="seller")
    lite.send("P1", PRICE)
    lite.box.work(60)
    lite.eu.fail["poll"] = [expired] * 1000
    for _ in range(47):
        lite.clock.advance(3600)
        lite.box.work(60)
    assert lite.parts("P1")[PART].state == "submitted"
    lite.clock.advance(2 * 3600)
    lite.box.work(60)
    part = lite.parts("P1")[PART]
    assert (part.state, part.code, part.who) == ("dead", "unauthorized", "seller")
    calls = lite.eu.calls["poll"]
    lite.box.run(100_000)
    assert lite.eu.calls["poll"] == calls
    lite.eu.fail["poll"].clear()
    lite.box.resume("P1", "ann")
    lite.box.run(3600)
    assert lite.outcomes("P1") == {A: "settled"}
    assert len(lite.eu.feeds) == 1


def test_a_stuck_submission_is_asked_after_when_it_is_resumed(lite):
    lite.eu.fates = ["stuck"]
    lite.send("P1", PRICE)
    lite.box.run(100_000)
    part = lite.parts("P1")[PART]
    assert (part.state, part.code, part.submission) == ("dead", "stuck", "feed1")
    assert lite.outcomes("P1") == {A: None}
    lite.eu.feeds[0].fate = "done"
    lite.box.resume("P1", "ann")
    lite.box.run(3600)
    assert lite.outcomes("P1") == {A: "settled"}
    assert len(lite.eu.feeds) == 1


def test_a_submission_that_hangs_for_ever_holds_its_fields_until_it_was_asked_after(lite):
    lite.eu.fates = ["stuck"]
    lite.send("P1", PRICE)
    lite.box.run(100_000)
    assert lite.store.pending("amazon.de").get_column("seller_sku").to_list() == ["A"]
    lite.box.resume("P1", "ann")
    lite.box.run(100_000)
    assert lite.parts("P1")[PART].state == "ended"
    assert lite.outcomes("P1") == {A: "unknown"}
    assert lite.store.pending("amazon.de").is_empty()
    assert len(lite.eu.feeds) == 1


def test_a_dead_letter_holds_up_nothing_else(lite):
    wishes = [("A", "quantity", "9", "4"), ("B", "price", "1.00", "2.00"), ("B", "quantity", "1", "5")]
    refused(lite)
    lite.send("P1", [*wishes, ("C", "quantity", "1", "3")])
    lite.box.run(3600)
    outcomes = lite.outcomes("P1")
    assert outcomes.pop(("A", "quantity")) is None
    assert set(outcomes.values()) == {"settled"}


def test_a_price_in_a_dead_letter_keeps_its_quantity_behind(lite):
    refused(lite)
    lite.send("P1", [*PRICE, ("A", "quantity", "1", "5"), ("C", "quantity", "1", "3")])
    lite.box.run(3600)
    assert lite.outcomes("P1") == {A: None, ("A", "quantity"): "dropped", ("C", "quantity"): "settled"}


def test_its_values_are_pending_until_it_is_over(lite):
    refused(lite)
    lite.send("P1", PRICE)
    lite.box.run(600)
    assert lite.store.pending("amazon.de").get_column("seller_sku").to_list() == ["A"]


def test_a_patch_in_a_dead_letter_is_looked_at_first(lite):
    lite.patch_up_to = 50
    lite.box = lite.outbox()
    lite.eu.lose["patch"] = ["after"]
    lite.send("P1", PRICE)
    lite.box.work(60)
    down = MarketplaceError("down", code="server", retryable=True)
    lite.eu.fail["read"] = [down] * 1000
    lite.box.run(3 * 24 * 3600)
    assert lite.parts("P1")[PART].state == "dead"
    lite.eu.fail["read"].clear()
    lite.box.resume(PART, "ann")
    lite.box.run(3600)
    assert lite.outcomes("P1") == {A: "settled"}
    assert len(lite.eu.patches) == 1


def test_a_name_that_is_no_part_is_an_error(lite):
    with pytest.raises(PlanError, match="no part or submitted plan is called 'P9'. Nothing was resumed"):
        lite.box.resume("P9", "ann")


def test_a_remedy_that_can_be_tried_by_itself_is_shown_too(lite):
    lite.eu.fail["upload"] = [
        MarketplaceError("role missing", code="forbidden", status=403, who="seller", remedy="Grant the role.")
    ]
    lite.send("P1", PRICE)
    lite.box.work(60)
    [task] = lite.box.status()["must_act"]
    assert (task["kind"], task["who"], task["remedy"]) == ("part", "seller", "Grant the role.")
    assert task["do"] == "Grant the role; it is tried again by itself"
    json.dumps(task)


@pytest.mark.parametrize("operation", ["recent", "submit"])
def test_a_wait_for_the_quota_hides_nothing_that_a_person_must_mend(lite, operation):
    words = {"code": "forbidden", "status": 403, "who": "seller", "remedy": "Grant the role."}
    lite.eu.fail["submit"] = [MarketplaceError("role missing", **words)]
    lite.send("P1", PRICE)
    lite.box.work(60)
    lite.eu.fail[operation] = [MarketplaceError("wait", code="throttled", retryable=True, retry_after=60)]
    lite.clock.advance(60)
    lite.box.work(60)
    assert lite.eu.fail[operation] == []
    [task] = lite.box.status()["must_act"]
    assert (task["code"], task["note"], task["remedy"]) == ("forbidden", "role missing", "Grant the role.")
    lite.box.run(60)
    assert lite.outcomes("P1") == {A: "settled"}
    assert lite.box.status()["must_act"] == []
