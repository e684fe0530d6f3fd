"""Verbs that talk to the marketplace: ``submit``, ``verify``, ``status``, ``drift``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from acorn_engine.cli.app import Common, verb

if TYPE_CHECKING:
    from cyclopts import App

    from acorn_engine.cli.output import Output

Flag = Annotated[bool, Parameter(negative="")]


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
    with Engine.open(common.project) as engine, output.working("sending …") as say:
        progress = engine.submit(plan, wait=wait, key=key, on_progress=say)
    _print_progress(output, progress, common)
    return 0


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
    with Engine.open(common.project) as engine, output.working("reading back …") as say:
        progress = engine.verify(plan, wait=wait, on_progress=say)
    _print_progress(output, progress, common)
    return 0


def _print_progress(output: Output, progress: dict[str, Any], common: Common) -> None:
    if common.json:
        output.document(progress)
        return
    for row in progress["plans"]:
        counts = (
            ", ".join(f"{number} {word}" for word, number in row["outcomes"].items() if number) or "nothing to send"
        )
        output.line(f"{row['site']}: plan {row['plan']}: {row['state']}: {counts}")
        for text in row["reasons"]:
            output.line(f"    {text}")
    if not progress["plans"]:
        output.line("Nothing is approved or on its way.")
    if progress["stopped"]:
        output.line("Sending is halted by the file STOP in the project folder; remove it to go on.")
    elif progress["open"]:
        output.line("Not everything has ended yet: run acorn submit and acorn verify again, or use --wait.")


def status(*, common: Common | None = None) -> int:
    """Say what is on its way, what is held, what runs out, and what a person must do."""
    from acorn_engine import Engine

    common = common or Common()
    output = common.output
    with Engine.open(common.project) as engine:
        found = engine.status()
    if common.json:
        output.document(found)
        return 0
    titles = {
        "in_flight": "On its way",
        "held": "Held",
        "expiring": "Runs out soon",
        "must_act": "Needs a person",
    }
    for name, title in titles.items():
        rows = found[name]
        output.line(f"{title}: {len(rows) or 'nothing'}")
        for row in rows[:20]:
            output.line("  " + _words(row))
        if len(rows) > 20:
            output.line(f"  … and {len(rows) - 20} more; --json lists all")
    return 0


def _words(row: dict[str, Any]) -> str:
    if "message" in row:
        return str(row["message"])
    return ", ".join(f"{name} {value}" for name, value in row.items() if value not in (None, "", [], {}))


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
        output.line("Every listing shows what was last verified.")
    else:
        output.table(tuple(frame.columns), list(frame.iter_rows()))
        output.line(f"{frame.height} values were changed by someone else.")
    return 0


def add_verbs(app: App) -> None:
    """Add this module's verbs."""
    for function in (submit, verify, status, drift):
        app.command(verb(function), name=function.__name__)
