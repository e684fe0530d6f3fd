"""The clockwork of a sandbox that is alive: orders come in, stock and competitors move, another tool sends feeds.

Nothing runs in the background: whoever looks brings the world up to the present first. What a step
brings is drawn from a seed number and the step's own number, so that equal requests between equal
steps see an equal world.
"""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any, Final

from acorn_sandbox import exact
from acorn_sandbox.attributes import DEFAULT_CHANNEL
from acorn_sandbox.market import CANCELLED, Market, Order, OrderItem, competitor
from acorn_sandbox.queues import Queues
from acorn_sandbox.state import Instances, Listing, State
from acorn_sandbox.views import first_value, selling_price, status_of

MOST_STEPS: Final = 1000
"""How many steps are made up for at once; what a longer pause would have brought is left out."""

_KIND: Final = "alive"
_MOST_COMPETITORS: Final = 8


class Alive:
    """What happens by itself; only while ``running``, or when ``step`` is called."""

    def __init__(self, state: State, queues: Queues, *, running: bool = False, seed: int = 0) -> None:
        self._state = state
        self._market: Market = state.market
        self._queues = queues
        self._running = running
        self._seed = seed
        self._listings: list[Listing] = []
        self._listed_at = -1
        self._steps, self._at = 0, state.now()
        for _, value in state.storage.load(_KIND):
            record = exact.loads(value)
            self._steps, self._at = record["steps"], float(record["at"])

    def advance(self) -> None:
        """Make the steps that have fallen due since the last look."""
        if not self._running:
            return
        every = self._state.timing.step_seconds
        due = int((self._state.now() - self._at) / every)
        if due > 0:
            self._at += due * every
            self.step(min(due, MOST_STEPS))

    def step(self, times: int = 1) -> None:
        """Let that many things happen now."""
        for _ in range(times):
            self._happen(random.Random(f"{self._seed}/{self._steps}"))
            self._steps += 1
        self._state.storage.save(_KIND, "", exact.dumps({"steps": self._steps, "at": f"{self._at:.3f}"}))

    def _happen(self, chance: random.Random) -> None:
        drawn = chance.random()
        listing = self._any_listing(chance)
        if listing is None:
            return
        if drawn < 0.40:
            sell(self._state, listing, chance.choice((1, 1, 1, 2, 3)))
        elif drawn < 0.75:
            self._compete(listing, chance)
        elif drawn < 0.92:
            self._move_order(chance)
        elif drawn < 0.97:
            self._restock(listing, chance)
        else:
            self._queues.add_foreign(listing.seller_id, listing.marketplace_id)

    def _any_listing(self, chance: random.Random) -> Listing | None:
        if self._listed_at != self._state.listings_changed:
            self._listings, self._listed_at = list(self._state.all_listings()), self._state.listings_changed
        return chance.choice(self._listings) if self._listings else None

    def _compete(self, listing: Listing, chance: random.Random) -> None:
        """Let one competitor of a listing's item come, go, or change its price by up to 5 %."""
        now, site = self._state.now(), listing.marketplace
        near = selling_price(listing, now)
        if near is None:
            return
        offers = self._market.competitors(site.id, listing.asin, near, now)
        drawn = chance.random()
        if offers and drawn < 0.1:
            offers.remove(chance.choice(offers))
        elif not offers or (drawn < 0.2 and len(offers) < _MOST_COMPETITORS):
            new = competitor(site.id, listing.asin, near, chance.randrange(100), now)
            if new.seller_id not in {offer.seller_id for offer in offers}:
                offers.append(new)
        else:
            offer = chance.choice(offers)
            unit = Decimal(1).scaleb(-site.digits)
            offer.price = max((offer.price * chance.randrange(950, 1051) / 1000).quantize(unit), unit)
            offer.changed = now
        self._market.put_competitors(site.id, listing.asin, offers)

    def _move_order(self, chance: random.Random) -> None:
        """Let an open order be paid, shipped or, now and then, cancelled; then its pieces are on sale again."""
        pending = self._market.open_orders()
        if not pending:
            return
        order = chance.choice(pending)
        if order.status == "UNSHIPPED":
            order.status = "SHIPPED"
        else:
            order.status = CANCELLED if chance.random() < 0.15 else "UNSHIPPED"
        order.updated = self._state.now()
        self._market.put_order(order)
        for item in order.items:
            listing = self._state.listing(order.seller_id, order.marketplace_id, item.sku)
            if order.status == CANCELLED and listing is not None:
                _take(self._state, listing, -item.quantity)
            elif order.status == "SHIPPED" and order.fulfilled_by == "AMAZON" and listing is not None:
                self._ship(listing, item.quantity)

    def _ship(self, listing: Listing, quantity: int) -> None:
        key = listing.seller_id, listing.marketplace.region, listing.sku
        stock = self._market.stock(*key)
        stock.reserved, stock.updated = max(stock.reserved - quantity, 0), self._state.now()
        self._market.put_stock(*key, stock)

    def _restock(self, listing: Listing, chance: random.Random) -> None:
        """Let a delivery to Amazon's warehouses set out, or arrive."""
        if not is_fulfilled_by_amazon(self._state, listing):
            return
        key = listing.seller_id, listing.marketplace.region, listing.sku
        stock = self._market.stock(*key)
        if stock.inbound:
            stock.fulfillable, stock.inbound = stock.fulfillable + stock.inbound, 0
        else:
            stock.inbound = chance.randrange(10, 61)
        stock.updated = self._state.now()
        self._market.put_stock(*key, stock)


