"""Everything that the plugins of one engine provide, by name, with conflicts named."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from acorn_engine.fields import STANDARD_FIELDS, Field
from acorn_engine.marketplace import Limits
from acorn_engine.plugins.contained import ContainedMarketplace, contained_function, contained_kind
from acorn_engine.plugins.isolation import describe
from acorn_engine.plugins.records import CatalogSource, Command, Function, GuardSpec, RuleKind, Settings
from acorn_engine.problems import Problem
from acorn_engine.sites import Site

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pydantic import BaseModel

    from acorn_engine.marketplace import Marketplace
    from acorn_engine.plugins.host import Collected, PluginHost

MARKETPLACE_PARTS: Final = ("name", "sites", "limits", "encode", "document", "attribute_matches", "connect")


@dataclass
class Registry:
    """What a run can use. ``providers`` says which plugin a name comes from (``kind:name``)."""

    host: PluginHost
    sections: dict[str, type[BaseModel]] = field(default_factory=dict)
    marketplaces: dict[str, Marketplace] = field(default_factory=dict)
    sites: dict[str, Site] = field(default_factory=dict)
    sources: dict[str, CatalogSource] = field(default_factory=dict)
    functions: dict[str, Function] = field(default_factory=dict)
    fields: dict[str, Field] = field(default_factory=dict)
    kinds: dict[str, RuleKind] = field(default_factory=dict)
    commands: dict[str, Command] = field(default_factory=dict)
    providers: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def missing_providers(self) -> dict[str, str]:
        """Return why things may be absent: plugin to cause, for every plugin that is off or failed."""
        reasons = {info.name: info.cause or "is off" for info in self.host.broken()}
        for failure in self.host.failures:
            reasons.setdefault(failure.plugin, f"{failure.hook} failed: {failure.cause}")
        return reasons

    def guards(self, settings: Mapping[str, BaseModel]) -> Collected:
        """Ask for the plugins' guards under these settings: (plugin, guard) pairs, and who failed."""
        return self.host.collect("acorn_guards", (GuardSpec,), settings=settings)


def build_registry(host: PluginHost) -> Registry:
    """Collect every plugin's declarations. Two providers of one name are a problem that names both."""
    registry = Registry(host)
    _gather_settings(registry)
    for plugin, marketplace in host.collect("acorn_marketplaces", ()).records:
        _add_marketplace(registry, plugin, marketplace)
    _gather(registry, "acorn_catalog_sources", (CatalogSource,), registry.sources)
    _gather(registry, "acorn_functions", (Function,), registry.functions, value_of=contained_function)
    registry.fields.update({standard.name: standard for standard in STANDARD_FIELDS})
    registry.providers.update({f"acorn_fields:{standard.name}": "the engine" for standard in STANDARD_FIELDS})
    _gather(registry, "acorn_fields", (Field,), registry.fields)
    _gather(registry, "acorn_rule_kinds", (RuleKind,), registry.kinds, value_of=contained_kind)
    _gather(registry, "acorn_commands", (Command,), registry.commands)
    return registry


def plugin_verbs(host: PluginHost) -> dict[str, Command]:
    """Collect the plugins' verbs alone: a command line needs no more to know its words.

    A plugin whose settings fail is off, and so are its verbs.
    """
    registry = Registry(host)
    _gather_settings(registry)
    _gather(registry, "acorn_commands", (Command,), registry.commands)
    return registry.commands


def _gather_settings(registry: Registry) -> None:
    _gather(
        registry,
        "acorn_settings",
        (Settings,),
        registry.sections,
        lambda record: record.section,
        lambda record: record.model,
    )


def _gather(
    registry: Registry,
    hook: str,
    records: tuple[type, ...],
    into: dict[str, Any],
    name_of: Callable[[Any], str] = lambda record: record.name,
    value_of: Callable[[Any], Any] = lambda record: record,
) -> None:
    for plugin, record in registry.host.collect(hook, records).records:
        name = name_of(record)
        if _claim(registry, hook, name, plugin):
            into[name] = value_of(record)


def _claim(registry: Registry, hook: str, name: str, plugin: str) -> bool:
    key = f"{hook}:{name}"
    other = registry.providers.setdefault(key, plugin)
    if other == plugin:
        return True
    what = hook.removeprefix("acorn_").removesuffix("s").replace("_", " ")
    registry.problems.append(
        Problem(
            code="plugin-conflict",
            message=f"{what} '{name}' is provided by both {other} and {plugin}. Nothing was planned.",
            hint=f'switch one of them off: [plugins] disabled = ["{plugin}"]',
            params={"name": name, "first": other, "second": plugin},
        )
    )
    return False


def _add_marketplace(registry: Registry, plugin: str, marketplace: Any) -> None:
    try:
        fault = _marketplace_fault(marketplace)
        contained = ContainedMarketplace(plugin, marketplace) if fault is None else None
    except Exception as error:  # noqa: BLE001  # whatever a plugin's object raises when it is looked at
        fault, contained = describe(error), None
    if contained is None:
        registry.host.note_failure(plugin, "acorn_marketplaces", f"{fault}")
        return
    if not _claim(registry, "acorn_marketplaces", contained.name, plugin):
        return
    registry.marketplaces[contained.name] = contained
    for site in contained.sites:
        if _claim(registry, "site", site.name, plugin):
            registry.sites[site.name] = site


def _marketplace_fault(marketplace: Any) -> str | None:
    absent = [part for part in MARKETPLACE_PARTS if not hasattr(marketplace, part)]
    if absent:
        return f"the marketplace has no {', '.join(absent)}"
    if not isinstance(marketplace.name, str) or not marketplace.name:
        return "the marketplace's name is no text"
    if not all(isinstance(site, Site) for site in marketplace.sites):
        return "the marketplace's sites are not all of the type Site"
    limits = marketplace.limits
    if not isinstance(limits, Limits) or min(limits.messages, limits.bytes, limits.submissions) < 1:
        return "the marketplace's limits are not Limits of at least 1"
    return None
