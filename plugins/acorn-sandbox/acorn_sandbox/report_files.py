"""What stands in a report: rows out of the state, as Amazon's tab-separated files.

Encodings are Amazon's: Cp1252 with ``?`` for every character that it lacks; on amazon.co.jp CP932
without a charset in the header and with Japanese column names, unless ``reportOptions`` ask for
``preferredReportDocumentLocale`` ``en_US``. Nothing is quoted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from acorn_sandbox import views
from acorn_sandbox.alive import is_fulfilled_by_amazon
from acorn_sandbox.attributes import DEFAULT_CHANNEL
from acorn_sandbox.clock import stamp
from acorn_sandbox.market import Order
from acorn_sandbox.marketplaces import MARKETPLACES
from acorn_sandbox.prices import standard_price
from acorn_sandbox.state import Listing, State

Row = dict[str, object]


@dataclass(frozen=True)
class Request:
    """What a report is made of: a seller's sites, the options, and a span of time in seconds since the epoch."""

    seller_id: str
    marketplace_ids: list[str]
    options: Mapping[str, str]
    start: float
    end: float


@dataclass(frozen=True)
class File:
    """A report's bytes and the Content-Type that they are sent with."""

    content: bytes
    content_type: str


def make(state: State, kind: str, request: Request) -> File | None:
    """Return a report of one of ``KINDS``, or ``None`` where there is no data for it."""
    columns, rows_of = KINDS[kind]
    rows = list(rows_of(state, request))
    if not rows:
        return None
    japanese = any(MARKETPLACES[site].country == "JP" for site in request.marketplace_ids)
    english = request.options.get("preferredReportDocumentLocale") == "en_US"
    titles = columns if english or not japanese else [_JAPANESE.get(name, name) for name in columns]
    lines = ["\t".join(titles), *("\t".join(_cell(row.get(name)) for name in columns) for row in rows)]
    text = "".join(f"{line}\r\n" for line in lines)
    if japanese:
        return File(text.encode("cp932", "replace"), "text/plain")
    return File(text.encode("cp1252", "replace"), "text/plain; charset=Cp1252")


def count_rows(state: State, request: Request) -> int:
    """Return roughly how many rows a report has."""
    return sum(len(state.listings_of(request.seller_id, site)) for site in request.marketplace_ids)


def fulfilment_sku(listing: Listing) -> str:
    """Return the SKU by which Amazon's warehouses know a listing."""
    return "X" + blake2b(f"{listing.seller_id}/{listing.sku}".encode(), digest_size=5).hexdigest()[:9].upper()


def _cell(value: object) -> str:
    return "" if value is None else " ".join(str(value).split())


def _listings(state: State, request: Request) -> Iterator[Listing]:
    for site in request.marketplace_ids:
        yield from state.listings_of(request.seller_id, site).values()


def _listing_row(state: State, listing: Listing) -> Row:
    amazon = is_fulfilled_by_amazon(state, listing)
    price = standard_price(listing)
    return {
        "item-name": views.first_value(listing.attributes.get("item_name")),
        "item-description": views.first_value(listing.attributes.get("product_description")),
        "listing-id": blake2b(f"{listing.seller_id}/{listing.sku}".encode(), digest_size=6).hexdigest().upper(),
        "seller-sku": listing.sku,
        "price": None if price is None else f"{price:f}",
        "quantity": None if amazon else _quantity(state, listing),
        "open-date": f"{stamp(listing.created)[:19].replace('T', ' ')} UTC",
        "item-is-marketplace": "y",
        "product-id-type": 1,
        "item-condition": 11 if _condition(listing) == "new_new" else 1,
        "asin1": listing.asin,
        "product-id": listing.asin,
        "pending-quantity": 0,
        "fulfillment-channel": listing.marketplace.channel if amazon else DEFAULT_CHANNEL,
        "merchant-shipping-group": views.first_value(listing.attributes.get("merchant_shipping_group")),
        "status": "Active" if "BUYABLE" in views.status_of(state, listing) else "Inactive",
    }


def _condition(listing: Listing) -> str:
    return str(views.first_value(listing.attributes.get("condition_type")) or "new_new")


def _quantity(state: State, listing: Listing) -> int:
    counts = [instance.get("quantity", 0) for instance in state.pool(listing)]
    return sum(count for count in counts if isinstance(count, int))


def _all(state: State, request: Request) -> Iterator[Row]:
    return (_listing_row(state, listing) for listing in _listings(state, request))


def _active(state: State, request: Request) -> Iterator[Row]:
    return (row for row in _all(state, request) if row["status"] == "Active")


def _inactive(state: State, request: Request) -> Iterator[Row]:
    return (row for row in _all(state, request) if row["status"] != "Active")


def _open(state: State, request: Request) -> Iterator[Row]:
    for row in _active(state, request):
        yield row | {"sku": row["seller-sku"], "asin": row["asin1"]}


