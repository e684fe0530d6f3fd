"""A seller authorises an application: where to send the seller, and what the code is exchanged for.

Amazon's website workflow: the seller is sent to ``consent_address``, comes back to the application's
redirect address with ``state``, ``selling_partner_id`` and ``spapi_oauth_code``, and the code is
exchanged within five minutes. One authorisation is for one region.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlencode, urlsplit

from acorn_amazon.endpoints import TOKEN_ENDPOINT, require_private
from acorn_amazon.errors import Cleaner, unreadable
from acorn_amazon.login import Application, Grant, ask
from acorn_amazon.settings import AmazonSettings
from acorn_engine.marketplace import MarketplaceError, UnansweredError

if TYPE_CHECKING:
    import httpx2

    from acorn_engine.sites import Site

_EUROPE: Final = "sellercentral-europe.amazon.com"
_HOSTS: Final = {
    **dict.fromkeys(("amazon.co.uk", "amazon.de", "amazon.fr", "amazon.it", "amazon.es"), _EUROPE),
    **{
        name: f"sellercentral.{name}"
        for name in (
            "amazon.com",
            "amazon.ca",
            "amazon.com.mx",
            "amazon.com.br",
            "amazon.nl",
            "amazon.se",
            "amazon.pl",
            "amazon.com.be",
            "amazon.com.tr",
            "amazon.ae",
            "amazon.in",
            "amazon.sg",
            "amazon.com.au",
            "amazon.co.jp",
        )
    },
}


@dataclass(frozen=True, slots=True)
class Authorisation:
    """What a seller's code was exchanged for: the refresh token to keep, encrypted. It is never printed."""

    refresh_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Redirected:
    """What Amazon sends a seller back with."""

    seller_id: str
    code: str = field(repr=False)


def consent_address(
    site: Site, application_id: str, state: str, *, redirect_uri: str | None = None, draft: bool = False
) -> str:
    """Return the page on which a seller of ``site`` authorises the application.

    ``state`` is a random text that the application ties to this user for a few minutes; ``draft`` is
    for an application that is not published yet. Raises ``ValueError`` without a state, and for a site
    whose Seller Central is not known.
    """
    if not state:
        raise ValueError("a state is needed: without one, anybody's authorisation could be slipped in")
    host = _HOSTS.get(site.name)
    if host is None:
        known = ", ".join(_HOSTS)
        raise ValueError(f"the Seller Central of {site.name} is not known; name another site of its region: {known}")
    query = {"application_id": application_id, "state": state}
    if redirect_uri is not None:
        query["redirect_uri"] = redirect_uri
    if draft:
        query["version"] = "beta"
    return f"https://{host}/apps/authorize/consent?{urlencode(query)}"


def redirected(address: str, state: str) -> Redirected:
    """Read the address at which a seller came back. ``state`` is the one that was sent.

    Raises ``MarketplaceError`` where the state is another one, so that the code is not used, or where
    the code or the seller id is missing.
    """
    query = parse_qs(urlsplit(address).query)
    given = {name: values[0] for name, values in query.items() if len(values) == 1}
    if not hmac.compare_digest(given.get("state", "").encode(), state.encode()):
        raise MarketplaceError(
            "the seller came back with another state than was sent, so the code was not used. "
            "Start the authorisation anew.",
            code="invalid",
            who="seller",
            remedy="Start the authorisation anew, in one browser, and finish it within a few minutes.",
        )
    code, seller_id = given.get("spapi_oauth_code"), given.get("selling_partner_id")
    if not code or not seller_id:
        raise MarketplaceError(
            "the seller came back without a code or a seller id, so nothing was authorised. Start the authorisation anew.",
            code="invalid",
            who="seller",
            remedy="Start the authorisation anew, and agree on Amazon's page.",
        )
    return Redirected(seller_id, code)


def exchange_code(
    code: str,
    client_id: str,
    client_secret: str,
    redirect_uri: str,
    *,
    auth_endpoint: str = TOKEN_ENDPOINT,
    settings: AmazonSettings | None = None,
    transport: httpx2.BaseTransport | None = None,
) -> Authorisation:
    """Exchange a seller's code for a refresh token, once: a code is good for five minutes and one use.

    Raises ``MarketplaceError``, and ``UnansweredError`` where the answer was lost: the code may be used
    up then, and the seller authorises again. No text of an error holds the code or the secret.
    """
    from acorn_amazon.transport import Transport

    settings = settings or AmazonSettings()
    endpoint = require_private(auth_endpoint, "the auth_endpoint")
    opened = Transport(endpoint, settings.application, settings.timeout_seconds, transport)
    grant = Grant("authorization_code", {"code": code, "redirect_uri": redirect_uri})
    try:
        tokens = ask(opened, endpoint, grant, Application(client_id, client_secret), Cleaner([client_secret, code]))
    except UnansweredError as error:
        raise UnansweredError(
            f"{error} The code may be used up: have the seller authorise the application again.",
            code=error.code,
            who="seller",
            remedy="Have the seller authorise the application again.",
        ) from None
    finally:
        opened.close()
    if tokens.refresh_token is None:
        raise unreadable("login", "its answer has no refresh token", 200, {})
    return Authorisation(tokens.refresh_token)
