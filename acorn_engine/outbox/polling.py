"""Submissions at the marketplace: how far they are, and what their reports say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acorn_engine.marketplace import MarketplaceError
from acorn_engine.outbox.context import NOT_PROVED, Context, State
from acorn_engine.outbox.outcomes import settle
from acorn_engine.outbox.sending import HOPELESS, to_verifying
from acorn_engine.outbox.settings import REPORT_ATTEMPTS, backoff
from acorn_engine.store.deliveries import clear_sent, deliveries_of
from acorn_engine.store.parts import advance, message_count
from acorn_engine.store.times import instant

if TYPE_CHECKING:
    import polars as pl

    from acorn_engine.marketplace import Issue, Report
    from acorn_engine.store.parts import Part

Told = list[dict[str, Any]]

_LOST = {
    "cancelled": "the submission was cancelled at the marketplace",
    "fatal": "the marketplace gave the submission up: some, none or all of it may have been done",
}


def poll(ctx: Context, part: Part) -> Told:
    """Ask how far a submission is."""
    settings = ctx.settings
    try:
        seen = ctx.connection(part.account).poll(part.submission or "")
    except MarketplaceError as error:
        if error.retryable or error.code != "not_found":
            ctx.retry(part, error)
            return []
        with ctx.store.write() as tx:
            to_verifying(ctx, tx, part, "submission_lost", f"the marketplace does not know the submission: {error}")
        return []
    with ctx.store.write() as tx:
        if seen.state == "done" and seen.report_id is not None:
            ctx.move(tx, part, State.REPORTED, report=seen.report_id, due_at=tx.at)
        elif seen.state == "done":
            to_verifying(ctx, tx, part, *_doubt(part, "no_report", "the submission is done, but has no report"))
        elif seen.state in _LOST:
            to_verifying(ctx, tx, part, *_doubt(part, seen.state, _LOST[seen.state]))
        elif ctx.now() - instant(part.sent_at or part.intent_at or part.since) > settings.processing_within:
            hours = settings.processing_within.total_seconds() / 3600
            text = f"the submission has been {seen.state} for more than {hours:g} hours"
            to_verifying(ctx, tx, part, "stuck", text, in_flight=1)
        else:
            wait = ctx.after(backoff(settings.poll_first, settings.poll_most, part.attempts + 1))
            if part.state == State.SUBMITTED:
                ctx.move(tx, part, State.PROCESSING, due_at=wait, attempts=part.attempts + 1)
            else:
                advance(tx, part, due_at=wait, attempts=part.attempts + 1, code=None, note=None)
    return []


def report(ctx: Context, part: Part) -> Told:
    """Read the report of a finished submission: what it rejects is rejected, the rest is read back."""
    try:
        found = ctx.connection(part.account).report(part.report or "")
    except MarketplaceError as error:
        wrong = error.code in HOPELESS and part.attempts >= REPORT_ATTEMPTS
        if error.retryable or not (wrong or error.code == "not_found"):
            ctx.retry(part, error)
            return []
        with ctx.store.write() as tx:
            to_verifying(ctx, tx, part, *_doubt(part, "no_report", f"the report cannot be read: {error}"))
        return []
    with ctx.store.write() as tx:
        rows = deliveries_of(tx.connection, tx.project, part=part.id, undecided=True)
        if part.adopted and not _is_ours(found, rows, message_count(tx.connection, tx.project, part.id)):
            _not_ours(ctx, tx, part)
            return []
        whole = found.complete and not any(issue.severity == "error" and _unnamed(issue) for issue in found.issues)
        if part.adopted and not _names_ours(found):
            note = "its report names none of our messages" if whole else _first_words(found)
            to_verifying(ctx, tx, part, *_doubt(part, NOT_PROVED, note))
            return []
        settle(tx, part.plan, rejected_by(found, rows))
        to_verifying(ctx, tx, part, *((None, None) if whole else ("incomplete_report", _first_words(found))))
    return []


def _doubt(part: Part, code: str, note: str) -> tuple[str, str]:
    """Return a code and a note; of a submission that was only found, whatever befell it proves nothing."""
    if not part.adopted:
        return code, note
    return NOT_PROVED, f"submission {part.submission} may be this one: {note}"


def _names_ours(found: Report) -> bool:
    """Say whether a report that contradicts nothing names a message of ours with its SKU."""
    return any(issue.message_id is not None and issue.seller_sku is not None for issue in found.issues)


def _unnamed(issue: Any) -> bool:
    return issue.message_id is None and issue.seller_sku is None


def _first_words(found: Report) -> str:
    texts = [issue.message for issue in found.issues if issue.severity == "error" and _unnamed(issue)]
    return f"the report does not account for every message{': ' + texts[0] if texts else ''}"


def issue_words(issue: Issue) -> str:
    """Return what the marketplace says of a message, with the attribute that it means."""
    if not issue.attribute or issue.attribute in issue.message:
        return issue.message
    return f"{issue.attribute}: {issue.message}"


def rejected_by(found: Report, rows: pl.DataFrame) -> list[dict[str, Any]]:
    """Return the changes whose messages a report finds wrong, with the marketplace's words and code."""
    errors = [issue for issue in found.issues if issue.severity == "error" and not _unnamed(issue)]
    by_id = {issue.message_id for issue in errors if issue.message_id is not None}
    by_sku = {issue.seller_sku for issue in errors if issue.message_id is None}
    rejected = []
    for row in rows.to_dicts() if errors else []:
        if row["message_id"] not in by_id and row["seller_sku"] not in by_sku:
            continue
        mine = [
            issue
            for issue in errors
            if issue.message_id == row["message_id"]
            or (issue.message_id is None and issue.seller_sku == row["seller_sku"])
        ]
        text = "; ".join(dict.fromkeys(issue_words(issue) for issue in mine))
        code = next((issue.code for issue in mine if issue.code), "rejected")
        rejected.append({**row, "outcome": "rejected", "code": code, "text": text})
    return rejected


def _is_ours(found: Report, rows: pl.DataFrame, messages: int) -> bool:
    """Say whether a report can be that of a part: its messages, and as many."""
    skus: dict[int, str] = dict(rows.select("message_id", "seller_sku").iter_rows())
    for issue in found.issues:
        if issue.message_id is not None and issue.message_id not in skus:
            return False
        if issue.seller_sku is not None and issue.seller_sku not in skus.values():
            return False
        if issue.message_id is not None and issue.seller_sku not in {None, skus.get(issue.message_id)}:
            return False
    return found.processed == messages or not found.complete


def _not_ours(ctx: Context, tx: Any, part: Part) -> None:
    """Let go of an adopted submission that turned out to be somebody else's, and look again."""
    known = sorted({*part.known, part.submission or ""})
    clear_sent(tx, part.id)
    values = {"known": known, "submission": None, "report": None, "adopted": 0, "sent_at": None, "lookups": 0}
    note = f"submission {part.submission} is not this one: its report names other messages"
    ctx.move(tx, part, State.SUBMITTING, due_at=tx.at, note=note, **values)
