"""Rule files in, a checked chain out."""

from acorn_engine.ruleset.becauses import Part, because_names, because_parts, render_because
from acorn_engine.ruleset.context import PLAN_NAMES
from acorn_engine.ruleset.loading import digest, load_chain
from acorn_engine.ruleset.model import (
    Assignment,
    Chain,
    Example,
    Guard,
    Rule,
    RuleFile,
    Vocabulary,
    json_text,
)
from acorn_engine.ruleset.readings import Readings
from acorn_engine.ruleset.schema import rule_schema
from acorn_engine.ruleset.windows import Window, WindowError, parse_window

__all__ = [
    "PLAN_NAMES",
    "Assignment",
    "Chain",
    "Example",
    "Guard",
    "Part",
    "Readings",
    "Rule",
    "RuleFile",
    "Vocabulary",
    "Window",
    "WindowError",
    "because_names",
    "because_parts",
    "digest",
    "json_text",
    "load_chain",
    "parse_window",
    "render_because",
    "rule_schema",
]
