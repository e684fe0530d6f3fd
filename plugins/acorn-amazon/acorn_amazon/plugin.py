"""The hooks of acorn-amazon."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from acorn_engine.plugins import hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable

    from acorn_engine.plugins import CatalogSource, Marketplace, Settings

_LISTINGS_REPORT: Final = "acorn_amazon.listings_report"


@hookimpl
def acorn_settings() -> Iterable[Settings]:
    """Declare the ``[amazon]`` section."""
    from acorn_amazon.settings import AmazonSettings
    from acorn_engine.plugins import Settings

    yield Settings("amazon", AmazonSettings)


@hookimpl
def acorn_marketplaces() -> Iterable[Marketplace]:
    """Provide Amazon's stores."""
    from acorn_amazon.marketplace import AmazonMarketplace

    yield AmazonMarketplace()


@hookimpl
def acorn_catalog_sources() -> Iterable[CatalogSource]:
    """Provide the reader of Amazon's own listings report."""
    if find_spec(_LISTINGS_REPORT) is not None:
        yield import_module(_LISTINGS_REPORT).CATALOG_SOURCE
