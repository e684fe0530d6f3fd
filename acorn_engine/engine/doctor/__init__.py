"""``acorn doctor``: everything that somebody needs on a bad day, looked at one by one.

No check depends on another's success, and one account's trouble never hides another's.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from acorn_engine.clock import system_now
from acorn_engine.engine.doctor import accounts, machine, project
from acorn_engine.engine.doctor.model import Diagnosis, Finding, Level, looked, of_problem
from acorn_engine.problems import AcornError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path
    from typing import Any

    from acorn_engine.engine.context import Context
    from acorn_engine.marketplace import Account
    from acorn_engine.project.calendars import Deadline
    from acorn_engine.store import Store

__all__ = ["Diagnosis", "Finding", "Level", "diagnose", "examine"]


def examine(settings: Path, *, online: bool = False, account: str | None = None) -> Diagnosis:
    """Look at a project that may not even open. Raises ``AcornError`` for an account that it does not have."""
    from acorn_engine.engine.engine import Engine

    try:
        engine = Engine.open(settings)
    except AcornError as error:
        refused = error
    else:
        with engine:
            return engine.doctor(online=online, account=account)
    return _unopened(settings, refused)


def _unopened(settings: Path, refused: AcornError) -> Diagnosis:
    from acorn_engine.engine.plugin_list import list_plugins

    versions = machine.versions()
    found = looked("python", partial(machine.python, versions))
    found += [of_problem("project", problem) for problem in refused.problems]
    found += looked("plugins", lambda: project.plugins(list_plugins(settings), ()))
    found += looked("clock", lambda: machine.clock(system_now(), None, ()))
    return Diagnosis(system_now(), versions, tuple(found))


def diagnose(
    context: Context, status: Callable[[], dict[str, list[dict[str, Any]]]], *, online: bool, account: str | None
) -> Diagnosis:
    """Look at an opened project; ``status`` returns what is under way, ``online`` asks the marketplaces too."""
    versions = machine.versions()
    found = looked("python", partial(machine.python, versions))
    found += looked("project", partial(project.file, context))
    found += looked("plugins", lambda: project.plugins(context.host.plugins.values(), context.project.plugins.disabled))
    found += looked("rules", partial(project.rules, context))
    store, said = project.usable_store(context)
    found += said
    newest = _newest(store)
    zones = [context.registry.sites[name].time_zone for name in context.project.sites]
    found += looked("clock", lambda: machine.clock(context.now(), newest, zones))
    found += looked("disk", partial(machine.disk, context.project.root))
    found += looked("sending", partial(project.stopped, context))
    if store is not None:
        found += looked("ledger", partial(project.ledger, store))
        found += looked("status", lambda: project.status(status, account))
        found += looked("status", partial(project.dead_plans, store))
        found += looked("secrets", lambda: accounts.store(context.secrets, context.project.accounts))
    deadlines: list[Deadline] = []
    for mine in context.project.accounts.values():
        if account in {None, mine.name}:
            found += looked(
                "credentials", partial(accounts.credentials, context, mine, stored=store is not None), mine.name
            )
            found += looked("calendar", partial(_calendar, context, mine, store, deadlines), mine.name)
            if online:
                found += looked("online", partial(accounts.online, context, mine), mine.name)
    return Diagnosis(context.now(), versions, tuple(found), tuple(deadlines))


def _newest(store: Store | None) -> datetime | None:
    try:
        return project.newest_record(store) if store is not None else None
    except AcornError:
        return None  # the database's own check says why


def _calendar(context: Context, account: Account, store: Store | None, deadlines: list[Deadline]) -> Iterator[Finding]:
    made, found = accounts.deadlines(context, account, stored=store is not None)
    deadlines += made
    yield from found
