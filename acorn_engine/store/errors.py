"""What a database driver's error means: what happened, what was not done, what to do next."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Final

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from acorn_engine.problems import Problem, StoreError

if TYPE_CHECKING:
    from sqlalchemy import URL

NOTHING: Final = "Nothing was saved by this step."

_WORDS: Final[dict[str, tuple[str, str]]] = {
    "locked": (
        "the database '{url}' is locked: another program has been writing to it for too long",
        "Wait until the other program has finished, or end it; then run the same command again.",
    ),
    "read_only": (
        "the database '{url}' can be read, but not written",
        "Give the user that runs Acorn write permission on the file and on its folder, then run the same command again.",
    ),
    "full": (
        "there is no space left for the database '{url}'",
        "Free some disk space, then run the same command again; what was saved before is intact.",
    ),
    "not_a_database": (
        "'{url}' is not a database that Acorn can read, or it is damaged",
        "Point 'database' in acorn.toml at another file, or bring this one back from a backup.",
    ),
    "no_folder": (
        "the database '{url}' cannot be opened: its folder does not exist, or may not be entered",
        "Make the folder, or correct 'database' in acorn.toml.",
    ),
    "unreachable": (
        "the database server of '{url}' cannot be reached",
        "Check that the server runs and that its name and port in 'database' are right, then run the same command again.",
    ),
    "refused": (
        "the database server refused the user of '{url}'",
        "Check the user, the password and the user's rights on the database.",
    ),
    "no_database": (
        "the database of '{url}' does not exist on the server",
        "Create it (createdb), or correct 'database' in acorn.toml.",
    ),
    "busy": (
        "all connections to the database '{url}' are in use",
        "Use fewer threads on one engine, or run the same command again when others have finished.",
    ),
    "failed": (
        "the database '{url}' failed: {cause}",
        "If it happens again, keep this message for whoever looks after the database.",
    ),
}

_SQLITE: Final[tuple[tuple[str, str], ...]] = (
    ("SQLITE_BUSY", "locked"),
    ("SQLITE_LOCKED", "locked"),
    ("SQLITE_READONLY", "read_only"),
    ("SQLITE_PERM", "read_only"),
    ("SQLITE_FULL", "full"),
    ("SQLITE_NOTADB", "not_a_database"),
    ("SQLITE_CORRUPT", "not_a_database"),
    ("SQLITE_CANTOPEN", "no_folder"),
)

_POSTGRESQL: Final[tuple[tuple[str, str], ...]] = (
    ("55P03", "locked"),
    ("40P01", "locked"),
    ("40001", "locked"),
    ("57014", "locked"),
    ("25006", "read_only"),
    ("53300", "busy"),
    ("53", "full"),
    ("28", "refused"),
    ("42501", "refused"),
    ("3D000", "no_database"),
    ("08", "unreachable"),
    ("57P", "unreachable"),
)


def shown(url: URL) -> str:
    """Return a database's address without its password."""
    return url.render_as_string(hide_password=True)


def store_error(code: str, url: URL, cause: str = "") -> StoreError:
    """Return the error of a known ``code``."""
    message, hint = _WORDS[code]
    text = message.format(url=shown(url), cause=cause)
    return StoreError(
        Problem(
            code=f"store_{code}",
            message=f"{text}. {NOTHING}",
            hint=hint,
            params={"database": shown(url), "cause": cause},
        )
    )


def explain(error: BaseException, url: URL) -> StoreError | None:
    """Return what a driver's error means, or ``None`` where it is not one of a driver's."""
    if isinstance(error, PoolTimeoutError):
        return store_error("busy", url)
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    if isinstance(cause, sqlite3.Error):
        name = getattr(cause, "sqlite_errorname", "")
        code = next((code for prefix, code in _SQLITE if name.startswith(prefix)), None)
    elif type(cause).__module__.startswith("psycopg"):
        state = getattr(cause, "sqlstate", None)
        code = next((code for prefix, code in _POSTGRESQL if state and state.startswith(prefix)), None)
        if code is None and state is None:
            code = _code_of_refusal(str(cause))
    elif isinstance(error, DBAPIError):
        code = None
    else:
        return None
    lines = str(cause).strip().splitlines()
    return store_error(code or "failed", url, lines[0] if lines else type(cause).__name__)


def _code_of_refusal(text: str) -> str | None:
    """Read a refusal to connect, which carries no state."""
    if "does not exist" in text and "database" in text:
        return "no_database"
    if "authentication failed" in text or "role" in text or "no pg_hba.conf entry" in text:
        return "refused"
    words = ("connection", "could not", "server", "timeout", "resolve", "socket")
    return "unreachable" if any(word in text for word in words) else None
