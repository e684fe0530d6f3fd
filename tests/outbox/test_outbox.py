from __future__ import annotations

import json
import threading
from datetime import timedelta

import polars as pl
import pytest
from fake_marketplace import DE, FR, make_plan

from acorn_engine.marketplace import READ_SCHEMA, Issue, MarketplaceError, Report
from acorn_engine.outbox import OutboxSettings
from acorn_engine.plan.model import PlanStatus
from acorn_engine.problems import PlanError
from acorn_engine.store.offers import neighbours_digest

THREE_WAVES = [
    ("A", "quantity", "9", "4"),
    ("A", "price", "10.00", "12.00"),
    ("B", "price", "20.00", "19.99"),
    ("B", "quantity", "1", "7"),
    ("C", "quantity", "0", "3"),
    ("C", "attributes.country_of_origin", None, '[{"value": "CN"}]'),
]
PRICE = [("A", "price", "10.00", "12.00")]
A = ("A", "price")


def read_row(sku: str, **values) -> pl.DataFrame:
    return pl.DataFrame([{"seller_sku": sku, **values}], schema=dict.fromkeys(READ_SCHEMA, pl.String()))


def test_a_plan_goes_out_in_waves_and_settles(world):
    parts = world.send("P1", THREE_WAVES)
    assert parts == ["P1/eu/0/1", "P1/eu/1/1", "P1/eu/2/1"]
    progress = world.box.run(3600)
    assert progress.open_parts == 0
    assert set(world.outcomes("P1").values()) == {"settled"}
    waves = [[message["sku"] for message in feed.messages] for feed in world.eu.feeds]
    assert waves == [["A"], ["A", "B", "C"], ["B", "C"]]
    assert all(count == 1 for count in world.eu.applied.values())
    assert world.store.plan_info("P1").state == "ended"
    assert world.store.verify_ledger().whole
    assert world.store.pending("amazon.de").is_empty()
    assert [told["outcomes"] for told in world.told] == [{"settled": 1}, {"settled": 3}, {"settled": 2}]
    kinds = world.kinds()
    assert kinds[:3] == ["plan_ready", "approved", "submitted"]
    assert kinds[-1] == "plan_ended"
    assert {"part_submitting", "part_submitted", "part_reported", "part_verifying", "settled"} <= set(kinds)


@pytest.mark.parametrize("patch_up_to", [5, 6])
def test_few_changes_are_patched_and_many_are_fed(world, patch_up_to):
    world.patch_up_to = patch_up_to
    world.box = world.outbox()
    world.send("P1", THREE_WAVES)
    world.box.run(3600)
    assert set(world.outcomes("P1").values()) == {"settled"}
    assert (len(world.eu.feeds), len(world.eu.patches)) == ((3, 0) if patch_up_to == 5 else (0, 6))


# Lost answers


@pytest.mark.parametrize("lag", [0, 100])
def test_a_submission_whose_answer_was_lost_is_found_and_not_repeated(world, lag):
    world.eu.lose["submit"] = ["after"]
    world.eu.lag = lag
    world.send("P1", PRICE)
    world.box.work(60)
    part = world.parts("P1")["P1/eu/1/1"]
    assert (part.state, part.code) == ("submitting", "unanswered")
    world.box.run(3600)
    assert world.outcomes("P1") == {A: "settled"}
    assert len(world.eu.submits) == 1
    assert "part_unanswered" in world.kinds()


def test_a_submission_that_never_came_into_being_is_made_after_many_looks(world):
    world.eu.lose["submit"] = ["before"]
    world.send("P1", PRICE)
    start = world.clock.now()
    world.box.run(10_000)
    assert world.outcomes("P1") == {A: "settled"}
    assert len(world.eu.submits) == 1
    assert world.eu.feeds[0].created_at - start >= timedelta(hours=1)
    assert world.eu.calls["recent"] == 2 + world.settings.lookups


