"""DESIGN 8: from proposals to listings, through an engine and a marketplace in memory."""

from __future__ import annotations

import json

import pytest
from marketplace import FR

from acorn_engine.plan import PlanStatus
from acorn_engine.problems import PlanError

RULES = """\
acorn: 1
rules:
  - {id: price, set: {price: landed * 2.1}}
  - {id: stock, set: {quantity: stock}}
"""
OFFER = {"landed": "10.00", "price": "20.00", "floor_price": "1.00", "stock": 9, "quantity": 9}


@pytest.fixture
def one(world):
    def make(rules=RULES, sections=None, **columns):
        made = world(rules, **(sections or {}))
        made.add("A", **(OFFER | columns))
        return made

    return make


@pytest.fixture
def change(proposed):
    """Return one proposed change: (verdict, guard or code, to)."""

    def look(world, field="price", sku="A"):
        row = proposed(world).get((sku, field))
        return row and (row["verdict"], row["guard"] or row["code"], row["to"])

    return look


def settle(engine, plan, **approval):
    engine.approve(plan, by="tester", **approval)
    return engine.submit(plan, wait=True, max_seconds=30)["plans"][0]


# Guards


@pytest.mark.parametrize(
    ("columns", "rules", "expected"),
    [
        ({"floor_price": "22.00"}, RULES, ("reject", "below_floor", "21.00")),
        ({"ceiling_price": "20.50"}, RULES, ("reject", "above_maximum", "21.00")),
        ({"floor_price": None}, RULES, ("hold", "no_floor", "21.00")),
        ({"floor_price": "0"}, RULES, ("hold", "no_floor", "21.00")),
        ({"floor_price": "-1"}, RULES, None),
        ({}, RULES.replace("{price: landed * 2.1}", "{price: 21, sale_price: 22}"), ("reject", "sale", "21.00")),
    ],
)
def test_always_on(one, change, columns, rules, expected):
    """Always on: floor ≤ minimum ≤ price ≤ maximum ≤ ceiling, sale < price; a blank, zero or negative floor counts as missing, and **no floor means no price change**."""
    found = change(one(rules, **columns))
    if expected is None:  # a negative floor: the row is held for it, or the floor is missing
        assert found[0] in {"hold", "reject"}
        return
    assert (found[0], found[2]) == (expected[0], expected[2])
    assert expected[1] in found[1]


def test_every_price_of_the_offer_is_above_the_floor(one, change):
    """Every price of the offer (B2B and tiers too) ≥ floor."""
    made = one(floor_price="15.00")
    made.shop.connection("eu").listings["shop.de", "A"]["other_prices"] = '["14.99"]'
    assert change(made)[0] in {"reject", "hold"}
    made.shop.connection("eu").listings["shop.de", "A"]["other_prices"] = '["15.00"]'
    for path in made.folder.glob("acorn.db*"):
        path.unlink()
    assert change(made)[0] == "send"


def test_a_missing_or_failing_value_holds_that_change(one, change):
    """Offer guards act on every change whose field they name; a missing or failing value *holds that change*."""
    guard = 'guards:\n  - {id: g, reject: "price > competitor", because: dear}\n'
    made = one(RULES + guard, competitor=None, stock=8)
    made.settings["catalog"]["columns"]["competitor"] = "money"
    assert change(made)[:2] == ("hold", "g")
    assert change(made, "quantity")[0] == "send"


def test_a_guard_that_names_no_settable_field_acts_on_all_of_the_offers_changes(one, change):
    """One that names no settable field acts on all of the offer's changes."""
    made = one(RULES + "guards:\n  - {id: g, hold: stock < 10, because: few}\n", stock=8)
    assert change(made)[:2] == ("hold", "g")
    assert change(made, "quantity")[:2] == ("hold", "g")


def test_plan_guards_halt(one):
    """Plan guards read only ``changed_share, changed_count, held_share, offers``; a missing value *halts*. A halt can be overridden with a recorded reason."""
    made = one(RULES + "guards:\n  - {id: g, halt: changed_count > 0, because: '{changed_count} of {offers}'}\n")
    with made.engine() as engine:
        plan = made.plan(engine)
        assert plan.status is PlanStatus.HALTED
        with pytest.raises(PlanError, match="halted"):
            engine.approve(plan, by="t")
        engine.approve(plan, by="t", override="a test")
        assert engine.submit(plan, wait=True, max_seconds=20)["plans"][0]["outcomes"]["settled"] == 2


def test_largest_move_fires_above_its_limit_not_at_it(one, change):
    """``largest_move`` fires above its limit, not at it."""
    assert change(one(RULES.replace("2.1", "2.4")))[0] == "send"
    assert change(one(RULES.replace("2.1", "2.401")))[:2] == ("hold", "largest_move")


