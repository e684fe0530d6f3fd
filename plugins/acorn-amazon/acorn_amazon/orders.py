"""Orders (Orders 2026-01-01): found page by page, or one by its id.

Buyers' names and addresses come by the application's roles, without a restricted data token, and
only where they are asked for. They stay out of every representation.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

import polars as pl

from acorn_amazon.answers import Money, Part, amount_of, currency_of
from acorn_amazon.batches import PATIENCE
from acorn_amazon.errors import unreadable
from acorn_engine.sites import utc

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from acorn_amazon.client import Client
    from acorn_engine.sites import Site

IncludedData = Literal[
    "BUYER",
    "RECIPIENT",
    "PROCEEDS",
    "EXPENSE",
    "PROMOTION",
    "CANCELLATION",
    "FULFILLMENT",
    "PACKAGES",
    "TAX",
    "PAYMENT",
    "FULFILLMENT_ORDERS",
]
Status = Literal[
    "PENDING_AVAILABILITY", "PENDING", "UNSHIPPED", "PARTIALLY_SHIPPED", "SHIPPED", "CANCELLED", "UNFULFILLABLE"
]

DEFAULT_DATA: Final[tuple[IncludedData, ...]] = ("PROCEEDS", "FULFILLMENT")
ORDERS_PER_PAGE: Final = 100
_MOST_SITES: Final = 50
_SEARCH: Final = "searchOrders"
_GET: Final = "getOrder"
_FULFILMENTS: Final = {"AMAZON": "amazon", "MERCHANT": "merchant"}

ITEMS: Final = pl.Schema(
    {
        "order_id": pl.String(),
        "order_item_id": pl.String(),
        "marketplace_id": pl.String(),
        "created_at": pl.Datetime("us", "UTC"),
        "updated_at": pl.Datetime("us", "UTC"),
        "status": pl.String(),
        "fulfilment": pl.String(),
        "seller_sku": pl.String(),
        "asin": pl.String(),
        "quantity": pl.Int64(),
        "quantity_fulfilled": pl.Int64(),
        "unit_price": pl.String(),
        "proceeds": pl.String(),
        "currency": pl.String(),
    }
)
"""Columns of ordered items, one row each: ``status`` Amazon's of the order, ``fulfilment`` amazon or merchant,
``unit_price`` and ``proceeds`` plain decimal text in ``currency``; null where Amazon does not say, not 0."""


@dataclass(frozen=True, slots=True)
class OrderItem:
    """One line of an order. ``proceeds`` is what the whole line brings, as far as it was asked for."""

    order_item_id: str
    seller_sku: str | None
    asin: str | None
    quantity: int
    quantity_fulfilled: int | None
    unit_price: Money | None
    proceeds: Money | None


@dataclass(frozen=True, slots=True)
class Order:
    """An order. Times are aware.

    ``status`` is Amazon's fulfilment status, ``None`` where it was not asked for. ``data`` is the
    whole order as Amazon gave it, numbers exact: it may hold personal data and is not printed.
    """

    order_id: str
    marketplace_id: str | None
    channel: str
    created_at: datetime
    updated_at: datetime
    status: str | None
    fulfilment: str | None
    total: Money | None
    ship_by: datetime | None
    items: tuple[OrderItem, ...]
    data: Mapping[str, Any] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class OrderPage:
    """One page of a search; ``next_token`` goes on from here, also in another process.

    ``until`` is the time up to which Amazon looked: the next search starts there, or misses orders.
    """

    orders: tuple[Order, ...]
    next_token: str | None
    until: datetime | None


def _item(part: Part) -> OrderItem:
    product, fulfilment = part.part("product"), part.optional_part("fulfillment")
    price, proceeds = product.optional_part("price"), part.optional_part("proceeds")
    return OrderItem(
        order_item_id=part.text("orderItemId"),
        seller_sku=product.optional_text("sellerSku"),
        asin=product.optional_text("asin"),
        quantity=part.whole("quantityOrdered"),
        quantity_fulfilled=fulfilment.optional_whole("quantityFulfilled") if fulfilment else None,
        unit_price=price.optional_money("unitPrice") if price else None,
        proceeds=proceeds.optional_money("proceedsTotal") if proceeds else None,
    )


def _order(part: Part) -> Order:
    channel, fulfilment = part.part("salesChannel"), part.optional_part("fulfillment")
    proceeds = part.optional_part("proceeds")
    by = fulfilment.optional_text("fulfilledBy") if fulfilment else None
    window = fulfilment.optional_part("shipByWindow") if fulfilment else None
    return Order(
        order_id=part.text("orderId"),
        marketplace_id=channel.optional_text("marketplaceId"),
        channel=channel.text("channelName"),
        created_at=part.moment("createdTime"),
        updated_at=part.moment("lastUpdatedTime"),
        status=fulfilment.text("fulfillmentStatus") if fulfilment else None,
        fulfilment=None if by is None else _FULFILMENTS.get(by, by),
        total=proceeds.optional_money("grandTotal") if proceeds else None,
        ship_by=window.optional_moment("latestDateTime") if window else None,
        items=tuple(_item(item) for item in part.parts("orderItems")),
        data=part.data,
    )


def search_orders(
    client: Client,
    sites: Sequence[Site],
    *,
    created_after: datetime | None = None,
    updated_after: datetime | None = None,
    before: datetime | None = None,
    statuses: Sequence[Status] = (),
    include: Sequence[IncludedData] = DEFAULT_DATA,
    page_token: str | None = None,
) -> Iterator[OrderPage]:
    """Yield pages of up to 100 orders of sites in one region, until there are no more.

    Exactly one of ``created_after`` and ``updated_after``; ``before`` ends the same range. Times are
    aware. Amazon leaves out the last two minutes, and each page says until when it looked. Twenty pages come at once, then one in three minutes; keep ``next_token`` of the last page
    and pass it as ``page_token``, with everything else unchanged, to go on later. Raises ``ValueError``
    for impossible questions, before anything is sent.
    """
    if (created_after is None) == (updated_after is None):
        raise ValueError("exactly one of created_after and updated_after says which orders are meant")
    if not 1 <= len(sites) <= _MOST_SITES:
        raise ValueError(f"a search names 1 to {_MOST_SITES} sites, not {len(sites)}")
    start, kind = (created_after, "created") if created_after is not None else (updated_after, "lastUpdated")
    moments = {f"{kind}After": start, f"{kind}Before": before}
    for name, moment in moments.items():
        if moment is not None and moment.tzinfo is None:
            raise ValueError(f"{name} has no time zone")
    query: dict[str, str | Sequence[str]] = {
        name: utc(moment) for name, moment in moments.items() if moment is not None
    } | {
        "marketplaceIds": [site.marketplace_id for site in sites],
        "maxResultsPerPage": str(ORDERS_PER_PAGE),
    }
    if statuses:
        query["fulfillmentStatuses"] = statuses
    if include:
        query["includedData"] = include
    return _pages(client.patient(PATIENCE), query, page_token)


def _pages(client: Client, query: Mapping[str, str | Sequence[str]], token: str | None) -> Iterator[OrderPage]:
    seen = {token}
    while True:
        asked = query if token is None else {**query, "paginationToken": token}
        page = Part(_SEARCH, client.call(_SEARCH, query=asked))
        pagination = page.optional_part("pagination")
        token = (pagination.optional_text("nextToken") if pagination else None) or None
        until = page.optional_moment("createdBefore") or page.optional_moment("lastUpdatedBefore")
        yield OrderPage(tuple(_order(part) for part in page.parts("orders")), token, until)
        if token is None:
            return
        if token in seen:
            raise unreadable(_SEARCH, "its list comes back to a page that was read", 200, {})
        seen.add(token)


def get_order(client: Client, order_id: str, include: Sequence[IncludedData] = DEFAULT_DATA) -> Order:
    """Return one order. Raises ``MarketplaceError`` (``not_found``) where the account has none of that id."""
    query = {"includedData": include} if include else None
    answer = Part(_GET, client.call(_GET, path={"orderId": order_id}, query=query))
    order = _order(answer.part("order"))
    if order.order_id != order_id:
        raise unreadable(_GET, "it shows another order than asked for", 200, {})
    return order


def item_frame(orders: Iterable[Order]) -> pl.DataFrame:
    """Return the items of orders, one row each, with the columns of ``ITEMS``."""
    rows = [
        {
            "order_id": order.order_id,
            "order_item_id": item.order_item_id,
            "marketplace_id": order.marketplace_id,
            "created_at": order.created_at,
            "updated_at": order.updated_at,
            "status": order.status,
            "fulfilment": order.fulfilment,
            "seller_sku": item.seller_sku,
            "asin": item.asin,
            "quantity": item.quantity,
            "quantity_fulfilled": item.quantity_fulfilled,
            "unit_price": amount_of(item.unit_price),
            "proceeds": amount_of(item.proceeds),
            "currency": currency_of(item.unit_price, item.proceeds),
        }
        for order in orders
        for item in order.items
    ]
    return pl.DataFrame(rows, schema=ITEMS, orient="row")
