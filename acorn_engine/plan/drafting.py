"""From judged changes to a draft: what a plan needs, before any message is made."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from acorn_engine.facts import KEYS
from acorn_engine.guard.candidates import all_fields
from acorn_engine.guard.model import JUDGED_SCHEMA, ROW, Halt
from acorn_engine.guard.text import column_text, minor_text
from acorn_engine.plan.ordering import ordered
from acorn_engine.verdicts import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acorn_engine.facts import FactInfo
    from acorn_engine.guard import Judged
    from acorn_engine.ruleset import Chain
    from acorn_engine.sites import SiteClock

DRAFT_SCHEMA: Final = {name: dtype for name, dtype in JUDGED_SCHEMA.items() if name != ROW}
"""A draft's changes: those of a plan, without ids."""

PRICE_TEXTS: Final = ("price", "sale_price", "minimum_price", "maximum_price")
OFFER_SCHEMA: Final[dict[str, pl.DataType]] = dict.fromkeys(
    (
        *KEYS,
        "product_type",
        "fulfilment",
        "currency",
        *PRICE_TEXTS,
        "sale_from",
        "sale_to",
        "quantity",
        "neighbours",
    ),
    pl.String(),
)
"""What messages are made of, besides the changes: one row per offer that has a change.

The price group is as it would stand once the changes of its group are sent. ``quantity`` is the
proposed one where it equals the current one: given along where handling days change.
"""


@dataclass(frozen=True)
class Draft:
    """All changes of one site with their verdicts, and what their messages are made of.

    ``changes`` has ``DRAFT_SCHEMA``, ordered by key and field; ``offers`` has ``OFFER_SCHEMA``.
    ``fresh_until`` is when the first fact behind a change to send runs out, if any does.
    ``halts`` and ``counts`` stand open until all offers of the site are there.
    ``integer_fields`` are the fields whose values are whole numbers.
    """

    clock: SiteClock
    accounts: tuple[str, ...]
    changes: pl.DataFrame
    offers: pl.DataFrame
    halts: tuple[Halt, ...]
    counts: Mapping[str, Any]
    considered: int
    switched_off: Mapping[str, str]
    fresh_until: datetime | None = None
    integer_fields: tuple[str, ...] = ()

    def with_changes(self, changes: pl.DataFrame) -> Draft:
        """Return the draft with other changes."""
        return replace(self, changes=changes)


def draft(judged: Judged, chain: Chain) -> Draft:
    """Return the draft of a judged site. Nothing is decided here."""
    changes = ordered(judged.changes.select(*DRAFT_SCHEMA), *KEYS, "field")
    fields = all_fields({one.field.name: one.field for rule in chain.rules for one in rule.sets})
    return Draft(
        clock=judged.clock,
        accounts=judged.accounts,
        changes=changes,
        offers=_offers(judged.frame, judged.clock),
        halts=judged.halts,
        counts=judged.counts,
        considered=judged.considered,
        switched_off=judged.settings.switched_off,
        fresh_until=_fresh_until(judged, chain),
        integer_fields=tuple(sorted(name for name, field in fields.items() if field.type.integer)),
    )


def _offers(frame: pl.DataFrame, clock: SiteClock) -> pl.DataFrame:
    site, schema = clock.site, frame.schema
    prices = [minor_text(pl.col(f"stands.{name}"), site.digits).alias(name) for name in PRICE_TEXTS]
    days = [column_text(f"stands.{name}", schema[f"stands.{name}"]).alias(name) for name in ("sale_from", "sale_to")]
    settled = pl.when(~pl.col("changed.quantity")).then(pl.col("to.quantity").cast(pl.String))
    offers = frame.select(
        *KEYS,
        "product_type",
        "fulfilment",
        pl.lit(site.currency).alias("currency"),
        *prices,
        *days,
        settled.alias("quantity"),
        pl.col("_neighbours").alias("neighbours"),
    )
    return ordered(offers.select(*OFFER_SCHEMA), *KEYS)


def _fresh_until(judged: Judged, chain: Chain) -> datetime | None:
    """Return when the first fact that rules or guards read runs out, over the offers to be sent.

    A fact that is too old already holds its change, or is allowed to be old: it sets no end.
    """
    infos = chain.vocabulary.facts
    ageing = [infos[name] for name in sorted(_reads(chain)) if name in infos and infos[name].largest_age is not None]
    sending = judged.changes.filter(pl.col("verdict") == Verdict.SEND.value)[ROW].unique()
    if not ageing or sending.is_empty():
        return None
    rows = judged.frame[sending]
    ends = [_runs_out(info, rows, judged.clock.now) for info in ageing]
    known = [end for end in ends if end is not None]
    return min(known) if known else None


def _reads(chain: Chain) -> set[str]:
    parts = [rule.when for rule in chain.rules] + [one.value for rule in chain.rules for one in rule.sets]
    guards = [guard.condition for guard in (*chain.guards, *chain.plan_guards)]
    return {name for part in (*parts, *guards) if part is not None for name in part.reads} | {
        "floor_price",
        "ceiling_price",
    }


def _runs_out(info: FactInfo, rows: pl.DataFrame, now: datetime) -> datetime | None:
    if info.largest_age is None or info.as_of is None:
        return None
    if isinstance(info.as_of, datetime):
        end = info.as_of + info.largest_age
        return end if end >= now else None
    if info.as_of not in rows.columns or info.name not in rows.columns:
        return None
    valid = rows.filter(pl.col(info.name).is_not_null())[info.as_of]
    oldest = pl.lit((now - info.largest_age).astimezone(UTC)).cast(pl.Datetime("us", "UTC"))
    first = valid.to_frame("at").filter(pl.col("at") >= oldest)["at"].min()
    return first + info.largest_age if isinstance(first, datetime) else None


def hold(changes: pl.DataFrame, which: pl.Expr, code: str, because: str | pl.Expr) -> pl.DataFrame:
    """Return changes with those that ``which`` names, and that would be sent, held instead."""
    some = (which & (pl.col("verdict") == Verdict.SEND.value)).fill_null(value=False)
    text = pl.lit(because) if isinstance(because, str) else because

    def instead(name: str, value: pl.Expr) -> pl.Expr:
        return pl.when(some).then(value).otherwise(pl.col(name)).alias(name)

    return changes.with_columns(
        instead("verdict", pl.lit(Verdict.HOLD.value)),
        instead("code", pl.lit(code)),
        instead("because", text),
        instead("params", pl.lit("{}")),
    )
