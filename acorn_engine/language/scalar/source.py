"""Python source on its way: lines in blocks, names of its own, and values beside it in a table.

Whatever stands in an expression gets into the table of constants under a name made here. No text
of a rule file, of a plugin or of a catalogue ever becomes part of the source.
"""

from __future__ import annotations

from contextlib import contextmanager
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from acorn_engine.language import exact
from acorn_engine.language.scalar import support
from acorn_engine.types import Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_HELPERS: Final[dict[str, object]] = {
    "Failure": Failure,
    "Fraction": Fraction,
    "BY_ZERO": exact.DIVISION_BY_ZERO,
    "STEP": exact.STEP,
    "add": support.add,
    "subtract": support.subtract,
    "multiply": support.multiply,
    "divide": support.divide,
    "stepped": support.stepped,
    "weekday": support.weekday,
}
"""All that generated source can call, besides the constants and what its maker adds."""


class Later:
    """A place in the source whose lines are written later."""

    def __init__(self, indent: int) -> None:
        self._indent = indent
        self.lines: list[str] = []

    def line(self, text: str) -> None:
        """Add a line."""
        self.lines.append("    " * self._indent + text)


class Source:
    """The source of one function."""

    def __init__(self, **helpers: object) -> None:
        self._lines: list[str | Later] = []
        self._indent = 1
        self._names = 0
        self._constants: dict[tuple[type, Any], str] = {}
        self._globals: dict[str, Any] = {**_HELPERS, **helpers}

    def name(self, prefix: str = "v") -> str:
        """Return a new name."""
        self._names += 1
        return f"{prefix}{self._names}"

    def constant(self, value: Any) -> str:
        """Return the name of a constant; equal values of one type share it."""
        key = (type(value), value)
        if key not in self._constants:
            self._constants[key] = name = f"k{len(self._constants)}"
            self._globals[name] = value
        return self._constants[key]

    def line(self, text: str) -> None:
        """Add a line to the block at hand."""
        self._lines.append("    " * self._indent + text)

    def assign(self, expression: str, prefix: str = "v") -> str:
        """Add an assignment to a new name, and return that."""
        name = self.name(prefix)
        self.line(f"{name} = {expression}")
        return name

    def move(self, given: str, to: str) -> None:
        """Let ``to`` hold what ``given`` holds, which nothing reads any more after this line."""
        start, last = "    " * self._indent + f"{given} = ", self._lines[-1]
        if isinstance(last, str) and last.startswith(start):
            self._lines[-1] = "    " * self._indent + f"{to} = " + last.removeprefix(start)
        else:
            self.line(f"{to} = {given}")

    def later(self) -> Later:
        """Keep a place in the block at hand, at least one line of which must be written."""
        made = Later(self._indent)
        self._lines.append(made)
        return made

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Add a line that opens a block (``if x:``); what is added inside stands in it."""
        self.line(head)
        self._indent += 1
        before = len(self._lines)
        yield
        if len(self._lines) == before:
            self.line("pass")
        self._indent -= 1

    @property
    def text(self) -> str:
        """The lines so far."""
        written = ([each] if isinstance(each, str) else each.lines for each in self._lines)
        return "\n".join(line for lines in written for line in lines)

    def function(self, parameters: str) -> Callable[..., Any]:
        """Compile the lines to a function of ``parameters``."""
        code = compile(f"def generated({parameters}):\n{self.text}\n", "<scalar form>", "exec")
        made: dict[str, Any] = dict(self._globals)
        exec(code, made)  # noqa: S102 - made of the templates of this package only
        function: Callable[..., Any] = made["generated"]
        return function
