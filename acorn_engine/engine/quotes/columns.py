"""How the columns of quoted offers are read: one reader for each fact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from acorn_engine.catalog import CatalogOptions, parse_columns, rows_table
from acorn_engine.catalog.cells import UnusualError, cell_reader, clean_key
from acorn_engine.catalog.headers import clean_header
from acorn_engine.catalog.layout import lay_out
from acorn_engine.catalog.table import fact_name
from acorn_engine.engine.quotes.offer import KEYS, places, rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from acorn_engine.catalog.names import Role
    from acorn_engine.engine.context import Context
    from acorn_engine.facts import Cell
    from acorn_engine.sites import Site


@dataclass(frozen=True, slots=True)
class OfferColumn:
    """A fact, the name under which offers hold it (``None`` where only a default is there), its reader."""

    fact: str
    name: str | None
    read: Callable[[object], Cell]


def offer_columns(
    context: Context, site: Site, account: str, offer: Mapping[str, Any]
) -> tuple[list[OfferColumn], list[str]]:
    """Return the columns of offers with such names, and the names that no rule can read.

    ``context`` is one without sources. Raises ``UnusualError`` where a table has to look at it.
    """
    names = places(offer)
    if any(clean_header(name) != name for name in names) or any(column in KEYS for _, column in names.values()):
        raise UnusualError("a name that is a key, or not clean")
    clean_key(site.name)
    clean_key(account)
    found: list[OfferColumn] = []
    read: set[str] = set()
    roles: tuple[Role, ...] = ("products", "listings")
    for role, row in zip(roles, rows(site.name, account, offer), strict=True):
        holders = {column: name for name, (where, column) in names.items() if where == role}
        columns = _columns(context, role, row, site, holders)
        read.update(each.name for each in columns if each.name is not None)
        found += columns
    return found, [name for name in names if name not in read]


def _columns(
    context: Context, role: Role, row: Mapping[str, Any], site: Site, holders: Mapping[str, str]
) -> list[OfferColumn]:
    section = getattr(context.project.catalog, role)
    options = CatalogOptions.model_validate(dict(section)) if section is not None else None
    raw = rows_table(role, [row], options=options)
    declared = parse_columns(context.project.catalog.columns)
    frame = raw.frame.with_columns(_position=pl.int_range(raw.frame.height, dtype=pl.UInt32))
    layout = lay_out(raw, frame, declared)
    if "price_currency" in layout.types:
        raise UnusualError("price_currency")
    tags = {"cost_currency"} | {kind.tag_column for kind in layout.types.values()}
    found = []
    for name, kind in layout.types.items():
        if name in KEYS:
            continue
        spec = declared.get(name)
        default = raw.options.default.get(name, spec.default if spec else None)
        reader = cell_reader(name, kind, raw.options.number_format, site.digits, default, currency=name in tags)
        found.append(OfferColumn(fact_name(role, name), holders.get(name), reader))
    return found
