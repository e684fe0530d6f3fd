"""An approved plan becomes parts: checked, cut free of what has moved, and put in line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl
from sqlalchemy import select

from acorn_engine.outbox.context import WORKER, Context, State
from acorn_engine.outbox.freshness import newer_states, superseded
from acorn_engine.outbox.outcomes import end_plan, tell_outcomes
from acorn_engine.plan.model import PlanStatus
from acorn_engine.problems import PlanError, Problem
from acorn_engine.sites import utc
from acorn_engine.store.approvals import approvals_of
from acorn_engine.store.deliveries import DELIVERY_COLUMNS, DELIVERY_SCHEMA, sendable_changes
from acorn_engine.store.keys import find_key, take_key
from acorn_engine.store.offers import pending, read_offer_states
from acorn_engine.store.parts import create_parts, message_index, parts_of
from acorn_engine.store.plans import info, need_plan, set_plan_state
from acorn_engine.store.tables import plans
from acorn_engine.store.unknowns import forget_unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from acorn_engine.store.plans import PlanInfo
    from acorn_engine.store.transaction import Transaction

    Current = Callable[[str, Sequence[str]], pl.DataFrame]

SUBMIT_KEY: Final = "submit"
_PART: Final = ["account", "wave", "part"]


def enqueue(ctx: Context, plan_id: str, key: str | None, current: Current | None) -> list[str]:
    """Put a plan in line and return its part ids; again, or with a used ``key``: the first's parts.

    ``current`` (site, accounts) returns what offers show now, with ``account``, ``seller_sku``,
    ``as_of`` and columns of ``READ_SCHEMA``; without it the store's own reads are used. Raises
    ``PlanError`` for a plan that is not approved, halted, run out or closed.
    """
    shown = None
    if current is not None:  # asked before the transaction: it may use the store itself
        asked = ctx.store.plan_info(plan_id)
        shown = current(asked.site, asked.accounts)
    with ctx.store.write() as tx:
        if key is not None:
            plan_id = find_key(tx.connection, tx.project, SUBMIT_KEY, key) or plan_id
        site = need_plan(tx.connection, tx.project, plan_id).site
        _hold_site(tx, site)
        found = info(need_plan(tx.connection, tx.project, plan_id, lock=True), tx.at)
        if found.state not in {"submitted", "ended"}:
            _check(ctx, tx, found)
            _put_in_line(ctx, tx, found, shown)
        if key is not None:
            take_key(tx, SUBMIT_KEY, key, plan_id)
        return [part.id for part in parts_of(tx.connection, tx.project, plan_id)]


def _hold_site(tx: Transaction, site: str) -> None:
    """Let one plan of a site at a time be submitted."""
    where = (plans.c.project == tx.project, plans.c.site == site, plans.c.state.in_(["planned", "approved"]))
    tx.connection.execute(select(plans.c.id).where(*where).order_by(plans.c.id).with_for_update()).all()


def _check(ctx: Context, tx: Transaction, found: PlanInfo) -> None:
    words = {
        "planned": (f"plan '{found.id}' is not approved", f"Approve it first: acorn approve {found.id}."),
        "expired": (
            f"plan '{found.id}' ran out at {utc(found.expires_at)}: its facts are too old to be sent",
            f"Make a new plan: acorn plan {found.site}.",
        ),
        "closed": (
            f"plan '{found.id}' is closed: plan '{found.closed_by}' of {found.site} is newer and was submitted",
            f"Make a new plan: acorn plan {found.site}.",
        ),
    }
    if found.state in words:
        message, hint = words[found.state]
        params = {"plan": found.id, "state": found.state}
        raise PlanError(
            Problem(code=f"plan_{found.state}", message=f"{message}. Nothing was sent.", hint=hint, params=params)
        )
    if found.status is PlanStatus.HALTED and not any(
        approval.override for approval in approvals_of(tx.connection, tx.project, found.id)
    ):
        message = f"plan '{found.id}' is halted by a guard and nobody has overridden it. Nothing was sent."
        hint = "Look at the plan's problems; if they are understood, approve with --override and a reason."
        raise PlanError(Problem(code="plan_halted", message=message, hint=hint, params={"plan": found.id}))
    for account in found.accounts:
        ctx.site(account, found.site)  # raises where the account or the site is gone


def _put_in_line(ctx: Context, tx: Transaction, found: PlanInfo, shown: pl.DataFrame | None) -> None:
    rows, index = _carried(tx, found)
    gone = _superseded(ctx, tx, found, rows, shown)
    outcome = pl.lit("superseded").alias("outcome")
    empty = [pl.lit(None, dtype=DELIVERY_SCHEMA[name]).alias(name) for name in ("sent_at", "checked_at")]
    part_id = pl.format("{}/{}/{}/{}", pl.lit(found.id), "account", "wave", "part").alias("part")
    over = gone.select("number", "shown", "code", "text", outcome, pl.lit(tx.at).alias("ended_at"))
    made = rows.join(over, on="number", how="left", maintain_order="left").with_columns(*empty)
    sent = made.filter(pl.col("outcome").is_null())
    create_parts(
        tx,
        _parts(ctx, tx, found, index, sent),
        _part_messages(index, rows, sent).with_columns(part_id).drop("account", "wave"),
        made.with_columns(part_id).select(pl.lit(found.id).alias("plan"), *DELIVERY_COLUMNS),
    )
    tell_outcomes(tx, found.id, made.with_columns(part_id).filter(pl.col("outcome").is_not_null()).to_dicts())
    forget_unknown(tx, found.site, sent)
    _close_older(tx, found)
    set_plan_state(tx, found.id, "submitted", submitted_at=tx.at)
    data = {"site": found.site, "changes": sent.height, "superseded": gone.height}
    tx.event("submitted", {**data, "parts": index.select(_PART).unique().height}, found.id)
    tx.record(WORKER, "submitted", found.id, before={"state": found.state}, after={"state": "submitted", **data})
    end_plan(tx, found.id)


def _carried(tx: Transaction, found: PlanInfo) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the changes to send, each with the message that carries it, and where all messages stand.

    An approval that releases holds adds messages in later parts: these carry the released changes
    (the last one, where holds were released twice), the plan's own message carries the others.
    """
    changes = sendable_changes(tx.connection, tx.project, found.id)
    index = message_index(tx.connection, tx.project, found.id)
    key = ["account", "wave", "seller_sku"]
    ordered = index.sort("part")
    first = ordered.unique(key, keep="first", maintain_order=True)
    last = ordered.unique(key, keep="last", maintain_order=True)
    own, released = changes.filter(pl.col("released") == 0), changes.filter(pl.col("released") == 1)
    rows = pl.concat([own.join(first, on=key, how="left"), released.join(last, on=key, how="left")])
    rows = rows.drop("released").sort("number")
    missing = rows.filter(pl.col("message_id").is_null()).get_column("seller_sku").unique().sort().to_list()
    if missing:
        some = ", ".join(f"'{sku}'" for sku in missing[:5])
        message = f"plan '{found.id}' has no message for changes of {some}. Nothing was sent."
        raise PlanError(
            Problem(code="no_message", message=message, hint="Make a new plan.", params={"seller_skus": missing})
        )
    return rows, index.sort("account", "wave", "part", "message_id")


