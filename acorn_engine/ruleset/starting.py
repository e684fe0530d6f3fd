"""Fields start missing: a rule that reads one before any rule has set it never applies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from acorn_engine.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acorn_engine.fields import Field
    from acorn_engine.ruleset.model import Rule
    from acorn_engine.ruleset.tree import Report

STARTED: Final = frozenset({"floor_price", "ceiling_price", "minimum_price", "maximum_price", "eligible"})
"""Fields that have a value before the first rule: the listing's, or true."""

_WAYS_OUT: Final = frozenset({"is_missing", "default"})


def warn_of_fields_that_stay_missing(
    rules: Sequence[Rule], off: set[str], fields: Mapping[str, Field], report: Report
) -> None:
    """Warn of each rule that reads a field that no rule before it sets."""
    known = set(STARTED)
    for rule in rules:
        if {rule.id, rule.source_id} & off:
            continue
        parts = [part for part in (rule.when, *(each.value for each in rule.sets)) if part is not None]
        # A rule that asks whether a value is missing knows that it may be.
        asked = {name for part in parts if part.syntax.calls & _WAYS_OUT for name in part.reads}
        reads = {name for part in parts for name in part.reads} - asked
        for name in sorted((reads & fields.keys()) - known):
            report.put(
                Problem(
                    "stays_missing",
                    f"{rule.id}: '{name}' is always missing here, because no earlier rule sets it",
                    "warns",
                    rule.place,
                    f"read 'current_{name}' for what the site shows, or move the rule behind the one that sets '{name}'",
                    {"id": rule.id, "field": name},
                )
            )
        known |= {each.field.name for each in rule.sets}
