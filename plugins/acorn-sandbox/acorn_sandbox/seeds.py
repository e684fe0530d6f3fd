"""Where listings come from at the start: a file of JSON lines, rows in memory, or a small catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from sys import intern
from typing import Any, Final

from acorn_engine.problems import AcornError, Place, Problem
from acorn_sandbox import exact
from acorn_sandbox.attributes import AVAILABILITY, GPSR_COUNTRIES
from acorn_sandbox.marketplaces import MARKETPLACES, Marketplace
from acorn_sandbox.state import Listing, State

SELLER: Final = "A2EXAMPLE"
"""The seller of the small catalogue."""

_FLUSH_EVERY: Final = 10_000
_SHORT: Final = 20
_KEYS: Final = ("seller_id", "marketplace_id", "sku", "product_type", "attributes")


def read_seed(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a seed file line by line. Raises ``AcornError`` naming the line."""
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                try:
                    row = exact.loads(line.decode("utf-8-sig"))
                except ValueError as error:
                    raise _fault(path, number, f"This line is not JSON in UTF-8: {error}.") from None
                message = _row_fault(row)
                if message:
                    raise _fault(path, number, message)
                yield row
    except OSError as error:
        message = f"The seed file {path} cannot be read: {error.strerror}."
        raise AcornError(message, code="sandbox_seed") from error


def plant(state: State, rows: Iterable[Mapping[str, Any]]) -> int:
    """Put rows into the state as listings and return how many there were.

    A quantity belongs to all sites of a region: of several rows of one SKU the last one that has
    ``fulfillment_availability`` counts.
    """
    now = state.now()
    count = 0
    for row in rows:
        attributes = _shared(row["attributes"])
        pool = attributes.pop(AVAILABILITY, None)
        listing = Listing(
            intern(row["seller_id"]),
            intern(row["marketplace_id"]),
            row["sku"],
            row["product_type"],
            attributes,
            now,
            now,
        )
        state.put_listing(listing, pool)
        count += 1
        if count % _FLUSH_EVERY == 0:
            state.storage.flush()  # one transaction still: a half-planted seed would never be completed
    state.storage.commit()
    return count


def _shared(value: Any) -> Any:
    """Return a copy whose names and short texts are the same objects in every row, which saves much memory."""
    if isinstance(value, dict):
        return {intern(name): _shared(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_shared(part) for part in value]
    return intern(value) if isinstance(value, str) and len(value) <= _SHORT else value


def small_catalogue() -> Iterator[dict[str, Any]]:
    """Yield the listings that a sandbox without a seed has: four SKUs on five sites, one without safety contacts."""
    for domain, prices in _SHOPS.items():
        site = next(store for store in MARKETPLACES.values() if store.domain == f"www.{domain}")
        for (sku, name, product_type, channel, quantity), price in zip(_GOODS, prices.split(), strict=True):
            stock: dict[str, Any] = {"fulfillment_channel_code": site.channel if channel == "AMAZON" else channel}
            if channel == "DEFAULT":
                stock |= {"quantity": quantity, "lead_time_to_ship_max_days": 2}
            yield {
                "seller_id": SELLER,
                "marketplace_id": site.id,
                "sku": sku,
                "product_type": product_type,
                "attributes": {
                    "item_name": [{"value": name, "language_tag": site.language, "marketplace_id": site.id}],
                    "condition_type": [{"value": "new_new", "marketplace_id": site.id}],
                    "purchasable_offer": [
                        {
                            "marketplace_id": site.id,
                            "currency": site.currency,
                            "audience": "ALL",
                            "our_price": [{"schedule": [{"value_with_tax": exact.loads(price)}]}],
                        }
                    ],
                    AVAILABILITY: [stock],
                }
                | (_safety(site) if sku != _WITHOUT_SAFETY else {}),
            }


def _safety(site: Marketplace) -> dict[str, Any]:
    if site.country not in GPSR_COUNTRIES:
        return {}
    return {
        "gpsr_manufacturer_reference": [
            {"gpsr_manufacturer_email_address": "safety@example.com", "marketplace_id": site.id}
        ],
        "dsa_responsible_party_address": [{"value": "eu@example.com", "marketplace_id": site.id}],
        "gpsr_safety_attestation": [{"value": True, "marketplace_id": site.id}],
    }


_WITHOUT_SAFETY: Final = "ACORN-BOTTLE"
_GOODS: Final = (
    ("ACORN-KETTLE", "Water kettle 1.7 l", "KETTLE", "DEFAULT", 40),
    ("ACORN-LAMP", "Desk lamp", "LAMP", "DEFAULT", 12),
    ("ACORN-CASE", "Cabin suitcase", "LUGGAGE", "AMAZON", 0),
    ("ACORN-BOTTLE", "Vacuum bottle 0.5 l", "BOTTLE", "DEFAULT", 0),
)
_SHOPS: Final = {
    "amazon.de": "29.99 24.50 79.00 17.95",
    "amazon.fr": "31.99 25.90 82.00 18.90",
    "amazon.co.uk": "27.49 21.99 69.99 15.99",
    "amazon.com": "32.99 26.99 84.99 19.99",
    "amazon.co.jp": "4280 3480 11800 2580",
}


def _row_fault(row: Any) -> str | None:
    if not isinstance(row, dict) or set(row) != set(_KEYS):
        return f"A seed line is a JSON object with the keys {', '.join(_KEYS)}."
    if row["marketplace_id"] not in MARKETPLACES:
        return f"'{row['marketplace_id']}' is not a marketplace id."
    attributes = row["attributes"]
    if not isinstance(attributes, dict) or not all(
        isinstance(part, list) and all(isinstance(one, dict) for one in part) for part in attributes.values()
    ):
        return "'attributes' is an object whose values are lists of objects."
    if not all(isinstance(row[key], str) and row[key] for key in _KEYS[:4]):
        return f"{', '.join(_KEYS[:4])} are texts of at least one character."
    return None


def _fault(path: Path, line: int, message: str) -> AcornError:
    return AcornError(Problem(code="sandbox_seed", message=message, place=Place(file=str(path), line=line)))
