"""Feeds on their way out: upload, submit once, and find out after a lost answer what there is.

The marketplace has no idempotency key for a submission. So the intent is committed first, with
the ids that are already visible; after a crash or a lost answer the part is looked up, see ``recovery``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from acorn_engine.marketplace import MarketplaceError, UnansweredError
from acorn_engine.outbox.context import Context, State, error_words
from acorn_engine.outbox.freshness import REASONS
from acorn_engine.outbox.outcomes import because, end, leave_out
from acorn_engine.outbox.settings import UPLOAD_ATTEMPTS
from acorn_engine.outbox.waves import expired
from acorn_engine.store.deliveries import clear_sent, deliveries_of, note_sent
from acorn_engine.store.parts import advance, expires_at, mark_messages, messages_of
from acorn_engine.store.times import instant, micros

if TYPE_CHECKING:
    from acorn_engine.store.parts import Part
    from acorn_engine.store.transaction import Transaction

Told = list[dict[str, Any]]
HOPELESS: Final = frozenset({"invalid", "not_found"})
"""Refusals of a call as such: the same call never succeeds."""


def upload(ctx: Context, part: Part) -> Told:
    """Store the part's document with the marketplace. Safe to repeat."""
    with ctx.store.read() as connection:
        messages = messages_of(connection, ctx.store.project, part, ["waiting"])
        over = expires_at(connection, ctx.store.project, part.plan) <= micros(ctx.now())
    if over:  # looked at before the connection, which may be what fails
        with ctx.store.write() as tx:
            return [_leave_all_out(ctx, tx, part)]
    connection_to = ctx.connection(part.account)
    site = ctx.site(part.account, part.site)
    pairs = [(message.message_id, message.message) for message in messages]
    document = ctx.marketplace(part.account).document(pairs, ctx.account(part.account), site)
    try:
        document_id = connection_to.upload(document)
    except MarketplaceError as error:
        ctx.retry(part, error)
        return []
    with ctx.store.write() as tx:
        ctx.move(tx, part, State.UPLOADED, document=document_id, due_at=tx.at)
    return []


def submit(ctx: Context, part: Part) -> Told:
    """Commit the intent, then create the submission, once."""
    connection = ctx.connection(part.account)
    site = ctx.site(part.account, part.site)
    try:
        visible = connection.recent(site, ctx.now() - ctx.settings.clock_skew)
    except MarketplaceError as error:
        ctx.retry(part, error)
        return []
    with ctx.store.write() as tx:
        if expired(tx, part):
            return [_leave_all_out(ctx, tx, part)]
        known = sorted({*part.known, *(submission.id for submission in visible)})
        note_sent(tx, part.id)
        values = {"intent_at": tx.at, "known": known, "in_flight": 1, "lookups": 0, **_so_far(part)}
        part = ctx.move(tx, part, State.SUBMITTING, due_at=ctx.after(ctx.settings.lookup_after), **values)
    return _create(ctx, part)


def _so_far(part: Part) -> dict[str, Any]:
    """Return how a part's tries went: kept while the same call is tried again."""
    names = ("attempts", "code", "note", "who", "remedy")
    return {name: getattr(part, name) for name in names}


def _create(ctx: Context, part: Part) -> Told:
    """Create the submission of a part whose intent is written down, unless that is too long ago."""
    if ctx.now() - instant(part.intent_at or part.since) > ctx.settings.lease / 2:
        return []  # it slept: another worker may look the part up already, and it is looked up in any case
    connection, site = ctx.connection(part.account), ctx.site(part.account, part.site)
    try:
        submission = connection.submit(site, part.document or "")
    except UnansweredError as error:
        _unanswered(ctx, part, error)
        return []
    except MarketplaceError as error:
        return _refused(ctx, part, error)
    except Exception as error:  # noqa: BLE001 (a connection that broke down in an unknown way may have sent)
        _unanswered(ctx, part, error)
        return []
    with ctx.store.write() as tx:
        mark_messages(tx, part.id, None, state="sent", sent_at=part.intent_at)
        due = ctx.after(ctx.settings.poll_first)
        ctx.move(tx, part, State.SUBMITTED, submission=submission, sent_at=tx.at, due_at=due)
    return []


def _leave_all_out(ctx: Context, tx: Transaction, part: Part) -> dict[str, Any]:
    """End a part of which nothing was sent because its plan has run out."""
    rows = deliveries_of(tx.connection, tx.project, part=part.id, undecided=True)
    leave_out(tx, part, because(rows, "expired", REASONS["expired"]), "superseded")
    return end(ctx, tx, part)


def _unanswered(ctx: Context, part: Part, error: Exception) -> None:
    """Note a lost answer; the part stays as after a crash and is looked up when it is due."""
    with ctx.store.write() as tx:
        moved = advance(tx, part, code="unanswered", note=error_words(error)[1], due_at=part.due_at)
        tx.event("part_unanswered", {"part": moved.id, "account": moved.account, "site": moved.site}, moved.plan)


def _refused(ctx: Context, part: Part, error: MarketplaceError) -> Told:
    """Go back after a refusal, which had no effect; a dead letter where the call itself is wrong."""
    code, text = error_words(error)
    if error.retryable or code not in HOPELESS or part.uploads < UPLOAD_ATTEMPTS:
        with ctx.store.write() as tx:
            clear_sent(tx, part.id)
            state = State.READY if code in HOPELESS else State.UPLOADED
            values = {"in_flight": 0, "intent_at": None, **_so_far(part)}
            part = ctx.move(tx, part, state, uploads=part.uploads + (code in HOPELESS), due_at=tx.at, **values)
        ctx.retry(part, error)
        return []
    with ctx.store.write() as tx:
        clear_sent(tx, part.id)
        part = advance(tx, part, intent_at=None)
        ctx.bury(tx, part, code, text, who=error.who, remedy=error.remedy)
    return []


def to_verifying(
    ctx: Context, tx: Transaction, part: Part, code: str | None, note: str | None, *, in_flight: int = 0
) -> Part:
    """Let a part be read back. Without a ``code`` the marketplace has answered for every message."""
    until = micros(tx.now + ctx.settings.verify_within)
    values = {"in_flight": in_flight, "verify_until": until, "pass_at": tx.at, "due_at": tx.at, "read_to": None}
    return ctx.move(tx, part, State.VERIFYING, code=code, note=note, batch=ctx.settings.read_batch, **values)