def test_an_unknown_breakdown_of_the_connection_counts_as_a_lost_answer(lite):
    lite.eu.fail["submit"] = [RuntimeError("secret=hunter2")]
    lite.send("P1", PRICE)
    lite.box.work(60)
    part = lite.parts("P1")["P1/eu/1/1"]
    assert (part.state, part.code) == ("submitting", "unanswered")
    assert "hunter2" not in (part.note or "")
    lite.box.run(3600)
    assert len(lite.eu.submits) == 1


def test_somebody_elses_submission_is_let_go_again(lite):
    lite.eu.lose["submit"] = ["before"]
    lite.send("P1", PRICE)
    lite.box.work(60)
    lite.eu.offer("X")
    lite.eu.create(DE, [{"messageId": 1, "sku": "X", "set": {}}, {"messageId": 2, "sku": "X"}], ours=False)
    lite.box.run(3600)
    assert lite.outcomes("P1") == {A: "settled"}
    assert len(lite.eu.submits) == 1
    assert lite.parts("P1")["P1/eu/1/1"].submission == "feed2"


@pytest.mark.parametrize("lost", ["after", "before"])
def test_a_lost_patch_is_looked_at_before_it_is_sent_again(world, lost):
    world.patch_up_to = 10
    world.box = world.outbox()
    world.eu.lose["patch"] = [lost]
    world.send("P1", PRICE)
    world.box.run(3600)
    assert world.outcomes("P1") == {A: "settled"}
    assert len(world.eu.patches) == 1


def test_a_lost_patch_of_an_offer_that_moved_is_not_sent_again(lite):
    lite.patch_up_to = 10
    lite.box = lite.outbox()
    lite.eu.lose["patch"] = ["before"]
    lite.send("P1", PRICE)
    lite.box.work(60)
    lite.eu.offer("A", price="11.00")
    lite.box.run(100_000)
    assert lite.outcomes("P1") == {A: "differs"}
    assert lite.rows("P1")[A]["shown"] == "11.00"
    assert lite.eu.patches == []


# What the marketplace does with it


def test_done_without_effect_differs_after_the_deadline_with_amazons_words(world):
    world.eu.fates = ["nothing"]
    world.send("P1", PRICE)
    issue = {"code": "18027", "message": "Price outside the allowed band", "severity": "ERROR", "attribute": "price"}
    world.eu.listings["amazon.de", "A"]["issues"] = json.dumps([issue])
    begin = world.clock.now()
    world.box.run(100_000)
    row = world.rows("P1")[A]
    assert (row["outcome"], row["code"], row["shown"]) == ("differs", "18027", "10.00")
    assert row["text"] == "Price outside the allowed band"
    assert timedelta(minutes=15) <= world.clock.now() - begin < timedelta(minutes=20)
    assert world.eu.calls["read"] < 12
    assert [item["kind"] for item in world.box.status()["must_act"]] == ["differs"]


def test_a_value_that_shows_late_settles(lite):
    lite.eu.show_lag = 600
    lite.send("P1", PRICE)
    lite.box.run(100_000)
    assert lite.outcomes("P1") == {A: "settled"}


@pytest.mark.parametrize(("fate", "code"), [("fatal", "fatal"), ("cancelled", "cancelled")])
def test_what_is_not_known_is_read_back_and_never_resent(lite, fate, code):
    lite.eu.fates = [fate]
    lite.send("P1", PRICE)
    lite.box.run(1_000_000)
    row = lite.rows("P1")[A]
    assert (row["outcome"], row["code"]) == ("differs", code)
    assert len(lite.eu.submits) == 1


def test_an_incomplete_report_is_read_back(lite):
    lite.eu.fates = ["partial"]
    lite.send("P1", PRICE)
    lite.box.work(60)
    lite.clock.advance(30)
    lite.box.work(60)
    assert lite.parts("P1")["P1/eu/1/1"].code == "incomplete_report"
    lite.box.run(3600)
    assert lite.outcomes("P1") == {A: "settled"}


