"""Verbs about plans: ``plan``, ``explain``, ``diff``, ``export``, ``rollback``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from acorn_engine.cli.app import CHANGES, HALTED, NEW_HOLDS, Common, verb
from acorn_engine.problems import AcornError

if TYPE_CHECKING:
    from cyclopts import App

    from acorn_engine.engine import Engine
    from acorn_engine.plan import Plan

Flag = Annotated[bool, Parameter(negative="")]


def plan(
    *sites: str,
    only: Annotated[tuple[str, ...], Parameter(consume_multiple=True, negative="")] = (),
    key: str | None = None,
    exit_zero: Flag = False,
    common: Common | None = None,
) -> int:
    """Work out what would change on a site and why, and save it as a plan. Nothing is sent.

    Exits with 4 where a plan is halted, 3 where something is newly held, 2 where something would
    change, 0 where nothing would, 1 for an error.

    Parameters
    ----------
    sites:
        The sites to plan; default: every site of the project.
    only:
        Consider only these SKUs; shares still count all known offers.
    key:
        A name for this plan: the same name again gives the first plan.
    exit_zero:
        Exit with 0 unless there is an error, for schedulers.
    """
    from acorn_engine import Engine

    common = common or Common()
    output = common.output
    with Engine.open(common.project) as engine:
        with output.working("planning …") as say:
            if len(sites) == 1:
                plans = [engine.plan(sites[0], only=only or None, key=key, account=common.account)]
            else:
                if key is not None:
                    raise AcornError(
                        "a key names one plan, so name one site with it. Nothing was planned.", code="usage"
                    )
                plans = []
                for made in engine.plans(sites or None, only=only or None, account=common.account):
                    plans.append(made)
                    say(f"planned {made.site} …")
        code = max((_exit_code(engine, made) for made in plans), default=0)
        if common.json:
            documents = [made.to_json() for made in plans]
            output.document(documents[0] if len(sites) == 1 else {"plans": documents})
        else:
            from acorn_engine.cli.plan_text import print_plans

            for made in plans:
                output.problems(problem for problem in made.problems if problem.effect != "stops")
            print_plans(output, plans)
    return 0 if exit_zero else code


def _exit_code(engine: Engine, made: Plan) -> int:
    from acorn_engine.plan import PlanStatus

    if made.status is PlanStatus.HALTED:
        return HALTED
    if engine.new_holds(made):
        return NEW_HOLDS
    return CHANGES if made.to_send.height else 0


def explain(site: str, sku: str, *, common: Common | None = None) -> int:
    """Say why an offer's values would change, or why not: facts, rules, guards, verdicts.

    Parameters
    ----------
    site:
        The site.
    sku:
        The ERP's or the seller's SKU.
    """
    from acorn_engine import Engine

    common = common or Common()
    with Engine.open(common.project) as engine:
        explanations = engine.explain_all(site, sku, account=common.account)
        if common.json:
            documents = [explanation.to_json() for explanation in explanations]
            common.output.document(documents[0] if len(documents) == 1 else {"offers": documents})
        else:
            common.output.line("\n\n".join(explanation.render() for explanation in explanations))
    return 0


def diff(plan: str, other: str | None = None, *, common: Common | None = None) -> int:
    """Say what differs between two plans of a site, or between a plan and what the site shows now.

    Parameters
    ----------
    plan:
        The plan.
    other:
        Another plan; default: a plan made now, which is not saved.
    """
    from acorn_engine import Engine

    common = common or Common()
    output = common.output
    with Engine.open(common.project) as engine:
        found = engine.diff(plan, other)
        if common.json:
            output.document(found.to_json())
        else:
            output.line(found.render())
    return 0


def export(plan: str, *, to: Path, workbook: bool = True, common: Common | None = None) -> int:
    """Write a plan's feed documents and a spreadsheet for a person. Needs no network.

    Parameters
    ----------
    plan:
        The plan.
    to:
        The folder to write to.
    workbook:
        Also the spreadsheet; a long one takes longer than all documents.
    """
    from acorn_engine import Engine

    common = common or Common()
    output = common.output
    with Engine.open(common.project) as engine:
        written = engine.export(plan, to, workbook=workbook)
    if common.json:
        output.document({"plan": plan, "files": [path.name for path in written]})
    else:
        for path in written:
            output.line(f"{to / path.name}")
    return 0


def rollback(plan: str, *, because: str | None = None, common: Common | None = None) -> int:
    """Make a plan of the values from before a submitted plan. It is approved and submitted like any other.

    Parameters
    ----------
    plan:
        The submitted plan.
    because:
        The reason, which every change of the new plan tells.
    """
    from acorn_engine import Engine
    from acorn_engine.cli.plan_text import print_plans

    common = common or Common()
    with Engine.open(common.project) as engine:
        made = engine.rollback(plan, because=because)
        if common.json:
            common.output.document(made.to_json())
        else:
            print_plans(common.output, [made])
    return 0


def add_verbs(app: App) -> None:
    """Add this module's verbs."""
    for function in (plan, explain, diff, export, rollback):
        app.command(verb(function), name=function.__name__)
