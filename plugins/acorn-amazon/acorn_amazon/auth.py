"""Access tokens from Login with Amazon: kept, renewed early, one renewal at a time."""

from __future__ import annotations

import time
from threading import Lock
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from acorn_amazon import exact_json
from acorn_amazon.errors import Cleaner, refusal, unreadable
from acorn_engine.marketplace import MarketplaceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from acorn_amazon.transport import Transport
    from acorn_engine.marketplace import Credentials

_EARLY: Final = 300.0
_DEFAULT_LIFE: Final = 3600
_WHAT: Final = "login"


class AccessTokens:
    """The access token of one account. Thread-safe.

    A token is renewed five minutes before it runs out; where that fails and the old one is still
    good, the old one is used.
    """

    def __init__(
        self,
        transport: Transport,
        endpoint: str,
        credentials: Credentials,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._transport = transport
        self._endpoint = endpoint
        self._credentials = credentials
        self._clock = clock
        self._lock = Lock()
        self._token: str | None = None
        self._renew_at = 0.0
        self._dead_at = 0.0
        self.cleaner = Cleaner([credentials.client_secret, credentials.refresh_token])

    def get(self) -> str:
        """Return a token that is good for a while. Raises ``MarketplaceError``."""
        with self._lock:
            now = self._clock()
            if self._token is not None and now < self._renew_at:
                return self._token
            try:
                self._renew(now)
            except MarketplaceError as error:
                if self._token is None or not error.retryable or now >= self._dead_at:
                    raise
            if self._token is None:  # pragma: no cover - _renew sets it or raises
                raise AssertionError
            return self._token

    def forget(self, token: str) -> None:
        """Drop a token that Amazon refused, unless another has replaced it meanwhile."""
        with self._lock:
            if self._token == token:
                self._token = None

    def _renew(self, now: float) -> None:
        form = urlencode(
            {
                "grant_type": "refresh_token",
                "refresh_token": self._credentials.refresh_token,
                "client_id": self._credentials.client_id,
                "client_secret": self._credentials.client_secret,
            }
        )
        headers = {"content-type": "application/x-www-form-urlencoded;charset=UTF-8"}
        answer = self._transport.exchange(_WHAT, "POST", self._endpoint, headers=headers, content=form.encode())
        if answer.status != 200:
            raise refusal(_WHAT, answer.status, answer.headers, answer.body, self.cleaner)
        try:
            data = exact_json.loads(answer.body)
        except ValueError:
            data = None
        token = data.get("access_token") if isinstance(data, dict) else None
        if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
            raise unreadable(_WHAT, "its answer has no access token", answer.status, answer.headers)
        life = data.get("expires_in")
        life = life if isinstance(life, int) and life > 0 else _DEFAULT_LIFE
        self._token = token
        self._dead_at = now + life
        # A short-lived token is used for half its life at least, or every call would renew it.
        self._renew_at = now + max(life - _EARLY, life / 2)
