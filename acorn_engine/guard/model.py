"""What judging is told of the whole site, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from acorn_engine.guard.settings import GuardSettings
    from acorn_engine.sites import SiteClock

ROW: Final = "_row"
"""The column that ties a change to its offer's row in ``Judged.frame``."""

JUDGED_SCHEMA: Final[dict[str, pl.DataType]] = {
    ROW: pl.UInt32(),
    "account": pl.String(),
    "site": pl.String(),
    "sku": pl.String(),
    "seller_sku": pl.String(),
    "group": pl.String(),
    "wave": pl.Int8(),
    "operation": pl.String(),
    "field": pl.String(),
    "from": pl.String(),
    "to": pl.String(),
    "currency": pl.String(),
    "rule": pl.String(),
    "guard": pl.String(),
    "verdict": pl.String(),
    "because": pl.String(),
    "code": pl.String(),
    "params": pl.String(),
}
"""The columns of ``Judged.changes``: those of a plan's changes, without an id."""

UNRELEASABLE: Final = frozenset(
    {
        "no_floor",
        "price_unknown",
        "sale_dates_missing",
        "sale_price_missing",
        "neighbours_unknown",
        "fulfilment_missing",
        "currency_mismatch",
        "no_message",
    }
)
"""Codes of holds that nobody can release: what is missing must be supplied first."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the site beyond the offers at hand.

    ``offers`` is the number of all known offers of the site; ``None`` is unknown, and halts where a
    guard needs it. ``sent`` has ``account, site, seller_sku`` of everything sent in the last 24
    hours. ``without_neighbours`` are the accounts whose seller says that nothing else stands in
    an offer. ``same_attribute(wanted, shown)`` compares JSON texts as the marketplace does; by
    default they must be equal data. ``exempt`` are ids of guards that are not asked.
    """

    offers: int | None
    sent: pl.DataFrame | None = None
    without_neighbours: frozenset[str] = frozenset()
    same_attribute: Callable[[str, str | None], bool] | None = None
    exempt: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Halt:
    """A plan guard that fired, or could not be asked: nothing of the plan may be sent."""

    guard: str
    code: str
    because: str
    params: Mapping[str, Any]


@dataclass(frozen=True)
class Judged:
    """Every change of one site with its verdict.

    ``changes`` has ``JUDGED_SCHEMA``, in the order of offers, then fields. ``frame`` has one row per
    offer that has a change: the proposals' columns, with ``_row``. ``counts`` are the
    numbers that plan guards read (``changed_count, offers``: int; ``changed_share, held_share``:
    exact fractions, or ``None`` where unknown).
    """

    clock: SiteClock
    frame: pl.DataFrame
    changes: pl.DataFrame
    halts: tuple[Halt, ...]
    counts: Mapping[str, Any]
    settings: GuardSettings
    considered: int = 0
    accounts: tuple[str, ...] = field(default=())
