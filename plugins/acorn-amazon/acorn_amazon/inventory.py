"""Stock in Amazon's warehouses (FBA Inventory v1): read only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from acorn_amazon.answers import Part
from acorn_amazon.batches import PATIENCE, cut
from acorn_amazon.errors import unreadable
from acorn_engine.sites import utc

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from acorn_amazon.client import Client
    from acorn_engine.sites import Site

SKUS_PER_CALL: Final = 50
_OPERATION: Final = "getInventorySummaries"
_MOST_PAGES: Final = 10_000

INVENTORY: Final = pl.Schema(
    {
        "seller_sku": pl.String(),
        "fn_sku": pl.String(),
        "asin": pl.String(),
        "condition": pl.String(),
        "total": pl.Int64(),
        "fulfillable": pl.Int64(),
        "inbound_working": pl.Int64(),
        "inbound_shipped": pl.Int64(),
        "inbound_receiving": pl.Int64(),
        "reserved": pl.Int64(),
        "researching": pl.Int64(),
        "unfulfillable": pl.Int64(),
        "updated_at": pl.Datetime("us", "UTC"),
    }
)
"""Columns of stock, in units. ``total`` is Amazon's own sum; a number that Amazon does not give is null, not 0."""


def _row(summary: Part) -> dict[str, Any]:
    details = summary.optional_part("inventoryDetails") or Part(summary.operation, {})

    def inner(part: str, total: str) -> int | None:
        found = details.optional_part(part)
        return found.optional_whole(total) if found else None

    return {
        "seller_sku": summary.text("sellerSku"),
        "fn_sku": summary.optional_text("fnSku"),
        "asin": summary.optional_text("asin"),
        "condition": summary.optional_text("condition"),
        "total": summary.optional_whole("totalQuantity"),
        "fulfillable": details.optional_whole("fulfillableQuantity"),
        "inbound_working": details.optional_whole("inboundWorkingQuantity"),
        "inbound_shipped": details.optional_whole("inboundShippedQuantity"),
        "inbound_receiving": details.optional_whole("inboundReceivingQuantity"),
        "reserved": inner("reservedQuantity", "totalReservedQuantity"),
        "researching": inner("researchingQuantity", "totalResearchingQuantity"),
        "unfulfillable": inner("unfulfillableQuantity", "totalUnfulfillableQuantity"),
        "updated_at": summary.optional_moment("lastUpdatedTime"),
    }


def _pages(client: Client, query: Mapping[str, str | Sequence[str]]) -> Iterator[Part]:
    token: str | None = None
    for _ in range(_MOST_PAGES):
        asked = query if token is None else {**query, "nextToken": token}
        page = Part(_OPERATION, client.patient(PATIENCE).call(_OPERATION, query=asked))
        yield page
        pagination = page.optional_part("pagination")
        token = pagination.optional_text("nextToken") if pagination else None
        if not token:
            return
    raise unreadable(_OPERATION, f"its list has more than {_MOST_PAGES} pages", 200, {})


def fba_inventory(
    client: Client, site: Site, seller_skus: Sequence[str] | None = None, since: datetime | None = None
) -> pl.DataFrame:
    """Return Amazon's stock for one site, with the columns of ``INVENTORY``.

    All SKUs that have stock there, or the named ones (50 a call; a SKU with a comma is asked for by
    itself); ``since`` leaves out what has not changed after that time. A SKU without a row is not
    known to Amazon's warehouses. Two calls a second.
    """
    base: dict[str, str | Sequence[str]] = {
        "details": "true",
        "granularityType": "Marketplace",
        "granularityId": site.marketplace_id,
        "marketplaceIds": [site.marketplace_id],
    }
    if since is not None:
        base["startDateTime"] = utc(since)
    queries: list[Mapping[str, str | Sequence[str]]] = [base]
    if seller_skus is not None:
        listable = [sku for sku in seller_skus if "," not in sku]
        queries = [{**base, "sellerSkus": some} for some in cut(listable, SKUS_PER_CALL)]
        queries += [{**base, "sellerSku": sku} for sku in dict.fromkeys(seller_skus) if "," in sku]
    rows = [
        _row(summary)
        for query in queries
        for page in _pages(client, query)
        for summary in page.part("payload").parts("inventorySummaries")
    ]
    if seller_skus is not None:
        # A SKU that was not asked for is another one, whatever the filter thinks.
        asked = set(seller_skus)
        rows = [row for row in rows if row["seller_sku"] in asked]
    return pl.DataFrame(rows, schema=INVENTORY, orient="row")
