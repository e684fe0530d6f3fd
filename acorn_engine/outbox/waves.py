"""When a part may leave, and what it must leave behind then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from acorn_engine.fields import PRICE_GROUP
from acorn_engine.outbox.context import Context, State
from acorn_engine.outbox.freshness import REASONS, newer_states, superseded
from acorn_engine.outbox.outcomes import because, end, leave_out
from acorn_engine.store.deliveries import deliveries_of, unsettled_before
from acorn_engine.store.offers import read_offer_states
from acorn_engine.store.parts import expires_at, message_count, message_index
from acorn_engine.store.plans import need_plan
from acorn_engine.store.times import instant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acorn_engine.store.parts import Part
    from acorn_engine.store.transaction import Transaction

PRICES: Final = 1
INCREASES: Final = 2
"""Waves: 0 quantity decreases, 1 prices and attributes, 2 quantity increases and handling days."""

_LEFT: Final = frozenset({State.VERIFYING.value, State.DEAD.value, State.ENDED.value})


def may_leave(ctx: Context, part: Part, lane: Sequence[Part]) -> bool:
    """Say whether a waiting part's turn has come: ``lane`` are the open parts of its account and site."""
    earlier = [other for other in lane if other.plan == part.plan and other.wave < part.wave]
    if any(other.wave < PRICES and other.state not in _LEFT for other in earlier):
        return False
    if part.wave < INCREASES:
        return True
    with ctx.store.read() as connection:
        return not unsettled_before(connection, ctx.store.project, part, PRICES)


def depart(ctx: Context, part: Part) -> list[dict[str, Any]]:
    """Make a waiting part ready: leave out what has run out, moved, or lost its price. One commit.

    Returns what is told of the part if nothing of it is left.
    """
    with ctx.store.write() as tx:
        rows = deliveries_of(tx.connection, tx.project, part=part.id, undecided=True)
        if expired(tx, part):
            leave_out(tx, part, because(rows, "expired", REASONS["expired"]), "superseded")
        else:
            moved = _moved(ctx, tx, part, rows)
            leave_out(tx, part, moved, "superseded")
            if part.wave >= INCREASES:
                left = rows.join(moved, on="number", how="anti")
                leave_out(tx, part, _without_price(tx, part, left), "dropped")
        if message_count(tx.connection, tx.project, part.id):
            ctx.move(tx, part, State.READY, due_at=tx.at)
            return []
        return [end(ctx, tx, part)]


def expired(tx: Transaction, part: Part) -> bool:
    """Say whether the plan of a part has run out."""
    return expires_at(tx.connection, tx.project, part.plan) <= tx.at


def _moved(ctx: Context, tx: Transaction, part: Part, rows: pl.DataFrame) -> pl.DataFrame:
    """Return the changes whose offers moved since the plan was made; no field goes out in two waves."""
    made = instant(need_plan(tx.connection, tx.project, part.plan).created_at)
    read = read_offer_states(tx.connection, tx.project, part.site, [part.account], None, since=made)
    states = newer_states(read, made)
    index = message_index(tx.connection, tx.project, part.plan, (part.account, part.wave, part.number))
    digests = index.select("message_id", "neighbours_digest")
    rows = rows.join(digests, on="message_id", how="left", maintain_order="left")
    return superseded(rows, states, None, ctx.marketplace(part.account), ctx.site(part.account, part.site))


def _without_price(tx: Transaction, part: Part, rows: pl.DataFrame) -> pl.DataFrame:
    """Return the changes of messages that raise a quantity whose price did not settle.

    More units at a wrong price sell at the wrong price: the increase stays behind.
    """
    plan = deliveries_of(tx.connection, tx.project, plan=part.plan)
    failed = plan.filter(
        (pl.col("account") == part.account)
        & (pl.col("wave") == PRICES)
        & (pl.col("group") == PRICE_GROUP)
        & pl.col("outcome").ne_missing("settled")
    ).select("seller_sku")
    raised = rows.filter(pl.col("field") == "quantity").join(failed, on="seller_sku", how="semi")
    taken = rows.join(raised, on="message_id", how="semi", maintain_order="left")
    return because(taken, "price_not_settled", "the price of the same plan did not settle")
