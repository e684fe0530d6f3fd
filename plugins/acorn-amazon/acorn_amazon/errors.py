"""Amazon's refusals as ``MarketplaceError``: code, status, request id, cause, what to do next.

No text built here holds a secret: what Amazon sends back is cleaned before it is shown.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from acorn_amazon import exact_json
from acorn_engine.marketplace import MarketplaceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_LONGEST_REMOTE_TEXT: Final = 500
_TOKEN_SHAPES: Final = re.compile(
    r"Atz[a-z]\|[^\s\"']+|amzn1\.oa2-cs\.[^\s\"']+|X-Amz-[\w-]+=[^\s&\"']+", re.IGNORECASE
)

_CODES: Final[dict[int, str]] = {
    400: "invalid",
    401: "unauthorized",
    403: "unauthorized",
    404: "not_found",
    408: "timeout",
    413: "too_large",
    415: "invalid",
    422: "invalid",
    429: "throttled",
}

_REMEDIES: Final[dict[str, str]] = {
    "invalid": "Nothing was changed. Correct what Amazon names and plan again.",
    "unauthorized": (
        "Nothing was changed. Check that the account's client id, client secret and refresh token belong together "
        "and to this region, that the seller's authorisation has not run out (365 days) and that the application "
        "has the Product Listing role; then run 'acorn submit' again."
    ),
    "not_found": "Nothing was changed. Check the seller id, the SKU and the site.",
    "timeout": "Try again later.",
    "too_large": "Nothing was changed. Send fewer messages at once.",
    "throttled": "Nothing was changed. Wait, then try again.",
    "redirected": "Nothing was sent on. Set the endpoint to the address that answers itself.",
    "server": "Amazon's side failed. Try again later; give Amazon's support the request id if it lasts.",
}

_LOGIN_REMEDIES: Final[dict[str, str]] = {
    "invalid_client": (
        "The client id or client secret is wrong, or the secret has expired (180 days). "
        "Rotate the secret in Seller Central and set it again; refresh tokens stay valid."
    ),
    "invalid_grant": (
        "The refresh token is wrong, was revoked, or the seller's authorisation ran out (365 days). "
        "Have the seller authorise the application again and set the new refresh token."
    ),
    "unauthorized_client": "The application may not use refresh tokens. Check its registration in Seller Central.",
}


class Cleaner:
    """Takes secrets out of text."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = sorted((secret for secret in secrets if secret), key=len, reverse=True)

    def clean(self, text: str) -> str:
        """Return ``text`` without secrets, markup and line breaks, cut to 500 characters."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        text = _TOKEN_SHAPES.sub("***", text)
        if "<" in text:
            text = re.sub(r"(?is)<(script|style).*?</\1>|<[^>]*>", " ", text)
        text = " ".join(text.split())
        return text if len(text) <= _LONGEST_REMOTE_TEXT else text[:_LONGEST_REMOTE_TEXT] + "…"


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of ``Retry-After``; ``None`` where absent or not a number of seconds."""
    value = headers.get("Retry-After", "").strip()
    return float(value) if re.fullmatch(r"\d{1,6}(\.\d{1,6})?", value) else None


def _said(body: bytes, cleaner: Cleaner) -> tuple[str | None, str]:
    """Return Amazon's own code, if any, and its words: JSON of either shape, HTML, text or none."""
    try:
        data = exact_json.loads(body)
    except ValueError:
        return None, cleaner.clean(body.decode("utf-8", "replace"))
    errors = data.get("errors") if isinstance(data, dict) else None
    if isinstance(errors, list) and errors:
        found = [error for error in errors if isinstance(error, dict)]
        words = [str(error[key]).rstrip(". ") for error in found for key in ("message", "details") if error.get(key)]
        code = next((str(error["code"]) for error in found if error.get("code")), None)
        return code and cleaner.clean(code), cleaner.clean(". ".join(words))
    if isinstance(data, dict) and data.get("error"):
        return cleaner.clean(str(data["error"])), cleaner.clean(str(data.get("error_description") or ""))
    return None, cleaner.clean(body.decode("utf-8", "replace"))


def refusal(operation: str, status: int, headers: Mapping[str, str], body: bytes, cleaner: Cleaner) -> MarketplaceError:
    """Return the error for an answer that is not a success, whatever its shape."""
    theirs, words = _said(body, cleaner)
    if 300 <= status < 400:
        code = "redirected"
    elif status >= 500:
        code = "server"
    else:
        code = _CODES.get(status, "invalid")
    if code == "unauthorized" and theirs == "QuotaExceeded":
        code = "throttled"
    remedy = _LOGIN_REMEDIES.get(theirs or "") or _REMEDIES[code]
    if theirs in _LOGIN_REMEDIES:
        code = "unauthorized"
    request_id = headers.get("x-amzn-RequestId")
    label = f" {theirs}" if theirs else ""
    said = f": {words.rstrip('.')}." if words else "."
    reference = f" Request id {cleaner.clean(request_id)}." if request_id else ""
    return MarketplaceError(
        f"{operation}: Amazon answered {status}{label}{said} {remedy}{reference}",
        code=code,
        status=status,
        request_id=request_id,
        retryable=code in {"throttled", "server", "timeout"},
        retry_after=retry_after(headers),
    )


def unreadable(operation: str, what: str, status: int, headers: Mapping[str, str]) -> MarketplaceError:
    """Return the error for a success whose content makes no sense."""
    request_id = headers.get("x-amzn-RequestId")
    reference = f" Request id {request_id}." if request_id else ""
    return MarketplaceError(
        f"{operation}: Amazon answered {status}, but {what}. Try again later.{reference}",
        code="server",
        status=status,
        request_id=request_id,
        retryable=True,
    )


def member(data: Any, key: str, kind: type, operation: str) -> Any:
    """Return a member that Amazon's model requires, or raise ``MarketplaceError``."""
    value = data.get(key) if isinstance(data, dict) else None
    if not isinstance(value, kind):
        raise unreadable(operation, f"its answer has no usable '{key}'", 200, {})
    return value
