"""The FBA Inventory API v1: what Amazon's warehouses hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from acorn_sandbox import views
from acorn_sandbox.alive import is_fulfilled_by_amazon
from acorn_sandbox.calls import Answer, Call, Handler, stores
from acorn_sandbox.clock import instant_of, stamp
from acorn_sandbox.errors import invalid
from acorn_sandbox.market import Stock
from acorn_sandbox.marketplaces import Marketplace
from acorn_sandbox.paging import read_token, token
from acorn_sandbox.report_files import fulfilment_sku
from acorn_sandbox.state import Listing, State

PAGE: Final = 50
"""How many summaries a page has. Source: FBA Inventory API use case guide."""
TOKEN_SECONDS: Final = 30.0
"""How long a page token is good. Source: fbaInventory.json."""
_SHORTEST_TOKEN_SECONDS: Final = 5.0
_LONGEST_SPAN_SECONDS: Final = 18 * 31 * 86400


class Inventory:
    """Amazon's stock of every account."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.handlers: dict[str, Handler] = {"getInventorySummaries": self.summaries}

    def summaries(self, call: Call) -> Answer:
        """Return the stock of SKUs that Amazon fulfils on one site, page by page."""
        query, now = call.query, self._state.now()
        (site,) = stores(query["marketplaceIds"])
        if query["granularityId"] != site.id:
            raise invalid("'granularityId' must be the marketplace that 'marketplaceIds' names.")
        since = instant_of(query["startDateTime"]) if "startDateTime" in query else None
        if since is not None and since < now - _LONGEST_SPAN_SECONDS:
            raise invalid("'startDateTime' must be no earlier than 18 months ago.")
        found = sorted(self._found(call.account, site, query, since), key=lambda pair: pair[0].sku)
        start = self._start(query)
        page = found[start : start + PAGE]
        answer: dict[str, Any] = {
            "payload": {
                "granularity": {"granularityType": "Marketplace", "granularityId": site.id},
                "inventorySummaries": [self._summary(*pair, details=query["details"]) for pair in page],
            }
        }
        if len(found) > start + PAGE:
            seconds = max(TOKEN_SECONDS / self._state.timing.speed, _SHORTEST_TOKEN_SECONDS)
            answer["pagination"] = {"nextToken": token([start + PAGE, f"{now + seconds:.3f}"])}
        return Answer(body=answer)

    def _start(self, query: dict[str, Any]) -> int:
        if "nextToken" not in query:
            return 0
        read = read_token(query["nextToken"], "nextToken")
        if not (isinstance(read, list) and len(read) == 2 and isinstance(read[0], int) and isinstance(read[1], str)):
            raise invalid("Invalid 'nextToken'.")
        if float(read[1]) <= self._state.now():
            raise invalid("The 'nextToken' has expired.")
        return read[0]

    def _found(
        self, account: str, site: Marketplace, query: dict[str, Any], since: float | None
    ) -> Iterator[tuple[Listing, Stock]]:
        wanted = set(query.get("sellerSkus", ())) | ({query["sellerSku"]} if "sellerSku" in query else set())
        for sku, listing in self._state.listings_of(account, site.id).items():
            if not is_fulfilled_by_amazon(self._state, listing):
                continue
            stock = self._state.market.stock(account, site.region, sku)
            if since is not None:
                # A span of time overrides the SKUs, as at Amazon.
                if _changed(listing, stock) >= since:
                    yield listing, stock
            elif not wanted or sku in wanted:
                yield listing, stock

    def _summary(self, listing: Listing, stock: Stock, *, details: bool) -> dict[str, Any]:
        name = views.first_value(listing.attributes.get("item_name"))
        summary: dict[str, Any] = {
            "asin": listing.asin,
            "fnSku": fulfilment_sku(listing),
            "sellerSku": listing.sku,
            "condition": "NewItem",
            "lastUpdatedTime": stamp(_changed(listing, stock)),
            "productName": name if isinstance(name, str) else listing.sku,
            "totalQuantity": stock.total,
            "stores": [],
        }
        return summary | ({"inventoryDetails": _details(stock)} if details else {})


def _changed(listing: Listing, stock: Stock) -> float:
    return listing.created if stock.updated is None else stock.updated


def _details(stock: Stock) -> dict[str, Any]:
    return {
        "fulfillableQuantity": stock.fulfillable,
        "inboundWorkingQuantity": 0,
        "inboundShippedQuantity": stock.inbound,
        "inboundReceivingQuantity": 0,
        "reservedQuantity": {
            "totalReservedQuantity": stock.reserved,
            "pendingCustomerOrderQuantity": stock.reserved,
            "pendingTransshipmentQuantity": 0,
            "fcProcessingQuantity": 0,
        },
        "researchingQuantity": {"totalResearchingQuantity": 0, "researchingQuantityBreakdown": []},
        "unfulfillableQuantity": {
            "totalUnfulfillableQuantity": 0,
            "customerDamagedQuantity": 0,
            "warehouseDamagedQuantity": 0,
            "distributorDamagedQuantity": 0,
            "carrierDamagedQuantity": 0,
            "defectiveQuantity": 0,
            "expiredQuantity": 0,
        },
    }
