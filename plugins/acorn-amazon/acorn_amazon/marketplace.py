"""Amazon as a marketplace provider: sites, limits, messages, connections."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from acorn_amazon import attributes, documents, encoding
from acorn_amazon.endpoints import endpoint_of, is_loopback, token_endpoint_of
from acorn_amazon.quotas import Quotas, application_of
from acorn_amazon.settings import AmazonSettings
from acorn_amazon.sites import NAME, SITES
from acorn_engine.quotas import MemoryBuckets

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from acorn_engine.marketplace import Account, Buffer, Connection, Credentials, Limits
    from acorn_engine.quotas import Buckets
    from acorn_engine.sites import Site


class AmazonMarketplace:
    """The provider of Amazon's 23 stores. Thread-safe.

    Quotas are kept in the buckets that ``connect`` is given; without any, in memory, for all
    connections of one instance.
    """

    def __init__(self) -> None:
        self.name: str = NAME
        self.sites: tuple[Site, ...] = SITES
        self.limits: Limits = documents.LIMITS
        self._buckets = MemoryBuckets()

    def encode(self, offers: pl.DataFrame, account: Account, site: Site) -> pl.DataFrame:  # noqa: ARG002 - the protocol's
        """Turn one wave of changes into messages; see ``acorn_amazon.encoding.encode``."""
        return encoding.encode(offers, site)

    def document(self, messages: Sequence[tuple[int, str]], account: Account, site: Site) -> bytes:  # noqa: ARG002
        """Wrap messages into one JSON_LISTINGS_FEED document, UTF-8."""
        return documents.build(messages, account.seller_id)

    def document_buffers(self, messages: pl.DataFrame, account: Account, site: Site) -> list[Buffer]:  # noqa: ARG002
        """Return the same document in pieces, straight from columns; see ``acorn_amazon.documents.buffers``."""
        return documents.buffers(messages, account.seller_id)

    def attribute_matches(self, wanted: str, shown: str | None, site: Site) -> bool:
        """Say whether an attribute reads back as planned; see ``acorn_amazon.attributes.matches``."""
        return attributes.matches(wanted, shown, site)

    def connect(self, account: Account, credentials: Credentials, options: Mapping[str, object]) -> Connection:
        """Open a connection for one account. Makes no request.

        ``options`` are the keys of ``AmazonSettings``, ``buckets`` (``acorn_engine.quotas.Buckets``),
        and for tests ``transport`` (an ``httpx2.BaseTransport``) and ``quotas``; others are not looked at.
        The network's library is loaded here: nothing else of a marketplace needs it.
        """
        import httpx2

        from acorn_amazon.auth import AccessTokens
        from acorn_amazon.client import Client
        from acorn_amazon.connection import AmazonConnection
        from acorn_amazon.transport import Transport

        settings = AmazonSettings.model_validate(
            {name: value for name, value in options.items() if name in AmazonSettings.model_fields}
        )
        endpoint, token_endpoint = endpoint_of(account), token_endpoint_of(account)
        inner = options.get("transport")
        transport = Transport(
            endpoint,
            settings.application,
            settings.timeout_seconds,
            inner if isinstance(inner, httpx2.BaseTransport) else None,
        )
        quotas = options.get("quotas")
        if not isinstance(quotas, Quotas):
            buckets: Buckets = cast("Buckets", options.get("buckets") or self._buckets)
            quotas = Quotas(
                buckets,
                endpoint=endpoint,
                application=application_of(credentials.client_id),
                seller=account.seller_id,
                imitation=is_loopback(endpoint),
            )
        client = Client(
            endpoint=endpoint,
            transport=transport,
            tokens=AccessTokens(transport, token_endpoint, credentials),
            quotas=quotas,
            settings=settings,
        )
        return AmazonConnection(client, account)
