"""What the tables' headers alone say: the facts that rules can read, and their types."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from acorn_engine.catalog.join import join_offers
from acorn_engine.catalog.table import TypedTable, type_table
from acorn_engine.problems import Place, Problem, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acorn_engine.catalog.options import ColumnSpec
    from acorn_engine.catalog.raw import RawTable
    from acorn_engine.facts import FactInfo
    from acorn_engine.sites import Site

_NEVER: Final = datetime(9999, 1, 1, tzinfo=UTC)


def columns_of(
    products: RawTable, listings: RawTable, columns: Mapping[str, ColumnSpec], sites: Mapping[str, Site]
) -> tuple[dict[str, FactInfo], tuple[Problem, ...]]:
    """Return the facts of the joined offers, by name, and the problems of the columns; no row is looked at.

    Raises ``CatalogError`` where a table cannot be used.
    """
    typed = [
        type_table(replace(raw, frame=raw.frame.head(0)), columns, sites, allow_empty=True)
        for raw in (products, listings)
    ]
    offers, problems = join_offers(typed[0], typed[1], sites, {}, _NEVER)
    return dict(offers.facts), (*problems, *undeclared(columns, typed))


def undeclared(columns: Mapping[str, ColumnSpec], tables: list[TypedTable]) -> list[Problem]:
    """Return a warning for every name of [catalog.columns] that no table has."""
    names = [name for table in tables for name in table.headers]
    return [
        Problem(
            code="column_not_found",
            message=f"[catalog.columns] gives '{name}' a type, but neither products nor listings have such a column",
            effect="warns",
            place=Place(file="acorn.toml", field=name),
            hint=did_you_mean(name, names) or "take it out, or add the column",
            params={"column": name},
        )
        for name in columns
        if name not in names
    ]
