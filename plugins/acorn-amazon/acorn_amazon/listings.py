"""Listings Items 2021-08-01: listings read, searched, validated, changed and deleted one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import polars as pl

from acorn_amazon import exact_json
from acorn_amazon.answers import Part
from acorn_amazon.documents import ISSUE_LOCALE, issues_of
from acorn_amazon.errors import member, unreadable
from acorn_amazon.operations import OPERATIONS, PREVIEW, PREVIEWS
from acorn_amazon.reading import row_of
from acorn_engine.marketplace import READ_SCHEMA, Issue, MarketplaceError, UnansweredError
from acorn_engine.sites import Site, utc

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from acorn_amazon.client import Client

Requirements = Literal["LISTING", "LISTING_PRODUCT_ONLY", "LISTING_OFFER_ONLY"]
IdentifierType = Literal["ASIN", "EAN", "FNSKU", "GTIN", "ISBN", "JAN", "MINSAN", "SKU", "UPC"]
Severity = Literal["WARNING", "ERROR"]
Status = Literal["BUYABLE", "DISCOVERABLE"]

PER_PAGE: Final = 20
MOST_FOUND: Final = 1000
"""Amazon pages through no more listings than this in one search."""

_MOST_PAGES: Final = 100
_INCLUDED: Final = ("summaries", "attributes", "issues", "offers", "fulfillmentAvailability")
_MISSED: Final = frozenset({"invalid", "not_found", "too_large"})
_SEARCH: Final = "searchListingsItems"
_GET: Final = "getListingsItem"


@dataclass(frozen=True, slots=True)
class Answer:
    """What Amazon says at once of one change: ``ACCEPTED`` or ``INVALID``; of a preview ``VALID`` or ``INVALID``.

    Accepted is not applied: further issues may come later, and the listing shows the change when it
    has taken effect.
    """

    seller_sku: str
    status: str
    submission_id: str
    issues: tuple[Issue, ...]

    @property
    def good(self) -> bool:
        """Whether Amazon took the change, or would take it."""
        return self.status != "INVALID"


def _changed(
    client: Client,
    name: str,
    seller_id: str,
    site: Site,
    seller_sku: str,
    body: Mapping[str, object] | None,
    *,
    preview: bool,
) -> Answer:
    query: dict[str, str | Sequence[str]] = {
        "marketplaceIds": [site.marketplace_id],
        "issueLocale": ISSUE_LOCALE,
    }
    if preview:
        query["mode"] = PREVIEW
    answer = client.call(
        PREVIEWS[name] if preview else OPERATIONS[name],
        path={"sellerId": seller_id, "sku": seller_sku},
        query=query,
        body=None if body is None else exact_json.dumps(body),
        require="status",
    )
    part = Part(name, answer)
    status = part.text("status")
    if status not in ("INVALID", "VALID" if preview else "ACCEPTED"):
        what = f"the status '{client.cleaner.clean(status)}' is none that it has for this call"
        if preview:
            raise unreadable(name, what, 200, {})
        raise UnansweredError(
            f"{name}: Amazon answered, but {what}: the change may or may not have taken effect. Read the listing.",
            code="unanswered",
            who="time",
            remedy="Read the listing: it shows whether the change took effect.",
        )
    return Answer(
        seller_sku=seller_sku,
        status=status,
        submission_id=part.optional_text("submissionId") or "",
        issues=issues_of(answer.get("issues"), seller_sku),
    )


def put(
    client: Client,
    seller_id: str,
    site: Site,
    seller_sku: str,
    product_type: str,
    attributes: Mapping[str, object],
    *,
    requirements: Requirements = "LISTING",
    preview: bool = False,
) -> Answer:
    """Create a listing, or replace it **whole**: what ``attributes`` does not hold is removed.

    ``attributes`` are Amazon's: lists of objects by attribute name; numbers may be ``Decimal``.
    ``preview`` has Amazon validate only. Raises ``UnansweredError`` where the answer to a real change
    was lost.
    """
    body = {"productType": product_type, "requirements": requirements, "attributes": attributes}
    return _changed(client, "putListingsItem", seller_id, site, seller_sku, body, preview=preview)


def patch(
    client: Client,
    seller_id: str,
    site: Site,
    seller_sku: str,
    product_type: str,
    patches: Sequence[Mapping[str, object]],
    *,
    preview: bool = False,
) -> Answer:
    """Change attributes of one listing: ``patches`` are Amazon's, ``{op, path, value}``, of whole attributes only.

    ``preview`` has Amazon validate only. Raises ``UnansweredError`` where the answer to a real change
    was lost.
    """
    body = {"productType": product_type, "patches": patches}
    return _changed(client, "patchListingsItem", seller_id, site, seller_sku, body, preview=preview)


def delete(client: Client, seller_id: str, site: Site, seller_sku: str) -> Answer:
    """Delete a listing from one site. Raises ``UnansweredError`` where the answer was lost."""
    return _changed(client, "deleteListingsItem", seller_id, site, seller_sku, None, preview=False)


def get(client: Client, seller_id: str, site: Site, seller_sku: str) -> Mapping[str, Any] | None:
    """Return Amazon's ``Item`` with everything, numbers exact; ``None`` where the account has no such SKU."""
    try:
        item = client.call(
            _GET,
            path={"sellerId": seller_id, "sku": seller_sku},
            query={
                "marketplaceIds": [site.marketplace_id],
                "includedData": _INCLUDED,
                "issueLocale": ISSUE_LOCALE,
            },
        )
    except MarketplaceError as error:
        if error.code == "not_found":
            return None
        raise
    if member(item, "sku", str, _GET) != seller_sku:
        raise unreadable(_GET, "it shows another SKU than asked for", 200, {})
    return {**item}


