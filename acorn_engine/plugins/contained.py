"""What plugins hand over as callables, wrapped: a call that fails or hangs costs its own work only."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, TypeVar

from acorn_engine.marketplace import Buffer, MarketplaceError, document_buffers
from acorn_engine.plugins.isolation import HOOK_SECONDS, MOST_RECORDS, HookHangsError, call_in_time, describe
from acorn_engine.problems import AcornError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    import polars as pl

    from acorn_engine.marketplace import (
        Account,
        Connection,
        Credentials,
        Limits,
        Marketplace,
        RemoteSubmission,
        Report,
    )
    from acorn_engine.plugins.records import Function, RuleKind
    from acorn_engine.sites import Site

Result = TypeVar("Result")

WAVE_SECONDS: Final = 600.0
"""How long a marketplace may take to put one wave, or one document, into its own words."""


class Patience:
    """A time limit for one plugin's callable. What hung once is not asked again: it would hang again."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._hung: str | None = None

    def call(self, function: Callable[[], Result]) -> Result:
        """Return what ``function`` returns. Raises ``HookHangsError`` when it hangs, or has hung before."""
        if self._hung is not None:
            raise HookHangsError(self._hung)
        try:
            return call_in_time(function, self._seconds)
        except HookHangsError as error:
            self._hung = str(error)
            raise


def contained_kind(kind: RuleKind, seconds: float = HOOK_SECONDS) -> RuleKind:
    """Return a rule kind whose ``expand`` ends: in time, and after so many records."""
    patience = Patience(seconds)

    def expand(options: Any) -> list[Any]:
        return patience.call(lambda: list(islice(kind.expand(options), MOST_RECORDS)))

    return replace(kind, expand=expand)


def contained_function(function: Function, seconds: float = HOOK_SECONDS) -> Function:
    """Return a function whose definition, where it is a callable, ends in time."""
    definition = function.definition
    if isinstance(definition, str):
        return function
    patience = Patience(seconds)

    def define(**arguments: Any) -> str:
        return patience.call(partial(definition, **arguments))

    return replace(function, definition=define)


class ContainedMarketplace:
    """A provider of sites as the engine calls it: what goes wrong in it is a ``MarketplaceError``.

    So a provider's own fault holds the offers that it concerns, like a refusal of its marketplace.
    """

    def __init__(self, plugin: str, provider: Marketplace, seconds: float = WAVE_SECONDS) -> None:
        self.name: str = provider.name
        self.sites: tuple[Site, ...] = tuple(provider.sites)
        self.limits: Limits = provider.limits
        self.provider = provider
        self._plugin = plugin
        self._patience = Patience(seconds)

    def _call(self, what: str, function: Callable[[], Result]) -> Result:
        try:
            return self._patience.call(function)
        except MarketplaceError:
            raise
        except Exception as error:
            message = f"the plugin {self._plugin} failed to {what}: {describe(error)}"
            raise MarketplaceError(message, code="plugin_failed", who="developer") from error

    def encode(self, offers: pl.DataFrame, account: Account, site: Site) -> pl.DataFrame:
        """Turn one wave of changes into messages; see ``Marketplace.encode``."""
        return self._call("encode", lambda: _messages(self.provider.encode(offers.clone(), account, site)))

    def document(self, messages: Sequence[tuple[int, str]], account: Account, site: Site) -> bytes:
        """Wrap messages into one document; see ``Marketplace.document``."""
        return self._call("write a document", lambda: self.provider.document(messages, account, site))

    def document_buffers(self, messages: pl.DataFrame, account: Account, site: Site) -> list[Buffer]:
        """Return one document in pieces; see ``acorn_engine.marketplace.document_buffers``."""
        return self._call("write a document", lambda: _pieces(document_buffers(self.provider, messages, account, site)))

    def attribute_matches(self, wanted: str, shown: str | None, site: Site) -> bool:
        """Say whether an attribute reads back as planned; what cannot be compared does not match."""
        try:
            return self.provider.attribute_matches(wanted, shown, site) is True
        except Exception:  # noqa: BLE001  # asked for every attribute, so it has no time limit of its own
            return False

    def connect(self, account: Account, credentials: Credentials, options: Mapping[str, object]) -> Connection:
        """Open a connection for one account; see ``Marketplace.connect``.

        Raises ``AcornError``. What the provider says of its failure is left out: it was given secrets.
        """
        try:
            return ContainedConnection(self._plugin, self.provider.connect(account, credentials, options))
        except AcornError:
            raise
        except MarketplaceError as error:
            raise AcornError(f"{error} Nothing was sent or read.", code="connect-failed") from error
        except Exception as error:  # noqa: BLE001
            raise AcornError(
                Problem(
                    code="connect-failed",
                    message=f"the plugin {self._plugin} could not connect account '{account.name}':"
                    f" {type(error).__name__}. Nothing was sent or read.",
                    hint="check the account's endpoint and credentials",
                )
            ) from None


