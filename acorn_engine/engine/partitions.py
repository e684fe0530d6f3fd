"""Partitions of a catalogue: an account's offers cut by SKU, the sites of a SKU together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import polars as pl

from acorn_engine.engine.inputs import Catalogue, read_catalogue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

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


def partitions_of(context: Context, folder: Path | None, products: Any = None, listings: Any = None) -> list[Partition]:
    """Return the catalogue in partitions: one in memory, or as many files as its size asks for.

    ``folder`` is where files are written; without it the catalogue stays in memory. Rows handed in
    take the place of the project's sources. Raises ``CatalogError`` where the catalogue cannot be used.
    """
    catalogue = read_catalogue(context, products, listings)
    most = context.project.run.partition_offers
    count = -(-catalogue.offers.frame.height // most)
    if folder is None or count <= 1:
        return [Whole(catalogue)]
    return list(cut(catalogue, count, folder))


def cut(catalogue: Catalogue, count: int, folder: Path) -> Sequence[Partition]:
    """Write a catalogue's offers into ``count`` files; offers of one SKU stand in one file.

    Which SKU goes where does not depend on the order of the rows. Problems come with the first.
    """
    sku = pl.coalesce("sku", "seller_sku")
    marked = catalogue.offers.frame.with_columns((sku.hash(seed=0) % count).alias(_BUCKET))
    made: list[Partition] = []
    for number in range(count):
        path = folder / f"offers-{number:05}.parquet"
        marked.filter(pl.col(_BUCKET) == number).drop(_BUCKET).write_parquet(path, compression="lz4")
        problems = catalogue.problems if number == 0 else ()
        made.append(OffersFile(str(path), catalogue.offers.facts, problems))
    return made
