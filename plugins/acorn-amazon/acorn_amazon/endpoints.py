"""Where Amazon's API is: one host a region, one host for tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from acorn_amazon.sites import SITES_BY_NAME
from acorn_engine.marketplace import MarketplaceError

if TYPE_CHECKING:
    from acorn_engine.marketplace import Account

TOKEN_ENDPOINT: Final = "https://api.amazon.com/auth/o2/token"  # noqa: S105 - an address, not a secret
ENDPOINTS: Final[dict[str, str]] = {
    "na": "https://sellingpartnerapi-na.amazon.com",
    "eu": "https://sellingpartnerapi-eu.amazon.com",
    "fe": "https://sellingpartnerapi-fe.amazon.com",
}

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


def is_loopback(url: str) -> bool:
    """Say whether ``url`` stays on this machine."""
    return urlsplit(url).hostname in _LOOPBACK


def require_private(url: str, what: str) -> str:
    """Return ``url``, or raise ``MarketplaceError`` where others could read along.

    Only https is private, or plain http that never leaves the machine. ``what`` names the
    address in the message; the address itself is not shown, because it may be signed.
    """
    parts = urlsplit(url)
    if parts.username is not None or parts.password is not None:
        raise MarketplaceError(
            f"{what} holds a name or a password, so nothing was sent. Secrets never stand in an address.",
            code="invalid",
            who="seller",
            remedy="Take the name and the password out of the address.",
        )
    if parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(url))):
        return url
    raise MarketplaceError(
        f"{what} is not an https address, so nothing was sent. Use https, or http on this machine only.",
        code="invalid",
        who="seller",
        remedy="Use https, or http on this machine only.",
    )


def endpoint_of(account: Account) -> str:
    """Return the API's address for an account, without a slash at the end.

    It is the configured one, or Amazon's for the region of the account's sites. Raises
    ``MarketplaceError`` for an unknown site, or sites of several regions: an authorisation is
    for one region.
    """
    unknown = [name for name in account.sites if name not in SITES_BY_NAME]
    if unknown:
        raise MarketplaceError(
            f"account '{account.name}' names {', '.join(unknown)}, which Amazon does not have. "
            f"Known sites: {', '.join(SITES_BY_NAME)}.",
            code="invalid",
            who="seller",
            remedy="Correct the account's sites.",
        )
    regions = sorted({SITES_BY_NAME[name].region for name in account.sites})
    if len(regions) != 1:
        found = " and ".join(regions) or "none"
        raise MarketplaceError(
            f"the sites of account '{account.name}' must all lie in one of Amazon's regions (found {found}). "
            "Make one account per region, each with its own refresh token.",
            code="invalid",
            who="seller",
            remedy="Make one account per region, each with its own refresh token.",
        )
    address = account.endpoint or ENDPOINTS[regions[0]]
    return require_private(address, f"the endpoint of account '{account.name}'").rstrip("/")


def token_endpoint_of(account: Account) -> str:
    """Return the address that hands out access tokens for an account."""
    address = account.auth_endpoint or TOKEN_ENDPOINT
    return require_private(address, f"the auth_endpoint of account '{account.name}'")
