"""The version of the tables: set up where there are none, brought up only when told to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from sqlalchemy import column, inspect, select, table

from acorn_engine.problems import Problem, StoreError
from acorn_engine.store.errors import shown
from acorn_engine.store.tables import SCHEMA, VERSION_TABLE

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory
    from sqlalchemy import URL, Connection

SchemaState = Literal["absent", "current", "older", "newer", "foreign"]

MIGRATIONS: Final = Path(__file__).parent / "migrations"
_SET_UP_LOCK: Final = 4_170_110_001
"""An arbitrary number that two processes setting one PostgreSQL database up both name."""


def _script() -> ScriptDirectory:
    # Alembic loads slowly, and is needed only where the tables are not those of this program.
    from alembic.script import ScriptDirectory

    return ScriptDirectory(str(MIGRATIONS))


def _schema(connection: Connection) -> str | None:
    return SCHEMA if connection.dialect.name == "postgresql" else None


def newest() -> str:
    """Return the version that this program writes: migrations are named by theirs, ``v0001_….py``."""
    return max(path.name[1:5] for path in (MIGRATIONS / "versions").glob("v[0-9][0-9][0-9][0-9]_*.py"))


def version(connection: Connection) -> str | None:
    """Return the version of the tables, or ``None`` where there are none."""
    schema = _schema(connection)
    if not inspect(connection).has_table(VERSION_TABLE, schema=schema):
        return None
    versions = table(VERSION_TABLE, column("version_num"), schema=schema)
    return connection.execute(select(versions.c.version_num)).scalar_one_or_none()


def schema_state(connection: Connection) -> SchemaState:
    """Say how the tables of a database stand to this program."""
    found = version(connection)
    if found is None:
        # On SQLite a file that holds somebody else's tables is not ours to write into.
        others = [] if _schema(connection) else inspect(connection).get_table_names()
        return "foreign" if [name for name in others if name != VERSION_TABLE] else "absent"
    if found == newest():
        return "current"
    return "older" if found in {script.revision for script in _script().walk_revisions()} else "newer"


def lock(connection: Connection) -> None:
    """Let one process at a time set a database up; on SQLite the transaction itself does."""
    if _schema(connection):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_SET_UP_LOCK})")


def bring_up(connection: Connection) -> None:
    """Create or migrate the tables inside the connection's transaction."""
    schema = _schema(connection)
    if schema:
        connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    config.attributes["schema"] = schema
    command.upgrade(config, "head")


def refuse(state: SchemaState, found: str | None, url: URL) -> StoreError | None:
    """Return why a database in ``state`` cannot be used as it is, or ``None``."""
    if state == "older":
        message = f"the database '{shown(url)}' has tables of version {found}; this program needs {newest()}"
        hint = (
            "Make a backup, then run 'acorn init' (or engine.migrate()): it brings the tables up and keeps every row."
        )
    elif state == "newer":
        message = f"the database '{shown(url)}' was written by a newer Acorn (version {found} of its tables)"
        hint = "Install the newer Acorn; an older one could spoil what the newer wrote."
    elif state == "foreign":
        message = f"the database '{shown(url)}' holds tables of another program"
        hint = "Give Acorn a file of its own: correct 'database' in acorn.toml."
    elif state == "absent":
        message = f"there is no database at '{shown(url)}' yet"
        hint = "Run 'acorn init', or correct 'database' in acorn.toml."
    else:
        return None
    return StoreError(
        Problem(
            code=f"store_{state}",
            message=f"{message}. Nothing was read or saved.",
            hint=hint,
            params={"version": found},
        )
    )
