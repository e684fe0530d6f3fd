"""The verb ``doctor``: what is wrong, and what to do about it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import Parameter

from acorn_engine.cli.app import ERROR, Common, verb

if TYPE_CHECKING:
    from cyclopts import App

    from acorn_engine.engine.doctor import Finding, Level

Flag = Annotated[bool, Parameter(negative="")]
_MARKS: Final[dict[Level, str]] = {"ok": "ok", "note": "note", "warning": "WARNING", "must_act": "MUST ACT"}


def doctor(*, online: Flag = False, bundle: Path | None = None, common: Common | None = None) -> int:
    """Look at everything that somebody needs on a bad day, and say what must be done. Changes nothing.

    Parameters
    ----------
    online:
        Ask each account's marketplace too: for an access token, and where the account may sell.
    bundle:
        Write a file for whoever helps: findings, versions, settings and last events, without secrets,
        prices and SKUs.
    """
    from acorn_engine.engine.doctor import examine

    common = common or Common()
    output = common.output
    with output.working("looking …"):
        found = examine(common.project, online=online, account=common.account)
    if bundle is not None:
        from acorn_engine.engine.doctor.bundle import write_bundle

        write_bundle(bundle, common.project, found)
        output.note(f"{bundle} was written. Look at it before you hand it on.")
    if common.json:
        output.document(found.to_dict())
        return ERROR if found.must_act else 0
    for finding in found.findings:
        output.line(f"{_MARKS[finding.level]:8}  {_sentence(finding)}")
        if finding.hint:
            output.line(f"{'':8}      {finding.hint}")
    number = sum(finding.level == "must_act" for finding in found.findings)
    output.line("Nothing must be done." if not number else f"To be done: {number}.")
    return ERROR if number else 0


def _sentence(finding: Finding) -> str:
    of = f" of account '{finding.account}'" if finding.account else ""
    place = f"{finding.place}: " if finding.place else ""
    return f"{finding.check}{of}: {place}{finding.message}"


def add_verbs(app: App) -> None:
    """Add this module's verbs."""
    app.command(verb(doctor), name="doctor")
