"""Reading offers in full before their prices are replaced, so that nothing else in them is lost."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from acorn_engine.marketplace import MarketplaceError
from acorn_engine.problems import AcornError, Problem

if TYPE_CHECKING:
    from acorn_engine.engine.context import Context
    from acorn_engine.marketplace import Account
    from acorn_engine.sites import Site

BATCH: Final = 200
logger = logging.getLogger(__name__)


def read_offers(
    context: Context, account: Account, site: Site, seller_skus: Sequence[str], problems: list[Problem]
) -> int:
    """Read offers and keep what was read; return how many SKUs the marketplace answered for.

    Never raises for want of a network or credentials: what went wrong becomes a warning, and the
    offers stay unread.
    """
    try:
        connection = context.connect(account)
    except AcornError as error:
        problems.append(_unread(account, site, len(seller_skus), error.problems[0].message))
        return 0
    done = 0
    for start in range(0, len(seller_skus), BATCH):
        batch = seller_skus[start : start + BATCH]
        at = context.now()
        try:
            frame = connection.read(site, batch)
        except MarketplaceError as error:
            problems.append(_unread(account, site, len(seller_skus) - start, str(error)))
            break
        context.store.record_reads(account.name, site.name, frame, at)
        done += frame.height
        logger.debug("read %d of %d offers of %s", start + len(batch), len(seller_skus), site.name)
    return done


def _unread(account: Account, site: Site, count: int, cause: str) -> Problem:
    return Problem(
        code="unread",
        effect="warns",
        message=f"{count} offers of account '{account.name}' on {site.name} could not be read: {cause} Their price changes are held.",
        hint="a plan needs what else stands in an offer before it replaces a price; plan again when it can be read",
        params={"account": account.name, "site": site.name, "offers": count},
    )
