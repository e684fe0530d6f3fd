"""Partitions of a catalogue: an account's offers cut by SKU, the sites of a SKU together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import polars as pl

from acorn_engine.engine.inputs import ROLES, Catalogue, read_catalogue, source_options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from acorn_engine.catalog.parts import CataloguePart
    from acorn_engine.engine.context import Context
    from acorn_engine.facts import FactInfo
    from acorn_engine.problems import Problem

_BUCKET: Final = "_bucket"


class Partition(Protocol):
    """A part of the catalogue that can be read, as often as needed, by whoever sees its files."""

    def read(self, context: Context) -> Catalogue:
        """Return the offers of the partition."""
        ...


@dataclass(frozen=True)
class Whole:
    """The one partition of a catalogue that is in memory."""

    catalogue: Catalogue

    def read(self, context: Context) -> Catalogue:
        """Return the catalogue."""
        del context
        return self.catalogue


@dataclass(frozen=True)
class OffersFile:
    """A partition whose offers stand in a Parquet file, typed and joined.

    ``facts`` are those of the whole catalogue; ``problems`` what concerns the catalogue as a whole
    or offers of this partition.
    """

    path: str
    facts: Mapping[str, FactInfo]
    problems: tuple[Problem, ...]

    def read(self, context: Context) -> Catalogue:
        """Return the offers of the file."""
        del context
        from acorn_engine.facts import Offers

        return Catalogue(Offers(pl.read_parquet(self.path, glob=False), self.facts), self.problems)


@dataclass(frozen=True)
class SourceFiles:
    """A partition whose products and listings stand in Parquet files as their source has them."""

    part: CataloguePart
    problems: tuple[Problem, ...]

    def read(self, context: Context) -> Catalogue:
        """Read, type and join the rows of the files."""
        from acorn_engine.catalog import parse_columns

        project = context.project
        columns = parse_columns(project.catalog.columns)
        offers, problems = self.part.offers(columns, context.registry.sites, project.accounts, context.now())
        return Catalogue(offers, (*self.problems, *problems))


def partitions_of(context: Context, folder: Path, products: Any = None, listings: Any = None) -> list[Partition]:
    """Return the catalogue in partitions: one in memory, or as many files below ``folder`` as its size asks for.

    Parquet sources that are larger than one partition are never held whole. Rows handed in
    take the place of the project's sources. Raises ``CatalogError`` where the catalogue cannot be used.
    """
    most = context.project.run.partition_offers
    if products is None and listings is None:
        parts = _from_parquet(context, folder, most)
        if parts:
            return parts
    catalogue = read_catalogue(context, products, listings)
    count = -(-catalogue.offers.frame.height // most)
    return [Whole(catalogue)] if count <= 1 else list(cut(catalogue, count, folder))


def _from_parquet(context: Context, folder: Path, most: int) -> list[Partition]:
    """Return the partitions of Parquet files that are too large for one; none for any other catalogue."""
    from acorn_engine.builtin.parquet_file import PARQUET_SOURCE, parquet_table
    from acorn_engine.catalog import parse_columns
    from acorn_engine.catalog.parts import split_catalogue

    options = {role: source_options(context, role) for role in ROLES}
    if any(one is None or one.source != PARQUET_SOURCE.name for one in options.values()):
        return []
    root = context.project.root
    products, listings = (parquet_table(role, one, root) for role, one in options.items() if one)
    if listings.height <= most:
        return []
    columns = parse_columns(context.project.catalog.columns)
    made = split_catalogue(products, listings, columns, context.registry.sites, context.now(), folder, rows=most)
    return [SourceFiles(part, made.problems if number == 0 else ()) for number, part in enumerate(made.parts)]


def cut(catalogue: Catalogue, count: int, folder: Path) -> Sequence[Partition]:
    """Write a catalogue's offers into ``count`` files; offers of one SKU, or one seller SKU, stand in one file.

    A seller SKU is one pool of stock, whatever the ERP calls it on each site. Which SKU goes where does
    not depend on the order of the rows. Problems come with the first.
    """
    from acorn_engine.catalog.tangles import FOLDED, tangled

    sku = pl.coalesce("sku", "seller_sku")
    frame = catalogue.offers.frame
    moved = tangled(frame.lazy().select(sku.alias(FOLDED), "seller_sku"), ["seller_sku"])
    key = sku.replace(moved[FOLDED], moved["with"]) if moved.height else sku
    marked = frame.with_columns((key.hash(seed=0) % count).alias(_BUCKET))
    made: list[Partition] = []
    for number in range(count):
        path = folder / f"offers-{number:05}.parquet"
        marked.filter(pl.col(_BUCKET) == number).drop(_BUCKET).write_parquet(path, compression="lz4")
        problems = catalogue.problems if number == 0 else ()
        made.append(OffersFile(str(path), catalogue.offers.facts, problems))
    return made
