"""What a doctor looks at in the project: file, plugins, rules, database, what is under way."""

from __future__ import annotations

import stat
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from acorn_engine.engine.doctor.model import Finding, of_problem
from acorn_engine.problems import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from acorn_engine.engine.context import Context
    from acorn_engine.plugins.host import PluginInfo
    from acorn_engine.store import Event, PlanInfo, Store

NEWEST_PLANS: Final = 500
"""So many plans back the newest one of each site is looked for."""


def file(context: Context) -> Iterator[Finding]:
    """Say what was opened: it would not have been, were it wrong."""
    project = context.project
    name = project.source.name if project.source else "settings of the program"
    words = f"{name}: project '{project.project.name}', sites: {len(project.sites)}, accounts: {len(project.accounts)}"
    yield Finding("project", "ok", words)


def plugins(found: Iterable[PluginInfo], disabled: Iterable[str]) -> Iterator[Finding]:
    """Look which plugins are on, which are off and why, and what failed in them."""
    off = set(disabled)
    on = []
    for info in found:
        if info.on:
            on.append(f"{info.name} {info.version}" if info.version else info.name)
        elif info.name in off:
            yield Finding("plugins", "note", f"{info.name} is off: {info.cause}")
        else:
            hint = "mend or remove the plugin; what it provides is missing"
            yield Finding("plugins", "must_act", f"{info.name} is off: {info.cause}", hint, code="plugin-off")
        for failure in info.failures:
            message = f"{info.name}: {failure.hook} failed: {failure.cause}; {failure.policy.value}"
            yield Finding("plugins", "must_act", message, "mend the plugin, or tell its author", code="plugin-failed")
    yield Finding("plugins", "ok", ", ".join(on) or "none")


def rules(context: Context) -> Iterator[Finding]:
    """Check catalogue and rules as ``acorn check`` does."""
    from acorn_engine.engine import checking

    report = checking.check(context)
    for problem in report.problems:
        yield of_problem("rules", problem)
    for name, row in report.sites.items():
        words = f"{name}: rules: {row['rules']}, guards: {row['guards']}, offers: {row['offers']}"
        yield Finding("rules", "ok", f"{words}, rows held: {row['rows_held']}")


def usable_store(context: Context) -> tuple[Store | None, list[Finding]]:
    """Return the database if it can be used, and what there is to say of it. None is set up for a look."""
    from acorn_engine.store import Store

    url = context.project.database
    try:
        if context.opened_store is not None:
            version = context.opened_store.check()
        else:
            with Store.open(url, context.project.project.name, create=False, now=context.now) as probe:
                version = probe.check()
    except StoreError as error:
        absent = [problem for problem in error.problems if problem.code == "store_absent"]
        if absent:
            words = "there is none yet; the first plan, or 'acorn init', sets it up"
            return None, [Finding("database", "note", words, code="store_absent")]
        return None, [of_problem("database", problem) for problem in error.problems]
    found = [Finding("database", "ok", f"reachable, tables of version {version}")]
    return context.store, [*found, *_private(url)]


def _private(url: str) -> Iterator[Finding]:
    path = Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None
    if path is not None and path.is_file() and path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        message = "other users of this computer can read the database: it tells what things cost and sell for."
        yield Finding("database", "warning", message, f"chmod 600 {path.name}")


def ledger(store: Store) -> Iterator[Finding]:
    """Walk the ledger's chain of hashes."""
    walked = store.verify_ledger()
    if walked.whole:
        yield Finding("ledger", "ok", f"rows: {walked.rows}, none changed")
    else:
        hint = "keep a copy of the database, and find out who wrote to it besides Acorn"
        yield Finding(
            "ledger", "must_act", f"the ledger was tampered with: {walked.reason}.", hint, code="ledger-broken"
        )


def newest_record(store: Store) -> datetime | None:
    """Return the instant of the newest event or ledger row, or ``None``."""
    from sqlalchemy import func, select

    from acorn_engine.store.tables import events
    from acorn_engine.store.tables import ledger as rows
    from acorn_engine.store.times import instant

    with store.read() as connection:
        found = [
            connection.execute(select(func.max(table.c.at)).where(table.c.project == store.project)).scalar_one()
            for table in (events, rows)
        ]
    known = [value for value in found if value is not None]
    return instant(max(known)) if known else None


def newest_events(store: Store, number: int) -> list[Event]:
    """Return the newest events, oldest of them first."""
    from sqlalchemy import func, select

    from acorn_engine.store.tables import events

    with store.read() as connection:
        last = connection.execute(
            select(func.max(events.c.number)).where(events.c.project == store.project)
        ).scalar_one()
    return store.events(max(0, (last or 0) - number), number)


def stopped(context: Context) -> Iterator[Finding]:
    """Look for the file that halts all sending."""
    if context.stopped():
        message = "the file STOP in the project folder halts all sending."
        yield Finding("sending", "must_act", message, "remove it to let sending go on", code="stopped")
    else:
        yield Finding("sending", "ok", "not halted")


def dead_plans(store: Store) -> Iterator[Finding]:
    """Look for sites whose newest plan was approved and ran out before it was sent."""
    newest: dict[str, PlanInfo] = {}
    for plan in store.plans(limit=NEWEST_PLANS):
        newest.setdefault(plan.site, plan)
    for site, plan in newest.items():
        if plan.state == "expired" and plan.approved_at is not None:
            message = f"plan {plan.id} of {site} was approved and ran out before it was sent. Nothing of it was sent."
            yield Finding("status", "must_act", message, f"plan again: acorn plan {site}", code="plan-expired")


def status(read: Callable[[], Mapping[str, list[dict[str, Any]]]], account: str | None) -> Iterator[Finding]:
    """Look at what waits for a person, and at what runs out unsent."""
    found = read()
    rows = [row for row in found["must_act"] if row["kind"] != "stopped"]
    for row in rows:
        of = row.get("account")
        if account is None or of in {None, account}:
            where = ", ".join(f"{name} {row[name]}" for name in ("plan", "part", "site") if row.get(name))
            what = " ".join(str(row[name]) for name in ("count", "kind", "code") if row.get(name))
            why = row.get("text") or row.get("note")
            message = f"{what} ({where})" + (f": {why}" if why else "")
            yield Finding("status", "must_act", message, row.get("do"), of, row.get("code") or row["kind"])
    for row in found["expiring"]:
        message = f"plan {row['plan']} of {row['site']} ({row['state']}) may be sent until {row['expires_at']} only."
        yield Finding("status", "warning", message, "approve and submit it, or plan again", code="plan-expiring")
    in_flight = sum(len(row["parts"]) for row in found["in_flight"])
    yield Finding("status", "ok", f"parts on their way: {in_flight}, changes held: {len(found['held'])}")