def test_reject_goes_before_hold(one, change):
    """Reject goes before hold: a shifted decimal is rejected, though it is also a large move."""
    assert change(one(RULES.replace("2.1", "200")))[:2] == ("reject", "decimal_shift")
    assert change(one(RULES.replace("2.1", "0.4")))[:2] == ("reject", "decimal_shift")


def test_no_current_price_holds(one, change):
    """``first_price = "hold"``: no current price to compare with."""
    assert change(one(price=None))[:2] == ("hold", "first_price")


def test_above_stock_is_rejected(one, change):
    """``above_stock = "reject"``."""
    made = one(RULES.replace("quantity: stock", "quantity: stock + 1"))
    assert change(made, "quantity")[:2] == ("reject", "above_stock")


def test_changed_share_halts_from_fifty_offers_on(world):
    """``changed_share = "40%"``: halt; distinct offers in this plan, of all known offers of the site, from 50 offers on."""
    made = world(RULES)
    for number in range(49):
        made.add(f"S{number}", **OFFER)
    with made.engine() as engine:
        assert made.plan(engine).status is PlanStatus.READY
        made.add("S49", **OFFER)
        assert made.plan(engine).status is PlanStatus.HALTED
        assert made.plan(engine, only=[f"S{number}" for number in range(20)]).status is PlanStatus.READY
        assert made.plan(engine, only=[f"S{number}" for number in range(21)]).status is PlanStatus.HALTED


def test_a_zero_limit_is_zero(one, change):
    """A limit of 0 means 0."""
    assert change(one(sections={"guards": {"largest_move": "0%"}}))[:2] == ("hold", "largest_move")


def test_below_floor_may_raise(one, change):
    """``below_floor``: raise | hold | reject."""
    assert change(one(sections={"guards": {"below_floor": "raise"}}, floor_price="21.50")) == (
        "send",
        "below_floor",
        "21.50",
    )
    assert change(one(sections={"guards": {"below_floor": "hold"}}, floor_price="21.50"))[0] == "hold"


# Verdicts and approval


def test_a_held_price_holds_an_increase_never_a_decrease(one, change):
    """A held price also holds a quantity *increase*, never a decrease."""
    held = RULES.replace("2.1", "3")
    assert change(one(held, quantity=5), "quantity")[0] == "hold"
    assert change(one(held, stock=3), "quantity")[::2] == ("send", 3)


def test_holds_survive_later_rules(one, change):
    """Holds survive later rules."""
    rules = "acorn: 1\nrules:\n  - {id: a, set: {price: landed / (stock - 9)}}\n  - {id: b, set: {price: 21}}\n"
    assert change(one(rules)) == ("hold", "failed", "21.00")


def test_release(one):
    """``approve PLAN --release SKU… --because`` releases holds; rejects can't be released."""
    made = one(RULES.replace("2.1", "3"))
    made.add("B", **(OFFER | {"floor_price": "50"}))
    made.add("C", **OFFER)
    with made.engine() as engine:
        plan = made.plan(engine)
        assert set(plan.to_send["seller_sku"]) == set()
        with pytest.raises(PlanError):
            engine.approve(plan, by="t", release=["A"])
        with pytest.raises(PlanError, match="B"):
            engine.approve(plan, by="t", release=["B"], because="why not")
        approved = engine.approve(plan, by="t", release=["A"], because="spring sale")
        assert set(approved.to_send["seller_sku"]) == {"A"}
        report = engine.submit(plan, wait=True, max_seconds=20)["plans"][0]
    assert report["outcomes"]["settled"] == 2
    assert (made.offer("A")["price"], made.offer("B")["price"], made.offer("C")["price"]) == ("30.00", "20.00", "20.00")


def test_submitting_sends_the_send_changes_only_after_approval(one):
    """Submitting an approved plan sends its ``send`` changes."""
    made = one()
    with made.engine() as engine:
        plan = made.plan(engine)
        with pytest.raises(PlanError, match="approve"):
            engine.submit(plan)
        assert settle(engine, plan)["state"] == "ended"
    assert made.offer("A")["price"] == "21.00"
    assert [json.loads(text) for text in made.shop.connection("eu").patches] == [
        json.loads(text) for text in plan.messages["message"]
    ]


# Quantity


def test_quantity_is_written_through_one_site_only(one, proposed):
    """Quantity belongs to a pool: (account, region, seller_sku), written through one site only (``quantity_site``; on the other sites ``not_owned``)."""
    made = one(stock=8)
    made.settings["sites"]["shop.fr"] = ["base.yaml"]
    made.add("A", "shop.fr", **(OFFER | {"stock": 8}))
    assert proposed(made)["A", "quantity"]["verdict"] == "send"
    assert proposed(made, "shop.fr")["A", "quantity"]["verdict"] == "not_owned"
    made.settings["accounts"]["eu"]["quantity_site"] = "shop.fr"
    assert proposed(made)["A", "quantity"]["verdict"] == "not_owned"
    assert proposed(made, "shop.fr")["A", "quantity"]["verdict"] == "send"


