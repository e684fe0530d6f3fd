"""The verbs and what they share: options, errors, exit codes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Final

from cyclopts import App, CycloptsError, Parameter

from acorn_engine import __version__
from acorn_engine.cli.output import Output, problems_document
from acorn_engine.problems import AcornError, Problem

ERROR: Final = 1
CHANGES: Final = 2
NEW_HOLDS: Final = 3
HALTED: Final = 4


@Parameter(name="*")
@dataclass(frozen=True)
class Common:
    """Options of every verb.

    Parameters
    ----------
    project:
        The folder of the project file acorn.toml, or the file itself.
    account:
        Only this account.
    json:
        Print one JSON document and nothing else.
    """

    project: Annotated[Path, Parameter(name=["--project", "-p"])] = Path()
    account: str | None = None
    json: Annotated[bool, Parameter(negative="")] = False

    @property
    def output(self) -> Output:
        """Where the verb prints."""
        return Output(as_json=self.json)


def make_app() -> App:
    """Return the command line with the engine's verbs; plugins' verbs are added when it runs."""
    from acorn_engine.cli import approving, checking, planning, sending, starting

    app = App(
        name="acorn",
        help="Exact, explainable rules for one catalogue on many marketplaces.",
        version=__version__,
        version_flags=["--version"],
    )
    for module in (starting, checking, planning, approving, sending):
        module.add_verbs(app)
    return app


def verb(function: Callable[..., int | None]) -> Callable[..., int]:
    """Turn Acorn's errors into readable text, or JSON, and exit code 1."""

    @wraps(function)
    def guarded(*positional: Any, **named: Any) -> int:
        common = named.get("common") or Common()
        try:
            return function(*positional, **named) or 0
        except AcornError as error:
            report(error.problems, as_json=common.json)
        except KeyboardInterrupt:
            sys.stderr.write("stopped; what was begun goes on where it was: run the same command again\n")
        except BrokenPipeError:
            sys.stderr.close()
        return ERROR

    return guarded


def report(problems: Sequence[Problem], *, as_json: bool) -> None:
    """Print problems where their reader looks: a person on standard error, a program on standard output."""
    output = Output(as_json=as_json)
    if as_json:
        output.document(problems_document(problems))
    else:
        output.problems(problems)


def run(words: Sequence[str]) -> int:
    """Run one verb: the engine's own, or a plugin's."""
    app = make_app()
    _add_plugin_verbs(app, words)
    try:
        result = app(list(words), exit_on_error=False, print_error=False, result_action="return_value")
    except CycloptsError as error:
        sys.stderr.write(f"{error}\n")
        return ERROR
    except AcornError as error:
        report(error.problems, as_json="--json" in words)
        return ERROR
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else ERROR
    return result if isinstance(result, int) else 0


def _project_of(words: Sequence[str]) -> Path:
    """Return the project that a command line names: its single-file plugins may have the verb."""
    for word, following in zip(words, [*words[1:], ""], strict=False):
        if word in {"--project", "-p"} and following:
            return Path(following)
        if word.startswith("--project="):
            return Path(word.removeprefix("--project="))
    return Path()


def _add_plugin_verbs(app: App, words: Sequence[str]) -> None:
    own = {name for name in app if not name.startswith("-")}
    first = next((word for word in words if not word.startswith("-")), None)
    if first in own:
        return
    from acorn_engine.engine.plugin_list import registry_of

    registry = registry_of(_project_of(words))
    for name, command in registry.commands.items():
        if name in own:
            sys.stderr.write(f"the verb '{name}' of a plugin is already one of Acorn's own; it is off\n")
            continue
        app.command(command.function, name=name)
