"""An explanation as plain text: aligned columns, no colours."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acorn_engine.explain.model import ChangeLine, Explanation, FactLine, RuleLine


def render(explanation: Explanation) -> str:
    """Return the text of an explanation: facts, rules, guards, changes, what stays and why."""
    name = f"{explanation.seller_sku} ({explanation.sku})" if explanation.sku else explanation.seller_sku
    lines = [f"{name} on {explanation.site}, account {explanation.account}, at {explanation.at}"]
    used = [fact for fact in explanation.facts if fact.used]
    lines += _section("Facts that rules and guards read", _table([_fact(fact) for fact in used]))
    lines += _section("Rules, in order", [line for rule in explanation.rules for line in _rule(rule)])
    guards = [(guard.guard, guard.code, guard.text) for guard in explanation.guards]
    lines += _section("Guards", _table(guards))
    changes = [(change.verdict, change.field, _move(change), change.text) for change in explanation.changes]
    lines += _section("Changes", _table(changes) or ["none"])
    lines += _section("Unchanged", _table([(one.field, one.text) for one in explanation.unchanged]))
    return "\n".join(lines) + "\n"


def _move(change: ChangeLine) -> str:
    unit = f" {change.currency}" if change.currency else ""
    before, after = ("missing" if value is None else f"{value}{unit}" for value in (change.before, change.after))
    return f"{before} → {after}"


def _fact(fact: FactLine) -> tuple[str, ...]:
    age = f"{fact.age} old" if fact.age and fact.age != "not yet" else fact.age or ""
    limit = f" (at most {fact.largest_age})" if fact.largest_age else ""
    return fact.name, fact.text, fact.source, f"{age or 'undated'}, too old{limit}" if fact.stale else age


def _rule(rule: RuleLine) -> list[str]:
    because = f": {rule.because}" if rule.because and rule.code == "applied" else ""
    lines = [f"{rule.rule}  {rule.text}{because}"]
    return lines + [f"    {line}" for line in _table([(one.field, one.text) for one in rule.sets])]


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return ["", title, *(f"  {line}" for line in lines)] if lines else []


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Return rows with their columns aligned; the last one runs free."""
    if not rows:
        return []
    widths = [max(_width(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    lines = []
    for row in rows:
        cells = [cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=False)]
        lines.append("  ".join([*cells, row[-1]]).rstrip())
    return lines


def _width(text: str) -> int:
    """Return how many columns a terminal gives a text: two for a wide character, none for an accent."""
    return sum(
        0 if unicodedata.combining(mark) else 2 if unicodedata.east_asian_width(mark) in "WF" else 1 for mark in text
    )
