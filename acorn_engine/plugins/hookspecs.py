"""Every hook, its arguments and what happens when it fails.

A plugin implements any of them and takes any or none of the arguments. Hooks yield the records
of ``acorn_engine.plugins``; arguments are only ever added.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

import pluggy

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    import polars as pl
    from pydantic import BaseModel

    from acorn_engine.marketplace import Account, Marketplace
    from acorn_engine.plan import Plan
    from acorn_engine.plugins import records

PROJECT_NAME: Final = "acorn"
hookspec = pluggy.HookspecMarker(PROJECT_NAME)
hookimpl = pluggy.HookimplMarker(PROJECT_NAME)


class FailurePolicy(StrEnum):
    """What a failing implementation means for the run."""

    PLUGIN_OFF = "the plugin is off"
    SITES_OFF = "its sites are off"
    HALT_IF_NAMED = "halt if the project names it"
    RULES_OFF = "rules that use it do not load"
    HALT = "halt"
    LOGGED = "logged, goes on"
    PERSON = "waits for a person"
    VERB_OFF = "the verb is off"


FAILURE_POLICIES: Final[dict[str, FailurePolicy]] = {
    "acorn_settings": FailurePolicy.PLUGIN_OFF,
    "acorn_marketplaces": FailurePolicy.SITES_OFF,
    "acorn_catalog_sources": FailurePolicy.HALT_IF_NAMED,
    "acorn_functions": FailurePolicy.RULES_OFF,
    "acorn_fields": FailurePolicy.RULES_OFF,
    "acorn_rule_kinds": FailurePolicy.RULES_OFF,
    "acorn_facts": FailurePolicy.HALT,
    "acorn_guards": FailurePolicy.HALT,
    "acorn_plan_ready": FailurePolicy.LOGGED,
    "acorn_submission_settled": FailurePolicy.LOGGED,
    "acorn_approve": FailurePolicy.PERSON,
    "acorn_commands": FailurePolicy.VERB_OFF,
}


@hookspec
def acorn_settings() -> Iterable[records.Settings]:  # type: ignore[empty-body]
    """Declare sections of the project file."""


@hookspec
def acorn_marketplaces() -> Iterable[Marketplace]:  # type: ignore[empty-body]
    """Provide marketplaces: sites, limits, encode, submit, poll, report, read."""


@hookspec
def acorn_catalog_sources() -> Iterable[records.CatalogSource]:  # type: ignore[empty-body]
    """Provide named ways to read products or listings."""


@hookspec
def acorn_functions() -> Iterable[records.Function]:  # type: ignore[empty-body]
    """Provide functions of the expression language."""


@hookspec
def acorn_fields() -> Iterable[records.Field]:  # type: ignore[empty-body]
    """Declare further settable fields."""


@hookspec
def acorn_rule_kinds() -> Iterable[records.RuleKind]:  # type: ignore[empty-body]
    """Provide rule kinds for ``use:``."""


@hookspec
def acorn_facts(  # type: ignore[empty-body]
    offers: pl.DataFrame, account: Account, now: datetime, settings: Mapping[str, BaseModel]
) -> Iterable[records.Fact | records.FactTable]:
    """Add columns to all offers of an account, all its sites at once, or provide tables.

    ``offers`` may have no rows: then only the names and types of the facts matter. ``settings``
    maps section names to their validated models.
    """


@hookspec
def acorn_guards(settings: Mapping[str, BaseModel]) -> Iterable[records.GuardSpec]:  # type: ignore[empty-body]
    """Provide guards that cover every site."""


@hookspec
def acorn_plan_ready(plan: Plan) -> None:
    """Be told of a new plan."""


@hookspec
def acorn_submission_settled(submission: Mapping[str, object]) -> None:
    """Be told that a submission has ended, and how."""


@hookspec
def acorn_approve(plan: Plan) -> records.Approval | None:
    """Approve a plan, or return nothing: then a person decides."""


@hookspec
def acorn_commands() -> Iterable[records.Command]:  # type: ignore[empty-body]
    """Add verbs to the command line."""
