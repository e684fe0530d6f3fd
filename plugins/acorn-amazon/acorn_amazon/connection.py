"""One account's conversation with Amazon, as the engine has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acorn_amazon import exact_json, feeds, listings
from acorn_amazon.errors import member
from acorn_engine.marketplace import RemoteSubmission, Report
from acorn_engine.sites import Site

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from types import TracebackType
    from typing import Self

    import polars as pl

    from acorn_amazon.client import Client
    from acorn_engine.marketplace import Account


class AmazonConnection:
    """Implements ``acorn_engine.marketplace.Connection``. Thread-safe; blocking.

    ``client`` is what the modules of further operations take (``acorn_amazon.pricing``, ``fees``,
    ``reports``, ``orders`` …); ``account`` is the account as it was given. A context manager.
    """

    def __init__(self, client: Client, account: Account) -> None:
        self.client = client
        self.account = account

    def __enter__(self) -> Self:
        """Return the connection."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection."""
        self.close()

    def upload(self, document: bytes) -> str:
        """Store a document and return its id. Safe to repeat: an unused document has no effect."""
        return feeds.upload(self.client, document)

    def submit(self, site: Site, document_id: str) -> str:
        """Create a feed of an uploaded document, for one site: Amazon takes no more than one."""
        return feeds.submit(self.client, site, document_id)

    def cancel(self, submission_id: str) -> None:
        """Cancel a feed that is still queued; see ``acorn_amazon.feeds.cancel``."""
        feeds.cancel(self.client, submission_id)

    def recent(self, site: Site, since: datetime) -> Sequence[RemoteSubmission]:
        """Return this site's listings feeds created at or after ``since``, newest first."""
        return feeds.recent(self.client, site, since)

    def poll(self, submission_id: str) -> RemoteSubmission:
        """Return a feed's present state."""
        return feeds.poll(self.client, submission_id)

    def report(self, report_id: str) -> Report:
        """Return the processing report of a finished feed."""
        return feeds.report(self.client, report_id)

    def patch(self, site: Site, seller_sku: str, message: str) -> Report:
        """Apply one message to one listing. Amazon's INVALID is an answer, not an error."""
        return self._patch(site, seller_sku, message, preview=False)

    def preview(self, site: Site, seller_sku: str, message: str) -> Report:
        """Have Amazon validate one message without applying it (VALIDATION_PREVIEW)."""
        return self._patch(site, seller_sku, message, preview=True)

    def _patch(self, site: Site, seller_sku: str, message: str, *, preview: bool) -> Report:
        content = exact_json.loads(message)
        answer = listings.patch(
            self.client,
            self.account.seller_id,
            site,
            seller_sku,
            content["productType"],
            content["patches"],
            preview=preview,
        )
        return Report(
            issues=answer.issues,
            processed=1,
            accepted=int(answer.good),
            invalid=int(not answer.good),
        )

    def read(self, site: Site, seller_skus: Sequence[str]) -> pl.DataFrame:
        """Read offers in full; see ``acorn_amazon.listings.read``."""
        return listings.read(self.client, self.account.seller_id, site, seller_skus)

    def participations(self) -> list[str]:
        """Return the marketplace ids in which the account may sell; used to check credentials."""
        answer = self.client.call("getMarketplaceParticipations")
        entries = member(answer, "payload", list, "getMarketplaceParticipations")
        return [
            str(entry["marketplace"]["id"])
            for entry in entries
            if isinstance(entry, dict)
            and isinstance(entry.get("marketplace"), dict)
            and isinstance(entry.get("participation"), dict)
            and entry["participation"].get("isParticipating")
        ]

    def close(self) -> None:
        """Release sockets."""
        self.client.transport.close()
