"""One request as a handler sees it, and what a handler answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from acorn_sandbox.errors import invalid
from acorn_sandbox.marketplaces import MARKETPLACES, Marketplace


@dataclass(frozen=True)
class Call:
    """A request that is inside the model and within its quota.

    ``given`` are the names of the query parameters that were sent (``query`` has defaults too);
    ``base`` is the server's own URL.
    """

    account: str
    path: dict[str, str]
    query: dict[str, Any]
    body: Any
    base: str
    given: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Answer:
    """A success: status, and the body unless it is empty."""

    status: int = 200
    body: Any = field(default=None)


Handler = Callable[[Call], Answer]


def stores(ids: list[str]) -> list[Marketplace]:
    """Return the marketplaces of a request, each once. Raises ``ApiError`` 400 for an unknown one."""
    for identifier in ids:
        if identifier not in MARKETPLACES:
            raise invalid(f"Invalid marketplace '{identifier}'.")
    return [MARKETPLACES[identifier] for identifier in dict.fromkeys(ids)]
