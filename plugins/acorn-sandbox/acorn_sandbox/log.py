"""The record of what was asked and answered. It holds no token and no secret."""

from __future__ import annotations

from collections import deque
from typing import Any, Final

from acorn_sandbox import exact
from acorn_sandbox.clock import stamp
from acorn_sandbox.storage import Storage

MOST_ENTRIES: Final = 200_000
"""How many entries are kept: the newest ones."""

_KIND: Final = "log"
_Entry = tuple[str, str | None, int, float, str | None]


class Log:
    """The answered requests, oldest first; of a long run the newest ``most``."""

    def __init__(self, storage: Storage, most: int = MOST_ENTRIES) -> None:
        self._storage = storage
        self._most = most
        self._entries: deque[_Entry] = deque()
        self._next = 0
        for key, value in storage.load(_KIND):
            operation, account, status, instant, fault = exact.loads(value)
            self._entries.append((operation, account, status, float(instant), fault))
            self._next = int(key) + 1
        self._drop()

    def __len__(self) -> int:
        """How many entries there are."""
        return len(self._entries)

    def shown(self) -> list[dict[str, Any]]:
        """Return the entries as ``{operation, account, status, time}``, and ``fault`` where one struck."""
        return [
            {"operation": operation, "account": account, "status": status, "time": stamp(instant)}
            | ({} if fault is None else {"fault": fault})
            for operation, account, status, instant, fault in self._entries
        ]

    def add(self, operation: str, account: str | None, status: int, instant: float, fault: str | None = None) -> None:
        """Note one answer. ``status`` is 0 where nothing was done and nothing answered.

        ``fault`` is the kind of fault that struck; a lost answer has the status it would have had.
        """
        entry = operation, account, status, instant, fault
        self._entries.append(entry)
        if self._storage.keeps:
            self._storage.save(_KIND, _key(self._next), exact.dumps(entry))
        self._next += 1
        self._drop()

    def _drop(self) -> None:
        while len(self._entries) > self._most:
            self._storage.delete(_KIND, _key(self._next - len(self._entries)))
            self._entries.popleft()


def _key(number: int) -> str:
    return f"{number:012d}"
