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
        changes=pl.concat([draft.changes for draft in drafts]).sort(*KEYS, "field"),
        offers=pl.concat([draft.offers for draft in drafts]).sort(*KEYS),
        considered=sum(draft.considered for draft in drafts),
        fresh_until=min(ends) if ends else None,
        integer_fields=tuple(sorted({name for draft in drafts for name in draft.integer_fields})),
    )
