"""What happens around listings: orders, the stock in Amazon's warehouses, the offers of competitors.

Nothing here moves by itself: ``alive.py`` does that, where the sandbox is told to be alive.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from hashlib import blake2b
from typing import Any, Final

from acorn_sandbox import exact
from acorn_sandbox.marketplaces import MARKETPLACES
from acorn_sandbox.storage import Storage

CANCELLED: Final = "CANCELLED"
OPEN: Final = ("PENDING", "UNSHIPPED")
"""The statuses from which an order still moves on. Source: orders_2026-01-01.json, FulfillmentStatus."""

_MOST_COMPETITORS: Final = 5


@dataclass(slots=True)
class OrderItem:
    """One SKU of an order; ``price`` is for one piece, tax as displayed on the site, in the order's currency."""

    id: str
    sku: str
    asin: str
    title: str
    quantity: int
    price: Decimal


@dataclass(slots=True)
class Order:
    """An order; ``status`` is one of the model's FulfillmentStatus, times are seconds since the epoch.

    ``fulfilled_by`` is ``AMAZON`` or ``MERCHANT``.
    """

    id: str
    seller_id: str
    marketplace_id: str
    created: float
    updated: float
    status: str
    fulfilled_by: str
    currency: str
    items: list[OrderItem] = field(default_factory=list)


@dataclass(slots=True)
class Stock:
    """The pieces of one SKU in Amazon's warehouses of a region; ``updated`` is ``None`` where it never changed."""

    fulfillable: int
    reserved: int = 0
    inbound: int = 0
    updated: float | None = None

    @property
    def total(self) -> int:
        """Everything that Amazon holds or awaits."""
        return self.fulfillable + self.reserved + self.inbound


@dataclass(slots=True)
class CompetitorOffer:
    """Another seller's new offer of a catalogue item on one site; amounts are in the site's currency."""

    seller_id: str
    price: Decimal
    shipping: Decimal
    fulfilled_by_amazon: bool
    changed: float
    feedback_count: int = 100
    positive_percent: int = 95

    @property
    def landed(self) -> Decimal:
        """What a buyer pays: price and shipping."""
        return self.price + self.shipping


