"""The store of one project: the one door to the database."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from acorn_engine.clock import system_now
from acorn_engine.problems import Problem, StoreError
from acorn_engine.store import approvals, events, keys, ledger, offers, plans, schema
from acorn_engine.store.connection import connect, require_folder
from acorn_engine.store.errors import explain, store_error
from acorn_engine.store.plan_frames import read_changes
from acorn_engine.store.times import micros
from acorn_engine.store.transaction import Transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    import polars as pl
    from sqlalchemy import Connection

    from acorn_engine.plan.model import Plan
    from acorn_engine.store.approvals import ApprovalRecord
    from acorn_engine.store.connection import Database
    from acorn_engine.store.events import Event
    from acorn_engine.store.ledger import LedgerCheck
    from acorn_engine.store.plans import PlanInfo


class _Turn:
    """A queue of one process's writers; whoever waits too long is told that the database is locked."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        if not self._lock.acquire(timeout=self._database.patience):
            raise store_error("locked", self._database.url)

    def __exit__(self, *_: object) -> None:
        self._lock.release()


class Store:
    """Everything that Acorn remembers of one project. Thread-safe; not to be used after a fork.

    An absent or empty database is set up at first use; one of an older version is refused until
    ``migrate``. Every method may raise ``StoreError``; a transaction that fails leaves nothing.
    """

    def __init__(self, database: Database, project: str, *, create: bool, now: Callable[[], datetime]) -> None:
        self.project = project
        self._database = database
        self._create = create
        self._now = now
        self._process = os.getpid()
        self._usable = False
        self._set_up = threading.Lock()
        # SQLite has one writer: threads of this process queue here instead of polling the file.
        self._turn = _Turn(database) if database.sqlite else nullcontext()

    @classmethod
    def open(
        cls,
        url: str,
        project: str,
        *,
        create: bool = True,
        now: Callable[[], datetime] = system_now,
        patience: float = 15.0,
        pool_size: int = 10,
    ) -> Store:
        """Open the store of ``project`` at an address (``sqlite:///FILE``, ``postgresql+psycopg://…``).

        Nothing is connected yet. ``create`` says whether an absent database is set up at first
        use; ``patience`` is how many seconds a lock is waited for.
        """
        return cls(connect(url, patience=patience, pool_size=pool_size), project, create=create, now=now)

    def close(self) -> None:
        """Close every connection."""
        if os.getpid() == self._process:
            self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yield a connection that sees one state of the database."""
        self._ready()
        with self._guarded(), self._database.reader.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """Yield a transaction: committed whole at the end, or not at all."""
        self._ready()
        with self._guarded(), self._turn, self._database.writer.connect() as connection:
            connection.begin()
            tx = Transaction(connection, self.project, micros(self._now()))
            yield tx
            tx.finish()
            self._commit(connection)

    def _commit(self, connection: Connection) -> None:
        connection.commit()

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Turn a driver's errors into ``StoreError``; refuse a process that is not the one that opened."""
        if os.getpid() != self._process:
            message = (
                "the database was opened before this process was forked and cannot be used in it. Nothing was done."
            )
            hint = "Open the engine in the process that uses it, after the fork."
            raise StoreError(Problem(code="store_forked", message=message, hint=hint))
        try:
            yield
        except Exception as error:
            meant = explain(error, self._database.url)
            if meant is None:
                raise
            raise meant from error

    def _ready(self) -> None:
        if self._usable and os.getpid() == self._process:
            return
        with self._guarded(), self._set_up:
            if self._usable:
                return
            require_folder(self._database)
            state, found = self._schema_state()
            if state == "absent" and self._create:
                state, found = self._bring_up(only_absent=True)
            refusal = schema.refuse(state, found, self._database.url)
            if refusal is not None:
                raise refusal
            self._usable = True

    def _schema_state(self) -> tuple[schema.SchemaState, str | None]:
        name = self._database.url.database or ""
        if self._database.sqlite and not self._create and not name.startswith("file:") and not Path(name).exists():
            return "absent", None
        with self._database.reader.connect() as connection, connection.begin():
            return schema.schema_state(connection), schema.version(connection)

    def _bring_up(self, *, only_absent: bool) -> tuple[schema.SchemaState, str | None]:
        with self._turn, self._database.writer.connect() as connection, connection.begin():
            schema.lock(connection)
            state = schema.schema_state(connection)
            if state == "absent" or (state == "older" and not only_absent):
                schema.bring_up(connection)
            return schema.schema_state(connection), schema.version(connection)

    def migrate(self) -> str:
        """Set an absent database up, or bring an older one to this program's version, which is returned."""
        with self._guarded(), self._set_up:
            require_folder(self._database)
            state, found = self._bring_up(only_absent=False)
            refusal = schema.refuse(state, found, self._database.url)
            if refusal is not None:
                raise refusal
            self._usable = True
            return schema.newest()

    @property
    def address(self) -> str:
        """The database's address, with its password: for connections of one's own, never to be shown."""
        return self._database.url.render_as_string(hide_password=False)

    def check(self) -> str:
        """Return the version of the tables; raise what stands against using the database."""
        self._ready()
        return schema.newest()

    # Rule sets and plans

    def save_ruleset(self, digest: str, files: Mapping[str, str]) -> None:
        """Keep a rule set whole: file names and texts in order."""
        with self.write() as tx:
            plans.save_ruleset(tx, digest, files)

    def load_ruleset(self, digest: str) -> dict[str, str] | None:
        """Return a rule set's files, or ``None``."""
        with self.read() as connection:
            return plans.load_ruleset(connection, self.project, digest)

    def save_plan(
        self,
        plan: Plan,
        key: str | None = None,
        *,
        changes: Iterable[pl.DataFrame] | None = None,
        messages: Iterable[pl.DataFrame] | None = None,
    ) -> str:
        """Save a plan whole. Returns its id; with a ``key`` that was used before, the first plan's id.

        A plan too large to be in memory at once gives its ``changes`` (in order) and ``messages``
        piece by piece; its own frames are then not looked at. All of it is one transaction.
        """
        try:
            with self.write() as tx:
                return plans.save_plan(tx, plan, key, changes, messages)
        except plans.KEY_TAKEN:
            with self.read() as connection:
                return keys.find_key(connection, self.project, plans.PLAN_KEY, key or "") or plan.id

    def load_plan(self, plan: str, *, as_approved: bool = False) -> Plan:
        """Return a plan as it was saved; ``as_approved``: with the verdict ``send`` where a hold was released.

        Raises ``PlanError`` where there is none of this id.
        """
        with self.read() as connection:
            return plans.load_plan(connection, self.project, plan, as_approved=as_approved)

    def plan_changes(self, plan: str, columns: Sequence[str], where: pl.Expr | None = None) -> pl.DataFrame:
        """Return columns of a plan's changes as they were saved, of all or of those ``where``."""
        with self.read() as connection:
            return read_changes(connection, self.project, plan, columns, where)

    def plan_by_key(self, key: str) -> Plan | None:
        """Return the plan that an idempotency key stands for, or ``None`` where it is new."""
        with self.read() as connection:
            found = keys.find_key(connection, self.project, plans.PLAN_KEY, key)
            return None if found is None else plans.load_plan(connection, self.project, found)

    def plan_info(self, plan: str) -> PlanInfo:
        """Return a plan's record and state without its rows."""
        with self.read() as connection:
            return plans.info(plans.need_plan(connection, self.project, plan), micros(self._now()))

    def plans(
        self, site: str | None = None, status: str | Sequence[str] | None = None, limit: int | None = None
    ) -> list[PlanInfo]:
        """Return plans, newest first; ``status`` is one or more of ``PlanState``."""
        states = [status] if isinstance(status, str) else status
        with self.read() as connection:
            return plans.list_plans(connection, self.project, micros(self._now()), site, states, limit)

    def approve(
        self,
        plan_id: str,
        by: str,
        because: str | None = None,
        release: Sequence[str] = (),
        override: str | None = None,
        messages: pl.DataFrame | None = None,
    ) -> ApprovalRecord:
        """Approve a plan; release holds of SKUs; override a halt with a reason.

        ``messages`` (``MESSAGE_SCHEMA``) are those that carry released changes, in parts whose
        numbers the plan does not use yet; a message of the same SKU and wave in an earlier part
        is then left out. Raises ``PlanError`` naming everything that stands against it.
        """
        with self.write() as tx:
            return approvals.approve(tx, plan_id, by, because, release, override, messages)

    def approvals(self, plan: str) -> list[ApprovalRecord]:
        """Return every approval of a plan, oldest first."""
        with self.read() as connection:
            return approvals.approvals_of(connection, self.project, plan)

    # Offers

    def offer_states(
        self,
        site: str,
        accounts: Sequence[str] | None = None,
        seller_skus: Sequence[str] | None = None,
        columns: Sequence[str] | None = None,
    ) -> pl.DataFrame:
        """Return the last known state of offers: ``columns`` of ``OFFER_STATE_SCHEMA``, or all."""
        with self.read() as connection:
            return offers.read_offer_states(connection, self.project, site, accounts, seller_skus, columns=columns)

    def offers_read(self, site: str, accounts: Sequence[str]) -> int:
        """Return how many offers of a site were ever read from the marketplace."""
        with self.read() as connection:
            return offers.count_offer_states(connection, self.project, site, accounts)

    def record_reads(self, account: str, site: str, frame: pl.DataFrame, as_of: datetime, source: str = "read") -> None:
        """Keep what ``Connection.read`` gave; what is known from a later instant stays."""
        with self.write() as tx:
            offers.record_reads(tx, account, site, frame, as_of, source)

    def pending(self, site: str, accounts: Sequence[str] | None = None) -> pl.DataFrame:
        """Return (account, site, seller_sku, group) of every value on its way and not yet settled."""
        with self.read() as connection:
            return offers.pending(connection, self.project, site, accounts)

    def sent_since(self, site: str, instant: datetime) -> pl.DataFrame:
        """Return (account, site, seller_sku) of every offer of which something was sent since."""
        with self.read() as connection:
            return offers.sent_since(connection, self.project, site, instant)

    # Events and ledger

    def append_event(self, kind: str, data: Mapping[str, Any], plan: str | None = None) -> int:
        """Tell of something; returns the event's number."""
        with self.write() as tx:
            tx.event(kind, data, plan)
        return tx.event_number

    def events(self, after: int = 0, limit: int = 1_000) -> list[Event]:
        """Return the events with a number above ``after``, oldest first."""
        with self.read() as connection:
            return events.read_events(connection, self.project, after, limit)

    def append_ledger(
        self, who: str, what: str, subject: str | None = None, before: object | None = None, after: object | None = None
    ) -> None:
        """Write down who did what."""
        with self.write() as tx:
            tx.record(who, what, subject, before, after)

    def ledger(self, after: int = 0, limit: int = 1_000) -> list[dict[str, Any]]:
        """Return ledger rows with a number above ``after``, oldest first."""
        with self.read() as connection:
            return ledger.read_ledger(connection, self.project, after, limit)

    def verify_ledger(self) -> LedgerCheck:
        """Walk the whole chain and say whether every row is as it was written."""
        with self.read() as connection:
            return ledger.verify_ledger(connection, self.project)
