from __future__ import annotations

from decimal import Decimal

import pytest
from acorn_sandbox.alive import MOST_STEPS, Alive, is_fulfilled_by_amazon, on_sale, sell
from acorn_sandbox.clock import Timing
from acorn_sandbox.queues import Queues
from acorn_sandbox.seeds import SELLER, plant, small_catalogue
from acorn_sandbox.state import State
from acorn_sandbox.storage import Storage
from acorn_sandbox.views import selling_price, status_of

DE, FR, JP = "A1PA6795UKMFR9", "A13V1IB3VIYZZH", "A1VC38T7YXB528"
LAMP, CASE = "ACORN-LAMP", "ACORN-CASE"


@pytest.fixture
def clock():
    return [1_000_000.0]


@pytest.fixture
def begin(clock):
    opened = []

    def make(path=None, *, speed=1.0):
        storage = Storage(path)
        opened.append(storage)
        state = State(storage, Timing(now=lambda: clock[0], speed=speed))
        if next(state.all_listings(), None) is None:
            plant(state, small_catalogue())
        return state

    yield make
    for storage in opened:
        storage.close()


def world(state):
    """Return all that can move, as comparable text."""
    sites = {(one.marketplace_id, one.asin) for one in state.all_listings()}
    return (
        [repr(order) for order in state.market.orders()],
        {repr(one): repr(state.attributes(one)) for one in state.all_listings()},
        {key: repr(state.market.competitors(*key, None, 0.0)) for key in sites},
        [repr(feed.marketplace_ids) for feed in state.feeds.values()],
    )


def test_nothing_moves_unless_alive(begin, clock):
    state = begin()
    before = world(state)
    alive = Alive(state, Queues(state))
    clock[0] += 86400
    alive.advance()
    assert world(state) == before


def test_time_brings_orders_stock_competitors_and_feeds(begin, clock):
    state = begin()
    alive = Alive(state, Queues(state), running=True, seed=3)
    stock = on_sale(state, state.listing(SELLER, DE, LAMP))
    for _ in range(500):
        clock[0] += 60
        alive.advance()
    orders, _, competitors, feeds = world(state)
    assert len(orders) > 50
    assert {order.status for order in state.market.orders()} > {"SHIPPED", "CANCELLED", "UNSHIPPED"}
    assert on_sale(state, state.listing(SELLER, DE, LAMP)) < stock
    assert any(offers != "[]" for offers in competitors.values())
    assert feeds
    assert all(
        offer.price > 0
        for key in {(DE, state.listing(SELLER, DE, LAMP).asin)}
        for offer in state.market.competitors(*key, None, 0.0)
    )


def test_equal_seeds_bring_equal_worlds_also_across_a_restart(begin, clock, tmp_path):
    one, other = begin(), begin(tmp_path / "state.db")
    Alive(one, Queues(one), seed=7).step(200)
    Alive(other, Queues(other), seed=7).step(120)
    other.storage.close()
    again = begin(tmp_path / "state.db")
    assert world(again) != world(one)
    Alive(again, Queues(again), seed=7).step(80)
    assert world(again) == world(one)
    different = begin()
    Alive(different, Queues(different), seed=8).step(200)
    assert world(different) != world(one)


def test_a_long_pause_is_not_made_up_for_without_end(begin, clock):
    state = begin()
    alive = Alive(state, Queues(state), running=True)
    clock[0] += 60 * (MOST_STEPS + 500)
    alive.advance()
    made = world(state)
    alive.advance()
    assert world(state) == made


def test_the_steps_run_with_the_speed(begin, clock):
    state = begin(speed=60.0)
    alive = Alive(state, Queues(state), running=True)
    clock[0] += 100.5
    alive.advance()
    other = begin()
    Alive(other, Queues(other)).step(100)
    assert [order.items[0].sku for order in state.market.orders()] == [
        order.items[0].sku for order in other.market.orders()
    ]


