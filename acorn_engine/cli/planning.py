"""Verbs about plans: ``plan``, ``explain``, ``diff``, ``export``, ``rollback``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from acorn_engine.cli.app import CHANGES, HALTED, NEW_HOLDS, Common, verb
from acorn_engine.problems import AcornError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cyclopts import App

    from acorn_engine.cli.output import Output
    from acorn_engine.engine import Engine
    from acorn_engine.plan import Plan
    from acorn_engine.problems import Problem

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
    if key is not None and len(sites) != 1:
        raise AcornError("a key names one plan, so name one site with it. Nothing was planned.", code="usage")
    with Engine.open(common.project) as engine:
        names = sites or engine.sites
        if len(sites) == 1 or (len(names) == 1 and not common.json):
            with output.working("planning …"):
                made = engine.plan(names[0], only=only or None, key=key, account=common.account)
            code = _exit_code(engine, made)
            if common.json:
                output.document(made.to_json())
            else:
                _print_one(output, made)
        else:
            code = _plan_all(engine, sites, only, common)
    return 0 if exit_zero else code


def _print_one(output: Output, made: Plan) -> None:
    from acorn_engine.cli.plan_text import print_plans

    output.problems(problem for problem in made.problems if problem.effect != "stops")
    print_plans(output, [made])


def _plan_all(engine: Engine, sites: Sequence[str], only: Sequence[str], common: Common) -> int:
    """Plan several sites and print them; return the exit code. For a person, a plan that was told is not held."""
    from concurrent.futures import ThreadPoolExecutor

    from acorn_engine.cli.plan_text import Overview, print_overviews

    output = common.output
    documents: list[Any] = []
    overviews: list[Overview] = []
    problems: list[Problem] = []
    code = 0
    with output.working("planning …") as say, ThreadPoolExecutor(os.cpu_count()) as threads:
        for made in engine.plans(sites or None, only=only or None, account=common.account, threads=threads):
            code = max(code, _exit_code(engine, made))
            if common.json:
                documents.append(made.to_json())
            else:
                overviews.append(Overview.of(made))
                problems += [problem for problem in made.problems if problem.effect != "stops"]
            say(f"planned {made.site} …")
            del made
    if common.json:
        output.document({"plans": documents})
    else:
        output.problems(problems)
        print_overviews(output, overviews)
    return code


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
