"""Opaque page tokens."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from acorn_sandbox import exact
from acorn_sandbox.errors import invalid


def token(value: Any) -> str:
    """Return a page token that stands for a JSON value."""
    return base64.urlsafe_b64encode(exact.dumps(value).encode()).decode()


def read_token(text: str, name: str) -> Any:
    """Return the value of a page token. Raises ``ApiError`` 400, naming the parameter."""
    try:
        return exact.loads(base64.b64decode(text, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error):
        raise invalid(f"Invalid '{name}'.") from None
