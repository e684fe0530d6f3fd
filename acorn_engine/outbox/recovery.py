"""After a crash or a lost answer: whether a submission exists, by what the marketplace shows of it.

A submission carries nothing of ours in the marketplace's list, which lags, and shows what other
tools submit. So one that may be ours is followed, and it is ours only where its report names our
messages or the offers show what only we sent. Nothing is submitted again before the list had
nothing new for a long time, and the offers show nothing of it either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acorn_engine.marketplace import MarketplaceError, RemoteSubmission
from acorn_engine.outbox.compare import same_value, settled
from acorn_engine.outbox.context import NOT_PROVED, Context, State
from acorn_engine.outbox.sending import HOPELESS, to_verifying
from acorn_engine.outbox.settings import backoff
from acorn_engine.store.deliveries import clear_sent, deliveries_of, first_undecided
from acorn_engine.store.offers import record_reads
from acorn_engine.store.parts import advance, mark_messages, submissions_of
from acorn_engine.store.times import instant

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    import polars as pl

    from acorn_engine.store.parts import Part

Told = list[dict[str, Any]]


def recover(ctx: Context, part: Part) -> Told:
    """Look a part up whose submission was not answered, and follow, wait, or let it leave again."""
    since = instant(part.intent_at or part.since)
    site = ctx.site(part.account, part.site)
    try:
        visible = ctx.connection(part.account).recent(site, since - ctx.settings.clock_skew)
    except MarketplaceError as error:
        ctx.retry(part, error)
        return []
    with ctx.store.read() as connection:
        ours = submissions_of(connection, ctx.store.project, part.account)
    until = since + ctx.settings.clock_skew + ctx.settings.lease  # no call that is ours takes longer
    fresh = [one for one in visible if one.id not in {*part.known, *ours} and one.created_at <= until]
    if fresh:
        candidate = min(fresh, key=lambda submission: _distance(submission, since))
        with ctx.store.write() as tx:
            mark_messages(tx, part.id, None, state="sent", sent_at=part.intent_at)
            values = {"submission": candidate.id, "adopted": 1, "sent_at": part.intent_at}
            ctx.move(tx, part, State.SUBMITTED, due_at=tx.at, **values)
        return []
    if part.lookups + 1 < ctx.settings.lookups:
        with ctx.store.write() as tx:
            wait = backoff(ctx.settings.lookup_after, ctx.settings.lookup_most, part.lookups + 1)
            advance(tx, part, lookups=part.lookups + 1, due_at=ctx.after(wait), code=part.code, note=part.note)
        return []
    return _never_made(ctx, part)


def _distance(submission: RemoteSubmission, intent: datetime) -> tuple[bool, timedelta, str]:
    """Order candidates: those made after the intent first, the nearest to it before the others."""
    return submission.created_at < intent, abs(submission.created_at - intent), submission.id


def _never_made(ctx: Context, part: Part) -> Told:
    """Let a part leave again that no list has shown, unless its offers show what it would have set."""
    site = ctx.site(part.account, part.site)
    with ctx.store.read() as connection:
        rows = first_undecided(connection, ctx.store.project, part.id, ctx.settings.read_batch)
    skus = list(dict.fromkeys(row["seller_sku"] for row in rows.to_dicts()))
    at = ctx.now()
    frame = None
    try:
        if skus:
            frame = ctx.connection(part.account).read(site, skus)
    except MarketplaceError as error:
        if error.retryable or error.code not in HOPELESS:
            ctx.retry(part, error)
            return []
    with ctx.store.write() as tx:
        if frame is not None:
            record_reads(tx, part.account, part.site, frame, at, "read-back")
        if frame is None or _applied(ctx, part, rows, frame):
            mark_messages(tx, part.id, None, state="sent", sent_at=part.intent_at)
            text = "the answer was lost, the marketplace lists no submission, but its offers may show one"
            to_verifying(ctx, tx, part, NOT_PROVED, text, in_flight=1)
        else:
            clear_sent(tx, part.id)
            values = {"in_flight": 0, "lookups": 0, "intent_at": None, "document": None}
            ctx.move(tx, part, State.WAITING, due_at=tx.at, note="the submission was never made", **values)
    return []


def _applied(ctx: Context, part: Part, rows: pl.DataFrame, frame: pl.DataFrame) -> bool:
    """Say whether any offer shows a value that a part sets and that it did not show before."""
    marketplace, site = ctx.marketplace(part.account), ctx.site(part.account, part.site)
    offers = {offer["seller_sku"]: offer for offer in frame.to_dicts()}
    return any(
        not same_value(row["field"], row["to"], row["from"], marketplace, site)
        and settled(row, offers.get(row["seller_sku"]), marketplace, site) is not None
        for row in rows.to_dicts()
    )


def proved(ctx: Context, part: Part, connection: Any) -> bool:
    """Say whether an offer has come to show a value of a part that it did not show before."""
    marketplace, site = ctx.marketplace(part.account), ctx.site(part.account, part.site)
    rows = deliveries_of(connection, ctx.store.project, part=part.id).to_dicts()
    return any(
        row["outcome"] == "settled" and not same_value(row["field"], row["to"], row["from"], marketplace, site)
        for row in rows
    )
