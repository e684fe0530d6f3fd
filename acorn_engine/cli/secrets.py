"""The verb ``secrets``: what is kept in the encrypted store. Values never stand on the command line."""

from __future__ import annotations

import getpass
import json
import sys
from datetime import date
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import App, Parameter

from acorn_engine.cli.app import ERROR, Common, verb
from acorn_engine.cli.approving import user
from acorn_engine.cli.output import several
from acorn_engine.problems import AcornError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from pydantic import SecretStr

    from acorn_engine.store.secrets import SecretInfo

Flag = Annotated[bool, Parameter(negative="")]
_HOW: Final = (
    'give them on standard input, one a line as "refresh_token = …" or as a JSON object; on a terminal, run the command '
    "without input and be asked; or use --from-environment"
)


def store(
    account: str,
    /,
    *,
    from_environment: Flag = False,
    authorised: date | None = None,
    secret_issued: date | None = None,
    common: Common | None = None,
) -> int:
    """Store an account's secrets, all or some of them, encrypted.

    They come from standard input (lines "client_id = …", or a JSON object), or are asked for on a terminal.

    Parameters
    ----------
    account:
        The account, as acorn.toml names it.
    from_environment:
        Take them from the account's environment variables.
    authorised:
        The day on which the refresh token was issued; default: today.
    secret_issued:
        The day on which the client secret was issued; default: today.
    """
    from acorn_engine import Engine
    from acorn_engine.project import credentials
    from acorn_engine.project.calendars import midnight

    common = common or Common()
    with Engine.open(common.project) as engine:
        values = credentials.from_environment(account) if from_environment else _given(as_json=common.json)
        days = {"refresh_token": authorised, "client_secret": secret_issued}
        _require_dated(days, values)
        issued = {name: midnight(day) for name, day in days.items() if day is not None}
        names = engine.secrets.set(account, values, by=user(), issued=issued)
        set_there = [credentials.variable(account, name) for name in credentials.from_environment(account)]
    if common.json:
        common.output.document({"account": account, "stored": list(names)})
    common.output.line(f"account '{account}': {', '.join(names)} stored, encrypted.")
    if set_there:
        common.output.note(f"{', '.join(set_there)} go before the store as long as they are set.")
    return 0


def listed(*, common: Common | None = None) -> int:
    """List the stored secrets by name, with their ages, never their values."""
    from acorn_engine import Engine
    from acorn_engine.clock import system_now

    common = common or Common()
    now = system_now()
    with Engine.open(common.project) as engine:
        rows = [_record(info, now) for info in engine.secrets.list(common.account)]
    if common.json:
        common.output.document({"secrets": rows})
    elif not rows:
        common.output.line("No secret is stored.")
    columns = ("account", "name", "issued_at", "saved_at", "age_days")
    headings = [column.replace("_", " ") for column in columns]
    common.output.table(headings, [tuple(row[column] for column in columns) for row in rows], numbers=(4,))
    return 0


def rotate(*, common: Common | None = None) -> int:
    """Encrypt every stored secret of the project anew, with the newest key."""
    from acorn_engine import Engine

    common = common or Common()
    with Engine.open(common.project) as engine:
        done = engine.secrets.rotate(by=user())
    if common.json:
        failed = [{"account": account, "name": name} for account, name in done.failed]
        common.output.document({"renewed": done.renewed, "failed": failed})
    common.output.line(f"{several(done.renewed, 'secret')} encrypted with the newest key.")
    for account, name in done.failed:
        common.output.note(f"account '{account}': {name} was left as it is: none of the keys opens it here.")
    return ERROR if done.failed else 0


def remove(account: str, /, *, common: Common | None = None) -> int:
    """Remove an account's stored secrets.

    Parameters
    ----------
    account:
        The account; it need not be in acorn.toml any more.
    """
    from acorn_engine import Engine

    common = common or Common()
    with Engine.open(common.project) as engine:
        names = engine.secrets.remove(account, by=user())
    if not names:
        raise AcornError(Problem("no-secret", f"no secret of account '{account}' is stored. Nothing was removed."))
    if common.json:
        common.output.document({"account": account, "removed": list(names)})
    common.output.line(f"account '{account}': {', '.join(names)} removed.")
    return 0


def new_key(*, common: Common | None = None) -> int:
    """Make a key for the encrypted store and print it. It is kept nowhere."""
    from acorn_engine.project.secret_keys import KEYS, KEYS_FILE
    from acorn_engine.project.secret_keys import new_key as make

    common = common or Common()
    if common.json:
        common.output.document({"key": make()})
        return 0
    common.output.line(make())
    common.output.note(
        f"Put it first in {KEYS}, or in the file that {KEYS_FILE} names, older ones behind it; keep a copy apart from"
        " the database and its backups. Then run 'acorn secrets rotate'."
    )
    return 0


def _record(info: SecretInfo, now: datetime) -> dict[str, str | int]:
    dates = {"issued_at": f"{info.issued_at:%Y-%m-%d}", "saved_at": f"{info.saved_at:%Y-%m-%d}"}
    return {"account": info.account, "name": info.name, **dates, "age_days": (now - info.issued_at).days}


def _require_dated(days: Mapping[str, date | None], values: Mapping[str, SecretStr]) -> None:
    """Raise for the date of a secret that is not being stored: it would say something about another one."""
    alone = [name for name, day in days.items() if day is not None and name not in values]
    if alone:
        message = f"a date is given for {' and '.join(alone)}, which is not given itself. Nothing was stored."
        raise AcornError(Problem("usage", message, hint="give both"))


def _given(*, as_json: bool) -> dict[str, SecretStr]:
    if not sys.stdin.isatty():
        values = _from_text()
        if values is None:
            message = "standard input cannot be understood. Nothing was stored."
            raise AcornError(Problem("usage", message, hint=_HOW))
    elif as_json:
        raise AcornError(Problem("usage", "with --json nothing is asked. Nothing was stored.", hint=_HOW))
    else:
        values = _asked()
    if not values:
        raise AcornError(Problem("usage", "no secret was given. Nothing was stored.", hint=_HOW))
    return values


def _asked() -> dict[str, SecretStr]:
    from pydantic import SecretStr

    from acorn_engine.project.secret_store import NAMES

    sys.stderr.write("What you leave empty stays as it is.\n")
    answers = {name: SecretStr(getpass.getpass(f"{name.replace('_', ' ')}: ").strip()) for name in NAMES}
    return {name: value for name, value in answers.items() if value.get_secret_value()}


def _from_text() -> dict[str, SecretStr] | None:
    """Return what standard input gives by name, or ``None`` where it is neither lines nor a JSON object."""
    from pydantic import SecretStr

    text = sys.stdin.read().lstrip("\ufeff").strip()
    if text.startswith("{"):
        try:
            found = json.loads(text)
        except ValueError:
            return None
        usable = all(isinstance(value, str) for value in found.values())
        return {name: SecretStr(value.strip()) for name, value in found.items()} if usable else None
    values = {}
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if line.strip() and not equals:
            return None
        if equals:
            values[name.strip()] = SecretStr(value.strip().strip("\"'"))
    return values


def add_verbs(app: App) -> None:
    """Add this module's verbs."""
    group = App(name="secrets", help="Keep secrets of accounts in the encrypted store; values are never shown.")
    named: dict[str, Callable[..., int]] = {
        "set": store,
        "list": listed,
        "rotate": rotate,
        "remove": remove,
        "new-key": new_key,
    }
    for name, function in named.items():
        group.command(verb(function), name=name)
    app.command(group)
