"""The verb ``approve``: a person lets a plan go."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from acorn_engine.cli.app import Common, verb
from acorn_engine.cli.output import several

if TYPE_CHECKING:
    from cyclopts import App


def approve(
    *plans: str,
    release: Annotated[tuple[str, ...], Parameter(consume_multiple=True, negative="")] = (),
    because: str | None = None,
    override: str | None = None,
    by: str | None = None,
    common: Common | None = None,
) -> int:
    """Approve plans, so that they may be submitted.

    Parameters
    ----------
    plans:
        The plans to approve.
    release:
        SKUs whose holds are released; rejected changes cannot be released.
    because:
        The reason, needed to release holds.
    override:
        The reason to let a halted plan go.
    by:
        Who approves; default: the name of the user.
    """
    from acorn_engine import Engine
    from acorn_engine.plan import Verdict
    from acorn_engine.problems import AcornError

    common = common or Common()
    if not plans:
        raise AcornError(
            "no plan was named, so nothing was approved; 'acorn plan' names the one that it made", code="usage"
        )
    if release and len(plans) > 1:
        raise AcornError("holds are released plan by plan; name one plan. Nothing was approved.", code="usage")
    rows = []
    with Engine.open(common.project) as engine:
        for name in plans:
            approved = engine.approve(name, by=by or user(), because=because, release=release, override=override)
            sending = approved.changes.filter(approved.changes["verdict"] == Verdict.SEND.value).height
            rows.append({"plan": name, "site": approved.site, "sends": sending, "released": list(release)})
            common.output.line(f"{approved.site}: plan {name} is approved: {several(sending, 'change')} may be sent.")
    if common.json:
        common.output.document({"approved": rows})
    return 0


def user() -> str:
    """Return the name of whoever runs this program."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def add_verbs(app: App) -> None:
    """Add this module's verbs."""
    app.command(verb(approve), name="approve")