def test_the_marketplaces_own_stock_is_never_touched(one, change):
    """A quantity for an Amazon-fulfilled offer is ``not_owned``, always."""
    assert change(one(stock=8, fulfilment="amazon"), "quantity")[0] == "not_owned"


# Waves


def test_waves(one):
    """Waves: 0 quantity decreases, at once; 1 prices and attributes; 2 quantity increases and handling: a part leaves when every SKU in it has settled or dropped out of wave 1."""
    made = one(RULES.replace("quantity: stock", "quantity: stock, attributes.color: rot, handling_days: 3"), stock=12)
    made.add("B", **(OFFER | {"stock": 4}))
    made.settings["accounts"]["eu"]["patch_up_to"] = 0
    connection = made.shop.connection("eu")
    with made.engine() as engine:
        plan = made.plan(engine)
        assert {(row["field"], row["seller_sku"], row["wave"]) for row in plan.to_json()["changes"]} >= {
            ("quantity", "B", 0),
            ("price", "A", 1),
            ("attributes.color", "B", 1),
            ("quantity", "A", 2),
            ("handling_days", "B", 2),
        }
        settle(engine, plan)
    feeds = [
        [(message["sku"], sorted(message.get("set", {}))) for message in feed.messages] for feed in connection.feeds
    ]
    assert feeds[0] == [("B", ["quantity"])]
    assert {sku for sku, _ in feeds[1]} == {"A", "B"}
    assert feeds[-1] == [("A", ["handling_days", "quantity"]), ("B", ["handling_days", "quantity"])]


def test_an_increase_does_not_leave_before_its_price_has_settled(one):
    """… a part leaves when every SKU in it has settled or dropped out of wave 1."""
    made = one(stock=12)
    made.settings["run"]["verify_within"] = "1h"
    connection = made.shop.connection("eu")
    connection.show_lag = 600
    with made.engine() as engine:
        plan = made.plan(engine)
        engine.approve(plan, by="t")
        engine.submit(plan, wait=True, max_seconds=1)
        assert len(connection.patches) == 1
        assert [part["state"] for part in engine.status()["in_flight"][0]["parts"]][-1] == "waiting"
        made.clock.advance(seconds=601)
        engine.submit(plan, wait=True, max_seconds=1)
        made.clock.advance(seconds=601)
        report = engine.submit(plan, wait=True, max_seconds=10)
    assert len(connection.patches) == 2
    assert report["plans"][0]["outcomes"]["settled"] == 3


# Documents, freshness


def test_an_offer_never_read_in_full_is_read_first_or_held(one, change):
    """An offer never read in full is read first or held (``neighbours unknown``); planning never fails for want of a network or credentials."""
    from acorn_engine.marketplace import MarketplaceError

    made = one()
    made.shop.connection("eu").fail["read"] += [MarketplaceError("no network", code="server", retryable=True)]
    with made.engine() as engine:
        plan = made.plan(engine)
        assert plan.held.filter(field="price")["code"].to_list() == ["neighbours_unknown"]
        assert any("no network" in problem.message for problem in plan.problems)
        assert made.plan(engine).to_send.filter(field="price").height == 1
    for path in made.folder.glob("acorn.db*"):
        path.unlink()
    with made.engine(credentials=lambda _account: None) as engine:
        assert made.plan(engine).held.filter(field="price").height == 1


def test_a_plan_lives_until_its_time_is_up(one):
    """A plan lives until ``plan_ttl``."""
    made = one(sections={"run": {"plan_ttl": "30m"}})
    with made.engine() as engine:
        plan = made.plan(engine)
        assert (plan.expires_at - plan.created_at).total_seconds() == 1800
        engine.approve(plan, by="t")
        made.clock.advance(minutes=31)
        with pytest.raises(PlanError, match="expired|ran out|until"):
            engine.submit(plan)
    assert made.offer("A")["price"] == "20.00"


def test_each_change_is_checked_alone_at_submit(one):
    """At submit each change is checked alone: current ≠ from means ``superseded``, the rest goes."""
    made = one(stock=8)
    made.add("B", **OFFER)
    with made.engine() as engine:
        plan = made.plan(engine)
        made.clock.advance(seconds=5)
        made.shop.connection("eu").listings["shop.de", "A"]["price"] = "19.50"
        engine.drift("shop.de")
        outcomes = settle(engine, plan)["outcomes"]
    assert outcomes["superseded"] >= 1
    assert made.offer("A")["price"] == "19.50"
    assert (made.offer("A")["quantity"], made.offer("B")["price"]) == ("8", "21.00")