class ContainedConnection:
    """One account's conversation as the engine has it: what it answers is checked, what it asks can't break a run.

    A call that changes something passes its errors on: only the outbox knows what they mean.
    """

    def __init__(self, plugin: str, provider: Connection) -> None:
        self.provider = provider
        self._plugin = plugin

    def _call(self, what: str, function: Callable[[], Result]) -> Result:
        try:
            return function()
        except (MarketplaceError, AcornError):
            raise
        except Exception as error:
            # Its text may hold what was sent, and so a secret.
            message = f"the plugin {self._plugin} failed to {what}: {type(error).__name__}"
            raise MarketplaceError(message, code="plugin_failed", retryable=True, who="developer") from error

    def upload(self, document: bytes) -> str:
        """Store a document; see ``Connection.upload``."""
        return self._call("upload", lambda: self.provider.upload(document))

    def submit(self, site: Site, document_id: str) -> str:
        """Create a submission; see ``Connection.submit``."""
        return self.provider.submit(site, document_id)

    def recent(self, site: Site, since: datetime) -> Sequence[RemoteSubmission]:
        """Return recent submissions; see ``Connection.recent``."""
        return self._call("list submissions", lambda: self.provider.recent(site, since))

    def poll(self, submission_id: str) -> RemoteSubmission:
        """Return a submission's state; see ``Connection.poll``."""
        return self._call("poll", lambda: self.provider.poll(submission_id))

    def report(self, report_id: str) -> Report:
        """Return a submission's report; see ``Connection.report``."""
        return self._call("report", lambda: self.provider.report(report_id))

    def patch(self, site: Site, seller_sku: str, message: str) -> Report:
        """Apply one message at once; see ``Connection.patch``."""
        return self.provider.patch(site, seller_sku, message)

    def read(self, site: Site, seller_skus: Sequence[str]) -> pl.DataFrame:
        """Read offers in full; see ``Connection.read``. Offers whose values make no sense count as not read."""
        from acorn_engine.plugins.reads import usable_reads

        return self._call("read", lambda: usable_reads(self.provider.read(site, seller_skus), site, seller_skus))

    def close(self) -> None:
        """Release sockets."""
        self.provider.close()


def _pieces(answer: Any) -> list[Buffer]:
    pieces = list(answer)
    wrong = next((piece for piece in pieces if not isinstance(piece, Buffer)), None)
    if isinstance(answer, Buffer) or wrong is not None:
        raise TypeError("document_buffers returned no sequence of bytes")
    return pieces


def _messages(answer: Any) -> pl.DataFrame:
    """Return an encoder's answer as ``seller_sku, message, refused``. Raises ``TypeError`` for anything else."""
    import polars as pl

    if not isinstance(answer, pl.DataFrame):
        raise TypeError(f"encode returned {type(answer).__name__}, expected a Polars frame")
    if "refused" not in answer.columns:
        answer = answer.with_columns(pl.lit(None, dtype=pl.String).alias("refused"))
    wanted = ["seller_sku", "message", "refused"]
    wrong = [name for name in wanted if answer.schema.get(name) != pl.String]
    if wrong:
        raise TypeError(f"encode returned a frame without the text column {' and '.join(wrong)}")
    found: pl.DataFrame = answer.select(wanted)
    if found["refused"].null_count() == found.height:
        neither, both = found["message"].null_count(), 0
    else:
        texts = pl.sum_horizontal(pl.col("message", "refused").is_not_null())
        neither, both = found.select((texts == 0).sum().alias("neither"), (texts == 2).sum().alias("both")).row(0)
    if neither or found["seller_sku"].null_count():
        raise ValueError("encode returned a message without SKU or text")
    if both:
        raise ValueError("encode returned a message for an offer that it refused")
    return found
