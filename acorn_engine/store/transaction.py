"""One write transaction: its rows, and the events and ledger rows that tell of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from acorn_engine.store.frames import canonical_json, to_json
from acorn_engine.store.ledger import FIRST_HASH, seal
from acorn_engine.store.tables import events, heads, ledger
from acorn_engine.store.times import instant

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection, Row, Table
    from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
    from sqlalchemy.dialects.sqlite import Insert as SqliteInsert


@dataclass
class Transaction:
    """A write transaction of one project; ``at`` is its instant in microseconds.

    Events and ledger rows are collected and written last: their numbers come from the project's
    head row, which is then held until the commit. Taking it last keeps the wait short and the
    order of locks the same everywhere.
    """

    connection: Connection
    project: str
    at: int
    event_number: int = 0
    _events: list[tuple[str, str | None, str]] = field(default_factory=list)
    _records: list[dict[str, Any]] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        """The transaction's instant."""
        return instant(self.at)

    def upsert(self, table: Table) -> PostgresInsert | SqliteInsert:
        """Return an INSERT that knows ON CONFLICT in this database's dialect."""
        module = postgresql if self.connection.dialect.name == "postgresql" else sqlite
        made: PostgresInsert | SqliteInsert = module.insert(table)
        return made

    def event(self, kind: str, data: Mapping[str, Any], plan: str | None = None) -> None:
        """Tell of something that happened, once this transaction is committed."""
        self._events.append((kind, plan, to_json(dict(data))))

    def record(
        self, who: str, what: str, subject: str | None, before: object | None = None, after: object | None = None
    ) -> None:
        """Write down who did what, with the values before and after."""
        self._records.append(
            {
                "who": who,
                "what": what,
                "subject": subject,
                "before": None if before is None else canonical_json(before),
                "after": None if after is None else canonical_json(after),
            }
        )

    def head(self) -> Row[Any]:
        """Take the project's head row, and hold it until the commit."""
        first = {"plan_number": 0, "event_number": 0, "ledger_number": 0, "ledger_hash": FIRST_HASH}
        self.connection.execute(self.upsert(heads).values(project=self.project, **first).on_conflict_do_nothing())
        return self.connection.execute(select(heads).where(heads.c.project == self.project).with_for_update()).one()

    def next_plan_number(self) -> int:
        """Return the next number in the order in which plans were saved."""
        number = int(self.head().plan_number) + 1
        self._set_head(plan_number=number)
        return number

    def finish(self) -> None:
        """Write the events and ledger rows; called right before the commit."""
        if not self._events and not self._records:
            return
        head = self.head()
        number, previous, last = int(head.ledger_number), str(head.ledger_hash), int(head.event_number)
        rows = []
        for record in self._records:
            number += 1
            row = {"project": self.project, "number": number, "at": self.at, "previous": previous, **record}
            previous = row["hash"] = seal(previous, row)
            rows.append(row)
        if rows:
            self.connection.execute(insert(ledger), rows)
        told = [
            {"project": self.project, "number": last + place, "kind": kind, "at": self.at, "plan": plan, "data": data}
            for place, (kind, plan, data) in enumerate(self._events, 1)
        ]
        if told:
            self.connection.execute(insert(events), told)
        self.event_number = last + len(told)
        self._set_head(event_number=self.event_number, ledger_number=number, ledger_hash=previous)

    def _set_head(self, **values: object) -> None:
        self.connection.execute(update(heads).where(heads.c.project == self.project).values(**values))
