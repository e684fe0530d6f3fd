"""The project file: what is sold where, from which sources, under which rules."""

from acorn_engine.project.loading import load_project, project_from
from acorn_engine.project.model import CatalogSection, PluginsSection, Project, ProjectSection, RunSection
from acorn_engine.project.rule_files import chain_files

__all__ = [
    "CatalogSection",
    "PluginsSection",
    "Project",
    "ProjectSection",
    "RunSection",
    "chain_files",
    "load_project",
    "project_from",
]
