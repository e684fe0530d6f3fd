"""The plugin that comes with the engine: everything built in goes through the same hooks as any other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acorn_engine.plugins import hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable

    from acorn_engine.plugins import CatalogSource


@hookimpl
def acorn_catalog_sources() -> Iterable[CatalogSource]:
    """Provide csv, xlsx, parquet and sql."""
    from acorn_engine.builtin.sources import SOURCES

    yield from SOURCES
