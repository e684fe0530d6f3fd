"""One HTTP exchange: sent or not, answered or not, and never more bytes than expected.

The only place that touches httpx2. Whether a lost answer is dangerous is the caller's to say.
"""

from __future__ import annotations

import platform
import re
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Final

import httpx2

from acorn_amazon.endpoints import is_loopback
from acorn_amazon.sealed import Sealed
from acorn_engine.marketplace import MarketplaceError, UnansweredError

if TYPE_CHECKING:
    from collections.abc import Mapping

_MEGABYTE: Final = 1024 * 1024
LARGEST_ANSWER: Final = 64 * _MEGABYTE
_LONGEST_USER_AGENT: Final = 500
_REACH: Final = "Check the network, the proxy and the endpoint."

_NOT_SENT: Final = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.UnsupportedProtocol,
    httpx2.LocalProtocolError,
    httpx2.ProxyError,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it came: status, headers (any case) and the whole body, not decompressed."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def _escape(text: str) -> str:
    return re.sub(r"([\\/()=;])", r"\\\1", re.sub(r"[^\x20-\x7e]", "?", text))


def user_agent(application: str) -> str:
    """Return the user agent that Amazon asks for, at most 500 characters."""
    try:
        number = version("acorn-amazon")
    except PackageNotFoundError:
        number = "0"
    system = _escape(f"{platform.system()} {platform.machine()}")
    text = f"{_escape(application)}/{_escape(number)} (Language=Python/{platform.python_version()}; Platform={system})"
    return text[:_LONGEST_USER_AGENT]


class Transport:
    """Connections to one account's hosts. Thread-safe. Follows no redirect."""

    def __init__(
        self, endpoint: str, application: str, timeout: float, transport: httpx2.BaseTransport | None = None
    ) -> None:
        self._client = httpx2.Client(
            transport=transport,
            timeout=httpx2.Timeout(timeout),
            limits=httpx2.Limits(max_connections=10, max_keepalive_connections=10),
            follow_redirects=False,
            # A proxy of the environment must not catch what is meant to stay on this machine.
            trust_env=not is_loopback(endpoint),
            headers={"user-agent": user_agent(application), "accept-encoding": "identity"},
        )

    def exchange(
        self,
        what: str,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | Sealed | None = None,
        largest: int = LARGEST_ANSWER,
    ) -> Answer:
        """Send one request and return its answer, whatever its status.

        ``what`` names the call in messages. Raises ``MarketplaceError`` where nothing was sent,
        and ``UnansweredError`` where the request left but no whole answer came back.
        """
        # What failed below holds the request in its frames: it is let go before anything is raised.
        answer = self._answer(what, method, url, headers, content, largest)
        if isinstance(answer, MarketplaceError):
            raise answer
        return answer

    def _answer(
        self,
        what: str,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        content: bytes | Sealed | None,
        largest: int,
    ) -> Answer | MarketplaceError:
        """Return the answer, or the error that ``exchange`` raises."""
        sent = content.body if isinstance(content, Sealed) else content
        try:
            with self._client.stream(method, url, headers=headers, content=sent) as response:
                body = bytearray()
                for chunk in response.iter_raw():
                    body += chunk
                    if len(body) > largest:
                        return MarketplaceError(
                            f"{what}: the answer is larger than {largest // _MEGABYTE} MiB and was not read.",
                            code="too_large",
                            status=response.status_code,
                            who="developer",
                            remedy="Ask for less at once.",
                        )
                return Answer(response.status_code, response.headers, bytes(body))
        except (*_NOT_SENT, httpx2.InvalidURL) as error:
            # The cause is named by its type only: its text may hold a signed address.
            return MarketplaceError(
                f"{what}: Amazon could not be reached ({type(error).__name__}), so nothing was sent. {_REACH}",
                code="unreachable",
                who="seller",
                remedy=_REACH,
                retryable=not isinstance(error, (httpx2.UnsupportedProtocol, httpx2.InvalidURL)),
            )
        except (httpx2.HTTPError, httpx2.StreamError) as error:
            return UnansweredError(
                f"{what}: the request was sent, but no whole answer came back ({type(error).__name__}).",
                code="unanswered",
                retryable=True,
                who="time",
                remedy="Find out whether it took effect before it is sent again; a call that changes nothing may be repeated.",
            )

    def close(self) -> None:
        """Close every socket."""
        self._client.close()
