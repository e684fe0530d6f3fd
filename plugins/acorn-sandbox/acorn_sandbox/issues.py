"""Issues as Amazon words them. Codes are data: the contract is severity, category and attribute."""

from __future__ import annotations

from typing import Any, Final

Issue = dict[str, Any]
"""``{code, message, severity, categories, attributeNames?, enforcements?}`` as in the listings model."""

REQUIRED: Final = "90220"
WRONG_SHAPE: Final = "99022"
UNKNOWN_ATTRIBUTE: Final = "90000900"
INVALID_VALUE: Final = "4000001"
NOT_IN_ENUM: Final = "90244"
BAD_MESSAGE: Final = "4002008"
BAD_HEADER: Final = "4002005"
BAD_VERSION: Final = "4002006"
BAD_ACCOUNT: Final = "BAD_REQUEST"
MINIMUM_ABOVE_PRICE: Final = "18155"
UNKNOWN_SKU: Final = "13013"
DOCUMENTS_REQUIRED: Final = "100390"
INCOMPLETE: Final = "18448"
IMAGE_MISSING: Final = "18320"


def error(code: str, message: str, attribute: str | None = None, category: str = "INVALID_ATTRIBUTE") -> Issue:
    """Return an issue of severity ERROR."""
    issue: Issue = {"code": code, "message": message, "severity": "ERROR", "categories": [category]}
    if attribute is not None:
        issue["attributeNames"] = [attribute]
    return issue


def warning(
    code: str, message: str, attributes: list[str], category: str = "MISSING_ATTRIBUTE", action: str | None = None
) -> Issue:
    """Return an issue of severity WARNING; ``action`` is the enforcement that came with it."""
    issue: Issue = {"code": code, "message": message, "severity": "WARNING", "categories": [category]}
    issue["attributeNames"] = attributes
    return issue if action is None else issue | {"enforcements": enforced(action)}


def enforced(action: str) -> dict[str, Any]:
    """Return the enforcements of an issue for which a listing is not exempt."""
    return {"actions": [{"action": action}], "exemption": {"status": "NOT_EXEMPT"}}


def actions_of(issues: list[Issue]) -> set[str]:
    """Return the enforcement actions that apply because of issues."""
    found = [issue["enforcements"] for issue in issues if "enforcements" in issue]
    applied = [one["actions"] for one in found if one["exemption"]["status"] == "NOT_EXEMPT"]
    return {action["action"] for actions in applied for action in actions}


def required(key: str, attribute: str) -> Issue:
    """Return the issue of a missing attribute or key."""
    return error(REQUIRED, f"'[{key}]' is required but not supplied.", attribute, "MISSING_ATTRIBUTE")


def too_few(field: str, attribute: str) -> Issue:
    """Return the issue of an empty or misshapen list."""
    text = (
        f"The field '\"{field}\"' for the attribute '{attribute}' does not have enough values. "
        "The required minimum is '1' value(s)."
    )
    return error(WRONG_SHAPE, text, attribute)


def invalid_value(field: str, value: Any, attribute: str, category: str = "INVALID_ATTRIBUTE") -> Issue:
    """Return the issue of a value that cannot be."""
    return error(INVALID_VALUE, f"The provided value '{value}' for '{field}' is invalid.", attribute, category)


def not_in_enum(field: str, value: Any, attribute: str) -> Issue:
    """Return the issue of a value that is not one of those allowed."""
    return error(NOT_IN_ENUM, f"The value '{value}' specified for '{field}' is not an allowed value.", attribute)


def unknown_attribute(name: str) -> Issue:
    """Return the issue of an attribute that the product type lacks on that site."""
    issue = error(UNKNOWN_ATTRIBUTE, "The attributes are invalid.", name)
    return issue | {"enforcements": enforced("ATTRIBUTE_SUPPRESSED")}


def has_errors(issues: list[Issue]) -> bool:
    """Say whether one of the issues keeps the message from being accepted."""
    return any(issue["severity"] == "ERROR" for issue in issues)


def for_report(issue: Issue, message_id: int | None = None, sku: str | None = None) -> dict[str, Any]:
    """Return an issue in the shape of the feed processing report."""
    line: dict[str, Any] = {}
    if message_id is not None:
        line["messageId"] = message_id
    if sku:
        line["sku"] = sku
    line |= {"code": issue["code"], "severity": issue["severity"], "message": issue["message"]}
    names = issue.get("attributeNames")
    return line | {"attributeName": names[0]} if names else line