def _superseded(
    ctx: Context, tx: Transaction, found: PlanInfo, rows: pl.DataFrame, shown: pl.DataFrame | None
) -> pl.DataFrame:
    if shown is None:
        shown = read_offer_states(tx.connection, tx.project, found.site, found.accounts, None, since=found.created_at)
    states = newer_states(shown, found.created_at)
    elsewhere = pending(tx.connection, tx.project, found.site, found.accounts, but_plan=found.id)
    gone = [
        superseded(mine, states, elsewhere, ctx.marketplace(account), ctx.site(account, found.site))
        for (account,), mine in rows.partition_by("account", as_dict=True, maintain_order=True).items()
    ]
    schema = {"number": pl.Int64(), "shown": pl.String(), "code": pl.String(), "text": pl.String()}
    return pl.concat(gone).select(*schema) if gone else pl.DataFrame(schema=schema)


def _part_messages(index: pl.DataFrame, rows: pl.DataFrame, sent: pl.DataFrame) -> pl.DataFrame:
    """Return every message with its state: those that carry nothing to send are out, with the reason."""
    place = [*_PART, "message_id"]
    carried = rows.select(*place, pl.lit(True).alias("_carried")).unique()
    leaves = sent.select(*place, pl.lit(True).alias("_leaves")).unique()
    joined = index.join(carried, on=place, how="left", maintain_order="left")
    joined = joined.join(leaves, on=place, how="left", maintain_order="left")
    leaves_now = pl.col("_leaves").fill_null(value=False)
    reason = pl.when(pl.col("_carried").is_null()).then(pl.lit("nothing_released")).otherwise(pl.lit("superseded"))
    return joined.select(
        *_PART,
        "message_id",
        "seller_sku",
        pl.when(leaves_now).then(pl.lit("waiting")).otherwise(pl.lit("removed")).alias("state"),
        pl.when(~leaves_now).then(reason).alias("reason"),
    )


def _parts(ctx: Context, tx: Transaction, found: PlanInfo, index: pl.DataFrame, sent: pl.DataFrame) -> pl.DataFrame:
    """Return a row for every part that has something to send, or ever had."""
    counts: dict[str, int] = dict(sent.group_by("account").len().iter_rows())
    busy = set(sent.select(_PART).unique().iter_rows())
    made: list[dict[str, Any]] = []
    for account, wave, number in index.select(_PART).unique(maintain_order=True).iter_rows():
        leaves = (account, wave, number) in busy
        few = ctx.account(account).goes_one_by_one(counts.get(account, 0))
        made.append(
            {
                "id": f"{found.id}/{account}/{wave}/{number}",
                "plan": found.id,
                "account": account,
                "site": found.site,
                "wave": wave,
                "number": number,
                "mode": "patch" if few else "feed",
                "state": (State.WAITING if leaves else State.ENDED).value,
                "plan_number": found.number,
                "due_at": tx.at,
                "since": tx.at,
                "ended_at": None if leaves else tx.at,
            }
        )
    texts = ("id", "plan", "account", "site", "mode", "state")
    numbers = ("wave", "number", "plan_number", "due_at", "since", "ended_at")
    return pl.DataFrame(made, schema={**dict.fromkeys(texts, pl.String()), **dict.fromkeys(numbers, pl.Int64())})


def _close_older(tx: Transaction, found: PlanInfo) -> None:
    """Close what was planned for the site before and never submitted."""
    older = select(plans.c.id, plans.c.state).where(
        plans.c.project == tx.project,
        plans.c.site == found.site,
        plans.c.number < found.number,
        plans.c.state.in_(["planned", "approved"]),
    )
    for row in tx.connection.execute(older).all():
        set_plan_state(tx, row.id, "closed", closed_by=found.id, ended_at=tx.at)
        tx.event("closed", {"plan": row.id, "closed_by": found.id}, row.id)
        tx.record(WORKER, "closed", row.id, before={"state": row.state}, after={"state": "closed", "by": found.id})
