"""Faults on request: what goes wrong, at which operation, how often."""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass
from typing import Any, Final

from acorn_sandbox import exact
from acorn_sandbox.errors import invalid
from acorn_sandbox.storage import Storage

TOKEN: Final = "token"  # noqa: S105
"""What a fault calls the requests to Login with Amazon."""
BEFORE: Final = frozenset({"429", "500", "503", "timeout", "reset", "html400", "slow", "revoked_token", "403"})
"""Faults that come before the operation: but for ``slow`` it has no effect."""
CLIENT: Final = frozenset({"invalid_client"})
"""Faults of Login with Amazon only, before it grants anything."""
AFTER: Final = frozenset({"lost_answer"})
"""Faults that come after the operation: it had its effect, the answer never arrives."""
FEED: Final = frozenset({"fatal", "cancelled", "stuck", "truncated_report", "no_effect"})
"""Faults that befall a feed when it is created."""
LINK: Final = frozenset({"expired_url"})
"""Faults of presigned URLs."""
KINDS: Final = BEFORE | CLIENT | AFTER | FEED | LINK
ANY: Final = "*"

_KIND: Final = "faults"

_KEYS: Final = frozenset({"operation", "kind", "times", "probability", "account", "share", "seconds"})


@dataclass(slots=True)
class Fault:
    """One fault.

    ``times`` is how often it still strikes (``None``: always), ``probability`` how likely it does
    each time, ``account`` whom it strikes (``None``: all), ``share`` how much of a ``fatal`` or
    ``stuck`` feed is applied, ``seconds`` how long a ``slow`` or ``timeout`` lasts.
    """

    operation: str
    kind: str
    times: int | None = None
    probability: float = 1.0
    account: str | None = None
    share: float | None = None
    seconds: float | None = None


class Faults:
    """The faults in force."""

    def __init__(self, seed: int | None = None, storage: Storage | None = None) -> None:
        self._storage = storage or Storage()
        self._random = random.Random(seed)
        self._faults = [_fault(record) for _, value in self._storage.load(_KIND) for record in exact.loads(value)]

    def add(self, records: Any) -> None:
        """Add faults as posted: one or a list. Raises ``ApiError`` 400."""
        faults = [_fault(record) for record in (records if isinstance(records, list) else [records])]
        self._faults += faults
        self._save()

    def clear(self) -> None:
        """Remove every fault."""
        self._faults.clear()
        self._save()

    def listed(self) -> list[dict[str, Any]]:
        """Return the faults that can still strike."""
        return [asdict(fault) for fault in self._faults]

    def strike(self, operation: str, kinds: frozenset[str], account: str | None) -> Fault | None:
        """Return the first fault of these kinds that strikes now, and count it."""
        for fault in self._faults:
            if fault.kind not in kinds or fault.operation not in {operation, ANY}:
                continue
            if fault.account is not None and fault.account != account:
                continue
            if self._random.random() >= fault.probability:
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self._faults.remove(fault)
                self._save()
            return fault
        return None

    def _save(self) -> None:
        if self._storage.keeps:
            self._storage.save(_KIND, "", exact.dumps(self.listed()))


def _fault(record: Any) -> Fault:
    if not isinstance(record, dict) or "kind" not in record:
        raise invalid("A fault is an object with 'operation' and 'kind'.")
    unknown = sorted(set(record) - _KEYS)
    if unknown:
        raise invalid(f"Unknown key '{unknown[0]}' in a fault.", f"known: {', '.join(sorted(_KEYS))}")
    kind = str(record["kind"])
    if kind not in KINDS:
        raise invalid(f"Unknown kind of fault '{kind}'.", f"known: {', '.join(sorted(KINDS))}")
    times = record.get("times")
    if times is not None and (isinstance(times, bool) or not isinstance(times, int) or times < 1):
        raise invalid("'times' must be an integer of at least 1.")
    numbers = {}
    for name in ("probability", "share", "seconds"):
        try:
            numbers[name] = None if record.get(name) is None else float(record[name])
        except (TypeError, ValueError):
            raise invalid(f"'{name}' must be a number.") from None
    probability = 1.0 if numbers["probability"] is None else numbers["probability"]
    if not 0 <= probability <= 1:
        raise invalid("'probability' must lie between 0 and 1.")
    operation = str(record.get("operation", ANY))
    if kind in CLIENT and operation not in {TOKEN, ANY}:
        raise invalid(f"'{kind}' befalls only the operation '{TOKEN}'.")
    account = record.get("account")
    return Fault(operation, kind, times, probability, account, numbers["share"], numbers["seconds"])
