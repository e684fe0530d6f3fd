from __future__ import annotations

import pytest

from acorn_engine.marketplace import MarketplaceError

PRICE = [("A", "price", "10.00", "12.00")]
A = ("A", "price")


@pytest.fixture
def unknown(world):
    """Return a world with one unknown outcome, and what its offer was."""
    world.eu.fates = ["nothing"]
    world.send("P1", PRICE)
    offer = world.eu.listings.pop(("amazon.de", "A"))
    world.box.run(100)
    assert world.outcomes("P1") == {A: "unknown"}
    assert world.store.plan_info("P1").state == "ended"
    world.offer = offer
    return world


def test_an_unknown_outcome_settles_when_its_value_shows(unknown):
    unknown.eu.listings["amazon.de", "A"] = {**unknown.offer, "price": "12.0"}
    assert not unknown.box.verify(60).steps
    unknown.clock.advance(15 * 60)
    assert unknown.box.accounts() == ["eu"]
    assert unknown.box.verify(60).steps == {"unknown": 1}
    row = unknown.rows("P1")[A]
    assert (row["outcome"], row["code"], row["text"], row["shown"]) == ("settled", None, None, "12.0")
    assert unknown.kinds()[-1] == "settled"
    assert unknown.store.verify_ledger().whole
    assert unknown.box.accounts() == []
    assert unknown.box.status()["must_act"] == []
    with unknown.store.read() as connection:
        from acorn_engine.store.offers import read_verified

        assert read_verified(connection, "northwind", "amazon.de", "eu").get_column("value").to_list() == ["12.00"]
    assert len(unknown.eu.feeds) == 1


def test_it_is_looked_at_ever_later_and_not_for_ever(unknown):
    ended = unknown.clock.now()
    looks = []
    for _ in range(9 * 96):
        unknown.clock.advance(15 * 60)
        if unknown.box.verify(60).steps["unknown"]:
            looks.append((unknown.clock.now() - ended).total_seconds() / 900)
    assert looks == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]
    assert unknown.outcomes("P1") == {A: "unknown"}
    assert len(unknown.eu.feeds) == 1


def test_one_that_shows_another_value_stays_unknown(unknown):
    unknown.eu.listings["amazon.de", "A"] = {**unknown.offer, "price": "11.00"}
    unknown.clock.advance(15 * 60)
    unknown.box.verify(60)
    assert unknown.outcomes("P1") == {A: "unknown"}
    assert len(unknown.eu.feeds) == 1


def test_sending_alone_reads_nothing_again(unknown):
    unknown.clock.advance(15 * 60)
    assert not unknown.box.work(60).steps


def test_an_offer_that_cannot_be_read_is_tried_later(unknown):
    unknown.eu.listings["amazon.de", "A"] = {**unknown.offer, "price": "12.00"}
    unknown.eu.fail["read"] = [MarketplaceError("down", code="server", retryable=True)]
    unknown.clock.advance(15 * 60)
    unknown.box.verify(60)
    assert unknown.outcomes("P1") == {A: "unknown"}
    unknown.clock.advance(15 * 60)
    unknown.box.verify(60)
    assert unknown.outcomes("P1") == {A: "settled"}


def test_one_that_a_later_plan_sent_again_is_left_alone(unknown):
    unknown.eu.listings["amazon.de", "A"] = unknown.offer
    unknown.clock.advance(60)
    unknown.send("P2", [("A", "price", "10.00", "13.00")], offers=False)
    unknown.box.run(100)
    unknown.eu.listings["amazon.de", "A"]["price"] = "12.00"
    unknown.clock.advance(3600)
    assert not unknown.box.verify(60).steps
    assert unknown.outcomes("P1") == {A: "unknown"}
