"""The verbs and what they share: options, errors, exit codes."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Final

from cyclopts import App, CycloptsError, Parameter, UnknownCommandError

from acorn_engine import __version__
from acorn_engine.cli.output import Output, problems_document
from acorn_engine.problems import AcornError, Problem, did_you_mean

ERROR: Final = 1
CHANGES: Final = 2
NEW_HOLDS: Final = 3
HALTED: Final = 4
TRACEBACK: Final = "ACORN_TRACEBACK"
"""Set in the environment, a mistake of Acorn's own is shown as Python shows it."""


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
    from acorn_engine.cli import approving, checking, doctor, planning, secrets, sending, starting

    app = App(
        name="acorn",
        help="Exact, explainable rules for one catalogue on many marketplaces.",
        version=__version__,
        version_flags=["--version"],
    )
    for module in (starting, checking, planning, approving, sending, secrets, doctor):
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
            message = "stopped. What was begun goes on where it was."
            report([Problem("stopped", message, hint="run the same command again")], as_json=common.json)
        except BrokenPipeError:
            sys.stderr.close()
        except Exception as error:
            if os.environ.get(TRACEBACK):
                raise
            report([_unforeseen(error)], as_json=common.json)
        return ERROR

    return guarded


def _unforeseen(error: Exception) -> Problem:
    """Return a failure that nobody foresaw as a problem: a file that is in the way, or a mistake of Acorn's."""
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return Problem("system", f"{where}{error.strerror}. The command was given up.", hint="see that it may be used")
    message = (
        f"a mistake in Acorn itself: {type(error).__name__}. The command was given up; nothing that was saved is lost."
    )
    return Problem("internal", message, hint=f"please report it with what {TRACEBACK}=1 acorn … shows")


def report(problems: Sequence[Problem], *, as_json: bool) -> None:
    """Print problems where their reader looks: a person on standard error, a program on standard output."""
    output = Output(as_json=as_json)
    if as_json:
        output.document(problems_document(problems))
    else:
        output.problems(problems)


def run(words: Sequence[str]) -> int:
    """Run one verb: the engine's own, or a plugin's."""
    logging.getLogger("stamina").setLevel(logging.CRITICAL)  # a failed try is told in words, once, when all have failed
    app = make_app()
    try:
        _add_plugin_verbs(app, words)
        result = app(list(words), exit_on_error=False, print_error=False, result_action="return_value")
    except CycloptsError as error:
        report([_misused(error)], as_json="--json" in words)
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


def _misused(error: CycloptsError) -> Problem:
    """Return a command that cannot be understood as a problem, with where to read how it is written."""
    from acorn_engine.project.redaction import without_secrets

    verb_named = " ".join(error.command_chain or ())
    help_text = f"acorn {verb_named} --help shows how it is written" if verb_named else "acorn --help lists the verbs"
    if isinstance(error, UnknownCommandError) and error.unused_tokens:
        word, own = error.unused_tokens[0], [name for name in error.app or () if not name.startswith("-")]
        nearest = did_you_mean(word, own)
        hint = f"{nearest} {help_text}" if nearest else help_text
        return Problem("usage", f"there is no verb '{word}'. Nothing was done.", hint=hint, params={"verb": word})
    said = without_secrets("; ".join(str(error).rstrip(".").splitlines()))
    text, _, nearest = said.partition(" Did you mean ")
    hint = f"did you mean {nearest.rstrip('?')}? {help_text}" if nearest else help_text
    return Problem("usage", f"{text.rstrip('.')}. Nothing was done.", hint=hint)


def _add_plugin_verbs(app: App, words: Sequence[str]) -> None:
    own = {name for name in app if not name.startswith("-")}
    first = next((word for word in words if not word.startswith("-")), None)
    if first in own:
        return
    from acorn_engine.engine.plugin_list import verbs_of

    for name, command in verbs_of(_project_of(words)).items():
        if name in own:
            sys.stderr.write(f"the verb '{name}' of a plugin is already one of Acorn's own; it is off\n")
            continue
        app.command(command.function, name=name)
