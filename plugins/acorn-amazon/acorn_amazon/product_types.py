"""Product type definitions (2020-09-01): which attributes a product type knows and requires on a site.

Amazon hands the schema out as a link with a checksum. The link is asked for again after an hour;
the document behind it, up to a megabyte, only when its checksum has changed.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, Literal

from acorn_amazon import exact_json, storage
from acorn_amazon.answers import Part
from acorn_amazon.errors import unreadable
from acorn_amazon.schema_cache import MemoryCache, SchemaCache, matches

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from acorn_amazon.client import Client
    from acorn_engine.sites import Site

Requirements = Literal["LISTING", "LISTING_PRODUCT_ONLY", "LISTING_OFFER_ONLY"]

_SEARCH: Final = "searchDefinitionsProductTypes"
_GET: Final = "getDefinitionsProductType"
_FRESH_FOR: Final = 3600.0
_MOST_REMEMBERED: Final = 1000


@dataclass(frozen=True, slots=True)
class ProductType:
    """A product type that Amazon knows on a site, with its name in the site's language."""

    name: str
    display_name: str


@dataclass(frozen=True, slots=True)
class Definition:
    """A product type on one site.

    ``attributes`` are all that it knows, ``required`` those that it requires whatever the others say;
    further ones may be required by conditions, which only the schema's ``allOf`` holds. ``document``
    is the JSON Schema (2019-09 with Amazon's own words) as Amazon made it, ``checksum`` its MD5.
    """

    product_type: str
    display_name: str
    marketplace_id: str
    requirements: str
    enforced: bool
    locale: str
    version: str
    checksum: str
    attributes: frozenset[str]
    required: frozenset[str]
    groups: Mapping[str, tuple[str, ...]] = field(repr=False)
    document: bytes = field(repr=False, compare=False)

    def knows(self, attribute: str) -> bool:
        """Say whether the product type has the attribute on this site."""
        return attribute in self.attributes

    def missing(self, attributes: Sequence[str]) -> list[str]:
        """Return what is required in every case and not among ``attributes``, sorted."""
        return sorted(self.required - set(attributes))

    def schema(self) -> Any:
        """Return the schema, read exactly."""
        return exact_json.loads(self.document)


class ProductTypes:
    """The product types of one account. Thread-safe.

    ``cache`` keeps schema documents by checksum: in memory by default (``MemoryCache``, 64 MiB), or in
    a folder (``FolderCache``). ``seller_id`` makes definitions hold what is the seller's own, such as
    the names of shipping templates.
    """

    def __init__(
        self,
        client: Client,
        *,
        seller_id: str | None = None,
        cache: SchemaCache | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._seller_id = seller_id
        self._cache: SchemaCache = cache if cache is not None else MemoryCache()
        self._clock = clock
        self._lock = Lock()
        # Amazon's answer is small; the schema behind its link is the cache's to keep.
        self._links: OrderedDict[tuple[str, ...], tuple[float, Part]] = OrderedDict()

    def search(self, site: Site, keywords: Sequence[str] = (), item_name: str | None = None) -> Sequence[ProductType]:
        """Return the product types of a site: all, or those that fit ``keywords`` or an item's name.

        Raises ``ValueError`` where both are given: Amazon takes one of them.
        """
        if keywords and item_name is not None:
            raise ValueError("keywords and item_name exclude each other")
        query: dict[str, str | Sequence[str]] = {"marketplaceIds": [site.marketplace_id]}
        if keywords:
            query["keywords"] = keywords
        if item_name is not None:
            query["itemName"] = item_name
        answer = Part(_SEARCH, self._client.call(_SEARCH, query=query))
        return [ProductType(part.text("name"), part.text("displayName")) for part in answer.parts("productTypes")]

    def definition(
        self,
        site: Site,
        product_type: str,
        *,
        requirements: Requirements = "LISTING",
        enforced: bool = True,
        locale: str = "DEFAULT",
    ) -> Definition:
        """Return the definition of a product type on a site.

        ``enforced`` false gives the schema for partial updates, which requires nothing. Raises
        ``MarketplaceError`` (``not_found`` or ``invalid`` for an unknown product type).
        """
        query = {
            "marketplaceIds": [site.marketplace_id],
            "requirements": requirements,
            "requirementsEnforced": "ENFORCED" if enforced else "NOT_ENFORCED",
            "locale": locale,
        }
        if self._seller_id is not None:
            query["sellerId"] = self._seller_id
        key = (site.marketplace_id, product_type, requirements, str(enforced), locale)
        answer = self._known(key)
        document = None if answer is None else self._cache.get(answer.part("schema").text("checksum"))
        if answer is None or document is None:
            answer, document = self._client.retry(lambda: self._ask(product_type, query))
            self._remember(key, answer)
        return _definition(answer, document, site)

    def _known(self, key: tuple[str, ...]) -> Part | None:
        with self._lock:
            kept = self._links.get(key)
            return kept[1] if kept is not None and self._clock() - kept[0] < _FRESH_FOR else None

    def _remember(self, key: tuple[str, ...], answer: Part) -> None:
        with self._lock:
            self._links[key] = (self._clock(), answer)
            self._links.move_to_end(key)
            while len(self._links) > _MOST_REMEMBERED:
                self._links.popitem(last=False)

    def _ask(self, product_type: str, query: Mapping[str, str | Sequence[str]]) -> tuple[Part, bytes]:
        answer = Part(_GET, self._client.once(_GET, path={"productType": product_type}, query=query))
        if answer.text("productType") != product_type:
            raise unreadable(_GET, "it shows another product type than asked for", 200, {})
        schema = answer.part("schema")
        checksum = schema.text("checksum")
        document = self._cache.get(checksum)
        if document is None:
            document = storage.fetch(self._client, "schema", schema.part("link").text("resource"), None).data
            if not matches(document, checksum):
                raise unreadable("schema download", "the schema is not the one that its checksum names", 200, {})
            self._cache.keep(checksum, document)
        return answer, document


def _definition(answer: Part, document: bytes, site: Site) -> Definition:
    try:
        schema = Part("schema", exact_json.loads(document))
    except ValueError:
        raise unreadable("schema download", "the schema is not JSON", 200, {}) from None
    groups = answer.part("propertyGroups")
    checksum = answer.part("schema").text("checksum")
    return Definition(
        product_type=answer.text("productType"),
        display_name=answer.text("displayName"),
        marketplace_id=site.marketplace_id,
        requirements=answer.text("requirements"),
        enforced=answer.text("requirementsEnforced") == "ENFORCED",
        locale=answer.text("locale"),
        version=answer.part("productTypeVersion").text("version"),
        checksum=checksum,
        attributes=frozenset(schema.part("properties").data),
        required=frozenset(schema.texts("required")),
        groups={name: groups.part(name).texts("propertyNames") for name in groups.data},
        document=document,
    )
