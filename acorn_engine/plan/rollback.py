"""Rollback: what a submitted plan changed is proposed again as it was before."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import polars as pl

from acorn_engine.evaluate.reads import CURRENT
from acorn_engine.fields import ATTRIBUTE_PREFIX
from acorn_engine.guard.candidates import (
    LIMIT_FIELDS,
    LOST,
    all_fields,
    complete,
    field_dtype,
    floor_price,
    sent_fields,
)
from acorn_engine.guard.settings import MOVES, NO_MOVES
from acorn_engine.types import Kind
from acorn_engine.verdicts import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acorn_engine.evaluate import Proposals
    from acorn_engine.fields import Field
    from acorn_engine.ruleset import Chain, Guard
    from acorn_engine.sites import Site

_KEY: Final = ["account", "site", "seller_sku"]
_LIMITS: Final = frozenset({"floor_price", "ceiling_price", "eligible"})
RULE: Final = "rollback"
"""What a rolled-back change names as its rule: no rule of the chain set it."""


def rollback_proposals(changes: pl.DataFrame, proposals: Proposals, chain: Chain) -> Proposals:
    """Return proposals of the values from before a plan, in place of what the rules propose now.

    ``changes`` are those of the plan to undo, as a plan has them, that were submitted; ``proposals``
    an evaluation of the same offers now: it gives the floors, ceilings and eligibility of today, which
    bind a rollback like any other plan. A value that was missing before can't be restored: the
    field stays missing and its change is held. A minimum or maximum is kept within today's limits,
    and follows them where there was none before.
    """
    site, fields = chain.site, all_fields(proposals.fields)
    sent = changes.filter(pl.col("verdict") == Verdict.SEND.value)
    frame = complete(proposals.frame, fields, site)
    for field in sent_fields(fields):
        before = sent.filter(pl.col("field") == field.name).select(*_KEY, _before="from", _undo=pl.lit(value=True))
        frame = frame.join(before, on=_KEY, how="left", maintain_order="left")
        old = _value(pl.col("_before"), field, site)
        frame = frame.with_columns(
            _restored(field, old).alias(f"to.{field.name}"),
            pl.when(pl.col("_undo")).then(pl.lit(RULE)).alias(f"rule.{field.name}"),
            _lost(field, old).fill_null(value=False).alias(f"{LOST}{field.name}"),
        ).drop("_before", "_undo")
    frame = frame.with_columns(_holds(fields, chain))
    return replace(proposals, frame=frame, fields=fields)


def _value(text: pl.Expr, field: Field, site: Site) -> pl.Expr:
    """Read back what a plan's ``from`` says."""
    if field.name.startswith(ATTRIBUTE_PREFIX):
        return text
    if field.type.kind is Kind.MONEY:
        return text.str.to_decimal(scale=site.digits).to_physical().cast(pl.Int64)
    if field.type.kind is Kind.BOOLEAN:
        return text == "true"
    if field.type.kind is Kind.DATE:
        return text.str.to_date("%Y-%m-%d")
    dtype = field_dtype(field)
    return text.str.to_decimal(scale=dtype.scale).cast(dtype) if isinstance(dtype, pl.Decimal) else text.cast(dtype)


def _restored(field: Field, old: pl.Expr) -> pl.Expr:
    if field.name == "minimum_price":
        return pl.max_horizontal(pl.when(pl.col("_undo")).then(old), floor_price())
    if field.name == "maximum_price":
        return pl.min_horizontal(pl.when(pl.col("_undo")).then(old), pl.col("to.ceiling_price"))
    return pl.when(pl.col("_undo")).then(old)


def _lost(field: Field, old: pl.Expr) -> pl.Expr:
    """Say where a value cannot be restored. A limit that was missing follows today's, or stays as it is."""
    if field.name in LIMIT_FIELDS:
        return pl.lit(value=False)
    return pl.col("_undo") & old.is_null()


def _holds(fields: Mapping[str, Field], chain: Chain) -> list[pl.Expr]:
    """Keep the holds by rules that set today's limits; what other rules held says nothing of the past."""
    binding = sorted({rule.id for rule in chain.rules if any(one.field.name in _LIMITS for one in rule.sets)})
    groups = {field.group for field in fields.values()}
    found: list[pl.Expr] = []
    for group in sorted(groups):
        lost = [pl.col(f"{LOST}{field.name}") for field in sent_fields(fields) if field.group == group]
        gone = pl.any_horizontal(lost) if lost else pl.lit(value=False)
        kept = pl.col(f"hold.{group}").is_in(binding).fill_null(value=False)
        values = {"hold": RULE, "hold_code": "missing", "hold_facts": "the value from before"}
        found += [
            pl.when(kept)
            .then(pl.col(f"{part}.{group}"))
            .when(gone)
            .then(pl.lit(value))
            .otherwise(pl.lit(None, pl.String))
            .alias(f"{part}.{group}")
            for part, value in values.items()
        ]
    return found


def exempt_guards(chain: Chain) -> frozenset[str]:
    """Return the guards that a rollback need not pass: those of moves, shifts and shares.

    A guard of moves or shifts compares a proposed value with what the site shows
    (``price`` with ``current_price``), a guard of shares reads how much would change.
    The floor and whatever else always holds is not among them.
    """
    return frozenset(guard.id for guard in (*chain.guards, *chain.plan_guards) if _of_moves(guard))


def _of_moves(guard: Guard) -> bool:
    if guard.id in NO_MOVES:
        return False
    reads = guard.condition.reads
    if guard.id in MOVES or {"changed_share", "changed_count"} & reads:
        return True
    return any(name.startswith(CURRENT) and name.removeprefix(CURRENT) in reads for name in reads)
