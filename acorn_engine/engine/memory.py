"""What is remembered of a site's offers: their last reads, and the values that are on their way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import polars as pl

from acorn_engine.facts import KEYS
from acorn_engine.store import OFFER_STATE_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from acorn_engine.engine.context import Context

PENDING_SCHEMA: Final = {name: pl.String() for name in (*KEYS, "group")}


class Memory(Protocol):
    """Tells what is remembered of offers."""

    def of(self, site: str, accounts: Sequence[str], offers: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return states (``OFFER_STATE_SCHEMA``) and pending groups (``PENDING_SCHEMA``) of a site.

        Offers that are not among ``offers`` may be left out.
        """
        ...


class _Nothing:
    def of(self, site: str, accounts: Sequence[str], offers: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        del site, accounts, offers
        return pl.DataFrame(schema=dict(OFFER_STATE_SCHEMA)), pl.DataFrame(schema=PENDING_SCHEMA)


NOTHING: Final[Memory] = _Nothing()
"""Nothing is remembered of any offer."""


class StoreMemory:
    """What the database remembers."""

    def __init__(self, context: Context) -> None:
        self._store = context.store

    def of(self, site: str, accounts: Sequence[str], offers: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return everything that the database knows of the site."""
        del offers
        names = list(accounts)
        return self._store.offer_states(site, names), self._store.pending(site, names)


class FileMemory:
    """What the database remembered when the files were written: one of states, one of pending groups a site."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @staticmethod
    def write(folder: Path, memory: Memory, site: str, accounts: Sequence[str]) -> None:
        """Write what ``memory`` tells of a site."""
        states, pending = memory.of(site, accounts, pl.DataFrame())
        states.write_parquet(folder / f"states-{site}.parquet")
        pending.write_parquet(folder / f"pending-{site}.parquet")

    def of(self, site: str, accounts: Sequence[str], offers: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return what is remembered of ``offers``; the files are never read whole."""
        keys = offers.lazy().select(*KEYS)
        mine = pl.col("account").is_in(list(accounts))
        states, pending = (
            pl.scan_parquet(self._folder / f"{kind}-{site}.parquet", glob=False)
            .filter(mine)
            .join(keys, on=list(KEYS), how="semi")
            .collect(engine="streaming")
            for kind in ("states", "pending")
        )
        return states, pending
