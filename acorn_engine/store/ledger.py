"""The ledger: who did what, before and after; rows are only ever added, each sealed by a hash.

A row's hash is the SHA-256 of the hash before it and the row itself as canonical JSON, so that a
changed, removed or inserted row breaks the chain from there on; the newest hash is kept apart, so
that a cut-off end shows too.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from acorn_engine.store.frames import canonical_json
from acorn_engine.store.tables import heads, ledger

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

FIRST_HASH: Final = "0" * 64


@dataclass(frozen=True, slots=True)
class LedgerCheck:
    """What ``verify_ledger`` found: ``broken_at`` is the first row that does not fit, if any."""

    rows: int
    whole: bool
    broken_at: int | None = None
    reason: str | None = None


def seal(previous: str, row: Mapping[str, Any]) -> str:
    """Return the hash of a row: number, at, who, what, subject, before, after (the last two as JSON text)."""
    fields = ("number", "at", "who", "what", "subject", "before", "after")
    text = canonical_json([row[name] for name in fields])
    return hashlib.sha256(f"{previous}\n{text}".encode()).hexdigest()


def read_ledger(connection: Connection, project: str, after: int, limit: int) -> list[dict[str, Any]]:
    """Return rows with a number above ``after``, oldest first."""
    statement = (
        select(ledger)
        .where(ledger.c.project == project, ledger.c.number > after)
        .order_by(ledger.c.number)
        .limit(limit)
    )
    return [dict(row._mapping) for row in connection.execute(statement)]  # noqa: SLF001 (its public name)


def verify_ledger(connection: Connection, project: str) -> LedgerCheck:
    """Walk the whole chain of a project."""
    previous, number = FIRST_HASH, 0
    statement = select(ledger).where(ledger.c.project == project).order_by(ledger.c.number)
    with connection.execution_options(stream_results=True).execute(statement) as rows:
        for found in rows:
            row = dict(found._mapping)  # noqa: SLF001 (its public name)
            number += 1
            if row["number"] != number:
                return LedgerCheck(number - 1, False, number, f"row {number} is missing")
            if row["previous"] != previous or seal(previous, row) != row["hash"]:
                return LedgerCheck(number, False, number, f"row {number} was changed")
            previous = row["hash"]
    head = connection.execute(select(heads).where(heads.c.project == project)).one_or_none()
    expected = (head.ledger_number, head.ledger_hash) if head else (0, FIRST_HASH)
    if expected != (number, previous):
        return LedgerCheck(number, False, number + 1, f"the rows after {number} are missing")
    return LedgerCheck(number, True)
