"""Few changes go one message at a time: absolute values, each looked at before it is sent again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acorn_engine.marketplace import MarketplaceError, UnansweredError
from acorn_engine.outbox.compare import same_value, shown_value
from acorn_engine.outbox.context import Context, State, error_words
from acorn_engine.outbox.freshness import REASONS
from acorn_engine.outbox.outcomes import because, leave_out, settle
from acorn_engine.outbox.polling import issue_words, rejected_by
from acorn_engine.outbox.sending import HOPELESS, to_verifying
from acorn_engine.outbox.settings import PATCH_ATTEMPTS
from acorn_engine.outbox.waves import expired
from acorn_engine.store.deliveries import deliveries_of, note_sent, unsend
from acorn_engine.store.offers import record_reads
from acorn_engine.store.parts import advance, mark_messages, messages_of
from acorn_engine.store.times import micros

if TYPE_CHECKING:
    import polars as pl

    from acorn_engine.marketplace import Report
    from acorn_engine.store.parts import Part, PartMessage

Told = list[dict[str, Any]]


def patch(ctx: Context, part: Part) -> Told:
    """Send the part's next message, or look after one whose answer was lost, or hand over to reading back."""
    with ctx.store.read() as connection:
        open_messages = messages_of(connection, ctx.store.project, part, ["waiting", "sending", "lost"])
    waiting = [message for message in open_messages if message.state == "waiting"]
    in_doubt = [message for message in open_messages if message.state != "waiting"]
    if waiting:
        return _send(ctx, part, waiting[0])
    if in_doubt:
        return _look(ctx, part, in_doubt[0])
    with ctx.store.write() as tx:
        to_verifying(ctx, tx, part, None, None)
    return []


def _send(ctx: Context, part: Part, message: PartMessage) -> Told:
    connection = ctx.connection(part.account)
    site = ctx.site(part.account, part.site)
    ids = [message.message_id]
    with ctx.store.write() as tx:
        if expired(tx, part):
            _leave_behind(tx, part)
            advance(tx, part, due_at=tx.at)
            return []
        mark_messages(tx, part.id, ids, state="sending", sent_at=tx.at, attempts=message.attempts + 1)
        note_sent(tx, part.id, ids)
        if part.state == State.PATCHING:
            part = advance(tx, part, due_at=tx.at)
        else:
            part = ctx.move(tx, part, State.PATCHING, in_flight=1, intent_at=tx.at, sent_at=tx.at, due_at=tx.at)
    try:
        answer = connection.patch(site, message.seller_sku, message.message)
    except UnansweredError as error:
        _lost(ctx, part, message, error)
    except MarketplaceError as error:
        _refused(ctx, part, message, error)
    except Exception as error:  # noqa: BLE001 (a connection that broke down in an unknown way may have sent)
        _lost(ctx, part, message, error)
    else:
        _answered(ctx, part, message, answer)
    return []


def _leave_behind(tx: Any, part: Part) -> None:
    """Take every message that was not sent yet out of a part whose plan has run out."""
    import polars as pl

    ids = [message.message_id for message in messages_of(tx.connection, tx.project, part, ["waiting"])]
    rows = deliveries_of(tx.connection, tx.project, part=part.id, undecided=True)
    rows = rows.filter(pl.col("message_id").is_in(ids))
    leave_out(tx, part, because(rows, "expired", REASONS["expired"]), "superseded")


def _answered(ctx: Context, part: Part, message: PartMessage, answer: Report) -> None:
    with ctx.store.write() as tx:
        rows = _rows(tx, part, message)
        rejected = rejected_by(answer, rows)
        errors = [issue for issue in answer.issues if issue.severity == "error"]
        if not rejected and (errors or (answer.invalid and not answer.accepted)):
            # The answer is about this one message, whether or not it says so.
            code = next((issue.code for issue in errors if issue.code), "rejected")
            text = "; ".join(issue_words(issue) for issue in errors) or "the marketplace called the message invalid"
            rejected = [{**row, "outcome": "rejected", "code": code, "text": text} for row in rows.to_dicts()]
        settle(tx, part.plan, rejected)
        mark_messages(tx, part.id, [message.message_id], state="sent")
        advance(tx, part, due_at=tx.at, attempts=0, code=None, note=None)


def _refused(ctx: Context, part: Part, message: PartMessage, error: MarketplaceError) -> None:
    """Go back after a refusal, which had no effect; give the message up where the call itself is wrong."""
    code, text = error_words(error)
    with ctx.store.write() as tx:
        unsend(tx, part.id, message.message_id)
        if not error.retryable and code in HOPELESS:
            rows = _rows(tx, part, message).to_dicts()
            settle(tx, part.plan, [{**row, "outcome": "rejected", "code": code, "text": text} for row in rows])
            mark_messages(tx, part.id, [message.message_id], state="sent")
            advance(tx, part, due_at=tx.at)
            return
        part = advance(tx, part, due_at=tx.at)
    ctx.retry(part, error)


def _lost(ctx: Context, part: Part, message: PartMessage, error: Exception) -> None:
    with ctx.store.write() as tx:
        mark_messages(tx, part.id, [message.message_id], state="lost")
        advance(tx, part, due_at=tx.at, code="unanswered", note=error_words(error)[1])


def _look(ctx: Context, part: Part, message: PartMessage) -> Told:
    """Read an offer whose patch may or may not have had its effect, and decide what to do.

    It is sent again only where the offer still shows what it showed before, after a time of
    grace; anything else is left to the reading back.
    """
    grace = (message.sent_at or part.since) + micros_of(ctx)
    if micros(ctx.now()) < grace:
        with ctx.store.write() as tx:
            advance(tx, part, due_at=grace)
        return []
    at = ctx.now()
    site = ctx.site(part.account, part.site)
    try:
        frame = ctx.connection(part.account).read(site, [message.seller_sku])
    except MarketplaceError as error:
        ctx.retry(part, error)
        return []
    with ctx.store.write() as tx:
        record_reads(tx, part.account, part.site, frame, at, "read-back")
        untouched = _untouched(ctx, part, frame, _rows(tx, part, message))
        if untouched and message.attempts < PATCH_ATTEMPTS:
            unsend(tx, part.id, message.message_id)
        else:
            mark_messages(tx, part.id, [message.message_id], state="sent")
        advance(tx, part, due_at=tx.at, code=None, note=None)
    return []


def micros_of(ctx: Context) -> int:
    """Return the time of grace after a lost answer, in microseconds."""
    return int(ctx.settings.lookup_after.total_seconds() * 1_000_000)


def _untouched(ctx: Context, part: Part, frame: pl.DataFrame, rows: pl.DataFrame) -> bool:
    """Say whether an offer shows exactly what every change of a message started from."""
    marketplace, site = ctx.marketplace(part.account), ctx.site(part.account, part.site)
    offers = {offer["seller_sku"]: offer for offer in frame.to_dicts()}
    return all(
        row["seller_sku"] in offers
        and same_value(
            row["field"], row["from"], shown_value(row["field"], offers[row["seller_sku"]]), marketplace, site
        )
        for row in rows.to_dicts()
    )


def _rows(tx: Any, part: Part, message: PartMessage) -> pl.DataFrame:
    import polars as pl

    rows = deliveries_of(tx.connection, tx.project, part=part.id, undecided=True, seller_skus=[message.seller_sku])
    return rows.filter(pl.col("message_id") == message.message_id)
