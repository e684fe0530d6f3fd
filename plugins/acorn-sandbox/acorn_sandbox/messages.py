"""One message against one listing: what it would change, what is wrong with it, and the change itself.

The words are those of a feed message; a call of the Listings Items API is brought into them first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from acorn_sandbox.attributes import ANY_PRODUCT_TYPE, AVAILABILITY, OFFER, defaults, vocabulary
from acorn_sandbox.checks import check, is_one_of
from acorn_sandbox.issues import (
    UNKNOWN_SKU,
    Issue,
    error,
    has_errors,
    invalid_value,
    required,
    too_few,
    unknown_attribute,
)
from acorn_sandbox.marketplaces import Marketplace
from acorn_sandbox.patches import PatchRefusedError, attribute_of, revise
from acorn_sandbox.standing import standing
from acorn_sandbox.state import Instances, Listing, State

Message = dict[str, Any]

Part = Literal["all", "stock", "rest"]

REQUIRED: Final[dict[str, tuple[str, ...]]] = {
    "LISTING": ("item_name",),
    "LISTING_PRODUCT_ONLY": ("item_name",),
    "LISTING_OFFER_ONLY": ("condition_type", OFFER),
}


@dataclass(slots=True)
class Draft:
    """What a message comes to: its issues, and the instances of every attribute that it touches."""

    issues: list[Issue] = field(default_factory=list)
    touched: dict[str, Instances] = field(default_factory=dict)


def submit(
    state: State,
    seller_id: str,
    marketplace: Marketplace,
    message: Message,
    *,
    sites: frozenset[str] | None = None,
    effect: bool = True,
    part: Part = "all",
) -> list[Issue]:
    """Check a message and, unless it has errors or ``effect`` is false, apply it.

    ``part`` is what of a patch applies: its ``stock``, the ``rest`` without the stock, or ``all``.
    ``sites`` are the marketplaces of the request: an instance for another one of them is left to
    that one, an instance for any other is an error. Returns the issues.
    """
    listing = state.listing(seller_id, marketplace.id, message["sku"])
    operation = message["operationType"]
    if operation == "DELETE":
        if effect and listing is not None:
            state.remove_listing(listing)
        return []
    draft = _draft(state, listing, marketplace, message, sites or frozenset({marketplace.id}))
    if effect:
        _keep(state, seller_id, marketplace, message, listing, draft, part)
    return draft.issues


def _draft(
    state: State, listing: Listing | None, marketplace: Marketplace, message: Message, sites: frozenset[str]
) -> Draft:
    draft = Draft()
    whole = message["operationType"] == "UPDATE"
    if listing is None and not whole:
        text = f"The SKU '{message['sku']}' does not exist in the {marketplace.domain} catalog of this seller."
        draft.issues.append(error(UNKNOWN_SKU, text, category="INVALID_SKU"))
        return draft
    known_type = listing.product_type if listing else message["productType"]
    if message["productType"] not in {ANY_PRODUCT_TYPE, known_type} and not whole:
        draft.issues.append(invalid_value("productType", message["productType"], "productType"))
    current = {} if listing is None or whole else state.attributes(listing)
    usual, own = vocabulary(marketplace), state.attributes(listing) if listing else {}
    for operation, path, value in _patches(message):
        try:
            name = attribute_of(path)
            if name not in usual and name not in own:
                draft.issues.append(unknown_attribute(name))
                continue
            instances = _instances(name, value, marketplace, sites)
            if not instances and value:
                continue
            if operation != "delete":
                draft.issues += [issue for one in instances for issue in check(name, one, marketplace)]
            if not has_errors(draft.issues):
                before = draft.touched.get(name, current.get(name, []))
                draft.touched[name] = revise(name, operation, before, instances, marketplace)
        except PatchRefusedError as refused:
            draft.issues.append(refused.issue)
    if whole:
        names = REQUIRED[message.get("requirements", "LISTING")]
        draft.issues += [required(name, name) for name in names if name not in message["attributes"]]
        draft.issues += standing(message["attributes"].keys(), marketplace, described=_describes(message))
    return draft


def _patches(message: Message) -> Iterator[tuple[str, str, Any]]:
    if message["operationType"] == "PATCH":
        for patch in message["patches"]:
            yield patch["op"], patch["path"], patch.get("value", [])
    else:
        for name, value in message["attributes"].items():
            yield "replace", f"/attributes/{name}", value


def _instances(name: str, value: Any, marketplace: Marketplace, sites: frozenset[str]) -> Instances:
    """Return the instances that concern one site, with what Amazon assumes filled in."""
    if not isinstance(value, list) or not all(isinstance(instance, dict) for instance in value):
        raise PatchRefusedError(too_few(name, name))
    assumed = defaults(name, marketplace)
    instances = []
    for instance in value:
        site = instance.get("marketplace_id", marketplace.id)
        if name != AVAILABILITY and not is_one_of(site, sites):
            raise PatchRefusedError(invalid_value("marketplace_id", site, name))
        if name != AVAILABILITY and site != marketplace.id:
            continue
        filled = instance | {key: default for key, default in assumed.items() if key not in instance}
        if name == AVAILABILITY and str(instance.get("fulfillment_channel_code", "")).startswith("AMAZON_"):
            filled.pop("quantity", None)  # Amazon counts its own warehouses' stock
        instances.append(filled)
    return instances


def _keep(
    state: State,
    seller_id: str,
    marketplace: Marketplace,
    message: Message,
    listing: Listing | None,
    draft: Draft,
    part: Part,
) -> None:
    now = state.now()
    if part == "stock":
        if listing is not None and AVAILABILITY in draft.touched and not has_errors(draft.issues):
            state.put_pool(listing, draft.touched[AVAILABILITY])
        return
    if has_errors(draft.issues):
        if listing is not None:
            errors = [issue for issue in draft.issues if issue["severity"] == "ERROR"]
            names = {name for issue in errors for name in issue.get("attributeNames", [])}
            listing.issues = _without(listing.issues, names) + errors
            state.put_listing(listing)
        return
    whole = message["operationType"] == "UPDATE"
    if listing is None:
        listing = Listing(seller_id, marketplace.id, message["sku"], message["productType"], {}, now, now)
    elif whole and message["productType"] != ANY_PRODUCT_TYPE:
        listing.product_type = message["productType"]
    touched = dict(draft.touched)
    pool = touched.pop(AVAILABILITY, [] if whole else None)
    if part == "rest" and not whole:
        pool = None
    attributes = touched if whole else listing.attributes | touched
    listing.attributes = {name: instances for name, instances in attributes.items() if instances}
    listing.issues = _without(listing.issues, None if whole else set(draft.touched))
    listing.described = _describes(message) if whole else listing.described
    listing.updated = now
    state.put_listing(listing, pool)


def _describes(message: Message) -> bool:
    return bool(message.get("requirements", "LISTING") != "LISTING_OFFER_ONLY")


def _without(issues: list[Issue], names: set[str] | None) -> list[Issue]:
    """Return the issues that concern none of the attributes; each submission judges those anew.

    ``None`` is every attribute. What concerns no attribute at all stays where Amazon has enforced
    something for it.
    """
    roots = None if names is None else {name.partition(".")[0] for name in names}
    kept = []
    for issue in issues:
        concerned = {name.partition(".")[0] for name in issue.get("attributeNames", [])}
        untouched = roots is not None and not concerned & roots
        if untouched if concerned else "enforcements" in issue:
            kept.append(issue)
    return kept
