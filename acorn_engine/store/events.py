"""Events: durable, in order, told at least once; a reader remembers the number it has come to.

Numbers are given while the project's head row is held until the commit, so a reader never sees a
number before a smaller one becomes visible.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from acorn_engine.sites import utc
from acorn_engine.store.tables import events
from acorn_engine.store.times import instant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened; ``number`` is the cursor for ``events(after=…)``."""

    number: int
    kind: str
    at: datetime
    plan: str | None
    data: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return the event as JSON-ready data."""
        return {
            "number": self.number,
            "kind": self.kind,
            "at": utc(self.at),
            "plan": self.plan,
            "data": dict(self.data),
        }


def read_events(connection: Connection, project: str, after: int, limit: int) -> list[Event]:
    """Return the events with a number above ``after``, oldest first."""
    statement = (
        select(events)
        .where(events.c.project == project, events.c.number > after)
        .order_by(events.c.number)
        .limit(limit)
    )
    return [
        Event(row.number, row.kind, instant(row.at), row.plan, json.loads(row.data))
        for row in connection.execute(statement)
    ]
