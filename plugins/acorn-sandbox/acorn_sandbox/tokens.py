"""Login with Amazon: refresh tokens and codes in, access tokens out.

Any client id and secret will do, but for a secret that begins with ``wrong``. A refresh token is ``Atzr|<seller_id>``; an authorisation code
is the seller id. Access tokens are signed, so that they outlive a restart.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import Any, Final
from urllib.parse import parse_qsl

from acorn_sandbox import exact
from acorn_sandbox.errors import unauthorized
from acorn_sandbox.state import State

REFRESH_PREFIX: Final = "Atzr|"
ACCESS_PREFIX: Final = "Atza|"
WRONG_SECRET: Final = "wrong"  # noqa: S105
"""A client secret that begins so is refused, that a client's handling of it can be tried."""

_EXPIRED: Final = "The access token you provided has expired."
_INVALID: Final = "The access token you provided is revoked, malformed or invalid."


class LwaError(Exception):
    """An answer of Login with Amazon other than success."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.status = status
        self.body = {"error": error, "error_description": description}


def refused_client() -> LwaError:
    """Return the answer to a client id and secret that do not belong together."""
    return LwaError("invalid_client", "Client authentication failed", 401)


class Tokens:
    """Issues and checks access tokens."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._key = state.secret("tokens")
        self._revoked = {key: float(value) for key, value in state.storage.load("revoked")}

    def grant(self, method: str, content: bytes, content_type: str) -> tuple[str, dict[str, Any]]:
        """Answer a token request: the seller and the body. Raises ``LwaError``."""
        if method != "POST":
            raise LwaError("invalid_request", "The request method must be POST", 405)
        if content_type.partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
            raise LwaError("invalid_request", "The content type must be application/x-www-form-urlencoded")
        form = dict(parse_qsl(content.decode("utf-8", "replace"), keep_blank_values=True))
        kind = form.get("grant_type", "")
        if not kind:
            raise LwaError("invalid_request", "The request is missing a required parameter : grant_type")
        if kind not in {"refresh_token", "authorization_code"}:
            raise LwaError("unsupported_grant_type", "The authorization grant type is not supported by the server")
        for name in ("client_id", "client_secret"):
            if not form.get(name):
                raise refused_client()
        if form["client_secret"].startswith(WRONG_SECRET):
            raise refused_client()
        seller = _seller(form, kind)
        return seller, {
            "access_token": self.issue(seller),
            "refresh_token": REFRESH_PREFIX + seller,
            "token_type": "bearer",
            "expires_in": max(int(self._state.timing.token_seconds), 1),
        }

    def issue(self, seller_id: str) -> str:
        """Return a new access token of a seller."""
        expires = self._state.now() + self._state.timing.token_seconds
        payload = exact.dumps([seller_id, f"{expires:.3f}", secrets.token_hex(8)]).encode()
        return ACCESS_PREFIX + base64.urlsafe_b64encode(self._sign(payload) + payload).decode()

    def seller_of(self, token: str | None, at: float) -> str:
        """Return whose access token this is, judged at an instant. Raises ``ApiError`` 403."""
        if not token:
            raise unauthorized("Access token is missing in the request header.")
        try:
            if not token.startswith(ACCESS_PREFIX):
                raise unauthorized(_INVALID)
            raw = base64.urlsafe_b64decode(token.removeprefix(ACCESS_PREFIX))
        except ValueError:
            raise unauthorized(_INVALID) from None
        signature, payload = raw[:32], raw[32:]
        if not hmac.compare_digest(signature, self._sign(payload)) or _digest(token) in self._revoked:
            raise unauthorized(_INVALID)
        seller, expires, _ = exact.loads(payload)
        if float(expires) <= at:
            raise unauthorized(_EXPIRED)
        return str(seller)

    def revoke(self, token: str) -> None:
        """Make an access token worthless. Only its hash is kept, and only while it would have lived."""
        now = self._state.now()
        for digest in [digest for digest, until in self._revoked.items() if until <= now]:
            del self._revoked[digest]
            self._state.storage.delete("revoked", digest)
        until = now + self._state.timing.token_seconds
        self._revoked[_digest(token)] = until
        self._state.storage.save("revoked", _digest(token), f"{until:.3f}")

    def _sign(self, payload: bytes) -> bytes:
        return hmac.digest(self._key, payload, "sha256")


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _seller(form: dict[str, str], kind: str) -> str:
    if kind == "authorization_code":
        seller = form.get("code", "")
        if not seller:
            raise LwaError("invalid_request", "The request is missing a required parameter : code")
        return seller
    if "refresh_token" not in form:
        raise LwaError("invalid_request", "The request is missing a required parameter : refresh_token")
    token = form["refresh_token"]
    seller = token.removeprefix(REFRESH_PREFIX)
    if not token.startswith(REFRESH_PREFIX) or not seller:
        raise LwaError("invalid_grant", "The request has an invalid grant parameter : refresh_token")
    return seller