@pytest.mark.parametrize("patch_up_to", [0, 50])
def test_a_rejected_price_keeps_its_quantity_increase_behind(world, patch_up_to):
    world.patch_up_to = patch_up_to
    world.box = world.outbox()
    world.eu.rejects["B"] = ("90220", "'price' is required but missing")
    world.send("P1", [*THREE_WAVES, ("B", "handling_days", "2", "3")])
    world.box.run(3600)
    rows = world.rows("P1")
    assert (rows["B", "price"]["outcome"], rows["B", "price"]["code"]) == ("rejected", "90220")
    assert rows["B", "price"]["text"] == "'price' is required but missing"
    assert rows["B", "quantity"]["outcome"] == rows["B", "handling_days"]["outcome"] == "dropped"
    assert rows["B", "quantity"]["code"] == "price_not_settled"
    assert rows["C", "quantity"]["outcome"] == rows["A", "price"]["outcome"] == "settled"
    assert {"rejected", "dropped"} <= set(world.kinds())
    assert len(world.eu.applied) == 4


def test_handling_days_alone_leave_although_the_price_was_rejected(lite):
    lite.eu.rejects["B"] = ("1", "no")
    lite.send("P1", [("B", "price", "1.00", "2.00"), ("B", "handling_days", "2", "3")])
    lite.eu.rejects.clear()
    lite.eu.fates = ["nothing"]
    lite.box.run(100_000)
    assert lite.outcomes("P1") == {("B", "price"): "differs", ("B", "handling_days"): "settled"}


def test_an_offer_that_never_shows_is_unknown(lite):
    lite.send("P1", PRICE)
    del lite.eu.listings["amazon.de", "A"]
    lite.box.run(100_000)
    row = lite.rows("P1")[A]
    assert (row["outcome"], row["code"]) == ("unknown", "not_shown")


def test_one_unreadable_offer_spoils_no_other(lite):
    lite.send("P1", [(f"S{number}", "price", "1.00", "2.00") for number in range(9)])
    lite.eu.poisoned = {"S4"}
    lite.box.run(100_000)
    outcomes = lite.outcomes("P1")
    assert outcomes.pop(("S4", "price")) == "unknown"
    assert set(outcomes.values()) == {"settled"}
    assert lite.rows("P1")["S4", "price"]["code"] == "invalid"


def test_a_report_that_cannot_be_had_is_read_back(lite):
    lite.eu.fail["report"] = [MarketplaceError("gone", code="not_found", status=404)]
    lite.send("P1", PRICE)
    lite.box.run(3600)
    assert lite.outcomes("P1") == {A: "settled"}


# One thing at a time, and patience


def test_one_submission_at_a_time_for_an_account_and_site(lite):
    lite.send("P1", [(f"S{number}", "price", "1.00", "2.00") for number in range(3)], part_size=1)
    lite.plan("P2", [("F", "price", "1.00", "2.00")], site=FR)
    lite.store.approve("P2", "tester")
    lite.box.enqueue("P2")
    progress = lite.box.work(60)
    assert [feed.site for feed in lite.eu.feeds] == ["amazon.de", "amazon.fr"]
    assert progress.open_parts == 4
    assert progress.next_due is not None
    assert progress.next_due > lite.clock.now()
    lite.box.run(3600)
    assert set(lite.outcomes("P1").values()) == {"settled"}


def test_nothing_due_means_no_steps(lite):
    lite.send("P1", PRICE)
    lite.box.work(60)
    calls = dict(lite.eu.calls)
    assert not lite.box.work(60).steps
    assert not lite.box.verify(60).steps
    assert dict(lite.eu.calls) == calls


def test_a_run_whose_time_is_up_says_that_there_is_more_to_do(lite):
    lite.send("P1", THREE_WAVES)
    for _ in range(200):
        progress = lite.box.run(0)
        if not progress.open_parts:
            break
        assert progress.next_due is not None
        lite.clock.at = max(lite.clock.at, progress.next_due)
    assert set(lite.outcomes("P1").values()) == {"settled"}