def test_submitting_a_plan_closes_older_plans_of_that_site(one):
    """Submitting a plan closes older plans of that site."""
    made = one()
    with made.engine() as engine:
        older, newer = made.plan(engine), made.plan(engine)
        engine.approve(older, by="t")
        settle(engine, newer)
        with pytest.raises(PlanError, match="closed"):
            engine.submit(older)


def test_a_value_on_its_way_is_pending(one):
    """A value that we sent and that is not yet settled is *pending*: a new plan leaves that field group alone."""
    made = one()
    made.settings["run"]["verify_within"] = "1h"
    made.shop.connection("eu").show_lag = 600
    with made.engine() as engine:
        plan = made.plan(engine)
        engine.approve(plan, by="t")
        engine.submit(plan)
        again = made.plan(engine)
    assert set(again.changes.filter(group="price")["verdict"]) == {"pending"}


# Settled


@pytest.mark.parametrize(
    ("fate", "outcome"), [("done", "settled"), ("nothing", "differs"), ("fatal", "differs"), ("cancelled", "differs")]
)
def test_settled_is_what_reads_back_as_planned(one, fate, outcome):
    """Settled is what reads back as planned. DONE is not accepted, accepted is not applied; FATAL and lost answers are *unknown* and are read, never resent blindly."""
    made = one()
    made.settings["accounts"]["eu"]["patch_up_to"] = 0
    connection = made.shop.connection("eu")
    connection.fates = [fate]
    with made.engine() as engine:
        report = settle(engine, made.plan(engine))
    assert report["outcomes"][outcome] == 2
    assert connection.calls["submit"] == 1


def test_a_rejection_says_the_marketplaces_own_words(one):
    """A submission ends only when the listing reads back as planned; otherwise it says rejected, unknown or differs, with Amazon's issue text."""
    made = one()
    made.settings["accounts"]["eu"]["patch_up_to"] = 0
    made.shop.connection("eu").rejects["A"] = ("90220", "'price' is required but missing.")
    with made.engine() as engine:
        report = settle(engine, made.plan(engine))
        must_act = engine.status()["must_act"]
    assert report["outcomes"]["rejected"] == 2
    assert "'price' is required but missing." in report["reasons"][0]
    assert must_act[0]["kind"] == "rejected"


def test_a_lost_answer_is_looked_up_and_not_sent_twice(one):
    """Lost answers are *unknown* and are read, never resent blindly."""
    made = one()
    made.settings["accounts"]["eu"]["patch_up_to"] = 0
    connection = made.shop.connection("eu")
    connection.lose["submit"] = ["after"]
    with made.engine() as engine:
        plan = made.plan(engine)
        engine.approve(plan, by="t")
        engine.submit(plan)
        for _ in range(10):
            made.clock.advance(minutes=5)
            report = engine.submit(wait=True, max_seconds=0.2)
    assert report["open"] == 0
    assert len(connection.feeds) == 1
    assert made.offer("A")["price"] == "21.00"


def test_the_stop_file_halts_all_sending(one):
    """A file named ``STOP`` in the project halts all sending."""
    made = one()
    with made.engine() as engine:
        plan = made.plan(engine)
        engine.approve(plan, by="t")
        (made.folder / "STOP").touch()
        report = engine.submit(plan, wait=True, max_seconds=2)
        assert report["stopped"]
        assert not made.shop.connection("eu").patches
        assert engine.status()["must_act"][0]["kind"] == "stopped"
        (made.folder / "STOP").unlink()
        assert engine.submit(plan, wait=True, max_seconds=20)["plans"][0]["outcomes"]["settled"] == 2


# Rollback


def test_rollback(one):
    """Rollback is a new plan of before-values: exempt from move, share and shift guards, never from the floor."""
    made = one(sections={"guards": {"largest_move": {"off": "a test"}}})
    made.add("B", **OFFER)
    with made.engine() as engine:
        plan = made.plan(engine)
        settle(engine, plan)
        for row in made.listings:
            row["as_of"] = "2026-03-02T08:00:00Z"
        made.listings[1]["floor_price"] = "20.50"
        made.write()
    made.settings["catalog"] |= {role: {"source": "csv", "path": f"{role}.csv"} for role in ("products", "listings")}
    made.settings["guards"] = {"largest_move": "0%"}
    with made.engine() as engine:
        undone = engine.rollback(plan, because="wrong")
        verdicts = {(row["seller_sku"], row["field"]): row["verdict"] for row in undone.to_json()["changes"]}
        assert verdicts["A", "price"] == "send"
        assert verdicts["B", "price"] == "reject"
        settle(engine, undone)
    assert (made.offer("A")["price"], made.offer("B")["price"]) == ("20.00", "21.00")


def test_changes_carry_an_operation(one, proposed):
    """Changes carry ``operation`` (update for now)."""
    assert {row["operation"] for row in proposed(one()).values()} == {"update"}
    assert FR.name == "shop.fr"
