"""How a patch changes the instances of one attribute.

Only whole attributes can be patched. ``replace`` (and ``add``, and every attribute of a
PARTIAL_UPDATE) puts whole instances: an instance with the same selectors is replaced with all its
sub-fields, what the new one leaves out is gone; one with other selectors is added and the rest
stays. ``merge`` exists for two attributes only, ``delete`` needs the selectors.
"""

from __future__ import annotations

from typing import Any, Final

from acorn_sandbox.attributes import AVAILABILITY, DEFAULT_CHANNEL, OFFER, key_of, selectors
from acorn_sandbox.issues import INVALID_VALUE, WRONG_SHAPE, Issue, error, required, too_few
from acorn_sandbox.marketplaces import Marketplace

Instances = list[dict[str, Any]]

_MERGEABLE: Final[dict[str, str]] = {AVAILABILITY: "quantity", OFFER: "quantity_discount_plan"}
_PREFIX: Final = "/attributes/"


class PatchRefusedError(Exception):
    """A patch that cannot be applied; ``issue`` says why."""

    def __init__(self, issue: Issue) -> None:
        super().__init__(issue["message"])
        self.issue = issue


def attribute_of(path: str) -> str:
    """Return the attribute that a patch path names. Raises ``PatchRefusedError``."""
    name = path.removeprefix(_PREFIX)
    if not path.startswith(_PREFIX) or not name or "/" in name:
        text = f"The path '{path}' is invalid: only top-level attributes can be patched."
        raise PatchRefusedError(error(INVALID_VALUE, text))
    return name


def revise(name: str, operation: str, current: Instances, value: Instances, marketplace: Marketplace) -> Instances:
    """Return an attribute's instances after one patch; neither argument is changed."""
    if not value:
        raise PatchRefusedError(too_few(name, name))
    if operation == "delete":
        return _delete(name, current, value, marketplace)
    if operation == "merge":
        return _merge(name, current, value, marketplace)
    return _replace(name, current, value, marketplace)


def _replace(name: str, current: Instances, value: Instances, marketplace: Marketplace) -> Instances:
    replaced = {key_of(name, instance, marketplace) for instance in value}
    kept = [instance for instance in current if key_of(name, instance, marketplace) not in replaced]
    if name == AVAILABILITY and DEFAULT_CHANNEL not in {code for (code,) in replaced}:
        # An offer that goes to Amazon's warehouses is no longer the merchant's.
        kept = [instance for instance in kept if instance.get("fulfillment_channel_code") != DEFAULT_CHANNEL]
    if name == OFFER:
        value = [instance for instance in value if not _ends_business_price(instance)]
    return kept + value


def _merge(name: str, current: Instances, value: Instances, marketplace: Marketplace) -> Instances:
    allowed = {_MERGEABLE.get(name, ""), *selectors(name)}
    beyond = sorted({key for instance in value for key in instance} - allowed)
    if name not in _MERGEABLE or beyond:
        text = f"The operation 'merge' is not supported for '{'.'.join([name, *beyond[:1]])}'."
        raise PatchRefusedError(error(WRONG_SHAPE, text, name))
    merged = {key_of(name, instance, marketplace): instance for instance in current}
    for instance in value:
        key = key_of(name, instance, marketplace)
        joined = merged.get(key, {}) | instance
        merged[key] = {part: inner for part, inner in joined.items() if inner is not None}
    return list(merged.values())


def _delete(name: str, current: Instances, value: Instances, marketplace: Marketplace) -> Instances:
    if name in _MERGEABLE:
        for instance in value:
            for key in selectors(name):
                if key not in instance:
                    raise PatchRefusedError(required(f"{name}.{key}", name))
    gone = {key_of(name, instance, marketplace) for instance in value}
    return [instance for instance in current if key_of(name, instance, marketplace) not in gone]


def _ends_business_price(instance: dict[str, Any]) -> bool:
    """Say whether an instance is a business price of zero, which removes that price."""
    if instance.get("audience") != "B2B" or "our_price" not in instance:
        return False
    return bool(instance["our_price"][0]["schedule"][0]["value_with_tax"] == 0)
