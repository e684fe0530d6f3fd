"""The parser's cryptic errors, said so that a person knows which key to press."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from acorn_engine.ruleset.tree import Mark, Report, Source
from acorn_engine.ruleset.typography import character_hint, first_look_alike

if TYPE_CHECKING:
    import yaml

QUOTE: Final = 'put the whole value in quotes: press " at both ends'
_QUOTED_START: Final = re.compile(r"(?:^|[:\-,\[{]\s+|^\s*)(['\"])")
_KEY: Final = re.compile(r"\s*(?:- +)*[^\s'\"{\[#][^'\"{\[#]*?:(?:\s|$)")


@dataclass(frozen=True, slots=True)
class _Finding:
    code: str
    message: str
    hint: str
    mark: Mark


def report_fault(source: Source, report: Report, error: yaml.MarkedYAMLError) -> None:
    """Add one problem for what the parser stopped at."""
    finding = _find(source, error)
    report.add(source, finding.mark, finding.code, finding.message, hint=finding.hint)


def _find(source: Source, error: yaml.MarkedYAMLError) -> _Finding:
    at = _mark(error.problem_mark or error.context_mark)
    context = _mark(error.context_mark) if error.context_mark else at
    context_text = str(error.context or "")
    problem = str(error.problem or "")
    for test in (_tab, _look_alike, _unclosed_quote):
        finding = test(source, at, context, context_text, problem)
        if finding:
            return finding
    return _by_words(source, at, context, context_text, problem)


def _tab(source: Source, at: Mark, _context: Mark, _words: str, problem: str) -> _Finding | None:
    line = _line(source, at)
    indent = line[: len(line) - len(line.lstrip())]
    if "\t" not in indent and line[at.column : at.column + 1] != "\t" and "tab" not in problem:
        return None
    column = indent.find("\t") if "\t" in indent else at.column
    return _Finding(
        "tab",
        "a tab stands where YAML wants spaces",
        "delete it and press the space bar; two spaces for each step",
        at._replace(column=column, offset=at.offset - at.column + column),
    )


def _look_alike(source: Source, at: Mark, context: Mark, words: str, _problem: str) -> _Finding | None:
    if "quoted scalar" in words:
        return None
    lines = [at.line, context.line, at.line - 1] if "simple key" not in words else [context.line, at.line]
    for number in lines:
        if not 0 <= number < len(source.lines):
            continue
        line = source.lines[number]
        offset = _bare_look_alike(line)
        if offset is not None:
            return _Finding(
                "look_alike",
                f"'{line[offset]}' means nothing here" if line[offset].strip() else "a strange space stands here",
                character_hint(line[offset]),
                Mark(0, number, offset),
            )
    return None


def _bare_look_alike(line: str) -> int | None:
    """The offset of a misleading character outside quotes and comments, or ``None``."""
    hidden = re.sub(r"\"[^\"]*\"|'[^']*'|(?:^|\s)#.*", lambda found: " " * len(found[0]), line)
    return first_look_alike(hidden)


def _unclosed_quote(source: Source, at: Mark, context: Mark, words: str, problem: str) -> _Finding | None:
    if "quoted scalar" not in words or "escape" in problem or "hexdecimal" in problem:
        return None
    quote = _line(source, context)[context.column : context.column + 1] or '"'
    return _Finding(
        "unclosed_quote",
        "the quotation mark that opens here is never closed",
        f"press {quote} at the end of the text",
        context if "quoted scalar" in words else at,
    )


def _by_words(source: Source, at: Mark, context: Mark, words: str, problem: str) -> _Finding:
    """Say it by the parser's own words; ``at`` and ``context`` are where it stopped and what it was reading."""
    character = _line(source, at)[at.column : at.column + 1]
    opening = _line(source, context)[context.column : context.column + 1]
    told: tuple[tuple[bool, _Finding], ...] = (
        (
            "escape" in problem or "hexdecimal" in problem,
            _Finding(
                "unknown_escape",
                "a backslash in double quotes begins an escape, and this one is unknown",
                "use single quotes: press ' at both ends of the text",
                _backslash(source, at),
            ),
        ),
        (
            "cannot start any token" in problem,
            _Finding("value_start", f"a value cannot begin with '{character}'", QUOTE, at),
        ),
        (
            "scanning an alias" in words or "scanning an anchor" in words,
            _Finding("value_start", f"a value cannot begin with '{opening}'", QUOTE, context),
        ),
        (
            "block scalar" in words,
            _Finding("value_start", f"after '{opening}' the text must begin on a new line", QUOTE, context),
        ),
        (
            "tag" in words or "tag" in problem or "parsing a node" in words,
            _Finding(
                "tag",
                "tags ('!name') are not used in rule files",
                "for 'not', write the word not; text that begins with '!' needs quotes",
                context,
            ),
        ),
        (
            "directive" in words or "document start" in problem,
            _Finding(
                "directive",
                "lines that begin with '%' are not used in rule files",
                "delete the line",
                _directive(source),
            ),
        ),
        (
            "entries are not allowed" in problem,
            _Finding(
                "list_here",
                "a list cannot begin on the line of its key",
                "press Enter before '- '; for an expression that begins with '-', put it in quotes",
                at,
            ),
        ),
        ("flow" in words, _flow(at, context, words, opening)),
    )
    return next((finding for applies, finding in told if applies), None) or _block(source, at, context, problem)


