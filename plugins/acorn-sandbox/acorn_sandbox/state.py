"""Everything the sandbox knows: listings, pools, documents, feeds, secrets.

A SKU's quantity stands in a pool of (seller, region, SKU): ``fulfillment_availability`` names no
marketplace, so it is one for all sites of a region.
"""

from __future__ import annotations

import secrets
import zlib
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, Final

from acorn_sandbox import exact
from acorn_sandbox.attributes import AVAILABILITY
from acorn_sandbox.clock import Timing
from acorn_sandbox.market import Market
from acorn_sandbox.marketplaces import MARKETPLACES
from acorn_sandbox.records import Document, Feed, Instances, Listing, listing_record
from acorn_sandbox.storage import Storage

__all__ = ["Document", "Feed", "Instances", "Listing", "State"]

_BEFORE_FIRST_FEED: Final = 50_000_017_999


class State:
    """The sandbox's memory. Every change goes through it, so that a state file can follow."""

    def __init__(self, storage: Storage | None = None, timing: Timing | None = None) -> None:
        self.timing = timing or Timing()
        self.storage = storage or Storage()
        self.documents: dict[str, Document] = {}
        self._contents: dict[str, bytes] = {}
        self.feeds: dict[tuple[str, str], Feed] = {}
        self.lanes: dict[tuple[str, str], deque[Feed]] = {}
        self.free_at: dict[tuple[str, str], float] = {}
        self._listings: dict[tuple[str, str], dict[str, Listing]] = {}
        self._pools: dict[tuple[str, str, str], Instances] = {}
        self._by_asin: dict[tuple[str, str], dict[tuple[str, str], None]] | None = None
        self.market = Market(self.storage)
        self.listings_changed = 0
        self._last_feed = _BEFORE_FIRST_FEED
        self._load()

    def now(self) -> float:
        """The present instant, in seconds since the epoch."""
        return self.timing.now()

    # Listings

    def listing(self, seller_id: str, marketplace_id: str, sku: str) -> Listing | None:
        """Return a listing, if there is one."""
        return self._listings.get((seller_id, marketplace_id), {}).get(sku)

    def listings_of(self, seller_id: str, marketplace_id: str) -> dict[str, Listing]:
        """Return a seller's listings on one site by SKU; not to be changed."""
        return self._listings.get((seller_id, marketplace_id), {})

    def all_listings(self) -> Iterator[Listing]:
        """Yield every listing."""
        for listings in self._listings.values():
            yield from listings.values()

    def listings_of_item(self, marketplace_id: str, asin: str) -> list[Listing]:
        """Return the listings of every seller here that offer a catalogue item on one site."""
        if self._by_asin is None:
            self._by_asin = {}
            for listing in self.all_listings():
                self._index(listing)
        keys = self._by_asin.get((marketplace_id, asin), {})
        found = (self.listing(seller, marketplace_id, sku) for seller, sku in keys)
        return [listing for listing in found if listing is not None and listing.asin == asin]

    def _index(self, listing: Listing) -> None:
        """Note a listing under its ASIN; notes that no longer hold are passed over when read."""
        if self._by_asin is not None:
            key = listing.marketplace_id, listing.asin
            self._by_asin.setdefault(key, {})[listing.seller_id, listing.sku] = None

    def sites_of(self, seller_id: str) -> list[str]:
        """Return the marketplace ids on which a seller has listings."""
        return [site for (seller, site), listings in self._listings.items() if seller == seller_id and listings]

    def pool(self, listing: Listing) -> Instances:
        """Return the ``fulfillment_availability`` that a listing shares with its region's other sites."""
        return self._pools.get((listing.seller_id, listing.marketplace.region, listing.sku), [])

    def attributes(self, listing: Listing) -> dict[str, Instances]:
        """Return all attributes of a listing, the shared quantity included."""
        pool = self.pool(listing)
        return listing.attributes | {AVAILABILITY: pool} if pool else listing.attributes

    def put_listing(self, listing: Listing, pool: Instances | None = None) -> None:
        """Keep a new or changed listing and, unless ``pool`` is ``None``, its shared quantity."""
        listings = self._listings.setdefault((listing.seller_id, listing.marketplace_id), {})
        self.listings_changed += listing.sku not in listings
        listings[listing.sku] = listing
        self._index(listing)
        if pool is not None:
            self.put_pool(listing, pool)
        if self.storage.keeps:
            key = exact.dumps([listing.seller_id, listing.marketplace_id, listing.sku])
            self.storage.save("listing", key, exact.dumps(listing_record(listing)))

    def remove_listing(self, listing: Listing) -> None:
        """Forget a listing, and its shared quantity with the last site of the region."""
        self._listings[listing.seller_id, listing.marketplace_id].pop(listing.sku, None)
        self.listings_changed += 1
        region = listing.marketplace.region
        siblings = (m.id for m in MARKETPLACES.values() if m.region == region)
        if not any(self.listing(listing.seller_id, site, listing.sku) for site in siblings):
            self.put_pool(listing, [])
        self.storage.delete("listing", exact.dumps([listing.seller_id, listing.marketplace_id, listing.sku]))

    def put_pool(self, listing: Listing, pool: Instances) -> None:
        """Keep the ``fulfillment_availability`` of a SKU for all sites of a listing's region."""
        key = listing.seller_id, listing.marketplace.region, listing.sku
        self._pools[key] = pool
        if self.storage.keeps:
            self.storage.save("pool", exact.dumps(key), exact.dumps(pool))

    # Documents and feeds

    def put_document(self, document: Document, content: bytes | None = None) -> None:
        """Keep a document and, where given, its content."""
        self.documents[document.id] = document
        if content is not None:
            packed = zlib.compress(content, level=1)
            document.size = len(content)
            if self.storage.keeps:
                self.storage.save("content", document.id, packed)
            else:
                self._contents[document.id] = packed
        self.storage.save("document", document.id, exact.dumps(asdict(document)))

    def content(self, document_id: str) -> bytes | None:
        """Return what was put into a document, if anything was."""
        packed = self.storage.get("content", document_id) if self.storage.keeps else self._contents.get(document_id)
        return zlib.decompress(packed) if isinstance(packed, bytes) else None

    def remove_document(self, document_id: str) -> None:
        """Forget a document and its content."""
        self.documents.pop(document_id, None)
        self.storage.delete("document", document_id)
        self.remove_content(document_id)

    def remove_content(self, document_id: str) -> None:
        """Forget a document's content only."""
        self._contents.pop(document_id, None)
        self.storage.delete("content", document_id)

    def next_feed_id(self) -> str:
        """Return the id of the next feed; ids only ever rise."""
        self._last_feed += 1
        self.storage.save("last", "feed", str(self._last_feed))
        return str(self._last_feed)

    def put_feed(self, feed: Feed) -> None:
        """Keep a new or changed feed."""
        self.feeds[feed.seller_id, feed.id] = feed
        self.storage.save("feed", exact.dumps([feed.seller_id, feed.id]), exact.dumps(asdict(feed)))

    def remove_feed(self, feed: Feed) -> None:
        """Forget a feed."""
        self.feeds.pop((feed.seller_id, feed.id), None)
        self.storage.delete("feed", exact.dumps([feed.seller_id, feed.id]))

    def secret(self, name: str) -> bytes:
        """Return a random key of this state, made at first use."""
        for key, value in self.storage.load("secret"):
            if key == name and isinstance(value, bytes):
                return value
        value = secrets.token_bytes(32)
        self.storage.save("secret", name, value)
        self.storage.commit()
        return value

    def _load(self) -> None:
        for _, value in self.storage.load("listing"):
            listing = Listing(**_floats(exact.loads(value)))
            self._listings.setdefault((listing.seller_id, listing.marketplace_id), {})[listing.sku] = listing
        for key, value in self.storage.load("pool"):
            seller, region, sku = exact.loads(key)
            self._pools[seller, region, sku] = exact.loads(value)
        for _, value in self.storage.load("document"):
            document = Document(**_floats(exact.loads(value)))
            self.documents[document.id] = document
        self._last_feed = int(self.storage.get("last", "feed") or self._last_feed)
        for _, value in self.storage.load("feed"):
            feed = Feed(**_floats(exact.loads(value)))
            self.feeds[feed.seller_id, feed.id] = feed
            if feed.ended is not None:
                self.free_at[feed.lane] = max(feed.ended, self.free_at.get(feed.lane, 0.0))
            elif feed.effect != "stuck" or feed.status == "IN_QUEUE":
                self.lanes.setdefault(feed.lane, deque()).append(feed)


def _floats(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record with its times as floats again; they are no amounts."""
    times = {"created", "updated", "started", "ended", "share"}
    return {key: float(value) if key in times and value is not None else value for key, value in record.items()}
