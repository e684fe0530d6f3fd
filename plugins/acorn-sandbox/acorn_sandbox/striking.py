"""The faults that strike before an operation: what they answer, or how they keep from answering."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from acorn_sandbox import faults as fault_kinds
from acorn_sandbox.errors import ApiError, quota_exceeded, unauthorized
from acorn_sandbox.exchange import Exchange, NoAnswer
from acorn_sandbox.faults import Fault, Faults
from acorn_sandbox.state import State
from acorn_sandbox.tokens import Tokens, refused_client

_SLOW_SECONDS: Final = 2.0
_TIMEOUT_SECONDS: Final = 120.0
_HTML: Final = "<html><head><title>400 Bad Request</title></head><body><h1>400 Bad Request</h1></body></html>"
_REFUSALS: Final[dict[str, Callable[[], Exception]]] = {
    "403": lambda: unauthorized("The application has no role for this operation."),
    "429": quota_exceeded,
    "500": lambda: ApiError(500, "InternalFailure", "We encountered an internal error. Please try again."),
    "503": lambda: ApiError(503, "ServiceUnavailable", "Service is temporarily unavailable. Please try again."),
    "invalid_client": refused_client,
}
"""What a fault of a kind answers in place of the operation."""


class Striker:
    """Lets faults strike."""

    def __init__(self, state: State, faults: Faults, tokens: Tokens) -> None:
        self._state = state
        self._faults = faults
        self._tokens = tokens

    async def struck(self, exchange: Exchange, token: str | None = None) -> Response | None:
        """Let a fault strike before the operation; ``None`` means that the operation goes on."""
        kinds = fault_kinds.BEFORE | (fault_kinds.CLIENT if exchange.operation == fault_kinds.TOKEN else frozenset())
        fault = self._faults.strike(exchange.operation, kinds, exchange.account)
        if fault is None:
            return None
        exchange.fault = fault
        if fault.kind in _REFUSALS:
            refusal = _REFUSALS[fault.kind]()
            raise refusal
        match fault.kind:
            case "revoked_token":
                if token is not None:
                    self._tokens.revoke(token)
                raise unauthorized("The access token you provided is revoked, malformed or invalid.")
            case "html400":
                return Response(_HTML, 400, exchange.headers, "text/html")
            case "slow":
                await asyncio.sleep(_SLOW_SECONDS if fault.seconds is None else fault.seconds)
                return None
            case "timeout":
                await self._wait_for_client(exchange.request, fault)
        return NoAnswer()

    async def _wait_for_client(self, request: Request, fault: Fault) -> None:
        """Hold the connection until the client gives up."""
        self._state.storage.commit()
        seconds = _TIMEOUT_SECONDS if fault.seconds is None else fault.seconds
        for _ in range(int(seconds / 0.05) + 1):
            if await request.is_disconnected():
                return
            await asyncio.sleep(0.05)
