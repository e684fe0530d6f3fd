"""What went wrong, as values: where it stands, what was expected, what to do next."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal
from unicodedata import east_asian_width

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Effect = Literal["stops", "holds", "warns"]
"""``stops``: nothing is planned until it is mended. ``holds``: the named rows are held,
the rest goes on. ``warns``: everything goes on."""


@dataclass(frozen=True, slots=True)
class Place:
    """A position in something that a person wrote.

    ``line`` and ``column`` count from 1, in characters. ``row`` counts data rows as a
    spreadsheet shows them (the header is row 1). ``text`` is the line itself.
    """

    file: str | None = None
    line: int | None = None
    column: int | None = None
    row: int | None = None
    field: str | None = None
    text: str | None = None

    def __str__(self) -> str:
        parts = [self.file or ""]
        if self.line is not None:
            parts.append(str(self.line))
            if self.column is not None:
                parts.append(str(self.column))
        where = ":".join(part for part in parts if part)
        if self.row is not None:
            where = f"{where}, row {self.row}" if where else f"row {self.row}"
        if self.field is not None:
            where = f"{where}, column '{self.field}'" if where else f"column '{self.field}'"
        return where


def _blank(text: str) -> str:
    """Return as many blanks as a terminal needs cells for a text: Chinese takes two a sign; tabs stay."""
    wide = {"W", "F"}
    return "".join("\t" if sign == "\t" else "  " if east_asian_width(sign) in wide else " " for sign in text)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    ``code`` is stable and machine-readable, ``message`` says what happened, ``hint`` what to
    do next ("did you mean 'cost'?"), ``params`` the values inside the message, so that any
    language can say it. ``keys`` are the offers it holds: (account, site, seller_sku); empty
    where it concerns a whole source.
    """

    code: str
    message: str
    effect: Effect = "stops"
    place: Place | None = None
    hint: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    keys: tuple[tuple[str, str, str], ...] = ()

    def render(self) -> str:
        """Return the problem as lines of text: position, message, the line with a caret, hint."""
        where = f"{self.place}: " if self.place and str(self.place) else ""
        label = "warning: " if self.effect == "warns" else ""
        lines = [f"{where}{label}{self.message}"]
        if self.place and self.place.text is not None:
            lines.append(f"    {self.place.text}")
            if self.place.column:
                lines.append("    " + _blank(self.place.text[: self.place.column - 1]) + "^")
        if self.hint:
            lines.append(f"    {self.hint}")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Return the problem as JSON-ready data; absent parts are ``None``."""
        place = self.place or Place()
        return {
            "code": self.code,
            "effect": self.effect,
            "message": self.message,
            "hint": self.hint,
            "file": place.file,
            "line": place.line,
            "column": place.column,
            "row": place.row,
            "field": place.field,
            "params": dict(self.params),
        }


class AcornError(Exception):
    """The base of every error that Acorn raises on purpose; ``problems`` holds all of them.

    Shown to a person without a traceback. ``str()`` is all problems, rendered.
    """

    def __init__(self, problems: Problem | Sequence[Problem] | str, *, code: str = "error") -> None:
        if isinstance(problems, str):
            problems = Problem(code=code, message=problems)
        if isinstance(problems, Problem):
            problems = [problems]
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(problem.render() for problem in self.problems))


class RuleError(AcornError):
    """Rule files that cannot be used."""


class CatalogError(AcornError):
    """Products or listings that cannot be used at all."""


class ProjectError(AcornError):
    """A project file or settings that cannot be used."""


class PluginError(AcornError):
    """A plugin that failed where the run needs it."""


class PlanError(AcornError):
    """A plan that cannot be made, approved or submitted."""


class StoreError(AcornError):
    """A database that cannot be used: locked, read-only, full, older or newer."""


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Return ``did you mean 'x'?`` for the nearest of ``known``, or ``None``."""
    close = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean '{close[0]}'?" if close else None


def stopping(problems: Iterable[Problem]) -> list[Problem]:
    """Return the problems that stop a run."""
    return [problem for problem in problems if problem.effect == "stops"]
