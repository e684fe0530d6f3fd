"""The Orders API v2026-01-01."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from acorn_sandbox.calls import Answer, Call, Handler, stores
from acorn_sandbox.clock import instant_of, stamp
from acorn_sandbox.errors import invalid, not_found
from acorn_sandbox.market import CANCELLED, Order, OrderItem
from acorn_sandbox.marketplaces import MARKETPLACES
from acorn_sandbox.paging import read_token, token
from acorn_sandbox.state import State

DELAY_SECONDS: Final = 120.0
"""How old an order or its change is before a search finds it. Source: orders_2026-01-01.json, createdBefore."""
TOKEN_SECONDS: Final = 86400.0
"""How long a page token is good. Source: orders_2026-01-01.json, SearchOrdersResponse."""
MOST_RESULTS: Final = 100
_SHORTEST_TOKEN_SECONDS: Final = 60.0
_DAY: Final = 86400.0
_FREE: Final = frozenset({"paginationToken", "maxResultsPerPage", "includedData"})


class Orders:
    """Orders of every account."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.handlers: dict[str, Handler] = {"searchOrders": self.search, "getOrder": self.get}

    def get(self, call: Call) -> Answer:
        """Return one order."""
        order = self._state.market.order(call.account, call.path["orderId"])
        if order is None:
            raise not_found(f"The order {call.path['orderId']} does not exist.")
        return Answer(body={"order": _shown(order, frozenset(call.query.get("includedData", ())))})

    def search(self, call: Call) -> Answer:
        """Return the orders created or changed in a span of time, oldest first, page by page."""
        query = call.query
        size = query.get("maxResultsPerPage", MOST_RESULTS)
        if not 1 <= size <= MOST_RESULTS:
            raise invalid(f"'maxResultsPerPage' must be between 1 and {MOST_RESULTS}.")
        filters = {name: value for name, value in query.items() if name not in _FREE}
        kind, start, end, after = self._span(filters, query.get("paginationToken"))
        for_sites = {site.id for site in stores(query.get("marketplaceIds", []))}
        found = {
            (stamp(_instant(order, kind)), order.id): order
            for order in self._matching(call.account, filters, for_sites)
            if start <= _instant(order, kind) <= end
        }
        matching = sorted(key for key in found if key > after)
        page = [found[key] for key in matching[:size]]
        included = frozenset(query.get("includedData", ()))
        answer: dict[str, Any] = {"orders": [_shown(order, included) for order in page]}
        if len(matching) > size:
            seconds = max(TOKEN_SECONDS / self._state.timing.speed, _SHORTEST_TOKEN_SECONDS)
            expires = f"{self._state.now() + seconds:.3f}"
            answer["pagination"] = {"nextToken": token([filters, f"{end:.3f}", *matching[size - 1], expires])}
        return Answer(body=answer | {f"{kind}Before": stamp(end)})

    def _span(self, filters: dict[str, Any], page_token: str | None) -> tuple[str, float, float, tuple[str, ...]]:
        """Return what is searched by, from when, until when, and the last order of the page before."""
        given = [kind for kind in ("created", "lastUpdated") if f"{kind}After" in filters]
        if len(given) != 1:
            raise invalid("Exactly one of 'createdAfter' and 'lastUpdatedAfter' must be given.")
        (kind,) = given
        other = "lastUpdatedBefore" if kind == "created" else "createdBefore"
        if other in filters:
            raise invalid(f"'{other}' cannot be given with '{kind}After'.")
        start = instant_of(filters[f"{kind}After"])
        newest = self._state.now() - DELAY_SECONDS / self._state.timing.speed
        end = newest
        if f"{kind}Before" in filters:
            end = instant_of(filters[f"{kind}Before"])
            if not start <= end <= newest:
                text = f"'{kind}Before' must not be before '{kind}After', and at least two minutes ago."
                raise invalid(text)
        elif start > self._state.now():
            raise invalid(f"'{kind}After' lies in the future.")
        return (kind, start, end, ()) if page_token is None else self._next(kind, start, filters, page_token)

    def _next(
        self, kind: str, start: float, filters: dict[str, Any], page_token: str
    ) -> tuple[str, float, float, tuple[str, ...]]:
        read = read_token(page_token, "paginationToken")
        try:
            before, end, last, order_id, expires = read
            until, good_until = float(end), float(expires)
        except (TypeError, ValueError):
            raise invalid("Invalid 'paginationToken'.") from None
        if before != filters:
            raise invalid("With a 'paginationToken' the other parameters must be those of the request before.")
        if good_until <= self._state.now():
            raise invalid("The 'paginationToken' has expired.")
        return kind, start, until, (str(last), str(order_id))

    def _matching(self, account: str, filters: dict[str, Any], sites: set[str]) -> Iterator[Order]:
        for order in self._state.market.orders_of(account):
            if (
                (not sites or order.marketplace_id in sites)
                and order.status in filters.get("fulfillmentStatuses", (order.status,))
                and order.fulfilled_by in filters.get("fulfilledBy", (order.fulfilled_by,))
            ):
                yield order


