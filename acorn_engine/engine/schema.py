"""The JSON Schema of rule files, with the kinds and fields that the plugins provide."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from acorn_engine.engine.plugin_list import registry_of


def editor_schema(project: Path) -> dict[str, Any]:
    """Return the JSON Schema for editors."""
    from acorn_engine.ruleset import rule_schema

    registry = registry_of(project)
    return rule_schema(fields=registry.fields, kinds=registry.kinds)