def test_an_order_lowers_the_stock_of_the_region_and_no_more_is_sold_than_there_is(begin):
    state = begin()
    lamp = state.listing(SELLER, DE, LAMP)
    order = sell(state, lamp, 5)
    assert (order.status, order.fulfilled_by, order.currency) == ("PENDING", "MERCHANT", "EUR")
    assert [(item.sku, item.asin, item.quantity, item.price) for item in order.items] == [
        (LAMP, lamp.asin, 5, Decimal("24.50"))
    ]
    assert state.pool(state.listing(SELLER, FR, LAMP))[0]["quantity"] == 7
    assert state.pool(state.listing(SELLER, JP, LAMP))[0]["quantity"] == 12
    assert sell(state, lamp, 50).items[0].quantity == 7
    assert sell(state, lamp, 1) is None
    assert "BUYABLE" not in status_of(state, lamp)
    assert len({one.id for one in state.market.orders_of(SELLER)}) == 2
    assert state.market.order("A9OTHER", order.id) is None
    assert state.market.order(SELLER, order.id) == order


def test_amazons_warehouses_have_a_stock_of_their_own(begin):
    state = begin()
    case = state.listing(SELLER, DE, CASE)
    assert is_fulfilled_by_amazon(state, case)
    before = on_sale(state, case)
    assert before >= 20
    assert sell(state, case, 3).fulfilled_by == "AMAZON"
    stock = state.market.stock(SELLER, "EU", CASE)
    assert (stock.fulfillable, stock.reserved, stock.total) == (before - 3, 3, before)
    assert "quantity" not in state.pool(case)[0]
    sell(state, case, 1000)
    assert status_of(state, case) == ["DISCOVERABLE"]


def test_a_sale_price_holds_while_it_runs(begin, clock):
    state = begin()
    lamp = state.listing(SELLER, DE, LAMP)
    part = {"value_with_tax": Decimal("19.90"), "start_at": "1970-01-12T00:00:00Z", "end_at": "1970-01-13T00:00:00Z"}
    lamp.attributes["purchasable_offer"][0]["discounted_price"] = [{"schedule": [part]}]
    assert selling_price(lamp, clock[0]) == Decimal("19.90")
    assert selling_price(lamp, clock[0] + 2 * 86400) == Decimal("24.50")


def test_items_are_found_by_asin_after_changes(begin):
    state = begin()
    lamp = state.listing(SELLER, DE, LAMP)
    assert state.listings_of_item(DE, lamp.asin) == [lamp]
    before = lamp.asin
    lamp.attributes["merchant_suggested_asin"] = [{"value": "B000000001"}]
    state.put_listing(lamp)
    assert state.listings_of_item(DE, before) == []
    assert state.listings_of_item(DE, "B000000001") == [lamp]
    state.remove_listing(lamp)
    assert state.listings_of_item(DE, "B000000001") == []


def test_competitors_are_the_same_at_every_start_and_kept(begin, tmp_path):
    state, other = begin(tmp_path / "state.db"), begin()
    asins = [f"B0000000{number:02d}" for number in range(40)]
    seen = [state.market.competitors(DE, asin, Decimal(20), 5.0) for asin in asins]
    assert {len(offers) for offers in seen} == set(range(6))
    assert [other.market.competitors(DE, asin, Decimal(20), 5.0) for asin in asins] == seen
    assert all(Decimal(18) <= offer.price <= Decimal(22) for offers in seen for offer in offers)
    assert state.market.competitors(DE, asins[0], Decimal(99), 9.0) == seen[0]
    assert state.market.competitors(DE, "B0NEVER", None, 9.0) == []
    assert {offer.price % 1 for offer in state.market.competitors(JP, "B0YEN", Decimal(4280), 5.0)} <= {Decimal(0)}
    state.storage.close()
    again = begin(tmp_path / "state.db")
    assert [again.market.competitors(DE, asin, None, 9.0) for asin in asins] == seen
