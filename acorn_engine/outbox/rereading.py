"""Unknown outcomes are read again for a while, ever later, and settled where the value shows after all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acorn_engine.marketplace import MarketplaceError
from acorn_engine.outbox.compare import settled
from acorn_engine.outbox.outcomes import confirmation, tell_outcomes
from acorn_engine.store.offers import confirm, record_reads
from acorn_engine.store.times import micros
from acorn_engine.store.unknowns import note_reread, settle_unknown, unknown_lanes, unknown_rows

if TYPE_CHECKING:
    from acorn_engine.outbox.context import Context


def lanes_to_reread(ctx: Context, account: str | None) -> list[tuple[str, str]]:
    """Return every account and site with an unknown outcome that is due to be read again."""
    settings = ctx.settings
    with ctx.store.read() as connection:
        now = micros(ctx.now())
        lanes = unknown_lanes(connection, ctx.store.project, now, settings.unknown_first, settings.unknown_for)
    return [lane for lane in lanes if account in {None, lane[0]}]


def reread(ctx: Context, lane: tuple[str, str]) -> int:
    """Read some offers again whose outcome is unknown, and return how many changes were looked at.

    A value that shows is settled; nothing is ever sent. One whose field a later plan has sent again is
    left alone.
    """
    settings = ctx.settings
    account, name = lane
    marketplace, site = ctx.marketplace(account), ctx.site(account, name)
    with ctx.store.read() as connection:
        now = micros(ctx.now())
        first, longest = settings.unknown_first, settings.unknown_for
        rows = unknown_rows(connection, ctx.store.project, lane, now, first, longest, settings.read_batch)
    if not rows:
        return 0
    skus = list(dict.fromkeys(row["seller_sku"] for row in rows))
    at = ctx.now()
    try:
        frame = ctx.connection(account).read(site, skus)
    except MarketplaceError:
        with ctx.store.write() as tx:
            note_reread(tx, rows)
        return len(rows)
    offers = {offer["seller_sku"]: offer for offer in frame.to_dicts()}
    shown = (settled(row, offers.get(row["seller_sku"]), marketplace, site) for row in rows)
    found = [row for row in shown if row is not None]
    with ctx.store.write() as tx:
        record_reads(tx, account, name, frame, at, "read-back")
        note_reread(tx, rows)
        done = settle_unknown(tx, found)
        confirm(tx, [confirmation(row, row["plan"]) for row in done])
        for plan in dict.fromkeys(row["plan"] for row in done):
            tell_outcomes(tx, plan, [row for row in done if row["plan"] == plan])
    return len(rows)