def test_a_throttled_account_waits_as_long_as_it_is_told(lite):
    throttled = MarketplaceError("slow down", code="throttled", status=429, retryable=True, retry_after=90)
    lite.eu.fail["upload"] = [throttled]
    lite.send("P1", PRICE)
    progress = lite.box.work(60)
    assert progress.next_due == lite.clock.now() + timedelta(seconds=90)
    lite.clock.advance(89)
    assert not lite.box.work(60).steps
    lite.clock.advance(1)
    assert lite.box.work(60).steps["ready"] == 1


def test_one_accounts_trouble_never_stops_another(lite):
    refusal = MarketplaceError("The access token is expired", code="unauthorized", status=403)
    lite.eu.fail["upload"] = [refusal] * 50
    lite.send("P1", [*PRICE, ("Z", "price", "5.00", "6.00")], account={"A": "eu", "Z": "second"})
    for _ in range(5):
        lite.box.work(60)
        lite.box.verify(60)
        lite.clock.advance(60)
    assert lite.outcomes("P1") == {A: None, ("Z", "price"): "settled"}
    trouble = lite.box.status()["must_act"]
    assert [(item["code"], item["account"]) for item in trouble] == [("unauthorized", "eu")]
    assert "renew the credentials of account 'eu'" in trouble[0]["do"]
    assert lite.kinds().count("part_failed") == 1


def test_a_connection_that_cannot_be_opened_waits(lite):
    def broken(account):
        if account.name == "eu":
            raise RuntimeError("no credentials")
        return lite.connections[account.name]

    lite.marketplace.connect = broken
    lite.box = lite.outbox()
    lite.send("P1", [*PRICE, ("Z", "price", "5.00", "6.00")], account={"A": "eu", "Z": "second"})
    progress = lite.box.work(60)
    assert [problem.code for problem in progress.problems] == ["step_failed"]
    assert "no credentials" not in progress.problems[0].message
    assert len(lite.connections["second"].feeds) == 1
    assert lite.parts("P1")["P1/eu/1/1"].state == "ready"


def test_stop_halts_all_sending_but_not_the_looking(lite):
    lite.send("P1", THREE_WAVES)
    lite.box.work(60)
    lite.stopped = True
    lite.clock.advance(30)
    progress = lite.box.run(100)
    assert progress.stopped
    assert progress.open_parts == 2
    assert len(lite.eu.feeds) == 1
    assert lite.outcomes("P1")["A", "quantity"] == "settled"
    assert lite.box.status()["must_act"][0]["kind"] == "stopped"
    lite.stopped = False
    lite.box.run(3600)
    assert set(lite.outcomes("P1").values()) == {"settled"}


def test_stop_halts_between_two_patches(lite):
    lite.patch_up_to = 10
    lite.box = lite.outbox()
    lite.send("P1", [*PRICE, ("B", "price", "1.00", "2.00")])
    lite.eu.tick = lambda name: setattr(lite, "stopped", lite.stopped or name == "after patch")
    progress = lite.box.work(60)
    assert progress.stopped
    assert len(lite.eu.patches) == 1
    assert not lite.box.work(60).steps


def test_a_lane_that_another_worker_has_is_left_alone(world):
    from acorn_engine.store.leases import new_owner, take_lease

    world.send("P1", PRICE)
    other = new_owner()
    with world.store.write() as tx:
        assert take_lease(tx, "lane:eu:amazon.de", other, tx.at + 60_000_000)
    progress = world.box.work(60)
    assert progress.busy == (("eu", "amazon.de"),)
    assert world.eu.feeds == []
    world.clock.advance(61)
    assert world.box.work(60).steps


