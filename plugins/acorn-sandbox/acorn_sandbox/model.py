"""Read what the sandbox needs out of Amazon's Swagger models.

``python -m acorn_sandbox.model FOLDER`` rewrites ``data/operations.json`` from the models in
FOLDER. A contract test compares the two, so that the data cannot drift from the models.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any, Final

DATA: Final = Path(__file__).parent / "data" / "operations.json"

SERVED: Final[dict[str, tuple[str, ...]]] = {
    "feeds_2021-06-30.json": (
        "createFeedDocument",
        "createFeed",
        "getFeed",
        "getFeeds",
        "cancelFeed",
        "getFeedDocument",
    ),
    "listingsItems_2021-08-01.json": (
        "getListingsItem",
        "searchListingsItems",
        "patchListingsItem",
        "putListingsItem",
        "deleteListingsItem",
    ),
    "sellers.json": ("getMarketplaceParticipations",),
    "definitionsProductTypes_2020-09-01.json": ("searchDefinitionsProductTypes", "getDefinitionsProductType"),
    "productPricing_2022-05-01.json": ("getCompetitiveSummary", "getFeaturedOfferExpectedPriceBatch"),
    "productPricingV0.json": (
        "getPricing",
        "getCompetitivePricing",
        "getListingOffers",
        "getItemOffers",
        "getItemOffersBatch",
        "getListingOffersBatch",
    ),
    "productFeesV0.json": ("getMyFeesEstimateForSKU", "getMyFeesEstimateForASIN", "getMyFeesEstimates"),
    "reports_2021-06-30.json": ("createReport", "getReport", "getReports", "cancelReport", "getReportDocument"),
    "fbaInventory.json": ("getInventorySummaries",),
    "orders_2026-01-01.json": ("searchOrders", "getOrder"),
    "listingsRestrictions_2021-08-01.json": ("getListingsRestrictions",),
}
"""The operations that have a handler, by model file."""

_USAGE_PLAN: Final = re.compile(r"\|\s*([\d.]+)\s*\|\s*([\d.]+)\s*\|")
_METHODS: Final = frozenset({"get", "put", "post", "delete", "patch", "head", "options"})
_NOTES: Final = frozenset({"description", "example", "title", "x-example"})


def read_models(folder: Path) -> list[dict[str, Any]]:
    """Return the served operations as the models in ``folder`` describe them."""
    found: list[dict[str, Any]] = []
    for file, wanted in SERVED.items():
        model = json.loads((folder / file).read_text(encoding="utf-8"))
        by_id = {record["operation"]: record for record in operations_of(model)}
        for name in wanted:
            if by_id[name]["rate"] is None:
                raise ValueError(f"{file} has no usage plan for {name}")
            found.append({"model": file, **by_id[name]})
    return found


def operations_of(model: dict[str, Any]) -> list[dict[str, Any]]:
    """Return every operation of one model: path, usage plan, parameters, body, statuses.

    ``rate`` and ``burst`` are ``None`` where the description has no usage plan; ``limited`` are the
    statuses whose answers carry ``x-amzn-RateLimit-Limit``; ``listed_errors`` says that the body of
    an error is a bare list, as in Listings Restrictions.
    """
    base = model.get("basePath", "").rstrip("/")
    records = []
    for path, methods in model["paths"].items():
        for method, operation in methods.items():
            if method not in _METHODS:
                continue
            rate, burst = _usage_plan(operation.get("description", ""))
            body = next((p for p in operation.get("parameters", []) if p["in"] == "body"), None)
            records.append(
                {
                    "operation": operation["operationId"],
                    "method": method.upper(),
                    "path": base + path,
                    "rate": rate,
                    "burst": burst,
                    "parameters": [_plain(p) for p in operation.get("parameters", []) if p["in"] != "body"],
                    "body": expand(body["schema"], model["definitions"]) if body else None,
                    "statuses": sorted(map(int, operation["responses"])),
                    "listed_errors": _lists_errors(operation, model["definitions"]),
                    "limited": sorted(
                        int(status)
                        for status, answer in operation["responses"].items()
                        if "x-amzn-RateLimit-Limit" in answer.get("headers", {})
                    ),
                }
            )
    return records


def expand(schema: Any, definitions: dict[str, Any]) -> Any:
    """Return a schema with its references to ``definitions`` put in place, without notes."""
    if isinstance(schema, list):
        return [expand(part, definitions) for part in schema]
    if not isinstance(schema, dict):
        return schema
    reference = schema.get("$ref")
    if reference is not None:
        return expand(definitions[reference.removeprefix("#/definitions/")], definitions)
    return _plain({key: expand(value, definitions) for key, value in schema.items()})


def _plain(record: dict[str, Any]) -> dict[str, Any]:
    return {key: _plain_part(value) for key, value in record.items() if not _is_note(key, value)}


def _plain_part(value: Any) -> Any:
    return _plain(value) if isinstance(value, dict) else value


def _is_note(key: str, value: Any) -> bool:
    # A property may itself be called "title" or "description": then its value is a schema.
    return key.startswith("x-") or (key in _NOTES and not isinstance(value, dict))


def _usage_plan(description: str) -> tuple[float, int] | tuple[None, None]:
    match = _USAGE_PLAN.search(description)
    return (float(match[1]), int(match[2])) if match else (None, None)


def _lists_errors(operation: dict[str, Any], definitions: dict[str, Any]) -> bool:
    return bool(expand(operation["responses"]["400"]["schema"], definitions).get("type") == "array")


if __name__ == "__main__":
    text = json.dumps(read_models(Path(sys.argv[1])), indent=1, sort_keys=True) + "\n"
    DATA.write_text(text, encoding="utf-8")
