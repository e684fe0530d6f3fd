"""Verbs that look without planning: ``check``, ``test``, ``facts``, ``schema``, ``plugins``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from acorn_engine.cli.app import ERROR, Common, verb
from acorn_engine.cli.output import problems_document, several
from acorn_engine.problems import stopping

if TYPE_CHECKING:
    from cyclopts import App

    from acorn_engine.evaluate import ExampleResult

Flag = Annotated[bool, Parameter(negative="")]


def check(site: str | None = None, *, common: Common | None = None) -> int:
    """Check the project, its rules and its catalogue; say everything that is wrong at once.

    Parameters
    ----------
    site:
        Only this site; default: every site of the project.
    """
    from acorn_engine import Engine

    common = common or Common()
    output = common.output
    with Engine.open(common.project) as engine:
        with output.working("checking …"):
            found = engine.check(site)
        errors = stopping(found.problems)
        if common.json:
            output.document(problems_document(found.problems, {"sites": found.sites}))
        else:
            output.problems(found.problems)
            output.table(
                ("site", "rule files", "rules", "guards", "offers", "rows held"),
                [
                    (name, row["files"], row["rules"], row["guards"], row["offers"], row["rows_held"])
                    for name, row in found.sites.items()
                ],
                numbers=(1, 2, 3, 4, 5),
            )
            warnings = len(found.problems) - len(errors)
            held = sum(row["rows_held"] for row in found.sites.values())
            words = "nothing can be planned until they are mended" if errors else "everything can be planned"
            if held and not errors:
                words = f"everything can be planned but {several(held, 'offer')} with problems, held"
            output.line(f"{several(len(errors), 'error')}, {several(warnings, 'warning')}: {words}.")
    return ERROR if errors else 0


def run_examples(site: str | None = None, *, chain: Flag = False, common: Common | None = None) -> int:
    """Run the examples in the rule files.

    Parameters
    ----------
    site:
        Only the files of this site's chain.
    chain:
        Run each example through its site's whole chain instead of its own file alone.
    """
    from acorn_engine import Engine

    common = common or Common()
    output = common.output
    with Engine.open(common.project) as engine:
        results = engine.test(site, chain=chain)
    failed = [result for result in results if not result.passed]
    if common.json:
        output.document(
            {
                "examples": [_example(result) for result in results],
                "passed": len(results) - len(failed),
                "failed": len(failed),
            }
        )
    else:
        for result in failed:
            output.line(f"{result.place or result.file}: {result.name} ({result.site})")
            for difference in result.differences:
                output.line(f"    {difference}")
        output.line(f"{len(results) - len(failed)} of {len(results)} examples hold.")
    return ERROR if failed else 0


def _example(result: ExampleResult) -> dict[str, Any]:
    return {
        "name": result.name,
        "file": result.file,
        "site": result.site,
        "place": str(result.place) if result.place else None,
        "passed": result.passed,
        "differences": list(result.differences),
    }


def facts(site: str | None = None, *, sku: str | None = None, common: Common | None = None) -> int:
    """List every name that a rule may use: type, source, age, a sample.

    Parameters
    ----------
    site:
        The site whose names are asked for; default: every site of the project.
    sku:
        Take the samples from this SKU.
    """
    from acorn_engine import Engine

    common = common or Common()
    output = common.output
    with Engine.open(common.project) as engine:
        sites = [site] if site is not None else list(engine.sites)
        found = {name: engine.facts(name, sku=sku) for name in sites}
    if common.json:
        documents = [{"site": name, "names": rows} for name, rows in found.items()]
        output.document({"sites": documents} if site is None else documents[0])
        return 0
    columns = ("name", "kind", "type", "source", "as of", "sample")
    for name, rows in found.items():
        if len(found) > 1:
            output.line(name)
        output.table(columns, [tuple(row[column.replace(" ", "_")] for column in columns) for row in rows])
    return 0


def schema(*, common: Common | None = None) -> int:
    """Print the JSON Schema of rule files, for editors."""
    from acorn_engine.cli.output import Output
    from acorn_engine.engine.schema import editor_schema

    common = common or Common()
    Output(as_json=True).document(editor_schema(common.project))
    return 0


def plugins(*, common: Common | None = None) -> int:
    """List the plugins: where they come from, what they provide, and why one is off."""
    from acorn_engine.engine.plugin_list import list_plugins

    common = common or Common()
    output = common.output
    listed = list_plugins(common.project)
    if common.json:
        output.document({"plugins": [info.to_dict() for info in listed]})
        return 0
    rows = [
        (
            info.name,
            info.version,
            info.origin,
            "on" if info.on else "OFF",
            ", ".join(hook.removeprefix("acorn_") for hook in info.hooks),
        )
        for info in listed
    ]
    output.table(("plugin", "version", "from", "state", "hooks"), rows)
    for info in listed:
        if not info.on:
            output.line(f"{info.name} is off: {info.cause}")
        for failure in info.failures:
            output.line(f"{info.name}: {failure.hook} failed: {failure.cause}; {failure.policy.value}")
    return 0


def add_verbs(app: App) -> None:
    """Add this module's verbs."""
    app.command(verb(run_examples), name="test")
    for function in (check, facts, schema, plugins):
        app.command(verb(function), name=function.__name__)
