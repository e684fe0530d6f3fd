"""Drafts of some offers each, put together to the draft of a whole site."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import polars as pl

from acorn_engine.facts import KEYS
from acorn_engine.plan.ordering import is_ordered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acorn_engine.plan.drafting import Draft

_AT_ONCE: Final = 4
"""So many columns are put in order together: some for every core, and few to be held twice."""


def joined(bare: Sequence[Draft], frames: list[pl.DataFrame]) -> Draft:
    """Return one draft of all the offers that some drafts are of; no offer is in two of them.

    ``bare`` are those drafts, at least one, whose own frames do not count; ``frames`` all their changes
    and all their offers, one draft's after the other's, each in its order: it is emptied, so that nothing is held twice for
    long. How the offers were cut does not show in what comes back.
    """
    ends = [draft.fresh_until for draft in bare if draft.fresh_until is not None]
    offers, changes = _sorted(frames), _sorted(frames)
    return replace(
        bare[0],
        accounts=tuple(sorted({account for draft in bare for account in draft.accounts})),
        changes=changes,
        offers=offers,
        considered=sum(draft.considered for draft in bare),
        fresh_until=min(ends) if ends else None,
        integer_fields=tuple(sorted({name for draft in bare for name in draft.integer_fields})),
    )


def _sorted(frames: list[pl.DataFrame]) -> pl.DataFrame:
    """Return the last of ``frames`` in the order of the offers' keys; within an offer rows stand as they stood.

    It is taken from ``frames``, so that its columns can go one by one.
    """
    whole = frames.pop()
    # What is the same on every row is neither compared nor moved, and takes no memory.
    same = {name: whole[name][0] for name in whole.columns if _is_constant(whole[name])}
    telling = [key for key in KEYS if key not in same]
    if not telling or is_ordered(whole, *telling):
        return whole
    names, schema = whole.columns, whole.schema
    whole = whole.drop(same)
    order = whole.select(telling).with_row_index("_row").sort(telling, maintain_order=True)["_row"]
    columns: list[pl.Series] = []
    while whole.width:
        some = whole.columns[:_AT_ONCE]
        columns += whole.select(pl.col(some).gather(order)).get_columns()
        whole = whole.drop(some)
    constants = (pl.lit(value, dtype=schema[name]).alias(name) for name, value in same.items())
    return pl.DataFrame(columns).with_columns(constants).select(names)


def _is_constant(column: pl.Series) -> bool:
    if column.null_count():
        return column.null_count() == len(column)
    return len(column) > 0 and bool((column == column[0]).all())
