"""The Listings Items API v2021-08-01."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any, Final

from acorn_sandbox import views
from acorn_sandbox.calls import Answer, Call, Handler, stores
from acorn_sandbox.clock import instant_of
from acorn_sandbox.errors import ApiError, invalid, not_found, unauthorized
from acorn_sandbox.faults import Faults
from acorn_sandbox.issues import has_errors
from acorn_sandbox.marketplaces import Marketplace
from acorn_sandbox.messages import Message, submit
from acorn_sandbox.paging import read_token, token
from acorn_sandbox.standing import issues_of
from acorn_sandbox.state import Listing, State

MOST_PAGEABLE: Final = 1000
"""How many SKUs a search can page through."""

_BAD_SKU: Final = "BadSKU"
_NO_EFFECT: Final = frozenset({"no_effect"})
_IDENTIFIED: Final = ("identifiers", "variationParentSku", "packageHierarchySku")


class Listings:
    """Listings of every account."""

    def __init__(self, state: State, faults: Faults) -> None:
        self._state = state
        self._faults = faults
        self.handlers: dict[str, Handler] = {
            "getListingsItem": self.get,
            "searchListingsItems": self.search,
            "patchListingsItem": self.patch,
            "putListingsItem": self.put,
            "deleteListingsItem": self.delete,
        }

    def get(self, call: Call) -> Answer:
        """Return one SKU."""
        sites, sku = self._sites(call), _sku(call)
        found = [self._state.listing(call.account, site.id, sku) for site in sites]
        listings = [listing for listing in found if listing is not None]
        if not listings:
            raise not_found(f"SKU '{sku}' not found in marketplaces {', '.join(site.id for site in sites)}")
        return Answer(body=views.item(self._state, listings, call.query["includedData"]))

    def search(self, call: Call) -> Answer:
        """Return SKUs page by page."""
        sites, query = self._sites(call), call.query
        if ("identifiers" in query) != ("identifiersType" in query):
            raise invalid("'identifiers' and 'identifiersType' must be given together.")
        if sum(name in query for name in _IDENTIFIED) > 1:
            raise invalid(f"Only one of {', '.join(_IDENTIFIED)} can be given.")
        size = query["pageSize"]
        if size < 1:
            raise invalid("'pageSize' must be at least 1.")
        found = [
            listings for listings in self._candidates(call.account, sites, query) if self._matches(listings, query)
        ]
        found.sort(key=_SORT_KEYS[query["sortBy"]], reverse=query["sortOrder"] == "DESC")
        start = read_token(query["pageToken"], "pageToken") if "pageToken" in query else 0
        if not isinstance(start, int) or start < 0:
            raise invalid("Invalid 'pageToken'.")
        end = min(start + size, MOST_PAGEABLE)
        pagination = {"nextToken": token(end)} if end < min(len(found), MOST_PAGEABLE) else {}
        if start:
            pagination["previousToken"] = token(max(start - size, 0))
        answer: dict[str, Any] = {"numberOfResults": len(found)}
        if pagination:
            answer["pagination"] = pagination
        answer["items"] = [views.item(self._state, one, query["includedData"]) for one in found[start:end]]
        return Answer(body=answer)

    def patch(self, call: Call) -> Answer:
        """Patch attributes of one SKU."""
        return self._submit(call, {"operationType": "PATCH"} | call.body)

    def put(self, call: Call) -> Answer:
        """Create or fully replace one SKU."""
        return self._submit(call, {"operationType": "UPDATE"} | call.body)

    def delete(self, call: Call) -> Answer:
        """Delete one SKU on one site."""
        return self._submit(call, {"operationType": "DELETE"})

    def _submit(self, call: Call, message: Message) -> Answer:
        sites, sku = self._sites(call), _sku(call)
        message["sku"] = sku
        preview = "mode" in call.query
        name = {"PATCH": "patchListingsItem", "UPDATE": "putListingsItem", "DELETE": "deleteListingsItem"}
        operation = name[message["operationType"]]
        ids = frozenset(site.id for site in sites)
        # A request for several sites is accepted as a whole or not at all.
        issues = self._run(call.account, sites, message, ids, effect=False)
        valid = not any(has_errors(found) for found in issues.values())
        if not preview and not self._faults.strike(operation, _NO_EFFECT, call.account):
            self._run(call.account, sites, message, ids, effect=True) if valid else self._note(
                call, sites, message, ids
            )
        answer: dict[str, Any] = {
            "sku": sku,
            "status": ("VALID" if preview else "ACCEPTED") if valid else "INVALID",
            "submissionId": uuid.uuid4().hex,
        }
        included = call.query.get("includedData", ["issues"])
        if "issues" in included:
            answer["issues"] = [
                views.shown_issue(issue) | {"marketplaceIds": [site]}
                for site, found in issues.items()
                for issue in found
            ]
        if "identifiers" in included:
            answer["identifiers"] = self._identifiers(call.account, sites, sku) if valid else []
        return Answer(body=answer)

    def _run(
        self, account: str, sites: list[Marketplace], message: Message, ids: frozenset[str], *, effect: bool
    ) -> dict[str, list[Any]]:
        return {site.id: submit(self._state, account, site, message, sites=ids, effect=effect) for site in sites}

    def _note(self, call: Call, sites: list[Marketplace], message: Message, ids: frozenset[str]) -> None:
        """Keep the issues of a refused submission with the listings that have them."""
        for site in sites:
            if has_errors(submit(self._state, call.account, site, message, sites=ids, effect=False)):
                submit(self._state, call.account, site, message, sites=ids)

    def _identifiers(self, account: str, sites: list[Marketplace], sku: str) -> list[dict[str, str]]:
        found = [self._state.listing(account, site.id, sku) for site in sites]
        return [{"marketplaceId": one.marketplace_id, "asin": one.asin} for one in found if one is not None]

    def _sites(self, call: Call) -> list[Marketplace]:
        if call.path["sellerId"] != call.account:
            raise unauthorized("The access token is not of this seller.")
        return stores(call.query["marketplaceIds"])

    def _candidates(self, account: str, sites: list[Marketplace], query: dict[str, Any]) -> Iterator[list[Listing]]:
        by_site = [self._state.listings_of(account, site.id) for site in sites]
        if any(name in query for name in _IDENTIFIED[1:]):
            return
        wanted = query.get("identifiers")
        if wanted is not None and query["identifiersType"] == "SKU":
            skus = dict.fromkeys(wanted)
        else:
            skus = dict.fromkeys(sku for listings in by_site for sku in listings)
        for sku in skus:
            found = [listings[sku] for listings in by_site if sku in listings]
            if found and (wanted is None or query["identifiersType"] == "SKU" or _identified(found, query)):
                yield found

    def _matches(self, listings: list[Listing], query: dict[str, Any]) -> bool:
        created = min(listing.created for listing in listings)
        updated = max(listing.updated for listing in listings)
        for name, instant, after in (
            ("createdAfter", created, True),
            ("createdBefore", created, False),
            ("lastUpdatedAfter", updated, True),
            ("lastUpdatedBefore", updated, False),
        ):
            if name in query and (instant < instant_of(query[name]) if after else instant > instant_of(query[name])):
                return False
        if "withIssueSeverity" in query:
            severities = {issue["severity"] for listing in listings for issue in issues_of(listing)}
            if not severities & set(query["withIssueSeverity"]):
                return False
        if "withStatus" in query or "withoutStatus" in query:
            status = {word for listing in listings for word in views.status_of(self._state, listing)}
            without = set(query.get("withoutStatus", ()))
            return not status & without and ("withStatus" not in query or bool(status & set(query["withStatus"])))
        return True


_SORT_KEYS: Final[dict[str, Any]] = {
    "sku": lambda listings: listings[0].sku,
    "createdDate": lambda listings: (min(listing.created for listing in listings), listings[0].sku),
    "lastUpdatedDate": lambda listings: (max(listing.updated for listing in listings), listings[0].sku),
}


def _sku(call: Call) -> str:
    sku = call.path["sku"]
    if sku == _BAD_SKU:
        raise ApiError(400, "BAD_REQUEST", "Invalid input", "Invalid input")
    return sku


def _identified(listings: list[Listing], query: dict[str, Any]) -> bool:
    """Say whether a SKU has one of the identifiers: its ASIN, or a product identifier of that type."""
    kind, wanted = query["identifiersType"], set(query["identifiers"])
    if kind == "ASIN":
        return any(listing.asin in wanted for listing in listings)
    return any(
        identifier.get("type", "").upper() == kind and identifier.get("value") in wanted
        for listing in listings
        for identifier in listing.attributes.get("externally_assigned_product_identifier", [])
    )
