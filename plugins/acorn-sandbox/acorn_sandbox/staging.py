"""What a test puts on the stage by hand: feeds of another tool, orders, competitors, and steps of time."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from acorn_sandbox.alive import Alive, sell
from acorn_sandbox.clock import stamp
from acorn_sandbox.errors import invalid, not_found
from acorn_sandbox.issues import Issue, enforced
from acorn_sandbox.market import CompetitorOffer, Order
from acorn_sandbox.marketplaces import MARKETPLACES
from acorn_sandbox.queues import Queues
from acorn_sandbox.state import Feed, Listing, State

_MOST_STEPS: Final = 10_000
_SEVERITIES: Final = ("ERROR", "WARNING", "INFO")
_CENT: Final = Decimal("0.01")


class Staging:
    """Reads and makes what ``/_sandbox/`` offers beside log, listings and faults."""

    def __init__(self, state: State, queues: Queues, alive: Alive) -> None:
        self._state = state
        self._queues = queues
        self._alive = alive
        self.readers: dict[str, Callable[[], list[dict[str, Any]]]] = {
            "feeds": self.feeds,
            "orders": self.orders,
        }
        self.makers: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "feeds": self.add_feed,
            "orders": self.add_order,
            "competitors": self.set_competitor,
            "issues": self.set_issue,
            "steps": self.step,
        }

    def feeds(self) -> list[dict[str, Any]]:
        """Return every feed, also those that getFeeds does not show yet."""
        return [_feed(feed) for feed in self._state.feeds.values()]

    def orders(self) -> list[dict[str, Any]]:
        """Return every order."""
        return [_order(order) for order in self._state.market.orders()]

    def add_feed(self, record: dict[str, Any]) -> dict[str, Any]:
        """Queue a feed as another tool would: ``{seller_id, marketplace_id, messages?}``."""
        seller_id, site = _text(record, "seller_id"), _site(record)
        messages = record.get("messages")
        if messages is not None and not (isinstance(messages, list) and messages):
            raise invalid("'messages' must be a list of at least one message.")
        return _feed(self._queues.add_foreign(seller_id, site, messages))

    def add_order(self, record: dict[str, Any]) -> dict[str, Any]:
        """Buy a listing: ``{seller_id, marketplace_id, sku, quantity?}``."""
        site, quantity = _site(record), record.get("quantity", 1)
        if not isinstance(quantity, int) or isinstance(quantity, bool) or quantity < 1:
            raise invalid("'quantity' must be an integer of at least 1.")
        listing = self._listing(_text(record, "seller_id"), site, _text(record, "sku"))
        order = sell(self._state, listing, quantity)
        if order is None:
            raise invalid(f"'{listing.sku}' cannot be bought: it has no price, no stock, or is suppressed.")
        return _order(order)

    def set_competitor(self, record: dict[str, Any]) -> dict[str, Any]:
        """Set one competitor's offer: ``{marketplace_id, asin, seller_id, price, shipping?, fulfilled_by_amazon?}``.

        A ``price`` of ``null`` takes the offer away.
        """
        site, asin, seller_id = _site(record), _text(record, "asin"), _text(record, "seller_id")
        now, market = self._state.now(), self._state.market
        others = [one for one in market.competitors(site, asin, None, now) if one.seller_id != seller_id]
        if record.get("price") is not None:
            by_amazon = record.get("fulfilled_by_amazon") is True
            amounts = _amount(record, "price"), _amount(record | {"shipping": record.get("shipping", 0)}, "shipping")
            others.append(CompetitorOffer(seller_id, *amounts, by_amazon, now))
        market.put_competitors(site, asin, others)
        return {"marketplace_id": site, "asin": asin, "offers": len(others)}

    def set_issue(self, record: dict[str, Any]) -> dict[str, Any]:
        """Put an issue that Amazon found on a listing, in place of one of that code.

        ``{seller_id, marketplace_id, sku, code, message?, severity?, categories?, attributeNames?, action?}``;
        ``action`` is an enforcement, such as ``LISTING_SUPPRESSED``. A ``severity`` of ``null`` takes it away.
        """
        listing = self._listing(_text(record, "seller_id"), _site(record), _text(record, "sku"))
        code, severity = _text(record, "code"), record.get("severity", "ERROR")
        if severity not in {*_SEVERITIES, None}:
            raise invalid(f"'severity' must be one of {', '.join(_SEVERITIES)}.")
        names, categories = _texts(record, "attributeNames"), _texts(record, "categories")
        listing.issues = [issue for issue in listing.issues if issue["code"] != code]
        if severity is not None:
            message = str(record.get("message", "Amazon found an issue."))
            issue: Issue = {"code": code, "message": message, "severity": severity, "categories": categories}
            if names:
                issue["attributeNames"] = names
            if "action" in record:
                issue["enforcements"] = enforced(_text(record, "action"))
            listing.issues.append(issue)
        self._state.put_listing(listing)
        return {"sku": listing.sku, "marketplace_id": listing.marketplace_id, "issues": len(listing.issues)}

    def step(self, record: dict[str, Any]) -> dict[str, Any]:
        """Let things happen now, as with ``--alive``: ``{steps}``."""
        steps = record.get("steps", 1)
        if not isinstance(steps, int) or isinstance(steps, bool) or not 1 <= steps <= _MOST_STEPS:
            raise invalid(f"'steps' must be an integer from 1 to {_MOST_STEPS}.")
        self._alive.step(steps)
        return {"steps": steps}

    def _listing(self, seller_id: str, site: str, sku: str) -> Listing:
        listing = self._state.listing(seller_id, site, sku)
        if listing is None:
            raise not_found(f"The seller {seller_id} has no '{sku}' on {site}.")
        return listing


def _text(record: dict[str, Any], key: str) -> str:
    value = record.get(key)
    if not isinstance(value, str) or not value:
        raise invalid(f"'{key}' must be a text of at least one character.")
    return value


def _texts(record: dict[str, Any], key: str) -> list[str]:
    value = record.get(key, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise invalid(f"'{key}' must be a list of texts.")
    return value


def _site(record: dict[str, Any]) -> str:
    site = _text(record, "marketplace_id")
    if site not in MARKETPLACES:
        raise invalid(f"Invalid marketplace '{site}'.")
    return site


def _amount(record: dict[str, Any], key: str) -> Decimal:
    value = record[key]
    try:
        amount = Decimal(str(value))
        possible = amount.is_finite() and amount >= 0 and amount == amount.quantize(_CENT)
    except InvalidOperation:
        possible = False
    if isinstance(value, bool) or not possible:
        raise invalid(f"'{key}' must be an amount of at least 0 with at most two decimals.")
    return amount


def _feed(feed: Feed) -> dict[str, Any]:
    return {
        "feed_id": feed.id,
        "seller_id": feed.seller_id,
        "marketplace_id": feed.marketplace_ids[0],
        "feed_type": feed.type,
        "status": feed.status,
        "messages": feed.messages,
        "created": stamp(feed.created),
    }


def _order(order: Order) -> dict[str, Any]:
    return {
        "order_id": order.id,
        "seller_id": order.seller_id,
        "marketplace_id": order.marketplace_id,
        "status": order.status,
        "fulfilled_by": order.fulfilled_by,
        "created": stamp(order.created),
        "items": [{"sku": item.sku, "quantity": item.quantity, "price": item.price} for item in order.items],
    }
