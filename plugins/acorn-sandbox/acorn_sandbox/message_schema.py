"""What a message of a feed document must look like.

Source: Amazon's listings-feed-message-schema-v2.json.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from acorn_sandbox.checks import is_one_of
from acorn_sandbox.messages import Message

_LARGEST_ID: Final = 2_147_483_647
_REQUIREMENTS: Final = frozenset({"LISTING", "LISTING_PRODUCT_ONLY", "LISTING_OFFER_ONLY"})
_OPERATIONS: Final = frozenset({"add", "replace", "merge", "delete"})
_FORBIDDEN: Final[dict[str, frozenset[str]]] = {
    "UPDATE": frozenset({"patches"}),
    "PARTIAL_UPDATE": frozenset({"requirements", "patches"}),
    "PATCH": frozenset({"requirements", "attributes"}),
    "DELETE": frozenset({"productType", "requirements", "attributes", "patches"}),
}


def identity(message: Any) -> tuple[int | None, str | None]:
    """Return a message's id and SKU, as far as it has them."""
    if not isinstance(message, dict):
        return None, None
    message_id, sku = message.get("messageId"), message.get("sku")
    known = isinstance(message_id, int) and not isinstance(message_id, bool) and message_id >= 1
    return message_id if known else None, sku if isinstance(sku, str) and sku else None


def message_faults(message: Any, seen: set[int]) -> Iterator[str]:
    """Yield how a message breaks the feed's message schema; ``seen`` collects the ids."""
    if not isinstance(message, dict):
        yield "A message is not an object."
        return
    message_id, sku = identity(message)
    if message_id is None or message_id > _LARGEST_ID:
        yield f"'messageId' must be an integer from 1 to {_LARGEST_ID}."
    elif message_id in seen:
        yield f"The messageId {message_id} is used more than once."
    else:
        seen.add(message_id)
    if sku is None:
        yield "'sku' must be a text of at least one character."
    operation = message.get("operationType")
    if not isinstance(operation, str) or operation not in _FORBIDDEN:
        yield f"'{operation}' is not an operationType."
        return
    for key in _FORBIDDEN[operation]:
        if key in message:
            yield f"'{key}' is not applicable to the operationType {operation}."
    if operation != "DELETE":
        yield from _content_faults(message, operation)


def _content_faults(message: Message, operation: str) -> Iterator[str]:
    if not isinstance(message.get("productType"), str) or not message["productType"]:
        yield "'productType' is required."
    if operation == "PATCH":
        patches = message.get("patches")
        if not isinstance(patches, list) or not patches:
            yield "'patches' must be a list of at least one patch."
        elif not all(map(_is_patch, patches)):
            yield "A patch must have an op of add, replace, merge or delete, a path, and a list of objects as its value."
    elif not isinstance(message.get("attributes"), dict) or not message["attributes"]:
        yield "'attributes' must be an object with at least one attribute."
    if "requirements" in message and not is_one_of(message["requirements"], _REQUIREMENTS):
        yield f"'{message['requirements']}' is not one of the requirements."


def _is_patch(patch: Any) -> bool:
    if (
        not isinstance(patch, dict)
        or not is_one_of(patch.get("op"), _OPERATIONS)
        or not isinstance(patch.get("path"), str)
    ):
        return False
    value = patch.get("value", [])
    return isinstance(value, list) and all(isinstance(instance, dict) for instance in value)