def test_eight_workers_send_everything_once(world):
    world.send("P1", [(f"S{number}", "price", "1.00", "2.00") for number in range(6)], part_size=2)
    world.settings = OutboxSettings(poll_first=timedelta(0), poll_most=timedelta(0))
    world.eu.seconds = 0
    boxes = [world.outbox() for _ in range(4)] + [world.box] * 4
    errors: list[BaseException] = []

    def live(box) -> None:
        try:
            for _ in range(30):
                box.work(5)
                box.verify(5)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=live, args=(box,)) for box in boxes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    world.box.run(3600)
    assert len(world.eu.submits) == 3
    assert set(world.outcomes("P1").values()) == {"settled"}
    assert world.store.verify_ledger().whole


# Freshness


def test_a_change_whose_offer_moved_is_superseded_and_the_rest_goes(world):
    world.plan("P1", THREE_WAVES)
    world.store.approve("P1", "tester")
    world.clock.advance(60)
    world.store.record_reads("eu", "amazon.de", read_row("B", price="21", quantity="1.0"), world.clock.now())
    world.box.enqueue("P1")
    world.box.run(3600)
    rows = world.rows("P1")
    assert (rows["B", "price"]["outcome"], rows["B", "price"]["shown"]) == ("superseded", "21")
    assert rows["B", "price"]["code"] == "moved"
    assert rows["B", "quantity"]["outcome"] == "dropped"
    assert rows["A", "price"]["outcome"] == "settled"
    assert [message["sku"] for message in world.eu.feeds[1].messages] == ["A", "C"]
    assert [message["messageId"] for message in world.eu.feeds[1].messages] == [1, 3]


def test_a_message_is_sent_whole_or_not_at_all(lite):
    lite.plan("P1", [("A", "price", "10.00", "12.00"), ("A", "sale_price", None, "9.00")])
    lite.store.approve("P1", "tester")
    lite.store.record_reads("eu", "amazon.de", read_row("A", price="10.0", sale_price="8"), lite.clock.now())
    lite.box.enqueue("P1")
    rows = lite.rows("P1")
    assert rows["A", "sale_price"]["code"] == "moved"
    assert rows["A", "price"]["code"] == "with_another"
    assert lite.store.plan_info("P1").state == "ended"
    assert lite.eu.feeds == []


def test_what_was_known_when_the_plan_was_made_is_no_movement(lite):
    lite.store.record_reads("eu", "amazon.de", read_row("A", price="99.00"), lite.clock.now())
    lite.clock.advance(3600)
    lite.send("P1", PRICE)
    assert lite.outcomes("P1") == {A: None}


def test_attributes_move_in_the_marketplaces_own_terms(lite):
    wishes = [
        ("A", "attributes.country_of_origin", '[{"value":"DE"}]', '[{"value":"CN"}]'),
        ("B", "attributes.country_of_origin", None, '[{"value":"CN"}]'),
        ("C", "attributes.weight", '[{"value":1.50}]', '[{"value":2.5}]'),
    ]
    lite.plan("P1", wishes)
    lite.store.approve("P1", "tester")
    for sku, shown in (
        ("A", '{"country_of_origin": [{"value": "DE"}]}'),
        ("B", '{"country_of_origin": []}'),
        ("C", '{"weight": [{"value": 1.5}]}'),
    ):
        lite.store.record_reads("eu", "amazon.de", read_row(sku, attributes=shown), lite.clock.now())
    lite.box.enqueue("P1")
    name = "attributes.country_of_origin"
    assert lite.outcomes("P1") == {("A", name): None, ("B", name): "superseded", ("C", "attributes.weight"): None}


def test_neighbours_that_moved_supersede_the_price(lite):
    lite.plan("P1", [*PRICE, ("B", "price", "1.00", "2.00")], digests=dict.fromkeys("AB", neighbours_digest("old")))
    lite.store.approve("P1", "tester")
    lite.store.record_reads("eu", "amazon.de", read_row("A", price="10.00", neighbours="new"), lite.clock.now())
    lite.store.record_reads("eu", "amazon.de", read_row("B", price="1.00", neighbours="old"), lite.clock.now())
    lite.box.enqueue("P1")
    assert lite.outcomes("P1") == {A: "superseded", ("B", "price"): None}
    assert lite.rows("P1")[A]["code"] == "neighbours_moved"


