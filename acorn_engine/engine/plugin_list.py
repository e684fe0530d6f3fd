"""The plugins of a project, or of this installation where there is no project."""

from __future__ import annotations

from pathlib import Path

from acorn_engine.plugins.host import PluginHost, PluginInfo
from acorn_engine.plugins.registry import Registry, build_registry
from acorn_engine.problems import ProjectError
from acorn_engine.project.loading import plugins_section, read_document


def registry_of(project: Path) -> Registry:
    """Return what the plugins of a project provide; without a project file those of the installation."""
    try:
        document = read_document(project)
    except ProjectError as error:
        if any(problem.code != "no-project" for problem in error.problems):
            raise
        return build_registry(PluginHost())
    section = plugins_section(document)
    directory = document.root / section.directory if section.directory else None
    return build_registry(PluginHost(directory=directory, disabled=section.disabled))


def list_plugins(project: Path) -> list[PluginInfo]:
    """Return every plugin with its hooks, and why one is off or what of it failed."""
    registry = registry_of(project)
    registry.guards({})
    return list(registry.host.plugins.values())