def _backslash(source: Source, at: Mark) -> Mark:
    """The backslash that the parser's position stands at or behind."""
    column = _line(source, at).rfind("\\", 0, at.column + 1)
    return at if column < 0 else Mark(at.offset - at.column + column, at.line, column)


def _directive(source: Source) -> Mark:
    return Mark(0, next((number for number, line in enumerate(source.lines) if line.startswith("%")), 0), 0)


def _flow(at: Mark, context: Mark, words: str, opening: str) -> _Finding:
    close = "]" if opening == "[" or (opening != "{" and "sequence" in words) else "}"
    return _Finding(
        "unclosed_bracket",
        f"the '{opening}' that opens here is not closed, or a comma is missing in it"
        if opening in ("[", "{")
        else "a bracket is not closed here, or a comma is missing or too many",
        f"press , between two values and {close} at the end; a text with a comma, a colon or a bracket needs quotes",
        context if context.line != at.line else at,
    )


def _block(source: Source, at: Mark, context: Mark, problem: str) -> _Finding:
    """What is wrong between lines, or behind the end of a value."""
    line = _line(source, at)
    before = line[: at.column]
    if "expected ':'" in problem:
        return _missing_colon(context)
    if "node content" in problem:
        sign = line[at.column : at.column + 1]
        told = f"a value cannot begin with '{sign}'" if sign else "a value is missing here"
        return _Finding("value_start", told, QUOTE, at)
    if "mapping values" in problem:
        return _colon(source, at, before)
    return _opened_above(source, at.line, before) or _behind(before, at) or _indentation(line, at)


def _missing_colon(mark: Mark) -> _Finding:
    return _Finding(
        "missing_colon", "a key stands here without a colon", "press : and the space bar after the key", mark
    )


def _colon(source: Source, at: Mark, before: str) -> _Finding:
    """A colon too many: a second one in a line, one after a key without, or a line in the wrong column."""
    if _KEY.match(before) or re.search(r"['\"{\[]", before):
        return _Finding("second_colon", "a colon with a space after it inside a value reads as a second key", QUOTE, at)
    previous = _previous(source, at.line)
    if previous is None or _KEY.match(source.lines[previous]):
        return _indentation(_line(source, at), at)
    text = source.lines[previous]
    return _missing_colon(Mark(0, previous, len(text) - len(text.lstrip())))


def _behind(before: str, at: Mark) -> _Finding | None:
    """A value that goes on behind its closing quotation mark or bracket."""
    if _QUOTED_START.search(before):
        return _Finding(
            "text_after_quote",
            "the value begins with a quotation mark and goes on after the closing one",
            "put the whole value in quotes of the other kind, or begin it with a bracket: ('a' in names)",
            at,
        )
    if re.search(r"[}\]]\s*$", before):
        return _Finding(
            "text_after_bracket", "the value begins with a bracket and goes on after the closing one", QUOTE, at
        )
    return None


def _indentation(line: str, at: Mark) -> _Finding:
    indent = len(line) - len(line.lstrip())
    return _Finding(
        "indentation",
        "this line does not stand under its neighbours",
        "begin it in the same column as the lines that it belongs to: two spaces for each step, '- ' before each item",
        Mark(0, at.line, indent),
    )


def _opened_above(source: Source, number: int, before: str) -> _Finding | None:
    """An unclosed quotation mark of an earlier line that the first one of this line has closed."""
    for quote in ('"', "'"):
        if before.count(quote) % 2 == 0 or not before.rstrip().endswith(quote):
            continue
        for earlier in range(number - 1, -1, -1):
            line = source.lines[earlier]
            opening = re.search(rf"(?:^|[:\-,\[{{]\s+){quote}", line)
            if opening and line.count(quote) % 2:
                return _Finding(
                    "unclosed_quote",
                    "the quotation mark that opens here is never closed",
                    f"press {quote} at the end of the text",
                    Mark(0, earlier, opening.end() - 1),
                )
    return None


def _previous(source: Source, line: int) -> int | None:
    for number in range(line - 1, -1, -1):
        text = source.lines[number].strip()
        if text and not text.startswith("#"):
            return number
    return None


def _line(source: Source, mark: Mark) -> str:
    return source.lines[mark.line] if mark.line < len(source.lines) else ""


def _mark(mark: Any) -> Mark:
    return Mark(mark.index, mark.line, mark.column) if mark else Mark(0, 0, 0)
