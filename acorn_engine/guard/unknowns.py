"""Holds of what is not known well enough: by the catalogue, by the reads, by the rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from acorn_engine.fields import AVAILABILITY_GROUP, PRICE_GROUP
from acorn_engine.guard.candidates import floor_price, group_fields, sent_fields
from acorn_engine.guard.reasons import Reason
from acorn_engine.types import SITE_TAG, Kind
from acorn_engine.verdicts import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acorn_engine.fields import Field
    from acorn_engine.ruleset import Rule
    from acorn_engine.sites import Site


def unknowns(site: Site, fields: Mapping[str, Field], without_neighbours: frozenset[str]) -> list[Reason]:
    """Return the holds of offers of which too little is known to change them safely."""
    price = group_fields(fields, PRICE_GROUP)
    availability = group_fields(fields, AVAILABILITY_GROUP)
    foreign = frozenset(
        field.name
        for field in sent_fields(fields)
        if field.type.kind is Kind.MONEY and field.type.tag not in {SITE_TAG, site.currency}
    )
    hold = Verdict.HOLD
    known_neighbours = pl.col("_read") | pl.col("account").is_in(sorted(without_neighbours))
    sale = pl.col("stands.sale_price").is_not_null()
    reasons = [
        Reason(
            hold,
            "fulfilment_missing",
            "nobody knows who fulfils this offer",
            pl.col("fulfilment").is_null(),
            availability,
            urgent=0,
        ),
        Reason(
            hold,
            "no_floor",
            "there is no floor price, and without one no price is changed",
            floor_price().is_null(),
            price,
            guard="no_floor",
            urgent=0,
        ),
        Reason(
            hold,
            "price_unknown",
            "the price that the sale is taken off is unknown",
            pl.col("stands.price").is_null(),
            price,
            urgent=0,
        ),
        Reason(
            hold,
            "sale_dates_missing",
            "a sale price needs a first and a last day",
            sale & (pl.col("stands.sale_from").is_null() | pl.col("stands.sale_to").is_null()),
            price,
            urgent=0,
        ),
        Reason(
            hold,
            "sale_price_missing",
            "the days of a sale are set, but no sale price",
            ~sale & pl.any_horizontal("changed.sale_from", "changed.sale_to"),
            price,
            urgent=0,
        ),
        Reason(
            hold,
            "neighbours_unknown",
            "the offer was never read in full, and a price change replaces all of it",
            ~known_neighbours,
            price,
            urgent=0,
        ),
        Reason(
            hold,
            "neighbours_unknown",
            "the offer's other prices can't be read",
            pl.col("_other_unreadable"),
            price,
            urgent=0,
        ),
        Reason(
            hold,
            "fact_problem",
            "the catalogue has a problem with this offer: {problem}",
            pl.col("_fact_problem").is_not_null(),
            own={"problem": pl.col("_fact_problem")},
        ),
        Reason(
            hold,
            "ineligible",
            "the offer is not eligible",
            ~pl.col("to.eligible"),
            own={"rule": pl.col("rule.eligible").cast(pl.String)},
            spares_withdrawal=True,
        ),
        Reason(
            hold,
            "eligible_unknown",
            "nobody knows whether the offer is eligible",
            pl.col("to.eligible").is_null() | pl.col("hold.eligible").is_not_null(),
        ),
    ]
    if foreign:
        reasons.append(
            Reason(
                hold,
                "currency_mismatch",
                f"the value is not in {site.currency}, the currency of {site.name}",
                pl.lit(value=True),
                foreign,
                urgent=0,
            )
        )
    return reasons


def ineligible(rules: Sequence[Rule]) -> list[Reason]:
    """Return the holds of offers that a rule calls not eligible, in that rule's own words."""
    return [
        Reason(
            Verdict.HOLD,
            "ineligible",
            f"the offer is not eligible: {rule.because}",
            ~pl.col("to.eligible") & (pl.col("rule.eligible").cast(pl.String) == rule.id),
            own={"rule": pl.lit(rule.id)},
            spares_withdrawal=True,
        )
        for rule in rules
        if rule.because and any(assignment.field.name == "eligible" for assignment in rule.sets)
    ]


def rule_holds(fields: Mapping[str, Field]) -> list[Reason]:
    """Return the holds that rules caused, by group, as the evaluation found them."""
    sentences = {
        "missing": "rule '{rule}' needs {facts}, which is missing",
        "failed": "rule '{rule}' failed",
        "overflow": "rule '{rule}' failed: a number grew too long",
        "stale": "rule '{rule}' reads {facts}, which is too old",
        "moves_every_run": "rule '{rule}' would move at every run",
    }
    reasons: list[Reason] = []
    for group in sorted({field.group for field in sent_fields(fields)}):
        own = {"rule": pl.col(f"hold.{group}"), "facts": pl.col(f"hold_facts.{group}").fill_null("")}
        names = group_fields(fields, group)
        held = pl.col(f"hold.{group}").is_not_null()
        for code, because in sentences.items():
            fires = held & (pl.col(f"hold_code.{group}") == code)
            reasons.append(Reason(Verdict.HOLD, code, because, fires, names, own=own, valueless=True, urgent=-1))
            reasons.append(Reason(Verdict.HOLD, code, because, fires, names, own=own))
        unknown = held & ~pl.col(f"hold_code.{group}").is_in(list(sentences)).fill_null(value=False)
        reasons.append(Reason(Verdict.HOLD, "held_by_rule", "rule '{rule}' holds it", unknown, names, own=own))
    return reasons
