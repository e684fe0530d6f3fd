"""The Product Type Definitions API v2020-09-01, with schemas of the sandbox's own."""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from collections.abc import Iterable
from typing import Any, Final

from acorn_sandbox import exact, schemas
from acorn_sandbox.attributes import ANY_PRODUCT_TYPE
from acorn_sandbox.calls import Answer, Call, Handler, stores
from acorn_sandbox.errors import invalid, not_found, unauthorized
from acorn_sandbox.links import Links
from acorn_sandbox.marketplaces import MARKETPLACES, Marketplace
from acorn_sandbox.state import Document, State

LINK_SECONDS: Final = 7 * 86400.0
"""How long a link to a schema is good. Source: SP-API guide to product type definitions."""

_KNOWN: Final = frozenset(
    {ANY_PRODUCT_TYPE, "BOTTLE", "CHARGING_ADAPTER", "KETTLE", "KITCHEN", "LAMP", "LUGGAGE", "SHIRT", "SHOES", "TOYS"}
)
_CONTENT_TYPE: Final = "application/json"


class Definitions:
    """Which product types there are, and what their listings must have."""

    def __init__(self, state: State, links: Links) -> None:
        self._state = state
        self._links = links
        self.handlers: dict[str, Handler] = {
            "searchDefinitionsProductTypes": self.search,
            "getDefinitionsProductType": self.get,
        }

    def search(self, call: Call) -> Answer:
        """Return the product types that fit keywords or an item's name; all of them without either."""
        query, sites = call.query, stores(call.query["marketplaceIds"])
        if "keywords" in query and "itemName" in query:
            raise invalid("'keywords' cannot be used with 'itemName'.")
        names = sorted(_KNOWN.union(*(self._types(call.account, site) for site in sites)))
        if "keywords" in query:
            words = [word.upper() for word in query["keywords"]]
            names = [name for name in names if any(word in name for word in words)]
        elif "itemName" in query:
            words = re.findall(r"\w+", query["itemName"].upper())
            names = [name for name in names if set(name.split("_")) & set(words)] or [ANY_PRODUCT_TYPE]
        found = [
            {"name": name, "displayName": _display(name), "marketplaceIds": [site.id for site in sites]}
            for name in names
        ]
        return Answer(body={"productTypes": found, "productTypeVersion": _version(exact.dumps(found).encode())})

    def get(self, call: Call) -> Answer:
        """Return one product type with links to its schema."""
        query, name = call.query, call.path["productType"]
        if len(query["marketplaceIds"]) != 1:
            raise invalid("Too many 'marketplaceIds' values provided. Expected a maximum of 1.")
        if query.get("sellerId", call.account) != call.account:
            raise unauthorized("The access token is not of this seller.")
        (site,) = stores(query["marketplaceIds"])
        own = self._types(call.account, site)
        if name not in _KNOWN | own.keys():
            raise not_found(f"The product type '{name}' does not exist in marketplace {site.id}.")
        requirements, enforced = query["requirements"], query["requirementsEnforced"]
        more = tuple(sorted(own.get(name, ())))
        content, names = _schema(name, site.id, requirements, enforced == "ENFORCED", more)
        answer = {
            "metaSchema": self._link(call, _meta_schema()),
            "schema": self._link(call, content),
            "requirements": requirements,
            "requirementsEnforced": enforced,
            "propertyGroups": schemas.groups(names),
            "locale": site.language if query["locale"] == "DEFAULT" else query["locale"],
            "marketplaceIds": [site.id],
            "productType": name,
            "displayName": _display(name),
            "productTypeVersion": {"version": _version(content), "latest": True, "releaseCandidate": False},
        }
        return Answer(body=answer)

    def _types(self, account: str, site: Marketplace) -> dict[str, set[str]]:
        """Return the product types of a seller's listings on one site, with the attributes in use."""
        found: dict[str, set[str]] = {}
        for listing in self._state.listings_of(account, site.id).values():
            found.setdefault(listing.product_type, set()).update(listing.attributes)
        return found

    def _link(self, call: Call, content: bytes) -> dict[str, Any]:
        digest = hashlib.md5(content, usedforsecurity=False).digest()
        identifier = f"product-type-schema-{call.account}-{digest.hex()}"
        timing = self._state.timing
        seconds = max(LINK_SECONDS / timing.speed, timing.shortest_link)
        # Dated ahead, so that the document outlives every link to it.
        document = Document(identifier, call.account, _CONTENT_TYPE, self._state.now() + seconds)
        self._state.put_document(document, content)
        url = self._links.make(call.base, "GET", identifier, seconds=seconds)
        return {"link": {"resource": url, "verb": "GET"}, "checksum": base64.b64encode(digest).decode()}


@functools.lru_cache(maxsize=256)
def _schema(
    name: str, marketplace_id: str, requirements: str, enforced: bool, more: Iterable[str]
) -> tuple[bytes, tuple[str, ...]]:
    site = MARKETPLACES[marketplace_id]
    schema = schemas.definition(name, site, requirements, enforced=enforced, more=more)
    return exact.dumps(schema).encode(), tuple(schema["properties"])


@functools.cache
def _meta_schema() -> bytes:
    return exact.dumps(schemas.meta_schema()).encode()


def _display(name: str) -> str:
    return name.replace("_", " ").title()


def _version(content: bytes) -> str:
    return base64.b64encode(hashlib.blake2b(content, digest_size=8).digest()).decode()
