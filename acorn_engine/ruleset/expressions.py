"""Expressions of rule files: parsed and checked by the language, their faults put back in the file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from acorn_engine.language import ExpressionError, check, parse
from acorn_engine.problems import Effect, Problem
from acorn_engine.ruleset.absent import absent_hint
from acorn_engine.ruleset.positions import locate
from acorn_engine.ruleset.scalars import is_date, shortened
from acorn_engine.ruleset.tree import START
from acorn_engine.ruleset.typography import typography_hint

if TYPE_CHECKING:
    from acorn_engine.language import Checked, Fault, Scope, Syntax
    from acorn_engine.ruleset.tree import Mark, Report, Scalar, Source
    from acorn_engine.types import Type

_MOST_FAULTS = 10


@dataclass(frozen=True, slots=True)
class Wording:
    """An expression as the language reads it, and where its characters stand.

    ``shift`` is what was put before the scalar's own text (less what was cut off). ``maker`` is
    set for an expression that a rule kind or a plugin has made: it has no characters of its own
    in a file, so that its faults stand where it was asked for and quote it.
    """

    text: str
    source: Source | None
    scalar: Scalar | None
    shift: int = 0
    maker: str = ""

    def mark(self, offset: int) -> Mark | None:
        """Return where character ``offset`` of the text stands."""
        if self.source is None or self.scalar is None:
            return None
        if self.maker:
            return self.scalar.start
        return locate(self.source, self.scalar, min(max(offset - self.shift, 0), len(self.scalar.text)))


def worded(source: Source, scalar: Scalar, skip: int = 0) -> Wording:
    """Return a scalar as an expression: numbers as typed, ``True`` as ``true``, a bare date as a date.

    ``skip`` characters at the beginning do not belong to it.
    """
    text = scalar.text[skip:].rstrip()
    if scalar.plain and isinstance(scalar.value, bool):
        return Wording(text.lower(), source, scalar)
    if scalar.plain and is_date(text):
        return Wording(f"date('{text}')", source, scalar, shift=len("date('"))
    return Wording(text, source, scalar, shift=-skip)


@dataclass(slots=True)
class Expressions:
    """Checks expressions into a report.

    ``broken`` are names whose own definition is wrong: that is reported where it stands, not
    where they are used. ``incomplete`` says that a file could not be read, so that an unknown
    name may well be known there. ``absent`` says why names of plugins that are off are not there.
    """

    report: Report
    absent: dict[str, str] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    incomplete: bool = False

    def parse(self, wording: Wording, owner: str) -> Syntax | None:
        """Return the syntax of an expression, or ``None``, reported.

        Where a file has more problems than are shown, the rest of it is not looked at.
        """
        if wording.source is not None and self.report.full(wording.source):
            self.report.add(wording.source, START, "not_checked", "the file was not checked to its end")
            return None
        try:
            return parse(wording.text)
        except ExpressionError as error:
            for fault in error.faults[:_MOST_FAULTS]:
                self.put(fault, wording, owner)
            return None

    def check(self, wording: Wording, owner: str, scope: Scope, expected: Type | None) -> Checked | None:
        """Return the checked expression, or ``None``, reported; its warnings are reported as such."""
        syntax = self.parse(wording, owner)
        return None if syntax is None else self.check_syntax(syntax, wording, owner, scope, expected)

    def check_syntax(
        self, syntax: Syntax, wording: Wording, owner: str, scope: Scope, expected: Type | None
    ) -> Checked | None:
        """Return a parsed expression checked, or ``None``, reported."""
        checked = checked_or_faults(syntax, scope, expected)
        if isinstance(checked, tuple):
            for fault in checked[:_MOST_FAULTS]:
                self.put(fault, wording, owner)
            return None
        for fault in checked.warnings:
            self.put(fault, wording, owner, effect="warns")
        return checked

    def put(self, fault: Fault, wording: Wording, owner: str, effect: Effect = "stops") -> None:
        """Report one fault of an expression; not one that is reported where a broken name stands."""
        word = wording.text[fault.start : fault.end]
        message, hint = fault.message, fault.hint
        unknown = fault.code in {"unknown_name", "unknown_function"}
        elsewhere = fault.code in {"define", "unknown_name"} and word in self.broken
        if elsewhere or (unknown and self.incomplete):
            return
        if unknown:
            message = f"unknown {'name' if fault.code == 'unknown_name' else 'function'} '{word}'"
        if unknown and word in self.absent:
            message, hint = f"'{word}' cannot be used: {self.absent[word]}", "see 'acorn plugins'"
        elif unknown:
            hint = absent_hint(self.absent, hint)
        if not wording.maker:
            hint = _cut_hint(wording) or hint or typography_hint(word)
        else:
            message = f"{wording.maker} made '{shortened(wording.text, 120)}': {message}"
        mark = wording.mark(fault.start)
        if wording.source is None or mark is None:
            self.report.put(Problem(fault.code, f"{owner}: {message}", effect, hint=hint, params={"id": owner}))
        else:
            self.report.add(wording.source, mark, fault.code, f"{owner}: {message}", hint=hint, effect=effect, id=owner)


def checked_or_faults(syntax: Syntax, scope: Scope, expected: Type | None = None) -> Checked | tuple[Fault, ...]:
    """Return a parsed expression checked, or all that is wrong with it."""
    try:
        return check(syntax, scope, expected)
    except ExpressionError as error:
        return error.faults


def _cut_hint(wording: Wording) -> str | None:
    """Say so where YAML took the rest of an expression for a comment."""
    source, scalar = wording.source, wording.scalar
    if source is None or scalar is None or not scalar.plain:
        return None
    rest = source.lines[scalar.end.line][scalar.end.column :]
    cut = rest.lstrip().startswith("#") and (scalar.text.count("'") % 2 or scalar.text.count('"') % 2)
    return (
        'YAML reads what follows # as a comment: put the whole value in quotes, press " at both ends' if cut else None
    )
