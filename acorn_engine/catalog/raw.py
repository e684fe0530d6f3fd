"""Tables as they were read: under the names that rules use, not yet typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from pydantic import ValidationError

from acorn_engine.catalog.headers import clean_header, refuse_duplicates
from acorn_engine.catalog.names import REQUIRED, Role
from acorn_engine.catalog.options import CatalogOptions
from acorn_engine.plugins.records import CatalogRequest, CatalogSource
from acorn_engine.problems import AcornError, CatalogError, Place, Problem, ProjectError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

ROW: Final = "_row"
HANDED_IN: Final = "handed in"
MOST_COLUMNS: Final = 1_000
"""A table has no more columns: every one becomes a fact of every offer."""


@dataclass(frozen=True, slots=True)
class RawTable:
    """One table as read.

    ``frame`` has the columns under the names that rules use, as their source wrote them, and
    ``_row``, each row's number in a spreadsheet (the header is row 1). ``as_of`` is when the rows
    held true, ``name`` how messages call the table, ``headers`` column name to header in the source.
    """

    role: Role
    name: str
    frame: pl.DataFrame
    as_of: datetime | None = None
    options: CatalogOptions = field(default_factory=lambda: CatalogOptions(source=HANDED_IN))
    headers: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def header(self, column: str) -> str:
        """Return the header of a column as its source has it."""
        return self.headers.get(column, column)


def read_role(role: Role, options: CatalogOptions, source: CatalogSource, root: str | Path) -> RawTable:
    """Read products or listings from their source.

    ``root`` is the folder that relative paths start from. Raises ``ProjectError`` for options that
    the source does not have, ``CatalogError`` where the source cannot be read at all.
    """
    settings = source_options(role, options, source)
    problems: list[Problem] = []
    request = CatalogRequest(role=role, root=str(root), options=settings, report=problems.append)
    try:
        frame, as_of = source.read(request)
    except AcornError:
        raise
    except Exception as error:
        raise CatalogError(
            Problem(
                code="source_failed",
                message=f"the catalogue source '{source.name}' failed while reading {role}: "
                f"{type(error).__name__}: {error}; nothing was planned",
                hint="this is a fault of the source, not of the table: tell who maintains it",
                params={"source": source.name},
            )
        ) from error
    name = getattr(settings, "path", None) or f"{role} ({source.name})"
    return raw_table(role, str(name), frame, as_of, options, problems)


def rows_table(
    role: Role, rows: object, *, options: CatalogOptions | None = None, as_of: datetime | None = None
) -> RawTable:
    """Take rows that the caller hands in: a Polars or pandas frame, an Arrow table, or a list of dicts.

    With ``options``, their ``rename`` (for the headers that the rows have), ``default`` and
    ``values`` apply as they would to the project's own source. Raises ``CatalogError`` that names
    every column with floats: a float is not the number that was meant.
    """
    name = f"{role} ({HANDED_IN})"
    frame = _frame(rows, name)
    floats = [column for column, kind in frame.schema.items() if kind.is_float()]
    if floats:
        raise CatalogError([_float_column(column, name) for column in floats])
    options = options or CatalogOptions(source=HANDED_IN)
    headers = {clean_header(column) for column in frame.columns}
    rename = {column: header for column, header in options.rename.items() if clean_header(header) in headers}
    return raw_table(role, name, frame, as_of, options.model_copy(update={"rename": rename}), [])


def _float_column(column: str, name: str) -> Problem:
    return Problem(
        code="float",
        message=f"column '{column}' holds binary floats, which are not exact; nothing was read",
        place=Place(file=name, field=column),
        hint="hand in text, integers or decimals: as they are in the source, not after a float; "
        "pandas makes floats of integers with gaps: read the column with dtype='string' or 'Int64'",
        params={"column": column},
    )


def _frame(rows: object, name: str) -> pl.DataFrame:
    if isinstance(rows, pl.DataFrame):
        return rows
    if isinstance(rows, pl.LazyFrame):
        collected = rows.collect()
        return collected if isinstance(collected, pl.DataFrame) else pl.DataFrame()
    if isinstance(rows, (list, tuple)):
        return _from_dicts(rows, name)
    if hasattr(rows, "__arrow_c_stream__") or type(rows).__module__.split(".")[0] in {"pandas", "pyarrow"}:
        taken = _from_arrow(rows)
        if isinstance(taken, pl.DataFrame):
            return taken
    raise CatalogError(
        Problem(
            code="not_rows",
            message=f"{name} cannot be made of {type(rows).__name__}; nothing was read",
            hint="hand in a Polars or pandas frame, an Arrow table, or a list of dicts",
        )
    )


def _from_arrow(rows: Any) -> object:
    if hasattr(rows, "__arrow_c_stream__"):
        return pl.DataFrame(rows)
    return pl.from_pandas(rows) if type(rows).__module__.startswith("pandas") else pl.from_arrow(rows)


def _from_dicts(rows: Sequence[Any], name: str) -> pl.DataFrame:
    """Return rows as text columns: exact, whatever mixture of types a column has."""
    odd = next((row for row in rows if not isinstance(row, Mapping)), None)
    if odd is not None:
        raise CatalogError(
            Problem(
                code="not_rows",
                message=f"{name}: a row is {type(odd).__name__}, not a dict; nothing was read",
                hint="hand in a list of dicts: [{'sku': 'A-1', …}, …]",
            )
        )
    columns = list(dict.fromkeys(column for row in rows for column in row))
    problems: list[Problem] = []
    series = []
    for column in columns:
        texts: list[str | None] = []
        for index, row in enumerate(rows):
            try:
                texts.append(exact_text(row.get(column)))
            except TypeError as error:
                problems.append(_inexact_cell(str(column), index + 2, error, name, row.get(column)))
                break
        else:
            series.append(pl.Series(str(column), texts, dtype=pl.String))
    if problems:
        raise CatalogError(problems)
    return pl.DataFrame(series)


def exact_text(value: object) -> str | None:
    """Return a Python value as exact text; raises ``TypeError`` for floats and anything that is not a cell."""
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case Decimal():
            return format(value, "f") if value.is_finite() else str(value)
        case _ if hasattr(value, "isoformat"):
            return str(value.isoformat())
        case _:
            raise TypeError(type(value).__name__)


def _inexact_cell(column: str, row: int, error: TypeError, name: str, value: object) -> Problem:
    if isinstance(value, float):
        return _float_column(column, name)
    return Problem(
        code="not_a_cell",
        message=f"column '{column}' holds a value of type {error}; nothing was read",
        place=Place(file=name, row=row, field=column),
        hint="hand in text, int, Decimal, bool, date or None",
        params={"column": column, "type": str(error)},
    )


def source_options(role: Role, options: CatalogOptions, source: CatalogSource) -> Any:
    try:
        return source.options.model_validate(options.model_extra or {})
    except ValidationError as error:
        known = [*CatalogOptions.model_fields, *source.options.model_fields]
        raise ProjectError([_option_problem(role, source, dict(found), known) for found in error.errors()]) from None


def _option_problem(role: Role, source: CatalogSource, found: Mapping[str, Any], known: Sequence[str]) -> Problem:
    key = ".".join(str(part) for part in found["loc"]) or source.name
    section = f"[catalog.{role}]"
    if found["type"] == "extra_forbidden":
        message = f"{section}: the source '{source.name}' has no option '{key}'"
        hint = did_you_mean(key, known) or f"its options are {', '.join(source.options.model_fields)}"
    elif found["type"] == "missing":
        message, hint = f"{section}: the source '{source.name}' needs '{key}'", f"add: {key} = …"
    else:
        # The value itself is left out: it may be a database address with its password.
        message, hint = f"{section}: '{key}' cannot be used: {found['msg']}", None
    return Problem(
        code="catalog_option", message=message, place=Place(file="acorn.toml"), hint=hint, params={"option": key}
    )


def raw_table(
    role: Role,
    name: str,
    frame: pl.DataFrame,
    as_of: datetime | None,
    options: CatalogOptions,
    problems: list[Problem],
) -> RawTable:
    """Return the table under the names that rules use."""
    rows = frame[ROW] if ROW in frame.columns else pl.int_range(2, frame.height + 2, dtype=pl.UInt32, eager=True)
    frame = frame.drop(ROW, strict=False)
    if frame.width > MOST_COLUMNS:
        raise CatalogError(
            Problem(
                code="too_many_columns",
                message=f"the table has {frame.width:,} columns, at most {MOST_COLUMNS:,} can be used; nothing was read",
                place=Place(file=name),
                hint="leave out what no rule needs; one with thousands of columns is often the wrong way round",
            )
        )
    cleaned = [clean_header(column) for column in frame.columns]
    refuse_duplicates(cleaned, name)
    frame = frame.rename(dict(zip(frame.columns, cleaned, strict=True)))
    names, found = _names(role, name, cleaned, options.rename)
    problems = [*problems, *found]
    columns = [frame[header].alias(column) for column, header in names.items()]
    return RawTable(
        role, name, pl.DataFrame([*columns, rows.alias(ROW).cast(pl.UInt32)]), as_of, options, names, tuple(problems)
    )


def _names(
    role: Role, table: str, headers: Sequence[str], rename: Mapping[str, str]
) -> tuple[dict[str, str], list[Problem]]:
    """Return column name to header, in the order of the headers."""
    problems = [
        _no_such_header(role, table, column, header, headers)
        for column, header in rename.items()
        if clean_header(header) not in headers
    ]
    wanted = {column: clean_header(header) for column, header in rename.items() if clean_header(header) in headers}
    renamed = set(wanted.values())
    names = dict(wanted)
    for header in headers:
        # One header may serve two keys: rename = { sku = "seller_sku" } keeps seller_sku, too.
        if header in renamed and not (header in REQUIRED[role] and header not in wanted):
            continue
        if header in names:
            problems.append(_renamed_over(table, header, rename[header]))
            continue
        names[header] = header
    place = {header: index for index, header in enumerate(headers)}
    return dict(sorted(names.items(), key=lambda item: place[item[1]])), problems


def _no_such_header(role: Role, table: str, column: str, header: str, headers: Iterable[str]) -> Problem:
    shown = ", ".join(f"'{other}'" for other in headers)
    return Problem(
        code="no_such_header",
        message=f"[catalog.{role}] says that '{column}' is the column '{header}', which the table does not have",
        place=Place(file=table, row=1),
        hint=did_you_mean(header, headers) or f"its columns are {shown or 'none'}",
        params={"column": column, "header": header},
    )


def _renamed_over(table: str, column: str, header: str) -> Problem:
    return Problem(
        code="duplicate_column",
        message=f"'{column}' is the column '{header}' by rename, but the table has a column '{column}' as well",
        place=Place(file=table, row=1, field=column),
        hint=f'give the other one a name of its own: rename = {{ other_{column} = "{column}" }}',
        params={"column": column, "header": header},
    )