def _instant(order: Order, kind: str) -> float:
    return order.created if kind == "created" else order.updated


def _shown(order: Order, included: frozenset[str]) -> dict[str, Any]:
    site = MARKETPLACES[order.marketplace_id]
    shown: dict[str, Any] = {
        "orderId": order.id,
        "createdTime": stamp(order.created),
        "lastUpdatedTime": stamp(order.updated),
        "programs": [],
        "salesChannel": {
            "channelName": "AMAZON",
            "marketplaceId": site.id,
            "marketplaceName": site.domain.removeprefix("www.").capitalize(),
        },
        "orderItems": [_item(order, item, included) for item in order.items],
    }
    if "BUYER" in included:
        shown["buyer"] = {"buyerEmail": f"{order.id.replace('-', '')}@marketplace.example"}
    if "RECIPIENT" in included and order.status != "PENDING":
        shown["recipient"] = {"deliveryAddress": {"name": "A buyer", "countryCode": site.country}}
    if "PROCEEDS" in included:
        total = sum(item.price * item.quantity for item in order.items)
        subtotal = {"type": "ITEM", "subtotal": _money(order, total)}
        shown["proceeds"] = {"grandTotal": _money(order, total), "breakdowns": [subtotal]}
    if "FULFILLMENT" in included:
        shown["fulfillment"] = _fulfilment(order)
    if "PACKAGES" in included and order.status == "SHIPPED":
        shown["packages"] = [_package(order)]
    return shown


def _item(order: Order, item: OrderItem, included: frozenset[str]) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "orderItemId": item.id,
        "quantityOrdered": item.quantity,
        "programs": [],
        "product": {
            "asin": item.asin,
            "title": item.title,
            "sellerSku": item.sku,
            "condition": {"conditionType": "NEW", "conditionSubtype": "NEW"},
            "price": {"unitPrice": _money(order, item.price)},
        },
    }
    if "PROCEEDS" in included:
        total = _money(order, item.price * item.quantity)
        shown["proceeds"] = {"proceedsTotal": total, "breakdowns": [{"type": "ITEM", "subtotal": total}]}
    if "CANCELLATION" in included and order.status == CANCELLED:
        shown["cancellation"] = {"cancellationExecution": {"cancelledBy": "BUYER", "cancelReason": "No longer needed"}}
    if "FULFILLMENT" in included:
        shipped = item.quantity if order.status == "SHIPPED" else 0
        left = 0 if order.status == CANCELLED else item.quantity - shipped
        shown["fulfillment"] = {"quantityFulfilled": shipped, "quantityUnfulfilled": left}
    return shown


def _fulfilment(order: Order) -> dict[str, Any]:
    def window(first: int, last: int) -> dict[str, str]:
        return {
            "earliestDateTime": stamp(order.created + first * _DAY),
            "latestDateTime": stamp(order.created + last * _DAY),
        }

    return {
        "fulfillmentStatus": order.status,
        "fulfilledBy": order.fulfilled_by,
        "fulfillmentServiceLevel": "STANDARD",
        "shipByWindow": window(0, 2),
        "deliverByWindow": window(2, 5),
    }


def _package(order: Order) -> dict[str, Any]:
    return {
        "packageReferenceId": f"{order.id}-1",
        "createdTime": stamp(order.updated),
        "packageStatus": {"status": "SHIPPED"},
        "shipTime": stamp(order.updated),
        "packageItems": [{"orderItemId": item.id, "quantity": item.quantity} for item in order.items],
    }


def _money(order: Order, amount: Any) -> dict[str, str]:
    return {"amount": f"{amount:f}", "currencyCode": order.currency}
