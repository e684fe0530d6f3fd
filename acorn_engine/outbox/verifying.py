"""Reading back: a value is settled when the offer shows it, and not before."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from acorn_engine.marketplace import MarketplaceError
from acorn_engine.outbox.compare import is_readable, settled, shown_value
from acorn_engine.outbox.context import DOUBTFUL, NOT_PROVED, REFUSED, Context, error_words
from acorn_engine.outbox.outcomes import confirmation, end, settle
from acorn_engine.outbox.recovery import proved
from acorn_engine.outbox.settings import backoff
from acorn_engine.store.deliveries import deliveries_of, note_checked, outcome_counts, skus_to_read
from acorn_engine.store.offers import confirm, record_reads
from acorn_engine.store.parts import advance
from acorn_engine.store.times import micros

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acorn_engine.store.parts import Part

Told = list[dict[str, Any]]


def verify(ctx: Context, part: Part) -> Told:
    """Read the next offers of a part back, or end the part, or wait for the next round."""
    with ctx.store.read() as connection:
        limit = part.batch or ctx.settings.read_batch
        skus = skus_to_read(connection, ctx.store.project, part.id, part.read_to, limit)
    if not skus:
        return _round_over(ctx, part)
    at = ctx.now()
    try:
        frame = ctx.connection(part.account).read(ctx.site(part.account, part.site), skus)
    except MarketplaceError as error:
        return _unreadable(ctx, part, skus, error)
    with ctx.store.write() as tx:
        record_reads(tx, part.account, part.site, frame, at, "read-back")
        rows = deliveries_of(tx.connection, tx.project, part=part.id, undecided=True, seller_skus=skus).to_dicts()
        late = micros(at) >= (part.verify_until or 0) and part.code not in DOUBTFUL
        decided = judge(ctx, part, rows, {offer["seller_sku"]: offer for offer in frame.to_dicts()}, late=late)
        settle(tx, part.plan, decided)
        confirm(tx, [confirmation(row, part.plan) for row in decided if row["outcome"] == "settled"])
        note_checked(tx, part.id, skus)
        batch = min(ctx.settings.read_batch, 2 * (part.batch or ctx.settings.read_batch))
        advance(tx, part, due_at=tx.at, read_to=skus[-1], batch=batch)
    return []


def judge(
    ctx: Context, part: Part, rows: Sequence[dict[str, Any]], offers: Mapping[str, dict[str, Any]], *, late: bool
) -> list[dict[str, Any]]:
    """Return the changes that are decided by what offers show; ``late`` decides the others too."""
    marketplace, site = ctx.marketplace(part.account), ctx.site(part.account, part.site)
    decided = []
    for row in rows:
        offer = offers.get(row["seller_sku"])
        done = settled(row, offer, marketplace, site)
        if done is not None:
            decided.append(done)
        elif late and offer is not None and is_readable(row["field"]):
            code, text = _words(offer, part)
            shown = shown_value(row["field"], offer)
            decided.append({**row, "outcome": "differs", "shown": shown, "code": code, "text": text})
        elif late:
            code = "not_shown" if offer is None else "not_readable"
            text = {
                "not_shown": "the marketplace does not show the offer",
                "not_readable": "the marketplace does not show this field",
            }[code]
            decided.append({**row, "outcome": "unknown", "code": code, "text": text})
    return decided


def _words(offer: Mapping[str, Any], part: Part) -> tuple[str, str]:
    """Return the marketplace's own code and text for an offer that differs, where it gives any."""
    errors = [issue for issue in json.loads(offer.get("issues") or "[]") if _severity(issue) == "error"]
    if errors:
        texts = dict.fromkeys(str(issue.get("message", "")) for issue in errors)
        return str(errors[0].get("code") or "differs"), "; ".join(texts)
    return part.code or "differs", part.note or "the offer still shows another value"


def _severity(issue: Mapping[str, Any]) -> str:
    return str(issue.get("severity", "")).lower()


def _round_over(ctx: Context, part: Part) -> Told:
    """End a part whose changes are all decided; otherwise wait for the next round of reading.

    What was read back in doubt is ours once anything of it shows; if nothing does, it waits for a person.
    A submission that a person had asked after and that still hangs holds its fields no longer.
    """
    settings = ctx.settings
    with ctx.store.write() as tx:
        if not outcome_counts(tx.connection, tx.project, part=part.id).get(None):
            return [end(ctx, tx, part)]
        if part.code == NOT_PROVED and proved(ctx, part, tx.connection):
            part = advance(tx, part, code=None, note=None)
        over = tx.at >= (part.verify_until or 0)
        if over and part.code == "stuck" and part.submission in part.known:
            rows = deliveries_of(tx.connection, tx.project, part=part.id, undecided=True).to_dicts()
            text = f"{part.note}, also after it was asked after; no offer shows it"
            settle(tx, part.plan, [{**row, "outcome": "unknown", "code": "stuck", "text": text} for row in rows])
            return [end(ctx, tx, part)]
        if over and part.code in DOUBTFUL:
            ctx.bury(tx, part, part.code, part.note, who=part.who, remedy=part.remedy)
            return []
        wait = ctx.after(backoff(settings.read_first, settings.read_most, part.attempts))
        until = part.verify_until or 0
        due = min(wait, until) if until > tx.at else wait
        advance(tx, part, due_at=due, pass_at=due, attempts=part.attempts + 1, read_to=None)
    return []


def _unreadable(ctx: Context, part: Part, skus: Sequence[str], error: MarketplaceError) -> Told:
    """Try later, or read fewer at once where one offer may spoil the rest; give up in the end."""
    code, text = error_words(error)
    give_up = micros(ctx.now() - ctx.settings.unreadable_after) >= (part.verify_until or 0)
    alone = not error.retryable and code not in REFUSED
    if not give_up and not alone:
        ctx.retry(part, error)
        return []
    late = micros(ctx.now()) >= (part.verify_until or 0)
    with ctx.store.write() as tx:
        if alone and len(skus) > 1:
            advance(tx, part, batch=max(1, len(skus) // 2), due_at=tx.at)
            return []
        if (give_up or late) and part.code not in DOUBTFUL:
            rows = deliveries_of(tx.connection, tx.project, part=part.id, undecided=True, seller_skus=skus).to_dicts()
            reason = {"outcome": "unknown", "code": code, "text": f"the offer cannot be read: {text}"}
            settle(tx, part.plan, [{**row, **reason} for row in rows])
        note_checked(tx, part.id, skus)
        doubt = part.code in DOUBTFUL  # stays, whatever else goes wrong
        mend = {"who": error.who, "remedy": error.remedy}
        words = {} if doubt else {"code": code, "note": text, **mend}
        advance(tx, part, due_at=tx.at, read_to=skus[-1], **words)
    return []
