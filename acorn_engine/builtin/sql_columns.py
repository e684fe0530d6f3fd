"""Large results of a query in columns, through ADBC where its driver is installed and every value stays exact.

Nothing is decided here that shows: where a driver is absent, refuses, or would hand over a float, the
answer is ``None`` and the rows are read one by one.
"""

from __future__ import annotations

import importlib
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence

    import sqlalchemy as sa

_FIRST_DAY: Final = -719_162
_LAST_DAY: Final = 2_932_896
"""1 January 1 and 31 December 9999: beyond them stand PostgreSQL's infinities."""
_DAY: Final = 86_400_000_000

_AS_IT_IS: Final = frozenset({16, 20, 21, 23, 25, 1042, 1043, 1082, 1114, 1184})
"""PostgreSQL's boolean, integers, texts, date and timestamps by their OIDs."""
_NUMERIC: Final = 1700


def read_columns(url: sa.URL, query: str, headers: Sequence[str], types: Sequence[Any]) -> pl.DataFrame | None:
    """Return the whole result of a query that yields ``headers``, or ``None``.

    ``types`` are the database's own codes for the columns' types, where it has any.
    """
    backend = url.get_backend_name()
    query = query.strip().rstrip(";")
    try:
        if backend == "sqlite":
            table = _from_sqlite(url, query, len(headers))
        elif backend == "postgresql":
            table = _from_postgres(url, query, types)
        else:
            return None
        if table is None:
            return None
        # Polars takes text from Arrow unseen, and text that is none would break it.
        table.validate(full=True)
        frame = pl.from_arrow(table)
    except Exception:  # noqa: BLE001 -- whatever a driver raises, the other way says it in the usual words
        return None
    if not isinstance(frame, pl.DataFrame) or frame.width != len(headers) or not all(map(_is_exact, frame)):
        return None
    return pl.DataFrame([_known(column).alias(header) for column, header in zip(frame, headers, strict=True)])


def _is_exact(column: pl.Series) -> bool:
    """Say whether a column is one of a cell's types, and its days have four digits for the year."""
    kind = column.dtype
    if kind == pl.Date or isinstance(kind, pl.Datetime):
        unit = 1 if kind == pl.Date else _DAY
        column = column.dt.cast_time_unit("us") if unit == _DAY else column
        lowest, highest = column.to_physical().min(), column.to_physical().max()
        if not isinstance(lowest, int) or not isinstance(highest, int):
            return True
        return _FIRST_DAY * unit <= lowest and highest < (_LAST_DAY + 1) * unit
    return kind in {pl.String, pl.Boolean, pl.Null} or kind.is_integer()


def _known(column: pl.Series) -> pl.Series:
    """Return a column without any value as text: its type says nothing."""
    return column.cast(pl.String) if column.null_count() == column.len() else column


def _from_sqlite(url: sa.URL, query: str, width: int) -> Any:
    """Return an Arrow table; ``None`` where a value is a float or binary: each value has its own type there."""
    if url.database in {None, "", ":memory:"} or url.query:
        return None
    driver = importlib.import_module("adbc_driver_sqlite.dbapi")
    names = [f"c{index}" for index in range(width)]
    rows = f"WITH q({', '.join(names)}) AS ({query}\n)"
    counts = ", ".join(
        f"total(typeof({name}) IN ('real', 'blob')), total(typeof({name}) = 'integer'), total(typeof({name}) = 'text')"
        for name in names
    )
    with (
        closing(driver.connect(f"file:{quote(str(url.database))}?mode=ro")) as connection,
        closing(connection.cursor()) as cursor,
    ):
        cursor.execute(f"{rows} SELECT count(*), {counts} FROM q")  # noqa: S608 -- the project's own query
        height, *found = cursor.fetchone()
        if any(found[::3]):
            return None
        mixed = [bool(integers and texts) for integers, texts in zip(found[1::3], found[2::3], strict=True)]
        if any(mixed):
            cells = (f"CAST({name} AS TEXT)" if both else name for name, both in zip(names, mixed, strict=True))
            query = f"{rows} SELECT {', '.join(cells)} FROM q"  # noqa: S608
        # The driver tells a column's type by the rows that it takes at once.
        cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": str(max(1, height))})
        cursor.execute(query)
        return cursor.fetch_arrow_table()


def _from_postgres(url: sa.URL, query: str, types: Sequence[Any]) -> Any:
    """Return an Arrow table, numerics as their text; ``None`` where a column has a type of which that is not known."""
    if not types or not all(code in _AS_IT_IS or code == _NUMERIC for code in types):
        return None
    driver = importlib.import_module("adbc_driver_postgresql.dbapi")
    if _NUMERIC in types:
        names = [f"c{index}" for index in range(len(types))]
        cells = (f"{name}::text" if code == _NUMERIC else name for name, code in zip(names, types, strict=True))
        query = f"SELECT {', '.join(cells)} FROM ({query}\n) AS q({', '.join(names)})"  # noqa: S608 -- the project's own
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with closing(driver.connect(address)) as connection, closing(connection.cursor()) as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
        cursor.execute(query)
        return cursor.fetch_arrow_table()
