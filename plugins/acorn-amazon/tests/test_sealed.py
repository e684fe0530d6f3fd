"""A login that fails shows no secret that lasts, whatever a tool shows of the error."""

from __future__ import annotations

import socket
import traceback

import pytest
from acorn_amazon.auth import AccessTokens
from acorn_amazon.transport import Transport
from acorn_sandbox.server import SandboxServer

from acorn_engine.marketplace import Credentials, MarketplaceError

SECRETS = ("an-application-of-ours", "wrong-and-lasting-secret", "Atzr|LASTING")


def everything_about(error):
    """Return all that any tool can show of an error: texts, causes, contexts, and local variables."""
    told, queue = [], [error]
    while queue:
        one = queue.pop()
        if one is None:
            continue
        shown = traceback.TracebackException.from_exception(one, capture_locals=True)
        told += [repr(one), *(repr(frame.locals) for frame in shown.stack if "/tests/" not in frame.filename)]
        queue += [one.__cause__, one.__context__]
    return "\n".join(told)


def closed_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def fail(endpoint):
    transport = Transport(endpoint, "test", 5)
    tokens = AccessTokens(transport, f"{endpoint}/auth/o2/token", Credentials(*SECRETS))
    try:
        with pytest.raises(MarketplaceError) as caught:
            tokens.get()
    finally:
        transport.close()
    return everything_about(caught.value)


def test_a_refused_login_shows_no_secret():
    with SandboxServer() as server:
        shown = fail(server.url)
    assert "unauthorized" in shown or "invalid_client" in shown
    assert [secret for secret in SECRETS if secret in shown] == []


def test_a_login_that_nobody_answers_shows_no_secret():
    shown = fail(f"http://127.0.0.1:{closed_port()}")
    assert "could not be reached" in shown
    assert [secret for secret in SECRETS if secret in shown] == []
