"""Guards: conditions that must not hold, of offers and of whole plans."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from acorn_engine.language import STANDARD_NAMES
from acorn_engine.problems import Problem
from acorn_engine.ruleset.becauses import because_faults
from acorn_engine.ruleset.building import ATTRIBUTE
from acorn_engine.ruleset.context import PLAN_NAMES, FileContext, because_of, condition_of
from acorn_engine.ruleset.expressions import Wording, worded
from acorn_engine.ruleset.model import Guard

if TYPE_CHECKING:
    from acorn_engine.language import Scope
    from acorn_engine.plugins.records import GuardSpec
    from acorn_engine.ruleset.drafts import GuardDraft


def build_guard(context: FileContext, draft: GuardDraft) -> Guard | None:
    """Return a checked guard, or ``None``, reported."""
    owner = draft.id or "a guard"
    plan = draft.verdict == "halt"
    scope = context.plan_scope if plan else context.scope
    known = [*PLAN_NAMES, *context.texts] if plan else context.offer_names
    because = because_of(context, draft.because, owner, known)
    wording = worded(context.source, draft.condition)
    if plan and not _plan_names(context, wording, owner):
        return None
    condition = condition_of(context, wording, owner, scope)
    if condition is None or because is None:
        return None
    fields = frozenset() if plan else condition.reads & frozenset(context.vocabulary.fields)
    place = context.source.place(draft.mark)
    return Guard(draft.id, draft.verdict, condition, because, fields, place, context.source.name)


def _plan_names(context: FileContext, wording: Wording, owner: str) -> bool:
    """Report names that only offers have: a plan guard cannot read them."""
    syntax = context.expressions.parse(wording, owner)
    if syntax is None:
        return False
    offer_names = context.scope.names.keys() | STANDARD_NAMES.keys()
    others: dict[str, str] = {}
    for name in sorted(syntax.names):
        reached = _reached(name, context.scope) & offer_names
        if reached:
            others[name] = min(reached)
    for name, read in others.items():
        found = re.search(rf"(?<![A-Za-z0-9_]){re.escape(name)}(?![A-Za-z0-9_])", wording.text)
        mark = wording.mark(found.start() if found else 0)
        message = f"a guard with 'halt' cannot read '{read}': it judges the plan, not an offer"
        hint = f"it sees {', '.join(PLAN_NAMES)}; use 'hold' or 'reject' to judge offers"
        if wording.source is None or mark is None:
            problem = Problem("plan_name", f"{owner}: {message}", hint=hint, params={"id": owner})
            context.expressions.report.put(problem)
        else:
            context.reader(owner).problem(mark, "plan_name", message, hint)
    return not others


def _reached(name: str, scope: Scope) -> set[str]:
    """Return a name, and where it is a definition, all that it reads."""
    reached: set[str] = set()
    stack = [name]
    while stack:
        found = stack.pop()
        if found not in reached:
            reached.add(found)
            stack.extend(scope.defines[found].names if found in scope.defines else ())
    return reached


def build_plugin_guard(context: FileContext, spec: GuardSpec) -> Guard | None:
    """Return a plugin's guard, checked like those of the files, or ``None``, reported."""
    plan = spec.verdict == "halt"
    report = context.expressions.report
    wording = Wording(spec.condition, None, None, maker="a plugin")
    known = list(PLAN_NAMES) if plan else context.offer_names
    faults = [fault.message for fault in because_faults(spec.because, known)]
    unknown = [] if plan else sorted(set(spec.fields) - set(context.vocabulary.fields))
    faults += [f"unknown field '{name}'" for name in unknown if not ATTRIBUTE.fullmatch(name)]
    for told in faults:
        message = f"{spec.id}: the plugin's guard: {told}"
        report.put(Problem("plugin_guard", message, hint="tell the plugin's author", params={"id": spec.id}))
    if plan and not _plan_names(context, wording, spec.id):
        return None
    condition = condition_of(context, wording, spec.id, context.plan_scope if plan else context.scope)
    if condition is None or faults:
        return None
    fields = frozenset(spec.fields) or (frozenset() if plan else condition.reads & frozenset(context.vocabulary.fields))
    return Guard(spec.id, spec.verdict, condition, spec.because, fields, None)
