"""What every step of the outbox works with, and how a part is moved on."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from acorn_engine.marketplace import MarketplaceError
from acorn_engine.outbox.settings import OutboxSettings, backoff
from acorn_engine.problems import Problem, ProjectError
from acorn_engine.sites import utc
from acorn_engine.store.parts import advance, expires_at, postpone
from acorn_engine.store.times import instant, micros

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime, timedelta

    from acorn_engine.marketplace import Account, Connection, Marketplace
    from acorn_engine.sites import Site
    from acorn_engine.store import Store
    from acorn_engine.store.parts import Part
    from acorn_engine.store.transaction import Transaction

logger = logging.getLogger(__name__)
WORKER: Final = "acorn"
NOT_PROVED: Final = "not_proved"
DOUBTFUL: Final = frozenset({NOT_PROVED, "stuck", "submission_lost"})
"""Why a part is read back although nobody knows whether it was, or still will be, carried out."""
FAR: Final = 2**57
"""An instant that does not come: in the year 6536."""
REFUSED: Final = frozenset({"unauthorized", "forbidden"})
"""Refusals that a person must mend: tried again slowly."""


class State(StrEnum):
    """The states of a part, in the order in which it goes through them; a dead letter waits to be resumed."""

    WAITING = "waiting"
    READY = "ready"
    UPLOADED = "uploaded"
    SUBMITTING = "submitting"
    SUBMITTED = "submitted"
    PROCESSING = "processing"
    REPORTED = "reported"
    PATCHING = "patching"
    VERIFYING = "verifying"
    DEAD = "dead"
    ENDED = "ended"


@dataclass
class Context:
    """The outbox's parts: where it remembers, whom it talks to, how patient it is."""

    store: Store
    marketplaces: Mapping[str, Marketplace]
    accounts: Mapping[str, Account]
    connect: Callable[[Account], Connection]
    now: Callable[[], datetime]
    stop: Callable[[], bool]
    settings: OutboxSettings
    on_settled: Callable[[dict[str, Any]], None] | None = None
    _connections: dict[str, Connection] = field(default_factory=dict)
    _opening: threading.Lock = field(default_factory=threading.Lock)

    def account(self, name: str) -> Account:
        """Return an account. Raises ``ProjectError`` where the project no longer has it."""
        if name not in self.accounts:
            message = f"the account '{name}' is not in the project any more. What is on its way there was left alone."
            raise ProjectError(Problem(code="no_account", message=message, hint=f"Put [accounts.{name}] back."))
        return self.accounts[name]

    def marketplace(self, account: str) -> Marketplace:
        """Return the marketplace of an account. Raises ``ProjectError`` where its plugin is off."""
        name = self.account(account).marketplace
        if name not in self.marketplaces:
            message = f"no plugin provides the marketplace '{name}' of account '{account}'. Nothing was sent to it."
            raise ProjectError(Problem(code="no_marketplace", message=message, hint="See 'acorn plugins'."))
        return self.marketplaces[name]

    def site(self, account: str, name: str) -> Site:
        """Return a site of an account's marketplace."""
        for site in self.marketplace(account).sites:
            if site.name == name:
                return site
        message = f"the marketplace of account '{account}' has no site '{name}'. Nothing was sent to it."
        raise ProjectError(Problem(code="no_site", message=message))

    def connection(self, account: str) -> Connection:
        """Return the connection of an account, opened at its first use."""
        with self._opening:
            if account not in self._connections:
                self._connections[account] = self.connect(self.account(account))
            return self._connections[account]

    def close(self) -> None:
        """Close every connection that was opened."""
        with self._opening:
            for connection in self._connections.values():
                connection.close()
            self._connections.clear()

    def after(self, wait: timedelta) -> int:
        """Return the instant after ``wait``, in microseconds."""
        return micros(self.now() + wait)

    def move(self, tx: Transaction, part: Part, state: State, **values: object) -> Part:
        """Move a part to another state, and tell of it. Tries and remarks begin anew unless given."""
        values = {"attempts": 0, "note": None, "code": None, "who": None, "remedy": None, **values}
        moved = advance(tx, part, state=state.value, **values)
        data = describe(moved)
        tx.event(f"part_{state.value}", data, part.plan)
        tx.record(WORKER, f"part_{state.value}", part.id, before={"state": part.state}, after=data)
        return moved

    def retry(self, part: Part, error: Exception, *, state: State | None = None, **values: object) -> None:
        """Note a failure without effect, and try again later; a throttled account waits as a whole."""
        code, text = error_words(error)
        settings = self.settings
        slow = code in REFUSED or not isinstance(error, MarketplaceError)
        wait = backoff(settings.retry_first * (6 if slow else 1), settings.retry_most, part.attempts)
        asked = getattr(error, "retry_after", None)
        until = max(self.after(wait), micros(self.now()) + int((asked or 0) * 1_000_000))
        mend = {"who": getattr(error, "who", None), "remedy": _remedy(error)}
        with self.store.write() as tx:
            if part.attempts and micros(self.now() - settings.give_up_after) >= part.since:
                doubt = part.code in DOUBTFUL
                self.bury(tx, part, part.code if doubt else code, part.note if doubt else text, **mend)
                return
            values = {**values, "attempts": part.attempts + 1, "due_at": until}
            if part.code and (code == "throttled" or part.code in DOUBTFUL):
                # A wait hides nothing that somebody must mend, and trouble ends no doubt.
                code = part.code
            else:
                values |= {"code": code, "note": text, **mend}
            if state is not None and state.value != part.state:
                values["state"] = state.value
            moved = advance(tx, part, **values)
            if getattr(error, "code", None) == "throttled":
                postpone(tx, part.account, [moved.state], until)
            if part.code != code:
                data = {**describe(moved), "next": utc(instant(until))}
                tx.event("part_failed", data, part.plan)
                tx.record(WORKER, "part_failed", part.id, before={"state": part.state}, after=data)

    def bury(
        self, tx: Transaction, part: Part, code: str | None, note: str | None, *, who: str | None, remedy: str | None
    ) -> Part:
        """Make a part a dead letter: nothing more is tried until it is resumed.

        One of which nothing can have been sent is due once more when its plan runs out, to be ended.
        """
        due = FAR if part.intent_at else expires_at(tx.connection, tx.project, part.plan)
        return self.move(tx, part, State.DEAD, in_flight=0, due_at=due, code=code, note=note, who=who, remedy=remedy)

    def tell(self, told: Iterable[dict[str, Any]]) -> None:
        """Hand ended submissions to whoever asked; what they raise is logged."""
        if self.on_settled is None:
            return
        for data in told:
            try:
                self.on_settled(data)
            except Exception:
                logger.exception("being told of %s failed", data["part"])


def describe(part: Part) -> dict[str, Any]:
    """Return a part as JSON-ready data for events, the ledger and ``status``."""
    return {
        "part": part.id,
        "plan": part.plan,
        "account": part.account,
        "site": part.site,
        "wave": part.wave,
        "number": part.number,
        "mode": part.mode,
        "state": part.state,
        "submission": part.submission,
        "code": part.code,
        "note": part.note,
        "who": part.who,
        "remedy": part.remedy,
    }


def _remedy(error: Exception) -> str | None:
    """Return what mends a failure, in the words of whoever raised it."""
    problems = getattr(error, "problems", None)
    remedy: str | None = problems[0].hint if problems else getattr(error, "remedy", None)
    return remedy


def error_words(error: Exception) -> tuple[str, str]:
    """Return a code and a text for a failure; a stranger's text is left out, it may hold a secret."""
    if isinstance(error, MarketplaceError):
        request = f" (request {error.request_id})" if error.request_id else ""
        return error.code, f"{error}{request}"
    problems = getattr(error, "problems", None)
    if problems:
        return str(problems[0].code), str(error)
    return "failed", f"{type(error).__name__} in the connection to the marketplace"
