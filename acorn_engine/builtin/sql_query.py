"""The catalogue source ``sql``: any database that SQLAlchemy has a dialect for; read, never written."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from acorn_engine.builtin.sql_columns import read_columns
from acorn_engine.catalog.raw import exact_text
from acorn_engine.plugins import CatalogRequest, CatalogSource
from acorn_engine.problems import CatalogError, Place, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import sqlalchemy as sa

_BATCH: Final = 50_000
_SECRET_WORDS: Final = ("password", "passwd", "pwd", "secret", "token", "key")


class SqlOptions(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    url: SecretStr = Field(description="a database URL of SQLAlchemy, or env:NAME for the variable that holds it")
    query: str | None = Field(default=None, description="the SELECT that yields the rows")
    table: str | None = Field(default=None, description="a table or view, also schema.table; instead of query")

    @model_validator(mode="after")
    def _one_of_two(self) -> SqlOptions:
        if (self.query is None) == (self.table is None):
            raise ValueError("give exactly one of query and table")
        return self


def read_sql(request: CatalogRequest) -> tuple[pl.DataFrame, datetime | None]:
    """Return the rows of a query as exact text or in exact types, and the moment it was asked.

    Raises ``CatalogError`` without the URL's password where the database cannot be read, or where
    its driver hands over floats (SQLite's REAL is taken by its shortest text, with a warning).
    """
    options = request.options
    if not isinstance(options, SqlOptions):
        raise TypeError("the options of an sql source are SqlOptions")
    import sqlalchemy as sa

    url = _url(options, request)
    name = f"{request.role} (sql)"
    secrets = _secrets(url)
    try:
        engine = sa.create_engine(url)
    except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError, ImportError) as error:
        raise CatalogError(_no_driver(url, name, _without(str(error), secrets))) from None
    asked = datetime.now(UTC)
    try:
        with engine.connect() as connection:
            _read_only(connection)
            statement = _statement(options, sa)
            with connection.execution_options(stream_results=True).execute(statement) as result:
                query = options.query or str(statement.compile(engine))
                columns = partial(_in_columns, result, url, query)
                return _frame(result, name, url.get_backend_name(), request.report, columns), asked
    except sa.exc.SQLAlchemyError as error:
        reason = _without(str(getattr(error, "orig", None) or error).splitlines()[0], secrets)
        raise CatalogError(
            Problem(
                code="database",
                message=f"{url.render_as_string(hide_password=True) if not url.query else url.get_backend_name()}: {reason}; "
                "nothing was read",
                place=Place(file=name),
                hint="try the query in the database's own tool; see that the server can be reached and the user may read",
            )
        ) from None
    finally:
        engine.dispose()


def _url(options: SqlOptions, request: CatalogRequest) -> sa.URL:
    import sqlalchemy as sa

    text = options.url.get_secret_value()
    if text.startswith("env:"):
        variable = text.removeprefix("env:")
        text = os.environ.get(variable, "")
        if not text:
            raise CatalogError(
                Problem(
                    code="no_such_variable",
                    message=f"[catalog.{request.role}] takes its url from the environment variable {variable}, "
                    "which is not set; nothing was read",
                    hint=f"set {variable} where Acorn runs",
                    params={"variable": variable},
                )
            )
    try:
        url = sa.make_url(text)
    except sa.exc.ArgumentError:
        raise CatalogError(
            Problem(
                code="database_url",
                message=f"the url of [catalog.{request.role}] is not a database URL; nothing was read",
                hint="write it as postgresql+psycopg://user@host/database or sqlite:///erp.db",
            )
        ) from None
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        file = Path(request.root) / url.database
        if not file.is_file():
            raise CatalogError(
                Problem(
                    code="no_such_file",
                    message="there is no such database; nothing was read",
                    place=Place(file=url.database),
                    hint="the path is relative to acorn.toml",
                )
            )
        url = url.set(database=str(file))
    return url


def _secrets(url: sa.URL) -> list[str]:
    """Return everything in a URL that must not be shown."""
    values = [str(url.password)] if url.password else []
    for name, value in url.query.items():
        if any(word in name.lower() for word in _SECRET_WORDS):
            values += [value] if isinstance(value, str) else list(value)
    return [value for value in values if value]


def _without(text: str, secrets: Sequence[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, "***")
    return text


def _no_driver(url: sa.URL, name: str, reason: str) -> Problem:
    postgres = url.get_backend_name() in {"postgresql", "postgres"}
    return Problem(
        code="no_driver",
        message=f"no driver for '{url.drivername}' is installed{'' if postgres else f': {reason}'}; nothing was read",
        place=Place(file=name),
        hint="write postgresql+psycopg://…; if that is what stands there: pip install 'acorn-engine[postgres]'"
        if postgres
        else "install the driver that SQLAlchemy names for this database",
        params={"driver": url.drivername},
    )


def _read_only(connection: sa.Connection) -> None:
    backend = connection.dialect.name
    if backend == "sqlite":
        connection.exec_driver_sql("PRAGMA query_only = ON")
    elif backend == "postgresql":
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")


def _statement(options: SqlOptions, sa: Any) -> Any:
    if options.query is not None:
        # A colon in a query is a colon: it takes no parameters.
        return sa.text(options.query.replace(":", r"\:"))
    schema, _, table = str(options.table).rpartition(".")
    return sa.select(sa.text("*")).select_from(sa.table(table, schema=schema or None))


def _in_columns(result: sa.CursorResult[Any], url: sa.URL, query: str, headers: Sequence[str]) -> pl.DataFrame | None:
    description = getattr(result.cursor, "description", None) or ()
    return read_columns(url, query, headers, [column[1] for column in description])


def _frame(
    result: sa.CursorResult[Any],
    name: str,
    backend: str,
    report: Callable[[Problem], None],
    columns: Callable[[Sequence[str]], pl.DataFrame | None],
) -> pl.DataFrame:
    """Return the rows; a result of more than one batch in columns, where ``columns`` can read it so."""
    headers = list(map(str, result.keys()))
    doubled = sorted({header for header in headers if headers.count(header) > 1})
    if doubled:
        raise CatalogError(
            Problem(
                code="duplicate_header",
                message=f"the query yields the column '{doubled[0]}' more than once; nothing was read",
                place=Place(file=name, field=doubled[0]),
                hint=f"name them apart: SELECT a.{doubled[0]} AS …",
            )
        )
    parts: list[list[pl.Series]] = [[pl.Series(header, [], dtype=pl.String)] for header in headers]
    floats: set[str] = set()
    while batch := result.fetchmany(_BATCH):
        if len(batch) == _BATCH and len(parts[0]) == 1 and (whole := columns(headers)) is not None:
            return whole
        for header, part, cells in zip(headers, parts, zip(*batch, strict=True), strict=True):
            part.append(pl.Series(header, _texts(header, cells, name, backend, floats), dtype=pl.String))
    for header in sorted(floats):
        report(_taken_by_text(header, name))
    return pl.DataFrame([pl.concat(part) for part in parts])


def _texts(header: str, cells: Sequence[object], name: str, backend: str, floats: set[str]) -> list[str | None]:
    if any(isinstance(cell, float) for cell in cells):
        if backend != "sqlite":
            raise CatalogError(
                Problem(
                    code="float",
                    message=f"column '{header}' holds binary floats, which are not exact; nothing was read",
                    place=Place(file=name, field=header),
                    hint=f"cast it in the query: CAST({header} AS NUMERIC(18, 4)), better: store it as NUMERIC",
                )
            )
        floats.add(header)
        cells = [Decimal(repr(cell)) if isinstance(cell, float) else cell for cell in cells]
        cells = [
            cell.to_integral_value() if isinstance(cell, Decimal) and cell == cell.to_integral_value() else cell
            for cell in cells
        ]
    try:
        return [exact_text(cell) for cell in cells]
    except TypeError as error:
        raise CatalogError(
            Problem(
                code="not_a_cell",
                message=f"column '{header}' holds values of type {error}; nothing was read",
                place=Place(file=name, field=header),
                hint="cast it to text in the query, or leave it out of the SELECT",
            )
        ) from None


def _taken_by_text(header: str, name: str) -> Problem:
    return Problem(
        code="float_text",
        message=f"SQLite stores column '{header}' as binary floats; each was taken by its shortest decimal text",
        effect="warns",
        place=Place(file=name, field=header),
        hint="store money as TEXT or as an integer of cents, so that it is exact",
        params={"column": header},
    )


SQL_SOURCE = CatalogSource("sql", SqlOptions, read_sql, "a query or table of a database, through SQLAlchemy")
