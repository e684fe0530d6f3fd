"""Rule files in, one site's chain out, or every problem at once."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from acorn_engine.problems import Place, Problem, RuleError, stopping
from acorn_engine.ruleset.building import build_rules
from acorn_engine.ruleset.context import FileContext, scopes
from acorn_engine.ruleset.drafts import FileDraft
from acorn_engine.ruleset.examples import build_example
from acorn_engine.ruleset.expressions import Expressions, checked_or_faults, worded
from acorn_engine.ruleset.guarding import build_guard, build_plugin_guard
from acorn_engine.ruleset.model import Chain, Guard, Rule, RuleFile
from acorn_engine.ruleset.naming import checked_define_names, disabled_ids, merged_parameters, unique_ids
from acorn_engine.ruleset.nesting import MOST_DEFINITIONS, bad_nesting
from acorn_engine.ruleset.readings import Readings
from acorn_engine.ruleset.starting import warn_of_fields_that_stay_missing
from acorn_engine.ruleset.tree import Report, Source

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acorn_engine.language import Syntax
    from acorn_engine.plugins.records import GuardSpec
    from acorn_engine.ruleset.model import Vocabulary
    from acorn_engine.types import Value


def load_chain(
    files: Sequence[tuple[str, str]],
    vocabulary: Vocabulary,
    plugin_guards: Sequence[GuardSpec] = (),
    readings: Readings | None = None,
) -> Chain:
    """Read and check the files of one site, in the order in which they run.

    ``files`` are pairs of the name as shown and the text; ``readings`` are those that chains with
    the same files share. Raises ``RuleError`` with all problems
    of all files; warnings alone raise nothing and stand in the chain.
    """
    report = Report()
    drafts, incomplete = _drafts(files, report, readings or Readings())
    unique_ids(drafts, plugin_guards, report)
    loader = _Loader(vocabulary, report, incomplete)
    loader.load(drafts, plugin_guards)
    problems = report.all()
    stopped = stopping(problems)
    if not stopped and loader.lost:
        stopped = [Problem("lost", f"{' and '.join(loader.lost)} could not be checked")]
    if stopped:
        order = {name: number for number, (name, _) in enumerate(files)}
        raise RuleError(sorted(stopped, key=lambda problem: _position(problem, order)))
    return Chain(
        site=vocabulary.site,
        files=tuple(loader.files),
        rules=tuple(rule for rule in loader.rules if not {rule.id, rule.source_id} & loader.off),
        guards=tuple(guard for guard in loader.guards if guard.verdict != "halt"),
        plan_guards=tuple(guard for guard in loader.guards if guard.verdict == "halt"),
        digest=digest(files),
        warnings=problems,
        text=dict(files),
        vocabulary=vocabulary,
        parameters=loader.parameters,
    )


def digest(files: Sequence[tuple[str, str]]) -> str:
    """Return the SHA-256 of file names and texts in their order, as hexadecimal digits."""
    canonical = json.dumps([list(pair) for pair in files], ensure_ascii=True, separators=(",", ":"))
    return sha256(canonical.encode()).hexdigest()


def _position(problem: Problem, order: Mapping[str, int]) -> tuple[int, int, int]:
    place = problem.place or Place()
    line = sys.maxsize if problem.code == "more_problems" else place.line or 0
    return order.get(place.file or "", len(order)), line, place.column or 0


def _drafts(files: Sequence[tuple[str, str]], report: Report, readings: Readings) -> tuple[list[FileDraft], bool]:
    """Read every file's shape; the second value says that one could not be read at all."""
    drafts: list[FileDraft] = []
    incomplete = False
    seen: set[str] = set()
    for name, text in files:
        if name in seen:
            report.put(
                Problem("file_twice", "the file stands twice in the chain", place=Place(file=name), hint="name it once")
            )
            continue
        seen.add(name)
        draft = readings.read(name, text, report)
        if draft is None:
            incomplete = True
        else:
            drafts.append(draft)
    return drafts, incomplete


