"""One request on its way to its answer, and the answers' common shapes."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from acorn_sandbox import exact
from acorn_sandbox.faults import Fault


class NoAnswer(Response):
    """What is returned once the connection is gone."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send nothing."""


@dataclass
class Exchange:
    """One request on its way to its answer."""

    request: Request
    arrived: float
    operation: str = "unknown"
    account: str | None = None
    limit: str | None = None
    fault: Fault | None = None
    headers: dict[str, str] = field(default_factory=lambda: {"x-amzn-RequestId": str(uuid.uuid4())})


def json_answer(status: int, body: Any, headers: dict[str, str]) -> Response:
    """Return an answer in JSON with exact numbers; without a body, an empty one."""
    if body is None:
        return Response(status_code=status, headers=headers)
    return Response(exact.dumps(body), status, headers, "application/json")


def raw_path(request: Request) -> str:
    """Return a request's path as it came over the wire."""
    raw = request.scope.get("raw_path") or request.scope["path"].encode()
    return str(raw.decode("ascii", "replace"))


def decimal_text(rate: float) -> str:
    """Return a rate as the header writes it: a decimal without exponent."""
    return f"{rate:.6f}".rstrip("0").rstrip(".") or "0"