def test_current_values_can_be_given(lite):
    lite.plan("P1", [*PRICE, ("B", "price", "1.00", "2.00")])
    lite.store.approve("P1", "tester")
    asked = []

    def current(site, accounts):
        asked.append((site, accounts))
        rows = {"account": ["eu", "eu"], "seller_sku": ["A", "B"], "price": ["10.5", "1.000"]}
        return pl.DataFrame(rows).with_columns(pl.lit(lite.clock.now()).dt.cast_time_unit("us").alias("as_of"))

    lite.box.enqueue("P1", current=current)
    assert asked == [("amazon.de", ("eu",))]
    assert lite.outcomes("P1") == {A: "superseded", ("B", "price"): None}


def test_a_value_on_its_way_from_another_plan_supersedes(lite):
    lite.send("P1", PRICE)
    lite.send("P2", [("A", "price", "10.00", "13.00"), ("A", "quantity", "9", "1")], offers=False)
    assert lite.rows("P2")[A]["code"] == "pending"
    assert lite.outcomes("P2")["A", "quantity"] is None


def test_an_offer_that_moves_before_a_later_wave_leaves_is_superseded_then(lite):
    lite.send("P1", [("A", "price", "10.00", "12.00"), ("A", "quantity", "1", "7"), ("C", "price", "1.00", "2.00")])
    lite.box.work(60)
    lite.eu.offer("A", price="10.00", quantity="0")
    lite.box.run(3600)
    rows = lite.rows("P1")
    assert rows[A]["outcome"] == "settled"
    assert (rows["A", "quantity"]["outcome"], rows["A", "quantity"]["shown"]) == ("superseded", "0")


@pytest.mark.parametrize("patch_up_to", [0, 50])
def test_what_has_not_left_when_the_plan_runs_out_stays_behind(lite, patch_up_to):
    lite.patch_up_to = patch_up_to
    lite.box = lite.outbox()
    lite.stopped = True
    lite.send("P1", PRICE)
    lite.clock.advance(4 * 3600 + 1)
    lite.stopped = False
    lite.box.run(3600)
    assert (lite.outcomes("P1"), lite.rows("P1")[A]["code"]) == ({A: "superseded"}, "expired")
    assert lite.eu.applied == {}


def test_a_document_uploaded_before_the_plan_ran_out_is_not_submitted_after(lite):
    lite.eu.fail["recent"] = [MarketplaceError("later", code="server", retryable=True, retry_after=5 * 3600)]
    lite.send("P1", PRICE)
    lite.box.run(100_000)
    assert lite.rows("P1")[A]["code"] == "expired"
    assert lite.eu.feeds == []


# Who may be submitted


def test_only_an_approved_plan_is_submitted(world):
    world.plan("P1", PRICE)
    with pytest.raises(PlanError, match="plan 'P1' is not approved. Nothing was sent"):
        world.box.enqueue("P1")
    with pytest.raises(PlanError, match="there is no plan 'P7'"):
        world.box.enqueue("P7")
    world.store.approve("P1", "tester")
    world.clock.advance(4 * 3600)
    with pytest.raises(PlanError, match="ran out at 2026-11-23T12:00:00Z"):
        world.box.enqueue("P1")


def test_a_halted_plan_needs_a_reason(world):
    world.plan("P1", PRICE, status=PlanStatus.HALTED)
    assert [item["kind"] for item in world.box.status()["must_act"]] == ["halted"]
    with pytest.raises(PlanError, match="halted by a guard"):
        world.store.approve("P1", "tester")
    world.store.approve("P1", "tester", override="the new price list")
    assert world.box.enqueue("P1") == ["P1/eu/1/1"]


