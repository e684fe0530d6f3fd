"""Amazon's own listings report (GET_MERCHANT_LISTINGS_ALL_DATA) as a source of listings.

The report is tab-separated without any quoting, in an encoding that it does not name: usually
cp1252, cp932 from Japan. Characters that the encoding lacks are question marks already when it
arrives, so item names are not read from it. It does not name its site either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from acorn_engine.catalog import decode, read_bytes, read_delimited
from acorn_engine.plugins import CatalogRequest, CatalogSource
from acorn_engine.problems import CatalogError, Place, Problem

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

REQUIRED: Final = ("seller-sku", "price", "quantity", "asin1")
_COLUMNS: Final = {
    "seller-sku": "seller_sku",
    "asin1": "asin",
    "price": "price",
    "quantity": "quantity",
    "fulfillment-channel": "fulfilment",
    "status": "status",
    "listing-id": "listing_id",
    "open-date": "open_date",
    "item-condition": "item_condition",
    "merchant-shipping-group": "merchant_shipping_group",
}
_MERCHANT_CHANNEL: Final = "DEFAULT"
_AMAZON_CHANNEL: Final = "AMAZON_"


class ListingsReportOptions(BaseModel):
    """Where the report stands, and what it does not say itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str = Field(description="the report, relative to acorn.toml")
    site: str = Field(min_length=1, description="the site that the report was asked for, such as amazon.de")
    encoding: str | None = Field(
        default=None, description="the charset of the download: cp1252 for most sites, cp932 for Japan; default utf-8"
    )


def read_listings_report(request: CatalogRequest) -> tuple[pl.DataFrame, datetime | None]:
    """Return the report's listings under the engine's names, as text, and when the file was changed.

    ``sku`` is the seller SKU: where the ERP's own differ, ``values.sku`` says which is which.
    Raises ``CatalogError`` where the file is not such a report.
    """
    options = request.options
    if not isinstance(options, ListingsReportOptions):
        raise TypeError("the options of a listings report are ListingsReportOptions")
    if request.role != "listings":
        raise CatalogError(
            Problem(
                code="wrong_role",
                message="Amazon's listings report holds listings, not products; nothing was read",
                place=Place(file=options.path),
                hint="name it in [catalog.listings]; the products come from the ERP",
            )
        )
    data, changed = read_bytes(request, options.path)
    text = decode(data, options.encoding, options.path, "\t")
    report = read_delimited(text, options.path, delimiter="\t", quote=None, report=request.report)
    _refuse_other_reports(report.columns, options.path)
    _report_lost_characters(report, options.path, request.report)
    columns = [pl.col(header).alias(name) for header, name in _COLUMNS.items() if header in report.columns]
    listings = report.select(*columns, pl.col("seller-sku").alias("sku"), "_row").with_columns(
        site=pl.lit(options.site.strip())
    )
    return _with_fulfilment(listings), changed


def _with_fulfilment(listings: pl.DataFrame) -> pl.DataFrame:
    """Return who fulfils: ``DEFAULT`` is the merchant, ``AMAZON_EU`` and the like are Amazon."""
    if "fulfilment" not in listings.columns:
        return listings
    channel = pl.col("fulfilment").str.strip_chars()
    return listings.with_columns(
        fulfilment=pl.when(channel == _MERCHANT_CHANNEL)
        .then(pl.lit("merchant"))
        .when(channel.str.starts_with(_AMAZON_CHANNEL))
        .then(pl.lit("amazon"))
        .otherwise(channel)
    )


def _refuse_other_reports(headers: list[str], path: str) -> None:
    absent = [header for header in REQUIRED if header not in headers]
    if not absent:
        return
    shown = ", ".join(f"'{header}'" for header in headers if header != "_row")
    raise CatalogError(
        Problem(
            code="not_a_listings_report",
            message=f"the report has no column '{absent[0]}'; its columns are {shown}; nothing was read",
            place=Place(file=path, row=1),
            hint="ask for GET_MERCHANT_LISTINGS_ALL_DATA with the report option preferredReportDocumentLocale=en_US: "
            "its headers follow the seller's language",
            params={"column": absent[0]},
        )
    )


def _report_lost_characters(report: pl.DataFrame, path: str, tell: Callable[[Problem], None]) -> None:
    """Report SKUs with question marks: Amazon puts them for what the report's encoding lacks."""
    lost = report.filter(pl.col("seller-sku").str.contains("?", literal=True))
    if lost.height:
        tell(
            Problem(
                code="lost_characters",
                message=f"seller SKUs with question marks: {lost.height:,}, first '{lost['seller-sku'][0]}'; Amazon puts "
                "them in place of characters that the report cannot hold, so these may not be the real SKUs",
                effect="warns",
                place=Place(file=path, row=lost["_row"][0], field="seller-sku"),
                hint="compare them in Seller Central, and say which is which with values.seller_sku",
                params={"rows": lost.height},
            )
        )


CATALOG_SOURCE: Final = CatalogSource(
    "amazon-listings-report",
    ListingsReportOptions,
    read_listings_report,
    "Amazon's report of all listings of one site (GET_MERCHANT_LISTINGS_ALL_DATA)",
)
