"""Verbs that talk to the marketplace: ``submit``, ``verify``, ``resume``, ``status``, ``drift``."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from acorn_engine.cli.app import ERROR, Common, verb
from acorn_engine.cli.approving import user
from acorn_engine.cli.output import several

if TYPE_CHECKING:
    from cyclopts import App

    from acorn_engine.cli.output import Output

Flag = Annotated[bool, Parameter(negative="")]
SHOWN = 20
ACCOUNTS_AT_ONCE = 32
"""Each account is served in a thread of its own, so that none waits for another."""


def submit(plan: str | None = None, *, wait: Flag = False, key: str | None = None, common: Common | None = None) -> int:
    """Send what is approved.

    Parameters
    ----------
    plan:
        The plan; default: everything that is approved or on its way.
    wait:
        Stay until everything has ended instead of as far as it goes now.
    key:
        A name for this submission: the same name again does not submit again.
    """
    from acorn_engine import Engine

    common = common or Common()
    output = common.output
    with (
        Engine.open(common.project) as engine,
        output.working("sending …") as say,
        ThreadPoolExecutor(ACCOUNTS_AT_ONCE) as threads,
    ):
        progress = engine.submit(plan, wait=wait, key=key, account=common.account, on_progress=say, threads=threads)
    return _print_progress(output, progress, common)


def verify(plan: str | None = None, *, wait: Flag = False, common: Common | None = None) -> int:
    """Read the listings back and settle what reads as planned.

    Parameters
    ----------
    plan:
        The plan; default: everything that is on its way.
    wait:
        Stay until everything has ended.
    """
    from acorn_engine import Engine

    common = common or Common()
    output = common.output
    with (
        Engine.open(common.project) as engine,
        output.working("reading back …") as say,
        ThreadPoolExecutor(ACCOUNTS_AT_ONCE) as threads,
    ):
        progress = engine.verify(plan, wait=wait, account=common.account, on_progress=say, threads=threads)
    return _print_progress(output, progress, common)


def resume(*names: str, by: str | None = None, common: Common | None = None) -> int:
    """Take up again what could not be delivered, once what kept it is mended.

    Parameters
    ----------
    names:
        Parts, or plans whose parts, 'acorn status' names as dead letters.
    by:
        Who resumes; default: the name of the user.
    """
    from acorn_engine import Engine
    from acorn_engine.problems import AcornError

    common = common or Common()
    if not names:
        raise AcornError("no part or plan was named, so nothing was resumed; 'acorn status' names them", code="usage")
    resumed: list[str] = []
    with Engine.open(common.project) as engine:
        for name in names:
            found = engine.resume(name, by=by or user())
            resumed += found
            if not found:
                common.output.line(f"Nothing of {name} waits to be resumed.")
    if common.json:
        common.output.document({"resumed": resumed})
    for part in resumed:
        common.output.line(f"{part} is taken up again: acorn submit looks it up before anything is sent.")
    return 0


def _print_progress(output: Output, progress: dict[str, Any], common: Common) -> int:
    """Print what became of plans; an error where something stops them that time alone does not mend."""
    code = ERROR if any(problem["effect"] == "stops" for problem in progress["problems"]) else 0
    if common.json:
        output.document(progress)
        return code
    for row in progress["plans"]:
        outcomes = {**row["outcomes"], "on_their_way": row["outcomes"]["on_their_way"] - row["unsent"]}
        outcomes["not_sent_yet"] = row["unsent"]
        counts = [f"{number} {word.replace('_', ' ')}" for word, number in outcomes.items() if number]
        output.line(f"{row['site']}: plan {row['plan']} {row['state']}: {', '.join(counts) or 'nothing to send'}")
        for text in row["reasons"]:
            output.line(f"    {text}")
        known = [problem["message"] for problem in progress["problems"]]
        for text in row["troubles"]:
            if not any(message in text for message in known):
                output.line(f"    the last try failed: {text}")
    for problem in progress["problems"]:
        output.note(problem["message"] + (f"\n    {problem['hint']}" if problem["hint"] else ""))
    _print_what_is_left(output, progress)
    return code


def _print_what_is_left(output: Output, progress: dict[str, Any]) -> None:
    if not progress["plans"]:
        output.line("Nothing is approved or on its way.")
    if progress["stopped"]:
        output.line("Sending is halted by the file STOP in the project folder; remove it to go on.")
    elif progress["dead"]:
        what = several(progress["dead"], "part")
        output.line(f"{what} could not be delivered: acorn status says why, and acorn resume takes it up again.")
    elif progress["open"]:
        output.line("Not everything has ended yet: run acorn submit and acorn verify again, or use --wait.")


def status(*, common: Common | None = None) -> int:
    """Say what is on its way, what is held, what runs out, and what a person must do."""
    from acorn_engine import Engine

    common = common or Common()
    output = common.output
    with Engine.open(common.project) as engine:
        found = engine.status(account=common.account)
    if common.json:
        output.document(found)
        return 0
    _section(output, "On its way", [_flight(row) for row in found["in_flight"]])
    _section(output, "Held", _held(found["held"]))
    expiring = [
        f"plan {row['plan']} of {row['site']} ({row['state']}) until {row['expires_at']}" for row in found["expiring"]
    ]
    _section(output, "Runs out soon", expiring)
    _section(output, "Needs a person", [_task(row) for row in found["must_act"]])
    return 0


def _section(output: Output, title: str, lines: list[str]) -> None:
    output.line(f"{title}:" + ("" if lines else " nothing"))
    for line in lines[:SHOWN]:
        output.line(f"  {line}")
    if len(lines) > SHOWN:
        output.line(f"  … and {len(lines) - SHOWN} more; --json lists all")


def _flight(row: dict[str, Any]) -> str:
    states = Counter(part["state"] for part in row["parts"])
    words = ", ".join(f"{count} {state}" for state, count in states.items())
    notes = dict.fromkeys(part["note"] for part in row["parts"] if part.get("note"))
    troubles = f"; the last try failed: {'; '.join(notes)}" if notes else ""
    return f"plan {row['plan']} of {row['site']} is {row['state']}; its parts: {words}{troubles}"


def _held(rows: list[dict[str, Any]]) -> list[str]:
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["site"], row["guard"] or row["code"]), []).append(row)
    ordered = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    return [
        f"{site}: {several(len(some), 'change')} ({reason}), such as {some[0]['seller_sku']}: {some[0]['because']}"
        for (site, reason), some in ordered
    ]


def _task(row: dict[str, Any]) -> str:
    where = ", ".join(f"{name} {row[name]}" for name in ("plan", "account", "site") if row.get(name))
    what = ", ".join(str(row[name]) for name in ("count", "kind", "code") if row.get(name))
    why = row.get("text") or row.get("note") or ""
    return f"{what} ({where}): {why + '; ' if why else ''}{row['do']}"


def drift(site: str | None = None, *, common: Common | None = None) -> int:
    """Read listings and name those that no longer show what was verified, though nothing of ours is on its way.

    Parameters
    ----------
    site:
        Only this site; default: every site of the project.
    """
    from acorn_engine import Engine

    common = common or Common()
    output = common.output
    with Engine.open(common.project) as engine, output.working("reading listings …"):
        frame = engine.drift(site, account=common.account)
    if common.json:
        output.document({"drift": frame.to_dicts()})
    elif frame.is_empty():
        output.line("No listing that was verified shows another value now.")
    else:
        output.table(tuple(frame.columns), list(frame.iter_rows()))
        output.line(f"{several(frame.height, 'value')} changed without Acorn.")
    return 0


def add_verbs(app: App) -> None:
    """Add this module's verbs."""
    for function in (submit, verify, resume, status, drift):
        app.command(verb(function), name=function.__name__)