class Market:
    """Orders, stock and competitors, kept in the state file."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._orders: dict[str, Order] = {}
        self._of_seller: dict[str, list[Order]] = {}
        self._open: dict[str, Order] = {}
        self._stocks: dict[tuple[str, str, str], Stock] = {}
        self._competitors: dict[tuple[str, str], list[CompetitorOffer]] = {}
        self._numbered = int(storage.get("last", "order") or 0)
        self._load()

    # Orders

    def order(self, seller_id: str, order_id: str) -> Order | None:
        """Return one order of a seller, if there is one."""
        order = self._orders.get(order_id)
        return order if order is not None and order.seller_id == seller_id else None

    def orders_of(self, seller_id: str) -> list[Order]:
        """Return a seller's orders, oldest first; not to be changed."""
        return self._of_seller.get(seller_id, [])

    def orders(self) -> Iterator[Order]:
        """Yield every order, oldest first."""
        yield from self._orders.values()

    def open_orders(self) -> list[Order]:
        """Return the orders that still move on, oldest first."""
        return list(self._open.values())

    def next_order_id(self) -> str:
        """Return the next order id, in Amazon's form 3-7-7."""
        number = self._numbered
        self._numbered += 1
        self._storage.save("last", "order", str(self._numbered))
        digits = int.from_bytes(blake2b(str(number).encode(), digest_size=6).digest()) % 10**7
        return f"{305 + number // 10**7}-{digits:07d}-{number % 10**7:07d}"

    def put_order(self, order: Order) -> None:
        """Keep a new or changed order."""
        if order.id not in self._orders:
            self._of_seller.setdefault(order.seller_id, []).append(order)
        self._orders[order.id] = order
        self._note_open(order)
        if self._storage.keeps:
            self._storage.save("order", order.id, exact.dumps(asdict(order)))

    def forget_orders(self, before: float) -> None:
        """Forget the orders that ended and last changed before an instant."""
        gone = {one.id: one for one in self._orders.values() if one.updated < before and one.status not in OPEN}
        for order_id in gone:
            del self._orders[order_id]
            self._storage.delete("order", order_id)
        for seller_id in {order.seller_id for order in gone.values()}:
            self._of_seller[seller_id] = [one for one in self._of_seller[seller_id] if one.id not in gone]

    def _note_open(self, order: Order) -> None:
        if order.status in OPEN:
            self._open[order.id] = order
        else:
            self._open.pop(order.id, None)

    # Amazon's warehouses

    def stock(self, seller_id: str, region: str, sku: str) -> Stock:
        """Return the stock of a SKU that Amazon fulfils, in a region's warehouses.

        Where nothing was ever put it is made from the SKU, the same at every start.
        """
        found = self._stocks.get((seller_id, region, sku))
        return found or Stock(fulfillable=20 + _digest(seller_id, region, sku) % 60)

    def put_stock(self, seller_id: str, region: str, sku: str, stock: Stock) -> None:
        """Keep a SKU's stock."""
        key = seller_id, region, sku
        self._stocks[key] = stock
        if self._storage.keeps:
            self._storage.save("stock", exact.dumps(key), exact.dumps(asdict(stock)))

    # Competitors

    def competitors(self, marketplace_id: str, asin: str, near: Decimal | None, now: float) -> list[CompetitorOffer]:
        """Return the competitors' offers of an item, cheapest first.

        At the first look there are none to five of them, made from site and ASIN around the price
        ``near``, in the site's currency; none where ``near`` is ``None``. From then on they are kept.
        """
        key = marketplace_id, asin
        if key not in self._competitors and near is not None:
            self.put_competitors(marketplace_id, asin, _made(marketplace_id, asin, near, now))
        return sorted(self._competitors.get(key, []), key=lambda offer: (offer.landed, offer.seller_id))

    def put_competitors(self, marketplace_id: str, asin: str, offers: list[CompetitorOffer]) -> None:
        """Keep an item's competitors in place of those before."""
        key = marketplace_id, asin
        self._competitors[key] = offers
        if self._storage.keeps:
            self._storage.save("competitors", exact.dumps(key), exact.dumps([asdict(offer) for offer in offers]))

    def _load(self) -> None:
        for _, value in self._storage.load("order"):
            record = exact.loads(value)
            items = [OrderItem(**item | {"price": Decimal(item["price"])}) for item in record.pop("items")]
            times = {name: float(record[name]) for name in ("created", "updated")}
            order = Order(**record | times, items=items)
            self._orders[order.id] = order
            self._of_seller.setdefault(order.seller_id, []).append(order)
            self._note_open(order)
        for key, value in self._storage.load("stock"):
            record = exact.loads(value)
            updated = None if record["updated"] is None else float(record["updated"])
            seller, region, sku = exact.loads(key)
            self._stocks[seller, region, sku] = Stock(**record | {"updated": updated})
        for key, value in self._storage.load("competitors"):
            site, asin = exact.loads(key)
            self._competitors[site, asin] = [_offer(record) for record in exact.loads(value)]


def _offer(record: dict[str, Any]) -> CompetitorOffer:
    amounts: dict[str, Any] = {name: Decimal(record[name]) for name in ("price", "shipping")}
    return CompetitorOffer(**record | amounts | {"changed": float(record["changed"])})


def _made(marketplace_id: str, asin: str, near: Decimal, now: float) -> list[CompetitorOffer]:
    digest = _digest(marketplace_id, asin)
    return [competitor(marketplace_id, asin, near, number, now) for number in range(digest % (_MOST_COMPETITORS + 1))]


def competitor(marketplace_id: str, asin: str, near: Decimal, number: int, now: float) -> CompetitorOffer:
    """Return the offer of an item's competitor of that number: within 10 % of ``near``, the same at every start."""
    digest = _digest(marketplace_id, asin, str(number))
    exponent = Decimal(1).scaleb(-MARKETPLACES[marketplace_id].digits)
    amazon = digest % 3 == 0
    shipping = Decimal(0) if amazon or digest % 2 else near / 20
    return CompetitorOffer(
        seller_id="A" + blake2b(f"competitor {number}".encode(), digest_size=6).hexdigest().upper(),
        price=max((near * (900 + digest // 7 % 201) / 1000).quantize(exponent), exponent),
        shipping=shipping.quantize(exponent),
        fulfilled_by_amazon=amazon,
        changed=now,
        feedback_count=10 + digest // 11 % 5000,
        positive_percent=80 + digest // 13 % 21,
    )


def _digest(*words: str) -> int:
    return int.from_bytes(blake2b("\n".join(words).encode(), digest_size=8).digest())
