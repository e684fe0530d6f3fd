"""Messages for the changes to send, made by the marketplace, wave by wave."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import polars as pl

from acorn_engine.fields import PRICE_GROUP
from acorn_engine.marketplace import MarketplaceError
from acorn_engine.plan.drafting import hold
from acorn_engine.plan.model import MESSAGE_SCHEMA
from acorn_engine.plan.parts import envelope_bytes
from acorn_engine.plan.waves import sending, wave_rows
from acorn_engine.problems import PlanError, Problem
from acorn_engine.verdicts import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acorn_engine.marketplace import Account, Marketplace
    from acorn_engine.plan.drafting import Draft
    from acorn_engine.sites import Site

WAVES: Final = (0, 1, 2)
INCREASES: Final = 2
LARGEST_SEARCH: Final = 256
"""So often a refused wave is halved to find the offers that are at fault; then the rest is held."""
_REFUSED: Final = {"account": pl.String(), "wave": pl.Int8(), "seller_sku": pl.String(), "why": pl.String()}
_UNCUT: Final = [name for name in MESSAGE_SCHEMA if name not in {"part", "message_id"}]


def to_encode(draft: Draft, wave: int, account: str | None = None) -> pl.DataFrame:
    """Return what ``Marketplace.encode`` is given for one wave: one row per offer, by SKU.

    With ``account`` only that account's offers: SKUs are unique within one account only.
    """
    return wave_rows(sending(draft.changes, draft.offers, account), wave)


def build_messages(
    draft: Draft, marketplace: Marketplace, accounts: Mapping[str, Account], site: Site
) -> tuple[Draft, pl.DataFrame]:
    """Return the draft and the messages for everything that it sends, not yet cut into parts.

    The messages have ``account, wave, seller_sku, message, neighbours_digest``. A change for which
    the marketplace makes no message is held (``no_message``), and with a price the increase of its
    quantity: the draft that comes back says so. Raises ``PlanError`` for two messages of one offer.
    """
    while True:
        built, refused = encode_waves(draft.changes, draft.offers, marketplace, accounts, site)
        if refused.is_empty():
            return draft, built
        draft = draft.with_changes(_hold_refused(draft.changes, refused))


def _hold_refused(changes: pl.DataFrame, refused: pl.DataFrame) -> pl.DataFrame:
    wave_1 = refused.filter(pl.col("wave") == 1).select("account", "seller_sku")
    priced = changes.filter((pl.col("group") == PRICE_GROUP) & (pl.col("verdict") == Verdict.SEND.value))
    lost = wave_1.join(priced, on=["account", "seller_sku"], how="semi").with_columns(_lost=True)
    marked = changes.join(
        refused.rename({"why": "_why"}), on=["account", "wave", "seller_sku"], how="left", maintain_order="left"
    ).join(lost, on=["account", "seller_sku"], how="left", maintain_order="left")
    why = pl.concat_str(pl.lit("no message can be made: "), "_why")
    increase = (pl.col("field") == "quantity") & (pl.col("wave") == INCREASES) & pl.col("_lost")
    held = hold(marked, pl.col("_why").is_not_null(), "no_message", why)
    held = hold(held, increase, "price_held", "the price is held, so the quantity is not raised")
    return held.drop("_why", "_lost")


def encode_waves(
    changes: pl.DataFrame,
    offers: pl.DataFrame,
    marketplace: Marketplace,
    accounts: Mapping[str, Account],
    site: Site,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the messages of every wave, and the offers without one: ``account, wave, seller_sku, why``."""
    found: list[pl.DataFrame] = [pl.DataFrame(schema={name: MESSAGE_SCHEMA[name] for name in _UNCUT})]
    refused: list[pl.DataFrame] = [pl.DataFrame(schema=_REFUSED)]
    for account in changes["account"].unique().sort().to_list():
        sent = sending(changes, offers, account)
        for wave in WAVES:
            frame = wave_rows(sent, wave)
            if frame.is_empty():
                continue
            encoder = _Encoder(marketplace, accounts[account], site)
            messages = encoder.messages(frame)
            where = (pl.lit(account).alias("account"), pl.lit(wave, pl.Int8).alias("wave"))
            refused += [some.with_columns(*where).select(*_REFUSED) for some in encoder.refused]
            found.append(_digested(messages, frame).with_columns(*where).select(_UNCUT))
    return pl.concat(found), pl.concat(refused)


class _Encoder:
    """One account's wave at the marketplace. A refusal costs only the offers that it concerns."""

    def __init__(self, marketplace: Marketplace, account: Account, site: Site) -> None:
        self._marketplace, self._account, self._site = marketplace, account, site
        self._tries = LARGEST_SEARCH
        self.refused: list[pl.DataFrame] = []

    def messages(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return ``seller_sku`` and ``message``; offers without a message are noted in ``refused``."""
        try:
            answer = self._marketplace.encode(frame, self._account, self._site)
        except MarketplaceError as error:
            self._tries -= 1
            if frame.height == 1 or self._tries < 0:
                self._refuse(frame, pl.lit(str(error)))
                return pl.DataFrame(schema={"seller_sku": pl.String, "message": pl.String})
            half = frame.height // 2
            return pl.concat([self.messages(frame.head(half)), self.messages(frame.tail(frame.height - half))])
        # An offer has one row here: an answer of the same SKUs has each of them, and none twice.
        if not answer["seller_sku"].equals(frame["seller_sku"]):
            self._check_unique(answer)
            absent = frame.join(answer, on="seller_sku", how="anti", maintain_order="left")
            self._refuse(absent, pl.lit("the marketplace has no words for it"))
        if "refused" in answer.columns and answer["refused"].null_count() < answer.height:
            self._refuse(answer.drop_nulls("refused"), pl.col("refused"))
            answer = answer.filter(pl.col("refused").is_null())
        found = answer.select("seller_sku", "message")
        heavy = found["message"].str.len_bytes() > self._marketplace.limits.bytes - envelope_bytes()
        if heavy.any():
            self._refuse(found.filter(heavy), pl.lit("it is larger than a submission may be"))
            found = found.filter(~heavy)
        return found

    def _refuse(self, offers: pl.DataFrame, why: pl.Expr) -> None:
        self.refused.append(offers.select("seller_sku", why.alias("why")))

    def _check_unique(self, found: pl.DataFrame) -> None:
        twice = found.filter(found["seller_sku"].is_duplicated())
        if twice.height:
            raise PlanError(
                Problem(
                    code="two_messages",
                    message=f"marketplace '{self._account.marketplace}' made two messages for"
                    f" '{twice['seller_sku'][0]}'. Nothing was planned.",
                    hint="This is a fault of the marketplace's plugin: report it.",
                )
            )


def _digested(messages: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    """Add the SHA-256 of what else stood in the offer when it was read, to messages that replace it."""
    priced = frame.filter(pl.col("price_changed") & pl.col("neighbours").is_not_null())
    if priced.is_empty():
        return messages.with_columns(pl.lit(None, dtype=pl.String).alias("neighbours_digest"))
    texts = priced["neighbours"].unique()
    digests = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
    table = pl.DataFrame(
        {"neighbours": texts, "neighbours_digest": digests},
        schema={"neighbours": pl.String, "neighbours_digest": pl.String},
    )
    known = priced.select("seller_sku", "neighbours").join(table, on="neighbours", how="left").drop("neighbours")
    return messages.join(known, on="seller_sku", how="left", maintain_order="left")
