"""What the offers of one partition give to the plan of their site; in memory, or stored in files."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from acorn_engine.engine.evaluating import unread
from acorn_engine.plan.digests import inputs_digest
from acorn_engine.plan.drafting import Draft, draft

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from acorn_engine.engine.context import Context
    from acorn_engine.engine.evaluating import Evaluated
    from acorn_engine.facts import FactInfo
    from acorn_engine.problems import Problem


@dataclass(frozen=True)
class Piece:
    """The draft of some offers of one site, and what the plan needs to know of them besides.

    ``offers`` counts them, ``unseen`` those that were never read from the marketplace. ``unread``
    has (account, seller_sku) of those that should be read before the plan is made. ``inputs`` is
    the digest of everything the draft is made of, ``ruleset`` that of the rules. ``scalar_rows`` counts
    the offers that columns could not hold.
    """

    draft: Draft
    facts: Mapping[str, FactInfo]
    ruleset: str
    offers: int
    unseen: int
    unread: pl.DataFrame
    inputs: str
    problems: tuple[Problem, ...]
    scalar_rows: int = 0

    def store(self, path: Path) -> StoredPiece:
        """Write the frames beside ``path``; what is half written never bears its final name."""
        frames = {"changes": self.draft.changes, "offers": self.draft.offers, "unread": self.unread}
        finals = {name: _file(path, name) for name in frames}
        temporaries = {name: final.with_name(f"{final.name}.{os.getpid()}.tmp") for name, final in finals.items()}
        pl.collect_all(
            frame.lazy().sink_ipc(temporaries[name], compression="lz4", lazy=True) for name, frame in frames.items()
        )
        for name, final in finals.items():
            temporaries[name].replace(final)
        bare = replace(self.draft, changes=self.draft.changes.clear(), offers=self.draft.offers.clear())
        return StoredPiece(replace(self, draft=bare, unread=self.unread.clear()), str(path))


@dataclass(frozen=True)
class StoredPiece:
    """A piece whose frames stand in files beside ``path``."""

    bare: Piece
    path: str

    def load_unread(self) -> pl.DataFrame:
        """Return the offers that should be read before the plan is made."""
        return _read([self], "unread")


def load_drafts(stored: Sequence[StoredPiece]) -> list[pl.DataFrame]:
    """Return the changes of some pieces, one's after the other's, and their offers."""
    return [_read(stored, name) for name in ("changes", "offers")]


def _file(path: Path, name: str) -> Path:
    return path.with_name(f"{path.name}.{name}.arrow")


def _read(stored: Sequence[StoredPiece], name: str) -> pl.DataFrame:
    # Some letters of a path would be taken for a pattern.
    return pl.scan_ipc([_file(Path(piece.path), name) for piece in stored], glob=False).collect()


def piece_of(context: Context, evaluated: Evaluated) -> Piece:
    """Return what evaluated offers give to the plan of their site."""
    made = draft(evaluated.judged, evaluated.chain)
    ends = [end for end in (made.fresh_until, tables_fresh_until(evaluated)) if end is not None]
    settings = {"guards": repr(context.guards), "accounts": [repr(account) for account in evaluated.accounts]}
    frame = evaluated.offers.frame
    return Piece(
        draft=replace(made, fresh_until=min(ends) if ends else None),
        facts=evaluated.offers.facts,
        ruleset=evaluated.chain.digest,
        offers=frame.height,
        unseen=int((~frame["_read"]).sum()),
        unread=unread(evaluated),
        inputs=inputs_digest(evaluated.offers, evaluated.chain.digest, settings),
        problems=evaluated.problems,
        scalar_rows=evaluated.proposals.scalar_rows,
    )


def tables_fresh_until(evaluated: Evaluated) -> datetime | None:
    """Return when the first table entry that the rules look up for these offers runs out."""
    frame, site = evaluated.offers.frame, evaluated.site
    checked = [rule.when for rule in evaluated.chain.rules if rule.when is not None]
    checked += [one.value for rule in evaluated.chain.rules for one in rule.sets if one.value is not None]
    ends: list[datetime] = []
    for table, literal, column in sorted({lookup for part in checked for lookup in part.lookups}, key=str):
        known = evaluated.offers.tables.get(table)
        if known is None:
            continue
        entries = known.entries.get(site.currency, {})
        keys = (
            [literal] if literal else frame[column].drop_nulls().unique().to_list() if column in frame.columns else []
        )
        for key in keys:
            entry = entries.get(key)
            if entry is not None and entry.expires_at is not None and not entry.stale:
                ends.append(entry.expires_at)
    return min(ends) if ends else None
