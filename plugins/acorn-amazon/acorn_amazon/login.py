"""Login with Amazon: what is sent to the token endpoint and what comes back.

Every secret goes into the body of one request and nowhere else; what Amazon answers is cleaned
before it is shown.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import urlencode

from acorn_amazon import exact_json
from acorn_amazon.errors import Cleaner, refusal, unreadable
from acorn_amazon.sealed import Sealed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeGuard

    from acorn_amazon.transport import Transport

SCOPES: Final = ("sellingpartnerapi::notifications", "sellingpartnerapi::client_credential:rotation")
"""The scopes of tokens that no seller authorises."""

_DEFAULT_LIFE: Final = 3600
_WHAT: Final = "login"
_SUCCESS: Final = 200


@dataclass(frozen=True, slots=True)
class Grant:
    """How a token is asked for: OAuth's grant type, and what goes with it."""

    type: Literal["refresh_token", "authorization_code", "client_credentials"]
    with_it: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the endpoint hands out. ``life`` is in seconds; a refresh token comes with a code only."""

    access_token: str = field(repr=False)
    life: int
    refresh_token: str | None = field(repr=False, default=None)


@dataclass(frozen=True, slots=True)
class Application:
    """Who asks for tokens. It never prints its secret."""

    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)


def _form(grant: Grant, application: Application) -> Sealed:
    who = {"client_id": application.client_id, "client_secret": application.client_secret}
    return Sealed(urlencode({"grant_type": grant.type, **grant.with_it, **who}).encode())


def ask(transport: Transport, endpoint: str, grant: Grant, application: Application, cleaner: Cleaner) -> Tokens:
    """Ask the token endpoint once.

    Raises ``MarketplaceError``: ``unauthorized`` where Amazon refuses (``AmazonError``, whose ``cause``
    says which secret is at fault), ``UnansweredError`` where no whole answer came.
    """
    headers = {"content-type": "application/x-www-form-urlencoded;charset=UTF-8"}
    answer = transport.exchange(_WHAT, "POST", endpoint, headers=headers, content=_form(grant, application))
    if answer.status != _SUCCESS:
        raise refusal(_WHAT, answer.status, answer.headers, answer.body, cleaner)
    try:
        data = exact_json.loads(answer.body)
    except ValueError:
        data = None
    data = data if isinstance(data, dict) else {}
    token, refresh, life = data.get("access_token"), data.get("refresh_token"), data.get("expires_in")
    if not _is_token(token):
        raise unreadable(_WHAT, "its answer has no access token", answer.status, answer.headers)
    return Tokens(
        access_token=token,
        life=life if isinstance(life, int) and life > 0 else _DEFAULT_LIFE,
        refresh_token=refresh if _is_token(refresh) else None,
    )


def _is_token(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and bool(value) and value.isascii() and value.isprintable()