def test_submitting_closes_older_plans_of_the_site(world):
    world.plan("P1", PRICE)
    world.plan("P2", PRICE)
    world.plan("F1", PRICE, site=FR)
    world.plan("P3", PRICE)
    world.store.approve("P1", "tester")
    world.store.approve("P2", "tester")
    world.box.enqueue("P2")
    states = {plan.id: plan.state for plan in world.store.plans()}
    assert states == {"P1": "closed", "P2": "submitted", "F1": "planned", "P3": "planned"}
    with pytest.raises(PlanError, match="plan 'P1' is closed: plan 'P2' of amazon.de is newer"):
        world.box.enqueue("P1")


def test_submitting_again_or_with_a_used_key_gives_the_first_parts(world):
    first = world.send("P1", PRICE)
    world.plan("P2", PRICE)
    world.store.approve("P2", "tester")
    assert world.box.enqueue("P1") == first
    assert world.box.enqueue("P1", key="night") == first
    assert world.box.enqueue("P2", key="night") == first
    assert world.store.plan_info("P2").state == "approved"


def test_a_change_without_a_message_stops_everything(lite):
    plan = make_plan("P1", PRICE, lite.clock)
    lite.store.save_plan(type(plan)(**{**plan.__dict__, "messages": plan.messages.clear()}))
    lite.store.approve("P1", "tester")
    with pytest.raises(PlanError, match="no message for changes of 'A'"):
        lite.box.enqueue("P1")
    assert lite.store.plan_info("P1").state == "approved"


def test_an_account_that_is_gone_is_named(lite):
    lite.plan("P1", PRICE)
    lite.store.approve("P1", "tester")
    del lite.connections["eu"]
    with pytest.raises(Exception, match="the account 'eu' is not in the project any more"):
        lite.outbox().enqueue("P1")


def test_released_holds_go_with_messages_of_their_own(world):
    verdicts = {("B", "price"): "hold", ("C", "price"): "hold"}
    wishes = [("A", "price", "1", "2"), ("B", "price", "3", "4"), ("C", "price", "5", "6")]
    wishes.append(("B", "attributes.brand", None, '"x"'))
    world.plan("P1", wishes, verdicts=verdicts)
    extra = make_plan("P1", [("B", "price", "3", "4")], world.clock).messages
    for part in (2, 3):  # released twice: the last message carries it
        messages = extra.with_columns(pl.lit(part, pl.Int32).alias("part"))
        world.store.approve("P1", "ann", because="checked", release=["B"], messages=messages)
    held = world.box.status()["held"]
    assert [row["seller_sku"] for row in held] == ["C"]
    world.box.enqueue("P1")
    world.box.run(3600)
    assert world.outcomes("P1") == dict.fromkeys([("A", "price"), ("B", "price"), ("B", "attributes.brand")], "settled")
    sent = [[(message["sku"], "set" in message) for message in feed.messages] for feed in world.eu.feeds]
    assert sent == [[("A", True), ("B", False)], [("B", True)]]


# Being told


def test_status_shows_everything_that_is_not_over(world):
    wishes = [*THREE_WAVES, ("H", "price", "1.00", "9.00")]
    world.plan("P1", wishes, verdicts={("H", "price"): "hold"}, hours=0.4)
    status = world.box.status()
    assert (status["in_flight"], status["must_act"]) == ([], [])
    assert status["held"][0]["seller_sku"] == "H"
    assert status["expiring"][0]["expires_at"] == "2026-11-23T08:24:00Z"
    world.store.approve("P1", "tester")
    assert [part["state"] for part in world.box.status()["in_flight"][0]["parts"]] == ["unsent"] * 3
    world.box.enqueue("P1")
    assert [part["state"] for part in world.box.status()["in_flight"][0]["parts"]] == ["waiting"] * 3
    world.box.run(3600)
    status = world.box.status()
    assert (status["in_flight"], status["expiring"], status["must_act"]) == ([], [], [])
    json.dumps(status)


