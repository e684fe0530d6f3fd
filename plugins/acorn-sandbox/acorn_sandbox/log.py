"""The record of what was asked and answered. It holds no token and no secret."""

from __future__ import annotations

from typing import Any

from acorn_sandbox import exact
from acorn_sandbox.clock import stamp
from acorn_sandbox.storage import Storage


class Log:
    """Every answered request, oldest first."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self.entries: list[dict[str, Any]] = [exact.loads(value) for _, value in storage.load("log")]

    def add(self, operation: str, account: str | None, status: int, instant: float, fault: str | None = None) -> None:
        """Note one answer. ``status`` is 0 where nothing was done and nothing answered.

        ``fault`` is the kind of fault that struck; a lost answer has the status it would have had.
        """
        entry: dict[str, Any] = {"operation": operation, "account": account, "status": status, "time": stamp(instant)}
        if fault is not None:
            entry["fault"] = fault
        self.entries.append(entry)
        if self._storage.keeps:
            self._storage.save("log", f"{len(self.entries):012d}", exact.dumps(entry))
