"""Access tokens from Login with Amazon: kept, renewed early, one renewal at a time."""

from __future__ import annotations

import time
from threading import Lock
from typing import TYPE_CHECKING, Final

from acorn_amazon.errors import Cleaner
from acorn_amazon.login import Application, Grant, ask
from acorn_engine.marketplace import MarketplaceError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    from acorn_amazon.transport import Transport
    from acorn_engine.marketplace import Credentials

_EARLY: Final = 300.0


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
        *,
        grant: Grant | None = None,
    ) -> None:
        self._transport = transport
        self._endpoint = endpoint
        self._grant = grant or Grant("refresh_token", {"refresh_token": credentials.refresh_token})
        self._credentials = credentials
        self._application = Application(credentials.client_id, credentials.client_secret)
        self._clock = clock
        self._lock = Lock()
        self._token: str | None = None
        self._renew_at = 0.0
        self._dead_at = 0.0
        self.cleaner = Cleaner([credentials.client_secret, credentials.refresh_token])

    def grantless(self, scope: str) -> Self:
        """Return the tokens of the application itself, for operations that no seller authorises.

        ``scope`` is one of ``acorn_amazon.login.SCOPES``.
        """
        grant = Grant("client_credentials", {"scope": scope})
        return type(self)(self._transport, self._endpoint, self._credentials, self._clock, grant=grant)

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
        given = ask(self._transport, self._endpoint, self._grant, self._application, self.cleaner)
        self._token = given.access_token
        self._dead_at = now + given.life
        # A short-lived token is used for half its life at least, or every call would renew it.
        self._renew_at = now + max(given.life - _EARLY, given.life / 2)
