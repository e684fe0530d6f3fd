from __future__ import annotations

from datetime import timedelta

import pytest
from fake_marketplace import DE
from outbox_world import World
from sqlalchemy import text

from acorn_engine.marketplace import Issue, MarketplaceError
from acorn_engine.store import Store

PRICE = [("A", "price", "10.00", "12.00")]
TWO = [("A", "price", "10.00", "12.00"), ("B", "price", "20.00", "19.99")]
A = ("A", "price")
FOREIGN = [{"messageId": 1, "sku": "X", "set": {"price": "1.00"}}]


def lose(world, wishes, when="before"):
    """Send a plan whose submission is not answered."""
    world.eu.lose["submit"] = [when]
    world.send("P1", wishes)
    world.box.work(60)
    assert world.parts("P1")["P1/eu/1/1"].state == "submitting"


@pytest.mark.parametrize("minutes", [3, 20, 55])
def test_a_list_that_lags_for_long_makes_no_second_submission(lite, minutes):
    lite.eu.lag = 60 * minutes
    lose(lite, PRICE, "after")
    lite.box.run(10_000)
    assert lite.outcomes("P1") == {A: "settled"}
    assert len(lite.eu.feeds) == 1


def test_what_no_list_ever_shows_is_read_back_before_it_is_sent_again(world):
    world.eu.lag = 10**8
    lose(world, TWO, "after")
    world.clock.advance(10)
    world.eu.poll("feed1")  # the marketplace processes it by itself
    world.box.run(100_000)
    assert set(world.outcomes("P1").values()) == {"settled"}
    assert len(world.eu.feeds) == 1


def test_a_lone_foreign_submission_of_as_many_messages_proves_nothing(lite):
    lose(lite, PRICE)
    lite.eu.offer("X", price="2.00")
    lite.eu.create(DE, FOREIGN, ours=False)
    lite.box.run(100_000)
    part = lite.parts("P1")["P1/eu/1/1"]
    assert (part.state, part.code, part.submission) == ("dead", "not_proved", "feed1")
    assert lite.outcomes("P1") == {A: None}
    [task] = lite.box.status()["must_act"]
    assert (task["kind"], task["code"]) == ("dead_letter", "not_proved")
    assert "acorn resume P1/eu/1/1" in task["do"]
    assert lite.eu.submits == []


def test_a_resumed_part_is_looked_up_again_before_it_is_sent(lite):
    lose(lite, PRICE)
    lite.eu.offer("X", price="2.00")
    lite.eu.create(DE, FOREIGN, ours=False)
    lite.box.run(3 * 3600)
    assert lite.parts("P1")["P1/eu/1/1"].state == "dead"
    looks, before = lite.eu.calls["recent"], lite.clock.now()
    assert lite.box.resume("P1/eu/1/1", "ann") == ["P1/eu/1/1"]
    lite.box.work(60)
    assert lite.eu.submits == []
    assert lite.eu.calls["recent"] == looks + 1
    lite.box.run(100_000)
    assert len(lite.eu.submits) == 1
    assert lite.eu.feeds[-1].created_at - before > timedelta(minutes=30)
    assert lite.outcomes("P1") == {A: "settled"}


def test_the_one_that_is_ours_is_found_among_several(lite):
    lose(lite, PRICE, "after")
    lite.clock.advance(30)
    lite.eu.offer("X", price="2.00")
    lite.eu.create(DE, FOREIGN, ours=False)
    lite.box.run(10_000)
    assert lite.outcomes("P1") == {A: "settled"}
    assert lite.parts("P1")["P1/eu/1/1"].submission == "feed1"
    assert len(lite.eu.submits) == 1


def test_those_whose_reports_name_other_messages_are_let_go_one_by_one(lite):
    lose(lite, PRICE)
    for number in range(3):
        lite.eu.offer("X")
        lite.eu.create(DE, [{**FOREIGN[0], "messageId": place} for place in (number + 1, 9)], ours=False)
    lite.box.run(20_000)
    assert lite.outcomes("P1") == {A: "settled"}
    assert len(lite.eu.submits) == 1


def test_a_report_that_names_our_messages_proves_it(lite):
    lite.eu.rejects["B"] = ("90220", "missing")
    lose(lite, TWO, "after")
    lite.box.run(10_000)
    assert lite.outcomes("P1") == {A: "settled", ("B", "price"): "rejected"}


def test_somebody_elses_issue_rejects_nothing_of_ours(lite):
    lose(lite, PRICE)
    lite.eu.offer("X", price="2.00")
    name = lite.eu.create(DE, FOREIGN, ours=False)
    lite.clock.advance(10)
    lite.eu.poll(name)
    feed = lite.eu.feeds[0]
    issue = Issue("error", "not yours", "1", message_id=1)
    feed.report = type(feed.report)((issue,), 1, 0, 1)
    lite.box.run(100_000)
    assert lite.outcomes("P1") == {A: None}
    assert lite.parts("P1")["P1/eu/1/1"].state == "dead"


def test_what_is_proved_by_one_offer_is_judged_as_any_other(lite):
    lose(lite, TWO, "after")
    lite.eu.feeds[0].messages = [*lite.eu.feeds[0].messages[:1], {"messageId": 2, "sku": "nothing"}]
    lite.box.run(100_000)
    assert lite.outcomes("P1") == {A: "settled", ("B", "price"): "differs"}
    assert lite.parts("P1")["P1/eu/1/1"].state == "ended"


