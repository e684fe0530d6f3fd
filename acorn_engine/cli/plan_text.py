"""Plans in words: what would change, what is held and why, how long sending takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from acorn_engine.cli.output import several
from acorn_engine.plan import PlanStatus, Verdict
from acorn_engine.plan.sending import least_seconds, together
from acorn_engine.sites import utc

if TYPE_CHECKING:
    from acorn_engine.cli.output import Output
    from acorn_engine.plan import Plan

REASONS_SHOWN: Final = 8
CHANGES_SHOWN: Final = 5


def count(plan: Plan, *verdicts: Verdict) -> int:
    """Return how many changes bear one of these verdicts."""
    return plan.changes.filter(pl.col("verdict").is_in([verdict.value for verdict in verdicts])).height


def overview_row(plan: Plan) -> tuple[Any, ...]:
    """Return one line of the table of plans."""
    summary = plan.summary
    return (
        plan.site,
        plan.id,
        plan.status.value,
        summary.get("offers", 0),
        count(plan, Verdict.SEND),
        count(plan, Verdict.HOLD),
        count(plan, Verdict.REJECT),
        count(plan, Verdict.PENDING),
        summary.get("feeds", summary.get("submissions", 0)),
    )


@dataclass(frozen=True)
class Overview:
    """What is printed of one plan among several, without its changes: a run may make many large ones.

    ``reasons`` has a row for each kind of hold and reject: ``verdict, code, guard, changes, seller_sku, because``.
    """

    site: str
    plan: str
    row: tuple[Any, ...]
    halted: bool
    halts: tuple[str, ...]
    reasons: pl.DataFrame
    scalar_rows: int = 0
    sending: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, plan: Plan) -> Overview:
        """Return the overview of a plan."""
        halts = tuple(problem.message for problem in plan.problems if problem.effect == "stops")
        halted = plan.status is PlanStatus.HALTED
        counted = plan.details.get("scalar_rows", 0)
        return cls(
            plan.site,
            plan.id,
            overview_row(plan),
            halted,
            halts,
            _reasons(plan.held),
            counted,
            plan.summary.get("sending", {}),
        )


def _reasons(held: pl.DataFrame) -> pl.DataFrame:
    """Return one row for each reason, with an example: that of the first SKU."""
    counted = pl.len() if "changes" not in held.columns else pl.col("changes").sum()
    return held.group_by("verdict", "code", "guard").agg(
        counted.alias("changes"),
        pl.col("seller_sku").sort().first(),
        pl.col("because").sort_by("seller_sku").first(),
    )


OVERVIEW_COLUMNS: Final = ("site", "plan", "status", "offers", "to send", "held", "rejected", "pending", "feeds")


def print_plans(output: Output, plans: Sequence[Plan]) -> None:
    """Print one or several plans for a person."""
    print_overviews(output, [Overview.of(plan) for plan in plans])
    if len(plans) == 1:
        print_changes(output, plans[0])


def print_overviews(output: Output, overviews: Sequence[Overview]) -> None:
    """Print a table of plans, what halts them, and why changes are held or rejected."""
    output.table(OVERVIEW_COLUMNS, [one.row for one in overviews], numbers=(3, 4, 5, 6, 7, 8))
    for one in overviews:
        if one.halted:
            output.line()
            output.line(f"{one.site}: plan {one.plan} is halted. Nothing can be sent from it.")
            for message in one.halts:
                output.line(f"  {message}")
    one_by_one = sum(one.scalar_rows for one in overviews)
    if one_by_one:
        output.line()
        output.line(f"{several(one_by_one, 'offer')} had numbers too long for columns; evaluated one by one, exactly.")
    print_sending(output, together(one.sending for one in overviews))
    print_reasons(output, [one.reasons for one in overviews])


def print_sending(output: Output, accounts: Mapping[str, Mapping[str, Any]]) -> None:
    """Print how many feeds and single changes each account sends, and how long its quotas make that take."""
    if accounts:
        output.line()
    for account, one in accounts.items():
        what = [several(one["feeds"], "feed")] if one["feeds"] else []
        if one["patches"]:
            what.append(f"{several(one['patches'], 'message')} one by one")
        waves = f", in {one['waves']} waves that wait for each other" if one["waves"] > 1 else ""
        seconds = least_seconds(one)
        if seconds < 1:
            time = "its quotas let all go at once"
        elif seconds < 60:
            time = f"its quotas take {several(ceil(seconds), 'second')} at least"
        else:
            time = f"its quotas take {several(ceil(seconds / 60), 'minute')} at least"
        output.line(f"Account {account} sends {' and '.join(what)}{waves}: {time}, if it sends nothing else.")
    if accounts:
        output.line("The marketplace's processing, and reading back, take their time besides.")


def print_reasons(output: Output, parts: Sequence[pl.DataFrame]) -> None:
    """Print why changes are held or rejected, the most frequent reasons first."""
    reasons = _reasons(pl.concat(parts)) if parts else pl.DataFrame()
    if reasons.is_empty():
        return
    reasons = reasons.sort("changes", "code", "guard", descending=[True, False, False], nulls_last=True)
    output.line()
    output.line("Held and rejected, by reason:")
    output.table(
        ("changes", "verdict", "reason", "for example"),
        [
            (row["changes"], row["verdict"], row["guard"] or row["code"], f"{row['seller_sku']}: {row['because']}")
            for row in reasons.head(REASONS_SHOWN).iter_rows(named=True)
        ],
        numbers=(0,),
    )
    if reasons.height > REASONS_SHOWN:
        output.line(f"  … and {reasons.height - REASONS_SHOWN} more reasons")


def print_changes(output: Output, plan: Plan) -> None:
    """Print the first changes that would be sent, and until when."""
    send = plan.to_send
    if send.is_empty():
        output.line()
        output.line("There is nothing to send.")
        return
    output.line()
    halted = plan.status is PlanStatus.HALTED
    words = ", were it not halted" if halted else ""
    output.line(f"Would send {several(send.height, 'change')}{words}, the first of them:")
    output.table(
        ("SKU", "field", "from", "to", "", "rule"),
        [
            (row["seller_sku"], row["field"], row["from"] or "—", row["to"], row["currency"] or "", row["rule"])
            for row in send.head(CHANGES_SHOWN).iter_rows(named=True)
        ],
        numbers=(2, 3),
    )
    if halted:
        output.line(
            f"To let it go all the same: acorn approve {plan.id} --override REASON, until {utc(plan.expires_at)}."
        )
    else:
        output.line(f"It may be approved and submitted until {utc(plan.expires_at)}.")
        output.line(f"Next: acorn approve {plan.id}, then acorn submit {plan.id}.")