@dataclass(slots=True)
class _Loader:
    vocabulary: Vocabulary
    report: Report
    incomplete: bool
    files: list[RuleFile] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    guards: list[Guard] = field(default_factory=list)
    off: set[str] = field(default_factory=set)
    lost: list[str] = field(default_factory=list)
    parameters: dict[str, Value] = field(default_factory=dict)

    def load(self, drafts: Sequence[FileDraft], plugin_guards: Sequence[GuardSpec]) -> None:
        """Check everything, file by file, with the parameters of the whole chain."""
        broken: set[str] = set()
        self.parameters, texts, own = merged_parameters(drafts, self.vocabulary, self.report, broken)
        for draft, mine in zip(drafts, own, strict=True):
            expressions = Expressions(
                self.report, dict(self.vocabulary.missing_providers), set(broken), self.incomplete
            )
            defines = self._defines(draft, expressions)
            context = self._context(draft.source, expressions, defines, texts)
            _check_defines(context, draft, defines)
            for rule in draft.rules:
                built = build_rules(context, rule)
                self.rules += built
                self.lost += [] if built else [rule.id]
            made = [build_guard(context, guard) for guard in draft.guards]
            self._keep(made, [guard.id for guard in draft.guards])
            self._file(draft, mine, defines)
        self._plugin_guards(plugin_guards)
        self.off = disabled_ids(drafts, {rule.id: rule.source_id for rule in self.rules}, self.report, self.incomplete)
        self._unique_made_ids(drafts)
        if not self.incomplete:
            warn_of_fields_that_stay_missing(self.rules, self.off, self.vocabulary.fields, self.report)

    def _context(
        self, source: Source, expressions: Expressions, defines: Mapping[str, Syntax], texts: Mapping[str, str]
    ) -> FileContext:
        scope, plan_scope = scopes(self.vocabulary, self.parameters, defines)
        return FileContext(source, self.vocabulary, expressions, scope, plan_scope, texts)

    def _defines(self, draft: FileDraft, expressions: Expressions) -> dict[str, Syntax]:
        """Parse the definitions; those with faults are broken, and reported once."""
        defines: dict[str, Syntax] = {}
        if len(draft.defines) > MOST_DEFINITIONS:
            key = next(iter(draft.defines.values()))[0]
            told = f"the file has {len(draft.defines)} definitions; {MOST_DEFINITIONS} are allowed"
            self.report.add(draft.source, key.start, "too_many_defines", told, hint="split the file")
            expressions.broken |= draft.defines.keys()
            return {}
        good = checked_define_names(draft, self.vocabulary, self.parameters, self.report)
        for name, (_, scalar) in draft.defines.items():
            syntax = expressions.parse(worded(draft.source, scalar), name)
            if syntax is None:
                expressions.broken.add(name)
            elif name in good:
                defines[name] = syntax
        for name, told in bad_nesting(defines).items():
            del defines[name]
            expressions.broken.add(name)
            mark = draft.defines[name][1].start
            hint = "write out one of the definitions" if "by itself" in told else "put steps together"
            self.report.add(draft.source, mark, "nesting", f"{name}: {told}", hint=hint, id=name)
        return defines

    def _file(self, draft: FileDraft, parameters: Mapping[str, Value], defines: Mapping[str, Syntax]) -> None:
        examples = [build_example(draft.source, each, self.vocabulary, self.report) for each in draft.examples]
        disabled = tuple(identifier for identifier, _ in draft.disable)
        self.files.append(
            RuleFile(
                name=draft.source.name,
                description=draft.description,
                owner=draft.owner,
                parameters=parameters,
                defines=defines,
                examples=tuple(examples),
                disabled=disabled,
                because=draft.because,
            )
        )
        if draft.rules and not draft.has_examples:
            self.report.put(
                Problem(
                    "no_examples",
                    "the file has rules and no examples",
                    "warns",
                    Place(file=draft.source.name),
                    "add 'examples:' so that 'acorn test' can show what the rules do",
                )
            )

    def _plugin_guards(self, plugin_guards: Sequence[GuardSpec]) -> None:
        absent: dict[str, Any] = dict(self.vocabulary.missing_providers)
        # A plugin's guard knows nothing of files: neither parameters nor definitions.
        scope, plan_scope = scopes(self.vocabulary, {}, {})
        expressions = Expressions(self.report, absent)
        context = FileContext(Source.of("", ""), self.vocabulary, expressions, scope, plan_scope, {})
        made = [build_plugin_guard(context, spec) for spec in plugin_guards]
        self._keep(made, [spec.id for spec in plugin_guards])

    def _keep(self, made: Sequence[Guard | None], ids: Sequence[str]) -> None:
        """Keep sound guards; one that is dropped must have been reported."""
        self.guards += [guard for guard in made if guard is not None]
        self.lost += [identifier for guard, identifier in zip(made, ids, strict=True) if guard is None]

    def _unique_made_ids(self, drafts: Sequence[FileDraft]) -> None:
        """Report ids that kinds have made and that stand elsewhere too."""
        taken = {identifier for draft in drafts for identifier, _, _ in draft.ids}
        seen: dict[str, str] = {}
        for rule in self.rules:
            if rule.id == rule.source_id:
                continue
            if rule.id in taken or seen.get(rule.id, rule.source_id) != rule.source_id:
                message = f"{rule.source_id}: the kind '{rule.kind}' makes a rule '{rule.id}', and that id is taken"
                self.report.put(Problem("duplicate_id", message, place=rule.place, hint="give this rule another id"))
            seen[rule.id] = rule.source_id


def _check_defines(context: FileContext, draft: FileDraft, defines: Mapping[str, Syntax]) -> None:
    """Check every definition by itself, so that a fault stands where it was typed, once.

    One that is wrong for offers may be right for plan guards, which read other names.
    """
    expressions = context.expressions
    found = {name: checked_or_faults(syntax, context.scope) for name, syntax in defines.items()}
    wrong = {
        name: faults
        for name, faults in found.items()
        if isinstance(faults, tuple) and isinstance(checked_or_faults(defines[name], context.plan_scope), tuple)
    }
    expressions.broken |= wrong.keys()
    for name, outcome in found.items():
        wording = worded(draft.source, draft.defines[name][1])
        if name in wrong:
            for fault in wrong[name]:
                expressions.put(fault, wording, name)
        elif not isinstance(outcome, tuple):
            for fault in outcome.warnings:
                expressions.put(fault, wording, name, effect="warns")
