"""What a verb prints: text for people, one JSON document for programs, problems for both."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from acorn_engine.problems import Problem

if TYPE_CHECKING:
    from rich.console import Console


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Fraction):
        return str(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return str(value)


def to_text(document: Any) -> str:
    """Return a document as JSON text, Chinese as it is."""
    return json.dumps(document, ensure_ascii=False, indent=2, default=_plain)


class Output:
    """Standard output of one verb; with ``as_json`` it carries nothing but one JSON document."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json

    def document(self, document: Any) -> None:
        """Print the JSON document of the verb."""
        sys.stdout.write(to_text(document) + "\n")

    def line(self, text: str = "") -> None:
        """Print a line for people; with JSON it goes nowhere."""
        if not self.as_json:
            sys.stdout.write(text + "\n")

    def note(self, text: str) -> None:
        """Print a line about the work itself, to standard error."""
        if not self.as_json:
            sys.stderr.write(text + "\n")

    def problems(self, problems: Iterable[Problem]) -> None:
        """Print problems to standard error, with the number of them."""
        for problem in problems:
            sys.stderr.write(problem.render() + "\n")

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, numbers: Sequence[int] = ()) -> None:
        """Print a table; ``numbers`` are the columns to align right."""
        if self.as_json:
            return
        rows = list(rows)
        if not rows:
            return
        texts = [[("" if value is None else str(value)) for value in row] for row in rows]
        widths = [max([_width(name), *(_width(row[index]) for row in texts)]) for index, name in enumerate(columns)]
        for row in [list(columns), *texts]:
            cells = []
            for index, (cell, width) in enumerate(zip(row, widths, strict=True)):
                space = " " * (width - _width(cell))
                cells.append(space + cell if index in numbers else cell + space)
            self.line("  " + "  ".join(cells).rstrip())

    @contextmanager
    def working(self, words: str) -> Iterator[Any]:
        """Show on a terminal that something takes a while; yield a callable that sets the words."""
        if self.as_json or not sys.stderr.isatty():
            yield lambda _words: None
            return
        with _console().status(words) as status:
            yield status.update


def _console() -> Console:
    from rich.console import Console

    return Console(stderr=True)


def _width(text: str) -> int:
    """Return how many terminal cells a text takes: Chinese takes two a sign."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def problems_document(problems: Iterable[Problem], extra: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return problems as the JSON document of a verb that failed."""
    return {"problems": [problem.to_dict() for problem in problems], **(extra or {})}


def several(number: int, noun: str) -> str:
    """Return a number with its noun: ``1 change``, ``2 changes``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
