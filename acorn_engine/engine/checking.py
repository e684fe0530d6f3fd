"""Looking at a project without planning: everything that is wrong, the examples, the names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl

from acorn_engine.engine.inputs import Catalogue, empty_catalogue, read_catalogue, site_offers
from acorn_engine.engine.memory import StoreMemory
from acorn_engine.engine.together import Together
from acorn_engine.facts import FactInfo
from acorn_engine.language import STANDARD_NAMES
from acorn_engine.problems import AcornError, CatalogError, Problem, RuleError
from acorn_engine.project.rule_files import chain_files
from acorn_engine.ruleset import load_chain
from acorn_engine.sites import utc
from acorn_engine.types import Value

if TYPE_CHECKING:
    from datetime import datetime
    from fractions import Fraction

    from acorn_engine.engine.context import Context
    from acorn_engine.evaluate import ExampleResult
    from acorn_engine.ruleset import Chain, Readings
    from acorn_engine.sites import Site


@dataclass
class CheckReport:
    """What a check found: problems, and numbers for each site."""

    problems: list[Problem] = field(default_factory=list)
    sites: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, problems: Iterable[Problem]) -> None:
        """Add problems that are not known yet: files that several sites use are named once."""
        known = {(problem.code, problem.place, problem.message) for problem in self.problems}
        for problem in problems:
            key = (problem.code, problem.place, problem.message)
            if key not in known:
                known.add(key)
                self.problems.append(problem)


def check(context: Context, site: str | None = None) -> CheckReport:
    """Check catalogue, plugins and rules; nothing is raised for what is wrong with them."""
    report = CheckReport()
    report.add(context.registry.problems)
    catalogue = _catalogue(context, report)
    if catalogue is not None:
        sites = Together(context, catalogue)
        for name in [context.site(site).name] if site else list(context.project.sites):
            _check_site(sites, name, report)
        for name, (offers, held) in sites.counts().items():
            if name in report.sites:
                report.sites[name] |= {"offers": offers, "rows_held": held}
    order = {"stops": 0, "holds": 1, "warns": 2}
    report.problems.sort(key=lambda problem: order[problem.effect])
    return report


def _catalogue(context: Context, report: CheckReport) -> Catalogue | None:
    try:
        catalogue = read_catalogue(context)
    except AcornError as error:
        report.add(error.problems)
        try:
            return empty_catalogue(context)
        except AcornError:
            report.add(
                [
                    Problem(
                        code="rules-unchecked",
                        effect="warns",
                        message="the rules were not checked: what columns there are is unknown until the catalogue can be read.",
                    )
                ]
            )
            return None
    report.add(catalogue.problems)
    return catalogue


def _check_site(sites: Together, name: str, report: CheckReport) -> None:
    try:
        chain, halting = sites.chain(name)
    except AcornError as error:
        report.add(error.problems)
        return
    report.add([*chain.warnings, *halting])
    report.sites[name] = {
        "files": len(chain.files),
        "rules": len(chain.rules),
        "guards": len(chain.guards) + len(chain.plan_guards),
        "offers": 0,
        "rows_held": 0,
        "ruleset": chain.digest,
    }


def run_project_examples(context: Context, site: str | None = None, *, chain: bool = False) -> list[ExampleResult]:
    """Run the examples of all rule files: each file alone, or with ``chain`` through its site's chain."""
    from acorn_engine.evaluate import run_examples

    sites = Together(context, _facts_only(context))
    results: list[ExampleResult] = []
    done: set[tuple[str, str]] = set()
    for name in [context.site(site).name] if site else list(context.project.sites):
        clock = sites.clock(name)
        whole, _ = sites.chain(name)
        defaults: dict[str, Value] = {}
        if chain:
            results += run_examples(whole, clock, defaults=defaults)
            continue
        for file, text in chain_files(context.project.sites[name], context.project.root, name, context.rules):
            if (file, name) not in done:
                done.add((file, name))
                results += run_examples(_alone(whole, file, text, sites.readings), clock, defaults=defaults)
    return results