def read(client: Client, seller_id: str, site: Site, seller_skus: Sequence[str]) -> pl.DataFrame:
    """Read offers in full: one row per SKU that stands on the site, in the order asked for.

    The columns are those of ``READ_SCHEMA``. Twenty SKUs go in one search; one that the search can't
    carry or doesn't return is asked for by itself, so that an absent row means an absent listing.
    """
    wanted = list(dict.fromkeys(seller_skus))
    # The search splits its list at commas, and trims: such a SKU could match another listing.
    listable = [sku for sku in wanted if "," not in sku and sku == sku.strip()]
    found: dict[str, Mapping[str, Any]] = {}
    for start in range(0, len(listable), PER_PAGE):
        found |= _named(client, seller_id, site, listable[start : start + PER_PAGE])
    for sku in wanted:
        if sku not in found and (item := get(client, seller_id, site, sku)) is not None:
            found[sku] = item
    return _frame([found[sku] for sku in wanted if sku in found], site)


def _frame(items: Sequence[Mapping[str, Any]], site: Site) -> pl.DataFrame:
    rows = [row_of(item, site) for item in items]
    return pl.DataFrame(
        [row for row in rows if row is not None], schema=dict.fromkeys(READ_SCHEMA, pl.String()), orient="row"
    )


def _named(client: Client, seller_id: str, site: Site, skus: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    try:
        for items in _pages(client, seller_id, site, {"identifiersType": "SKU", "identifiers": skus}):
            # A SKU that was not asked for is another listing, whatever the search thinks.
            found |= {item["sku"]: item for item in items if item.get("sku") in skus}
            if len(found) == len(skus):
                break
    except MarketplaceError as error:
        if error.code not in _MISSED and getattr(error, "cause", None) != "edge":
            raise
    return found


def _pages(
    client: Client, seller_id: str, site: Site, filters: Mapping[str, str | Sequence[str]]
) -> Iterator[Sequence[Mapping[str, Any]]]:
    query: dict[str, str | Sequence[str]] = {
        "marketplaceIds": [site.marketplace_id],
        **filters,
        "includedData": _INCLUDED,
        "issueLocale": ISSUE_LOCALE,
        "pageSize": str(PER_PAGE),
    }
    for _ in range(_MOST_PAGES):
        page = client.call(_SEARCH, path={"sellerId": seller_id}, query=query)
        yield [item for item in member(page, "items", list, _SEARCH) if isinstance(item, dict)]
        pagination = page.get("pagination")
        token = pagination.get("nextToken") if isinstance(pagination, dict) else None
        if not token:
            return
        query["pageToken"] = str(token)


def search(
    client: Client,
    seller_id: str,
    site: Site,
    *,
    identifiers: Sequence[str] = (),
    identifier_type: IdentifierType = "ASIN",
    parent_sku: str | None = None,
    with_issues: Sequence[Severity] = (),
    with_status: Sequence[Status] = (),
    without_status: Sequence[Status] = (),
    updated_after: datetime | None = None,
    updated_before: datetime | None = None,
) -> pl.DataFrame:
    """Return the account's listings on a site that have all that is asked for, newest change first.

    The columns are those of ``READ_SCHEMA``. At most 20 ``identifiers``; times are aware. Amazon gives
    no more than ``MOST_FOUND`` listings: take shorter spans of time where that many come, and the
    listings report for whole catalogues.
    """
    if len(identifiers) > PER_PAGE:
        raise ValueError(f"a search names at most {PER_PAGE} identifiers, not {len(identifiers)}")
    filters: dict[str, str | Sequence[str]] = {"sortBy": "lastUpdatedDate", "sortOrder": "DESC"}
    if identifiers:
        filters |= {"identifiersType": identifier_type, "identifiers": identifiers}
    if parent_sku is not None:
        filters["variationParentSku"] = parent_sku
    given: Mapping[str, Sequence[str]] = {
        "withIssueSeverity": with_issues,
        "withStatus": with_status,
        "withoutStatus": without_status,
    }
    filters |= {name: values for name, values in given.items() if values}
    for name, moment in (("lastUpdatedAfter", updated_after), ("lastUpdatedBefore", updated_before)):
        if moment is not None:
            filters[name] = utc(moment)
    found: dict[str, Mapping[str, Any]] = {}
    for items in _pages(client, seller_id, site, filters):
        found |= {member(item, "sku", str, _SEARCH): item for item in items}
    return _frame(list(found.values()), site)
