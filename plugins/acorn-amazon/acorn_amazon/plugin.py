"""The hooks of acorn-amazon."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acorn_engine.plugins import hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable

    from acorn_engine.plugins import CatalogSource, Marketplace, Settings


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
    from acorn_amazon.listings_report import CATALOG_SOURCE

    yield CATALOG_SOURCE
