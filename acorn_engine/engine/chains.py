"""A site's rules, checked against the facts that its offers have."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from acorn_engine.problems import PluginError, Problem, RuleError
from acorn_engine.ruleset import Chain, Readings, Vocabulary, load_chain

if TYPE_CHECKING:
    from acorn_engine.engine.context import Context
    from acorn_engine.facts import FactInfo
    from acorn_engine.plugins.records import GuardSpec
    from acorn_engine.sites import Site


@dataclass(slots=True)
class Shared:
    """What the chains of all sites have in common while they are looked at together."""

    readings: Readings = field(default_factory=Readings)
    guards: tuple[list[GuardSpec], list[Problem]] | None = None
    names: list[str] | None = None
    chains: dict[str, tuple[Mapping[str, FactInfo], Chain]] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)


def site_chain(
    context: Context, site: Site, facts: Mapping[str, FactInfo], shared: Shared | None = None
) -> tuple[Chain, list[Problem]]:
    """Return the checked chain of a site, and the problems that halt every plan of it.

    With ``shared``, or a context that has one, chains are loaded once for facts that stay the same, files
    are read, and plugins asked for their guards, once for several sites, whichever thread comes first.
    A plugin whose guards cannot be had halts: guards fail closed. Raises ``RuleError`` with all
    problems of all files, and says which plugins are off, since a name may be theirs.
    """
    if context.registry.problems:
        raise PluginError(context.registry.problems)
    vocabulary = Vocabulary(
        site=site,
        facts={name: info for name, info in facts.items() if not name.startswith("_")},
        fields=context.registry.fields,
        functions=context.registry.functions,
        kinds=context.registry.kinds,
        several_currencies=_several_currencies(context, site),
    )
    shared = shared or context.shared or Shared()
    with shared.lock:
        if shared.guards is None:
            shared.guards = _guards(context)
        if shared.names is None:
            shared.names = context.file_names()
        specs, halting = shared.guards
        known = shared.chains.get(site.name)
        if known is not None and known[0] == vocabulary.facts:
            return known[1], halting
        try:
            chain = load_chain(context.files(site.name, shared.names), vocabulary, specs, shared.readings)
        except RuleError as error:
            raise RuleError([*error.problems, *_broken(context)]) from None
        shared.chains[site.name] = (vocabulary.facts, chain)
        return chain, halting


def _guards(context: Context) -> tuple[list[GuardSpec], list[Problem]]:
    collected = context.registry.guards(context.project.sections)
    specs = [*context.guards.specs(), *(spec for _, spec in collected.records)]
    failures = {(failure.plugin, failure.cause) for failure in context.host.failed("acorn_guards")}
    halting = [
        Problem(
            code="guard-off",
            message=f"the guards of {plugin} cannot be had: {cause}. Nothing of this plan is sent.",
            hint="mend the plugin or take it out: [plugins] disabled; a guard that cannot be asked counts as fired",
            params={"plugin": plugin, "cause": cause},
        )
        for plugin, cause in sorted(failures)
    ]
    return specs, halting


def _several_currencies(context: Context, site: Site) -> bool:
    mine = set(context.project.sites[site.name])
    return any(
        context.registry.sites[name].currency != site.currency
        for name, chain in context.project.sites.items()
        if mine & set(chain) and name in context.registry.sites
    )


def _broken(context: Context) -> Sequence[Problem]:
    return [
        Problem(
            code="plugin-off",
            effect="warns",
            message=f"the plugin {name} is off: {cause}. What it provides is unknown to the rules.",
            hint="see 'acorn plugins'",
            params={"plugin": name},
        )
        for name, cause in context.registry.missing_providers().items()
        if cause != "switched off in the project file"
    ]
