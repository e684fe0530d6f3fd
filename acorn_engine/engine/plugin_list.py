"""The plugins of a project, or of this installation where there is no project."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from acorn_engine.plugins.host import PluginHost, PluginInfo
from acorn_engine.plugins.registry import Registry, build_registry, plugin_verbs
from acorn_engine.problems import ProjectError
from acorn_engine.project.loading import plugins_section, read_document

if TYPE_CHECKING:
    from acorn_engine.plugins.records import Command


def registry_of(project: Path) -> Registry:
    """Return what the plugins of a project provide; without a project file those of the installation."""
    return build_registry(_host_of(project))


def verbs_of(project: Path) -> dict[str, Command]:
    """Return the verbs of the plugins of a project, or of the installation, by name."""
    return plugin_verbs(_host_of(project))


def _host_of(project: Path) -> PluginHost:
    try:
        document = read_document(project)
    except ProjectError as error:
        if any(problem.code != "no-project" for problem in error.problems):
            raise
        return PluginHost()
    section = plugins_section(document)
    directory = document.root / section.directory if section.directory else None
    return PluginHost(directory=directory, disabled=section.disabled)


def list_plugins(project: Path) -> list[PluginInfo]:
    """Return every plugin with its hooks, and why one is off or what of it failed."""
    registry = registry_of(project)
    registry.guards({})
    return list(registry.host.plugins.values())