def test_drift_is_what_changed_after_it_was_confirmed(world):
    name = "attributes.brand"
    world.send("P1", [("A", "price", "10.00", "12.50"), ("B", "price", "1.00", "2.00"), ("A", name, None, '"x"')])
    world.box.run(3600)
    world.clock.advance(60)
    seen = {"price": "12.5", "attributes": '{"brand": "y"}'}
    world.store.record_reads("eu", "amazon.de", read_row("A", **seen), world.clock.now())
    world.store.record_reads("eu", "amazon.de", read_row("B", price="3.00"), world.clock.now())
    found = world.box.drift("amazon.de", "eu")
    assert found.select("seller_sku", "field", "confirmed", "shown").sort("seller_sku").rows() == [
        ("A", name, '"x"', '"y"'),
        ("B", "price", "2.00", "3.00"),
    ]
    world.send("P2", [("B", "price", "3.00", "2.00")], offers=False)
    assert world.box.drift("amazon.de", "eu").get_column("seller_sku").to_list() == ["A"]


def test_sent_since_counts_what_left(world):
    world.eu.fail["submit"] = [MarketplaceError("later", code="server", status=503, retryable=True)]
    world.send("P1", PRICE)
    since = world.clock.now()
    world.box.work(60)
    assert world.store.sent_since("amazon.de", since).is_empty()
    world.box.run(3600)
    assert world.store.sent_since("amazon.de", since).rows() == [("eu", "amazon.de", "A")]
    assert world.store.sent_since("amazon.de", world.clock.now() + timedelta(days=1)).is_empty()


def test_a_listener_that_fails_is_logged_and_left_behind(lite, caplog):
    def broken(_told):
        raise ValueError("listener")

    lite.told = type("Broken", (), {"append": staticmethod(broken)})()
    lite.box = lite.outbox()
    lite.send("P1", PRICE)
    lite.box.run(3600)
    assert lite.outcomes("P1") == {A: "settled"}
    assert "being told of P1/eu/1/1 failed" in caplog.text


def test_a_closed_outbox_has_closed_its_connections(lite):
    lite.send("P1", PRICE)
    lite.box.run(3600)
    lite.box.close()
    assert lite.eu.calls["close"] == 1


@pytest.mark.parametrize("patch_up_to", [0, 50])
def test_a_rejection_names_the_attribute(lite, patch_up_to):
    lite.patch_up_to = patch_up_to
    lite.box = lite.outbox()
    lite.send("P1", PRICE)
    issues = (
        Issue("error", "The attributes are invalid.", "90000900", 1, "A", "ghs"),
        Issue("error", "'price' is missing", "90220", 1, "A", "price"),
    )
    report = Report(issues, 1, 0, 1)
    lite.eu.report = lambda _name: report
    lite.eu.patch = lambda *_: report
    lite.box.run(60)
    assert lite.rows("P1")[A]["text"] == "ghs: The attributes are invalid.; 'price' is missing"


# Sizes


def test_every_round_of_reading_back_reads_each_offer_once(lite):
    lite.eu.show_lag = 8
    lite.send("P1", [(f"S{number:03}", "price", "1.00", "2.00") for number in range(105)])
    seen = []
    read = lite.eu.read
    lite.eu.read = lambda site, skus: [seen.extend(skus), read(site, skus)][1]
    lite.box.run(3600)
    assert set(lite.outcomes("P1").values()) == {"settled"}
    skus = [f"S{number:03}" for number in range(105)]
    assert seen == skus * (len(seen) // 105)
    assert lite.eu.calls["read"] == 6 * (len(seen) // 105)


def test_one_unreadable_offer_does_not_make_the_others_be_read_one_by_one(lite):
    lite.send("P1", [(f"S{number:03}", "price", "1.00", "2.00") for number in range(200)])
    lite.eu.poisoned = {"S004"}
    lite.box.work(60)
    lite.clock.advance(10)
    lite.box.work(60)
    lite.box.verify(60)
    assert [name for name, outcome in lite.outcomes("P1").items() if outcome is None] == [("S004", "price")]
    assert lite.eu.calls["read"] < 40