def _stock(state: State, request: Request) -> Iterator[Row]:
    for listing in _listings(state, request):
        if not is_fulfilled_by_amazon(state, listing):
            continue
        stock = state.market.stock(listing.seller_id, listing.marketplace.region, listing.sku)
        price = standard_price(listing)
        yield {
            "sku": listing.sku,
            "fnsku": fulfilment_sku(listing),
            "asin": listing.asin,
            "product-name": views.first_value(listing.attributes.get("item_name")),
            "condition": "New" if _condition(listing) == "new_new" else "Used",
            "your-price": None if price is None else f"{price:f}",
            "mfn-listing-exists": "No",
            "afn-listing-exists": "Yes",
            "afn-warehouse-quantity": stock.fulfillable + stock.reserved,
            "afn-fulfillable-quantity": stock.fulfillable,
            "afn-unsellable-quantity": 0,
            "afn-reserved-quantity": stock.reserved,
            "afn-total-quantity": stock.total,
            "afn-inbound-working-quantity": 0,
            "afn-inbound-shipped-quantity": stock.inbound,
            "afn-inbound-receiving-quantity": 0,
            "afn-researching-quantity": 0,
            "seller-sku": listing.sku,
            "fulfillment-channel-sku": fulfilment_sku(listing),
            "condition-type": "NewItem",
            "Warehouse-Condition-code": "SELLABLE",
            "Quantity Available": stock.fulfillable,
        }


def _orders_by(instant: Callable[[Order], float]) -> Callable[[State, Request], Iterator[Row]]:
    def rows(state: State, request: Request) -> Iterator[Row]:
        for order in state.market.orders_of(request.seller_id):
            if order.marketplace_id in request.marketplace_ids and request.start <= instant(order) <= request.end:
                yield from _order_rows(order)

    return rows


def _order_rows(order: Order) -> Iterator[Row]:
    words = {"PENDING": "Pending", "UNSHIPPED": "Unshipped", "SHIPPED": "Shipped", "CANCELLED": "Cancelled"}
    for item in order.items:
        yield {
            "amazon-order-id": order.id,
            "purchase-date": stamp(order.created),
            "last-updated-date": stamp(order.updated),
            "order-status": words.get(order.status, order.status),
            "fulfillment-channel": "Amazon" if order.fulfilled_by == "AMAZON" else "Merchant",
            "sales-channel": MARKETPLACES[order.marketplace_id].domain.removeprefix("www.").capitalize(),
            "ship-service-level": "Standard",
            "product-name": item.title,
            "sku": item.sku,
            "asin": item.asin,
            "item-status": words.get(order.status, order.status),
            "quantity": item.quantity,
            "currency": order.currency,
            "item-price": f"{item.price * item.quantity:f}",
            "ship-country": MARKETPLACES[order.marketplace_id].country,
        }


_LISTING_COLUMNS: Final = (
    "item-name item-description listing-id seller-sku price quantity open-date image-url item-is-marketplace "
    "product-id-type zshop-shipping-fee item-note item-condition zshop-category1 zshop-browse-path "
    "zshop-storefront-feature asin1 asin2 asin3 will-ship-internationally expedited-shipping zshop-boldface product-id "
    "bid-for-featured-placement add-delete pending-quantity fulfillment-channel merchant-shipping-group status"
)
_STOCK_COLUMNS: Final = (
    "sku fnsku asin product-name condition your-price mfn-listing-exists mfn-fulfillable-quantity afn-listing-exists "
    "afn-warehouse-quantity afn-fulfillable-quantity afn-unsellable-quantity afn-reserved-quantity afn-total-quantity "
    "per-unit-volume afn-inbound-working-quantity afn-inbound-shipped-quantity afn-inbound-receiving-quantity "
    "afn-researching-quantity"
)
_ORDER_COLUMNS: Final = (
    "amazon-order-id merchant-order-id purchase-date last-updated-date order-status fulfillment-channel sales-channel "
    "order-channel ship-service-level product-name sku asin item-status quantity currency item-price item-tax "
    "shipping-price shipping-tax ship-city ship-state ship-postal-code ship-country"
)
_AVAILABLE_COLUMNS: Final = [
    *("seller-sku", "fulfillment-channel-sku", "asin", "condition-type"),
    *("Warehouse-Condition-code", "Quantity Available"),
]
_JAPANESE: Final = {
    "item-name": "商品名",
    "listing-id": "出品ID",
    "seller-sku": "出品者SKU",
    "price": "価格",
    "quantity": "数量",
    "open-date": "出品日",
    "product-id-type": "商品IDタイプ",
    "item-note": "コンディション説明",
    "item-condition": "コンディション",
    "product-id": "商品ID",
    "fulfillment-channel": "フルフィルメント・チャンネル",
    "status": "ステータス",
}

KINDS: Final[dict[str, tuple[list[str], Callable[[State, Request], Iterable[Row]]]]] = {
    "GET_MERCHANT_LISTINGS_ALL_DATA": (_LISTING_COLUMNS.split(), _all),
    "GET_MERCHANT_LISTINGS_DATA": (_LISTING_COLUMNS.split(), _active),
    "GET_MERCHANT_LISTINGS_INACTIVE_DATA": (_LISTING_COLUMNS.split(), _inactive),
    "GET_FLAT_FILE_OPEN_LISTINGS_DATA": (["sku", "asin", "price", "quantity"], _open),
    "GET_FBA_MYI_UNSUPPRESSED_INVENTORY_DATA": (_STOCK_COLUMNS.split(), _stock),
    "GET_AFN_INVENTORY_DATA": (_AVAILABLE_COLUMNS, _stock),
    "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL": (
        _ORDER_COLUMNS.split(),
        _orders_by(lambda order: order.created),
    ),
    "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL": (
        _ORDER_COLUMNS.split(),
        _orders_by(lambda order: order.updated),
    ),
}
"""The report types that the sandbox makes: columns, and where their rows come from."""
