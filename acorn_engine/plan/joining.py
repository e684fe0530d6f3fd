"""Drafts of some offers each, put together to the draft of a whole site."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from acorn_engine.facts import KEYS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acorn_engine.plan.drafting import Draft


def joined(drafts: Sequence[Draft]) -> Draft:
    """Return one draft of all the offers that ``drafts`` are of; no offer is in two of them.

    There must be one at least. How the offers were cut does not show in what comes back.
    """
    first, *others = drafts
    if not others:
        return first
    ends = [draft.fresh_until for draft in drafts if draft.fresh_until is not None]
    return replace(
        first,
        accounts=tuple(sorted({account for draft in drafts for account in draft.accounts})),
        changes=_sorted([draft.changes for draft in drafts], *KEYS, "field"),
        offers=_sorted([draft.offers for draft in drafts], *KEYS),
        considered=sum(draft.considered for draft in drafts),
        fresh_until=min(ends) if ends else None,
        integer_fields=tuple(sorted({name for draft in drafts for name in draft.integer_fields})),
    )


def _sorted(frames: Sequence[pl.DataFrame], *keys: str) -> pl.DataFrame:
    """Return frames put together and sorted; what is the same on every row need not be compared."""
    whole = pl.concat(frames)
    telling = [key for key in keys if whole.height and (whole[key] != whole[key][0]).any()]
    return whole.sort(*telling) if telling else whole
