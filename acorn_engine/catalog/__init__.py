"""Products and listings, read, typed, checked and joined to offers."""

from acorn_engine.catalog.check import columns_of
from acorn_engine.catalog.delimited import read_delimited
from acorn_engine.catalog.encoding import decode
from acorn_engine.catalog.files import read_bytes
from acorn_engine.catalog.join import join_offers
from acorn_engine.catalog.options import CatalogOptions, ColumnSpec, parse_columns
from acorn_engine.catalog.raw import RawTable, read_role, rows_table
from acorn_engine.catalog.table import TypedTable, type_table

__all__ = [
    "CatalogOptions",
    "ColumnSpec",
    "RawTable",
    "TypedTable",
    "columns_of",
    "decode",
    "join_offers",
    "parse_columns",
    "read_bytes",
    "read_delimited",
    "read_role",
    "rows_table",
    "type_table",
]
