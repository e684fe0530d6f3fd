"""Connections that can be dropped without an answer, as a broken network does."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

_Peer = tuple[str, int]


class Connections:
    """The open connections of one server, by the client's address."""

    def __init__(self) -> None:
        self._open: dict[_Peer, asyncio.Transport] = {}

    def protocol(self) -> type[asyncio.Protocol]:
        """Return uvicorn's HTTP protocol, made to note its connections here."""
        opened = self._open

        class Noted(H11Protocol):
            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                super().connection_made(transport)
                if self.client is not None:
                    opened[self.client] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                if self.client is not None:
                    opened.pop(self.client, None)
                super().connection_lost(exc)

        return Noted

    async def drop(self, client: Any, *, reset: bool) -> None:
        """Close a client's connection without an answer; with ``reset`` by RST instead of FIN."""
        transport = self._open.get(tuple(client)) if client else None
        if transport is None:
            return
        raw = transport.get_extra_info("socket")
        if reset and raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
        for _ in range(3):  # the loop tells the protocol in its next rounds
            await asyncio.sleep(0)