def _alone(whole: Chain, file: str, text: str, readings: Readings) -> Chain:
    """Return the chain of one file alone.

    A file that leans on earlier ones (it disables their rules, or reads their parameters) cannot be
    loaded alone: then its rules are taken out of the whole chain.
    """
    try:
        return load_chain([(file, text)], whole.vocabulary, readings=readings)
    except RuleError:
        own = tuple(rule for rule in whole.rules if rule.file == file)
        return replace(whole, files=tuple(each for each in whole.files if each.name == file), rules=own)


def _facts_only(context: Context) -> Catalogue:
    try:
        return read_catalogue(context)
    except CatalogError:
        return empty_catalogue(context)


def list_facts(context: Context, site_name: str, sku: str | None = None) -> list[dict[str, Any]]:
    """Return every name that a rule of a site may use: name, kind, type, source, as_of, sample, description."""
    site = context.site(site_name)
    clock = context.clock(site)
    catalogue = _facts_only(context)
    offers = site_offers(context, catalogue, clock, context.accounts(site_name), memory=StoreMemory(context))
    frame = offers.frame
    if sku is not None:
        frame = frame.filter((pl.col("seller_sku") == sku) | (pl.col("sku") == sku))
        if frame.is_empty():
            raise AcornError(f"there is no offer '{sku}' on {site_name}.", code="no-offer")
    rows = [_fact_row(info, frame, site) for name, info in sorted(offers.facts.items()) if not name.startswith("_")]
    for name, table in sorted(offers.tables.items()):
        entries = table.entries.get(site.currency, {})
        sample = next(
            (f"{key}: {_short(entry.value)}" for key, entry in sorted(entries.items()) if key != site.currency), None
        )
        oldest = min((entry.as_of for entry in entries.values() if entry.as_of), default=None)
        rows.append(_row(name, "table", "number by text", table.source, oldest, sample, table.description))
    for name, known in sorted(context.registry.fields.items()):
        rows.append(_row(name, "field", str(known.type.at_site(site.currency)), "rules", None, None, known.description))
    for name, kind in sorted(STANDARD_NAMES.items()):
        rows.append(_row(name, "standard", str(kind.at_site(site.currency)), "the site", None, None, ""))
    for name, function in sorted(context.registry.functions.items()):
        provider = context.registry.providers.get(f"acorn_functions:{name}", "")
        rows.append(
            _row(
                name,
                "function",
                str(function.returns or "as given"),
                provider,
                None,
                function.example,
                function.description,
            )
        )
    return rows


def _fact_row(info: FactInfo, frame: pl.DataFrame, site: Site) -> dict[str, Any]:
    sample = None
    as_of: datetime | None = info.as_of if not isinstance(info.as_of, str) else None
    if info.name in frame.columns:
        known = frame.filter(pl.col(info.name).is_not_null()).head(1)
        if known.height:
            sample = str(known[info.name].cast(pl.String)[0])
            if isinstance(info.as_of, str) and info.as_of in known.columns:
                as_of = known[info.as_of][0]
    return _row(info.name, "fact", str(info.type.at_site(site.currency)), info.source, as_of, sample, info.description)


def _row(
    name: str, kind: str, type_name: str, source: str, as_of: datetime | None, sample: str | None, description: str
) -> dict[str, Any]:
    return {
        "name": name,
        "kind": kind,
        "type": type_name,
        "source": source,
        "as_of": utc(as_of) if as_of else None,
        "sample": sample,
        "description": description,
    }


def _short(value: Fraction) -> str:
    """Return an exact number as decimal text of at most 12 decimals, rounded half up."""
    scaled = (value * 10**12 * 2 + 1) // 2
    return format(Decimal(scaled).scaleb(-12).normalize(), "f")
