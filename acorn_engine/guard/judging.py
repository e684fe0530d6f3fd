"""Judging: every change of a site gets its verdict, then the plan as a whole."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from acorn_engine.evaluate.leaves import bind_columns
from acorn_engine.fields import PRICE_GROUP, attribute_name
from acorn_engine.guard import limits, ownership, unknowns
from acorn_engine.guard.candidates import (
    all_fields,
    complete,
    mark_changes,
    raise_to_floor,
    sent_fields,
    setters_of,
)
from acorn_engine.guard.halts import conclude
from acorn_engine.guard.model import ROW, Judged, Known
from acorn_engine.guard.offer_guards import OfferGuards
from acorn_engine.guard.reasons import NO_REASON, Names, Reason, in_order
from acorn_engine.guard.rows import change_rows, decreases
from acorn_engine.guard.settings import Off
from acorn_engine.guard.telling import tell
from acorn_engine.guard.text import column_text, minor_text, minor_units
from acorn_engine.types import Kind
from acorn_engine.verdicts import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acorn_engine.evaluate import Proposals
    from acorn_engine.facts import FactTable
    from acorn_engine.fields import Field
    from acorn_engine.guard.settings import GuardSettings
    from acorn_engine.ruleset import Chain
    from acorn_engine.sites import SiteClock


def judge(
    chain: Chain,
    proposals: Proposals,
    clock: SiteClock,
    settings: GuardSettings,
    known: Known,
    tables: Mapping[str, FactTable] | None = None,
) -> Judged:
    """Return every change of one site with its verdict and reason, and whether the plan is halted.

    ``proposals`` are those of one site; ``tables`` the tables of its offers (rates, say) for
    guards that convert money. The built-in guards stand in the chain (``GuardSettings.specs``).
    """
    judged = judge_offers(chain, proposals, clock, settings, known, tables)
    counts, found = conclude(chain, judged.changes, known, tables or {}, clock)
    return replace(judged, counts=counts, halts=found)


def judge_offers(
    chain: Chain,
    proposals: Proposals,
    clock: SiteClock,
    settings: GuardSettings,
    known: Known,
    tables: Mapping[str, FactTable] | None = None,
) -> Judged:
    """Return every change of some offers of a site with its verdict and reason.

    What concerns the plan as a whole is left open: there are neither counts nor halts.
    """
    site, fields = chain.site, all_fields(proposals.fields)
    frame = complete(proposals.frame, fields, site).with_columns(pl.lit(value=False).alias("_raised"))
    if settings.below_floor == "raise":
        frame = raise_to_floor(frame)
    setters = setters_of((rule.id, [one.field.name for one in rule.sets]) for rule in chain.rules)
    frame = mark_changes(frame, fields, setters, site, known.same_attribute)
    considered = int(frame["_considered"].sum())
    accounts = tuple(sorted(frame["account"].unique().to_list()))
    frame = _changing(frame, fields)
    frame = limits.standing_prices(frame, clock.today, site)
    asked = [guard for guard in chain.guards if guard.id not in known.exempt]
    guards = OfferGuards(
        chain, asked, fields, tables or {}, clock, "off" if isinstance(settings.stale, Off) else "hold"
    )
    frame, of_guards = guards.ask(frame)
    reasons = in_order(
        [
            *ownership.ownership(fields),
            *limits.price_limits(settings, site, fields),
            *limits.availability_limits(fields),
            *unknowns.ineligible(chain.rules),
            *unknowns.unknowns(site, fields, known.without_neighbours),
            *unknowns.rule_holds(fields),
            *of_guards,
            ownership.price_held(fields, pl.col("_price_held")),
        ]
    )
    frame = _number_reasons(frame, fields, reasons)
    names = names_of(frame, chain, fields, clock)
    rows = change_rows(frame, fields, site)
    changes = tell(rows, frame, reasons, names, chain)
    return Judged(
        clock=clock,
        frame=frame,
        changes=changes,
        halts=(),
        counts={},
        settings=settings,
        considered=considered,
        accounts=accounts,
    )


def _changing(frame: pl.DataFrame, fields: Mapping[str, Field]) -> pl.DataFrame:
    """Return the offers that have a change, numbered anew: reasons concern no other."""
    changing = pl.any_horizontal(f"changed.{field.name}" for field in sent_fields(fields))
    return frame.filter(changing).drop(ROW).with_row_index(ROW)


def _number_reasons(frame: pl.DataFrame, fields: Mapping[str, Field], reasons: Sequence[Reason]) -> pl.DataFrame:
    """Add ``_reason.<field>``: the number of the first reason against a change, group by group.

    A group is judged together: what stops one of its changes stops the others. Only a quantity
    decrease is not stopped by what concerns other fields alone.
    """
    sent = sent_fields(fields)
    late = [number for number, reason in enumerate(reasons) if reason.code == "price_held"]
    early = {
        f"_fires.{number}": reason.fires.fill_null(value=False)
        for number, reason in enumerate(reasons)
        if number not in late
    }
    frame = frame.with_columns(expr.alias(name) for name, expr in early.items())
    quiet = [name for name in early if not frame[name].any()]
    frame = frame.drop(quiet)
    active = [number for number in range(len(reasons)) if f"_fires.{number}" in frame.columns]
    frame = frame.with_columns(_own(field, reasons, active).alias(f"_own.{field.name}") for field in sent)
    frame = frame.with_columns(_group(field, sent).alias(f"_reason.{field.name}") for field in sent)
    stopping = [number for number, reason in enumerate(reasons) if reason.verdict in {Verdict.HOLD, Verdict.REJECT}]
    held = [
        pl.col(f"changed.{field.name}") & pl.col(f"_reason.{field.name}").is_in(stopping)
        for field in sent
        if field.group == PRICE_GROUP
    ]
    frame = frame.with_columns(pl.any_horizontal(held).fill_null(value=False).alias("_price_held"))
    frame = frame.with_columns(
        pl.when(reasons[number].fires & (pl.col("_reason.quantity") > number))
        .then(pl.lit(number, pl.Int16))
        .otherwise(pl.col("_reason.quantity"))
        .alias("_reason.quantity")
        for number in late
    )
    return frame.drop([name for name in frame.columns if name.startswith(("_fires.", "_own."))])


def _own(field: Field, reasons: Sequence[Reason], active: Sequence[int]) -> pl.Expr:
    found: list[pl.Expr] = []
    for number in active:
        reason = reasons[number]
        if reason.acts_on(field.name):
            fires = pl.col(f"_fires.{number}")
            if reason.spares_withdrawal and field.name == "quantity":
                fires &= (pl.col("to.quantity") != 0).fill_null(value=True)
            if reason.valueless:
                fires &= pl.col(f"valueless.{field.name}")
            elif reason.verdict is Verdict.REJECT:
                # Where no value came out there is nothing to reject: it is held, for want of what is missing.
                fires &= ~pl.col(f"valueless.{field.name}")
            found.append(pl.when(fires).then(pl.lit(number, pl.Int16)))
    least = pl.min_horizontal(found) if found else pl.lit(None, pl.Int16)
    return pl.when(pl.col(f"changed.{field.name}")).then(least.fill_null(NO_REASON)).cast(pl.Int16)


def _group(field: Field, sent: Sequence[Field]) -> pl.Expr:
    together = pl.min_horizontal(pl.col(f"_own.{one.name}") for one in sent if one.group == field.group)
    if field.name == "quantity":
        return pl.when(decreases(field)).then(pl.col("_own.quantity")).otherwise(together)
    return together


def names_of(frame: pl.DataFrame, chain: Chain, fields: Mapping[str, Field], clock: SiteClock) -> Names:
    """Return what ``because`` texts may name: facts, proposed fields and the standard names."""
    site, schema = chain.site, frame.schema
    texts: dict[str, pl.Expr] = {}
    units: dict[str, pl.Expr] = {}
    whole: dict[str, pl.Expr] = {}
    for name, leaf in bind_columns(frame, chain.vocabulary.facts, site).items():
        money = leaf.type.kind is Kind.MONEY
        texts[name] = column_text(leaf.column, schema[leaf.column], strip=not money)
        if money and leaf.type.tag == site.currency and leaf.scale < site.digits:
            texts[name] = minor_text(minor_units(leaf.column, schema[leaf.column], site.digits), site.digits)
        if money:
            tag = leaf.type.tag_column
            units[name] = pl.lit(leaf.type.tag) if tag is None else pl.col(tag)
        elif schema[leaf.column].is_integer():
            whole[name] = pl.col(leaf.column)
    for name, field in fields.items():
        column = f"to.{name}"
        if attribute_name(name) is not None:
            continue
        if field.type.kind is Kind.MONEY:
            texts[name], units[name] = minor_text(pl.col(column), site.digits), pl.lit(site.currency)
        else:
            texts[name] = column_text(column, schema[column])
            if schema[column].is_integer():
                whole[name] = pl.col(column)
    standard = {"today": clock.today.isoformat(), "site": site.name, "currency": site.currency, "tick": site.tick_text}
    return Names({**{name: pl.lit(text) for name, text in standard.items()}, **texts}, units, whole)
