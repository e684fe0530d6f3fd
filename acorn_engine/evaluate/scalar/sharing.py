"""The rules in force, and the parts of their expressions that they share."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acorn_engine.language import core

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from acorn_engine.evaluate.reads import RuleReads
    from acorn_engine.evaluate.scalar.moment import Check
    from acorn_engine.ruleset import Rule


@dataclass(frozen=True, slots=True)
class ActiveRule:
    """A rule in force, with what it reads and what of that can be too old."""

    rule: Rule
    reads: RuleReads
    checks: tuple[Check, ...]


def nodes_of(rule: Rule) -> list[core.Node]:
    """Return every part of a rule's expressions once, operands first."""
    roots = [part.node for part in (rule.when, *(each.value for each in rule.sets)) if part is not None]
    return list(core.post_order(*roots))


def shared_parts(rules: Sequence[ActiveRule], fields: Collection[str]) -> frozenset[core.Node]:
    """Return the parts that several rules work out from facts alone; ``fields`` are the names that change."""
    used: Counter[core.Node] = Counter()
    fixed: set[core.Node] = set()
    for one in rules:
        nodes = nodes_of(one.rule)
        used.update(nodes)
        for node in nodes:
            if isinstance(node, core.Name):
                free = node.name not in fields
            else:
                free = all(child in fixed for child in node.children)
            if free:
                fixed.add(node)
    return frozenset(node for node in used if used[node] > 1 and node in fixed and node.children)
