"""Drafts of some offers each, put together to the draft of a whole site."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from acorn_engine.facts import KEYS
from acorn_engine.plan.ordering import is_ordered

if TYPE_CHECKING:
    from collections.abc import Iterable

    from acorn_engine.plan.drafting import Draft


def joined(drafts: Iterable[Draft]) -> Draft:
    """Return one draft of all the offers that ``drafts`` are of; no offer is in two of them.

    There must be one at least. How the offers were cut does not show in what comes back.
    """
    bare: list[Draft] = []
    changes: list[pl.DataFrame] = []
    offers: list[pl.DataFrame] = []
    for draft in drafts:
        changes.append(draft.changes)
        offers.append(draft.offers)
        bare.append(replace(draft, changes=draft.changes.clear(), offers=draft.offers.clear()))
    ends = [draft.fresh_until for draft in bare if draft.fresh_until is not None]
    return replace(
        bare[0],
        accounts=tuple(sorted({account for draft in bare for account in draft.accounts})),
        changes=_sorted(changes, *KEYS, "field"),
        offers=_sorted(offers, *KEYS),
        considered=sum(draft.considered for draft in bare),
        fresh_until=min(ends) if ends else None,
        integer_fields=tuple(sorted({name for draft in bare for name in draft.integer_fields})),
    )


def _sorted(frames: list[pl.DataFrame], *keys: str) -> pl.DataFrame:
    """Return frames put together and sorted; ``frames`` is emptied, so that no column is held twice for long."""
    whole = pl.concat(frames)
    frames.clear()
    # What is the same on every row need not be compared.
    telling = [key for key in keys if whole.height and (whole[key] != whole[key][0]).any()]
    if not telling or is_ordered(whole, *telling):
        return whole
    order = whole.select(telling).with_row_index("_row").sort(telling)["_row"]
    names, columns = whole.columns, []
    for name in names:
        columns.append(whole[name].gather(order))
        whole = whole.drop(name)
    return pl.DataFrame(columns)
