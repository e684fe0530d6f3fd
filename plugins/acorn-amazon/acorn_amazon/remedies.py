"""Why Amazon refuses, what helps, and who can do it: a table by what the answer shows.

``who`` is the engine's: ``seller`` runs the account, ``developer`` owns the application or this
program, ``marketplace`` is Amazon, ``time`` means that nobody need do anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from acorn_engine.marketplace import Mender


@dataclass(frozen=True, slots=True)
class Remedy:
    """``code`` is the engine's, ``cause`` the finer reason as a stable word; ``text`` says what to do."""

    code: str
    cause: str
    who: Mender
    text: str
    retryable: bool = False


_LOGIN: Final[dict[str, Remedy]] = {
    "invalid_client": Remedy(
        "unauthorized",
        "client_secret",
        "developer",
        "The client id or client secret is wrong, or the secret has expired (180 days). "
        "Rotate the secret in Seller Central and set it again; refresh tokens stay valid.",
    ),
    "invalid_grant": Remedy(
        "unauthorized",
        "authorisation",
        "seller",
        "The refresh token is wrong, was revoked, or the seller's authorisation ran out (365 days). "
        "Have the seller authorise the application again and set the new refresh token.",
    ),
    "unauthorized_client": Remedy(
        "unauthorized",
        "registration",
        "developer",
        "The application may not ask for tokens in this way. Check its registration in Seller Central.",
    ),
    "invalid_request": Remedy(
        "unauthorized",
        "client_secret",
        "seller",
        "The client id, the client secret or the refresh token is empty or damaged. Set all three again.",
    ),
    "invalid_scope": Remedy(
        "unauthorized",
        "registration",
        "developer",
        "The application may not have tokens of this scope. Check its registration in Seller Central.",
    ),
}

_OUTAGE: Final = Remedy(
    "server",
    "outage",
    "marketplace",
    "Amazon's side failed. Try again later; give Amazon's support the request id if it lasts.",
    retryable=True,
)
UNREADABLE: Final = Remedy(
    "server",
    "answer",
    "marketplace",
    "Try again later; if it lasts, look at the newest version of acorn-amazon: Amazon may have changed its answers.",
    retryable=True,
)
"""For a success whose content makes no sense."""

_CONTENT: Final = Remedy(
    "invalid", "content", "seller", "Nothing was changed. Correct what Amazon names and plan again."
)
_QUESTION: Final = Remedy(
    "invalid",
    "content",
    "developer",
    "Nothing was changed. Correct what Amazon names in the request; sent again as it is, it fails again.",
)
_EDGE: Final = Remedy(
    "server",
    "edge",
    "marketplace",
    "Something before Amazon's API answered, not the API itself. Try again later; if it lasts, look at proxies on the way "
    "and at the newest version of acorn-amazon.",
    retryable=True,
)
_QUOTA: Final = Remedy("throttled", "quota", "time", "Nothing was changed. Wait, then try again.", retryable=True)
_CREDENTIALS: Final = Remedy(
    "unauthorized",
    "access_token",
    "seller",
    "Nothing was changed. Check that the account's client id, client secret and refresh token belong together "
    "and to this region, and that the seller's authorisation has not run out (365 days); then run 'acorn submit' again.",
)
_ROLE: Final = Remedy(
    "unauthorized",
    "role",
    "developer",
    "Nothing was changed. The application lacks the role that Amazon's page of this operation names (Product Listing "
    "for feeds and listings), or the seller has not authorised the application again since the role was added, or the "
    "authorisation has run out (365 days). Add the role, have the seller authorise again, set the new refresh token.",
)

_SIZE: Final = Remedy("too_large", "size", "developer", "Nothing was changed. Send or ask for less at once.")

_BLOCKED: Final = Remedy(
    "unauthorized",
    "edge",
    "developer",
    "Nothing was changed. Something before Amazon's API refuses this caller: look at proxies and firewalls on the way, and "
    "at the endpoint.",
)

_STATUSES: Final[dict[int, Remedy]] = {
    401: _CREDENTIALS,
    404: Remedy("not_found", "absent", "seller", "Nothing was changed. Check the seller id, the SKU and the site."),
    408: Remedy("timeout", "timeout", "time", "Try again later.", retryable=True),
    413: _SIZE,
    414: _SIZE,
    431: _SIZE,
    415: Remedy("invalid", "format", "developer", _QUESTION.text),
    429: _QUOTA,
}
_REDIRECTED: Final = Remedy(
    "redirected",
    "endpoint",
    "seller",
    "Nothing was sent on. Set the endpoint to the address that answers itself.",
)
_SELLERS_CONTENT: Final = frozenset({"createFeed", "putListingsItem", "patchListingsItem", "deleteListingsItem"})
# A gateway may say these for itself, in any form; every other refusal without a reason is none of the API.
_GATEWAYS_OWN: Final = frozenset({401, 408, 413, 414, 429, 431})
_TOKEN: Final = re.compile(r"\btoken\b", re.IGNORECASE)
_REDIRECTION: Final = range(300, 400)
_FORBIDDEN: Final = 403
_SERVER: Final = 500


def remedy_of(operation: str, status: int, theirs: str | None, words: str) -> Remedy:
    """Return the remedy for a refusal; ``theirs`` is Amazon's code, ``words`` what it says, both may be missing."""
    told = _QUOTA if theirs == "QuotaExceeded" and status < _SERVER else _LOGIN.get(theirs or "")
    if told is not None:
        return told
    if status in _REDIRECTION:
        return _REDIRECTED
    if status >= _SERVER:
        return _OUTAGE
    if status == _FORBIDDEN:
        return _forbidden(theirs, words)
    if theirs is None and status not in _GATEWAYS_OWN:
        return _EDGE
    return _STATUSES.get(status, _CONTENT if operation in _SELLERS_CONTENT else _QUESTION)


def _forbidden(theirs: str | None, words: str) -> Remedy:
    """Return the remedy for a 403, which is Amazon's for an old token and for a missing role alike."""
    if theirs is None:
        return _BLOCKED
    return _CREDENTIALS if _TOKEN.search(words) else _ROLE