def is_fulfilled_by_amazon(state: State, listing: Listing) -> bool:
    """Say whether Amazon's warehouses serve a listing."""
    return any(_channel(instance).startswith("AMAZON_") for instance in state.pool(listing))


def sell(state: State, listing: Listing, quantity: int) -> Order | None:
    """Take an order for a listing and lower its stock; ``None`` where it cannot be bought.

    No more is sold than there is. The order is PENDING, as every order at Amazon is at first.
    """
    price = selling_price(listing, state.now())
    if price is None or "BUYABLE" not in status_of(state, listing):
        return None
    amazon = is_fulfilled_by_amazon(state, listing)
    quantity = min(quantity, on_sale(state, listing))
    if quantity < 1:
        return None
    _take(state, listing, quantity)
    name = first_value(listing.attributes.get("item_name"))
    now, order_id = state.now(), state.market.next_order_id()
    item = OrderItem(
        id=order_id.replace("-", "")[3:],
        sku=listing.sku,
        asin=listing.asin,
        title=name if isinstance(name, str) else listing.sku,
        quantity=quantity,
        price=price,
    )
    order = Order(
        id=order_id,
        seller_id=listing.seller_id,
        marketplace_id=listing.marketplace_id,
        created=now,
        updated=now,
        status="PENDING",
        fulfilled_by="AMAZON" if amazon else "MERCHANT",
        currency=listing.marketplace.currency,
        items=[item],
    )
    state.market.put_order(order)
    return order


def on_sale(state: State, listing: Listing) -> int:
    """Return how many pieces of a listing a buyer could order now."""
    if is_fulfilled_by_amazon(state, listing):
        return state.market.stock(listing.seller_id, listing.marketplace.region, listing.sku).fulfillable
    pieces = 0
    for instance in state.pool(listing):
        quantity = instance.get("quantity", 0)
        pieces += quantity if isinstance(quantity, int) else 0
    return pieces


def _take(state: State, listing: Listing, quantity: int) -> None:
    """Take pieces off a listing's stock, or put them back where ``quantity`` is below 0."""
    if is_fulfilled_by_amazon(state, listing):
        key = listing.seller_id, listing.marketplace.region, listing.sku
        stock = state.market.stock(*key)
        stock.fulfillable, stock.reserved = stock.fulfillable - quantity, max(stock.reserved + quantity, 0)
        stock.updated = state.now()
        state.market.put_stock(*key, stock)
        return
    pool: Instances = []
    for instance in state.pool(listing):
        counted = _channel(instance) == DEFAULT_CHANNEL and isinstance(instance.get("quantity"), int)
        left: dict[str, Any] = {"quantity": max(instance["quantity"] - quantity, 0)} if counted else {}
        pool.append(instance | left)
    state.put_pool(listing, pool)


def _channel(instance: dict[str, Any]) -> str:
    return str(instance.get("fulfillment_channel_code", DEFAULT_CHANNEL))
