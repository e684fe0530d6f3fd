"""Amazon's Selling Partner API for Acorn: sites, feeds, listings, prices, fees, reports, stock, orders."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from acorn_amazon.connection import AmazonConnection
    from acorn_amazon.marketplace import AmazonMarketplace
    from acorn_engine.marketplace import Account, Credentials

__all__ = ["open_connection"]


@cache
def _marketplace() -> AmazonMarketplace:
    from acorn_amazon.marketplace import AmazonMarketplace

    return AmazonMarketplace()


def open_connection(account: Account, credentials: Credentials, **options: object) -> AmazonConnection:
    """Open a connection for one account, without an engine. Makes no request; close it, or use ``with``.

    ``options`` are the keys of ``[amazon]`` (``acorn_amazon.settings.AmazonSettings``) and those of
    ``AmazonMarketplace.connect``. All connections of one account in this process share its quotas.
    Raises ``MarketplaceError`` for an account that Amazon cannot have, pydantic's ``ValidationError`` for
    an option out of bounds, and ``TypeError`` for one that is not known.
    """
    from acorn_amazon.connection import AmazonConnection
    from acorn_amazon.settings import AmazonSettings

    unknown = sorted(set(options) - set(AmazonSettings.model_fields) - {"transport", "quotas", "buckets"})
    if unknown:
        raise TypeError(
            f"open_connection has no option '{unknown[0]}'; it has {', '.join(AmazonSettings.model_fields)}"
        )
    connection = _marketplace().connect(account, credentials, options)
    if not isinstance(connection, AmazonConnection):  # pragma: no cover - the provider's own type
        raise TypeError
    return connection