@pytest.mark.parametrize("fate", ["fatal", "cancelled"])
def test_a_found_submission_that_failed_may_be_another_tools(lite, fate):
    lose(lite, PRICE)
    lite.eu.offer("X", price="2.00")
    lite.eu.create(DE, FOREIGN, ours=False)
    lite.eu.feeds[0].fate = fate
    lite.box.run(100_000)
    part = lite.parts("P1")["P1/eu/1/1"]
    assert (part.state, part.code) == ("dead", "not_proved")
    assert "feed1 may be this one" in part.note


def test_offers_that_cannot_be_read_do_not_let_it_leave_again(lite):
    lose(lite, PRICE)
    lite.eu.fail["read"] = [MarketplaceError("down", code="server", retryable=True)] * 3
    lite.box.run(20_000)
    assert lite.outcomes("P1") == {A: "settled"}
    assert len(lite.eu.submits) == 1


def test_what_others_submit_later_is_not_followed_for_ever(lite):
    lose(lite, PRICE)
    lite.eu.offer("X", price="2.00")

    def busy(name: str) -> None:
        quiet = timedelta(seconds=60)
        if name == "before recent" and all(lite.clock.now() - feed.created_at > quiet for feed in lite.eu.feeds):
            lite.eu.create(DE, [*FOREIGN, {"messageId": 2, "sku": "X"}], ours=False)

    lite.eu.tick = busy
    lite.box.run(60)
    assert lite.outcomes("P1") == {A: "settled"}
    assert len(lite.eu.submits) == 1
    assert lite.eu.calls["poll"] < 60


def test_a_worker_that_slept_after_its_intent_does_not_submit_any_more(tmp_path):
    class SleepyStore(Store):
        naps = 0

        def _commit(self, connection):
            state = connection.execute(text("SELECT state FROM parts")).scalar() if self.naps else None
            super()._commit(connection)
            if state == "submitting":
                type(self).naps -= 1
                world.clock.advance(600)

    world = World(f"sqlite:///{tmp_path / 'acorn.db'}", store_class=SleepyStore)
    world.plan("P1", PRICE)
    world.store.approve("P1", "tester")
    world.box.enqueue("P1")
    SleepyStore.naps = 1
    world.box.work(5)
    assert SleepyStore.naps == 0
    assert world.eu.feeds == []
    assert world.parts("P1")["P1/eu/1/1"].state == "submitting"
    world.box.run(60)
    assert world.outcomes("P1") == {A: "settled"}
    assert len(world.eu.feeds) == 1
    world.store.close()


def test_a_call_that_is_called_wrong_says_nothing_of_the_submission(lite):
    lite.eu.fail["poll"] = [MarketplaceError("bad request", code="invalid", status=400)] * 4
    lite.eu.fail["report"] = [MarketplaceError("bad request", code="invalid", status=400)] * 2
    lite.eu.rejects["A"] = ("90220", "missing")
    lite.send("P1", PRICE)
    lite.box.run(60)
    assert lite.outcomes("P1") == {A: "rejected"}  # so the report was read in the end
    assert len(lite.eu.feeds) == 1


def test_a_report_that_is_never_to_be_had_is_given_up(lite):
    lite.eu.fail["report"] = [MarketplaceError("bad request", code="invalid", status=400)] * 100
    lite.send("P1", PRICE)
    lite.box.run(60)
    assert lite.outcomes("P1") == {A: "settled"}


def test_a_submission_that_the_marketplace_does_not_know_is_read_back(lite):
    lite.eu.fail["poll"] = [MarketplaceError("no such feed", code="not_found", status=404)] * 100
    lite.eu.fates = ["nothing"]
    lite.send("P1", PRICE)
    lite.box.run(60)
    part = lite.parts("P1")["P1/eu/1/1"]
    assert (part.state, part.code) == ("dead", "submission_lost")
    lite.eu.fail["poll"].clear()
    lite.box.resume("P1", "ann")
    lite.box.run(60)
    assert lite.outcomes("P1") == {A: "settled"}
    assert [feed.ours for feed in lite.eu.feeds] == [True, True]  # a person said that the first is not there


@pytest.mark.parametrize("trouble", ["read", "connect"])
def test_trouble_while_reading_back_does_not_end_the_doubt(lite, trouble):
    lose(lite, PRICE)
    lite.eu.offer("X", price="2.00")
    lite.eu.create(DE, FOREIGN, ours=False)
    while lite.parts("P1")["P1/eu/1/1"].state != "verifying":
        lite.clock.advance(30)
        lite.box.work(60)
    if trouble == "read":
        lite.eu.fail["read"] = [MarketplaceError("down", code="server", retryable=True)]
    else:
        broken = [RuntimeError("no network")]

        def connect(account):
            if broken:
                raise broken.pop()
            return lite.connections[account.name]

        lite.marketplace.connect = connect
        lite.box = lite.outbox()
    lite.box.run(60)
    part = lite.parts("P1")["P1/eu/1/1"]
    if part.state != "dead":  # a run ends where a step was given up
        lite.clock.advance(600)
        lite.box.run(60)
        part = lite.parts("P1")["P1/eu/1/1"]
    assert (part.state, part.code) == ("dead", "not_proved")
    assert "feed1 may be this one" in part.note
