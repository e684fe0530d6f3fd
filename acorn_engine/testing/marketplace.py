"""What every marketplace provider must keep to, as far as it can be seen without a network."""

from __future__ import annotations

import json
import re
from typing import ClassVar
from zoneinfo import ZoneInfo

import polars as pl

from acorn_engine.marketplace import Account, Marketplace, MarketplaceError, document_buffers
from acorn_engine.sites import Site

AWKWARD_SKUS = ("A-1", "00012", "with space", "slash/and,comma", 'quote"back\\slash', "台灯-Ä-😀", "line\nbreak\ttab")
"""SKUs as sellers really have them, and worse."""


class MarketplaceContract:
    """Inherit and set ``marketplace``."""

    marketplace: ClassVar[Marketplace]

    def account(self, site: Site) -> Account:
        """Return an account that sells on a site."""
        return Account("sample", self.marketplace.name, "SELLER1", (site.name,))

    def wave(self, site: Site, skus: tuple[str, ...] = AWKWARD_SKUS) -> pl.DataFrame:
        """Return price changes as the engine hands them to ``encode``."""
        price = "1234" if site.digits == 0 else "12.34"
        texts = ("sale_price", "sale_from", "sale_to", "quantity", "handling_days", "attributes", "neighbours")
        return pl.DataFrame(
            {
                "seller_sku": list(skus),
                "product_type": ["LAMP"] * len(skus),
                "fulfilment": ["merchant"] * len(skus),
                "currency": [site.currency] * len(skus),
                "price": [price] * len(skus),
                "minimum_price": [price] * len(skus),
                "maximum_price": [price] * len(skus),
                "price_changed": [True] * len(skus),
            },
            schema_overrides={"seller_sku": pl.String, "price_changed": pl.Boolean},
        ).with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in texts)

    def test_sites_are_complete_and_unique(self) -> None:
        """Names and ids are unique; currency, country and time zone are real."""
        sites = self.marketplace.sites
        assert sites  # noqa: S101
        assert len({site.name for site in sites}) == len(sites)  # noqa: S101
        assert len({site.marketplace_id for site in sites}) == len(sites)  # noqa: S101
        for site in sites:
            assert site.marketplace == self.marketplace.name  # noqa: S101
            assert re.fullmatch(r"[A-Z]{3}", site.currency)  # noqa: S101
            assert re.fullmatch(r"[A-Z]{2}", site.country)  # noqa: S101
            assert 0 <= site.digits <= 4  # noqa: S101
            ZoneInfo(site.time_zone)

    def test_limits_allow_something(self) -> None:
        """Limits are positive."""
        limits = self.marketplace.limits
        assert min(limits.messages, limits.bytes, limits.submissions) > 0  # noqa: S101
        assert limits.per_seconds > 0  # noqa: S101

    def test_every_offer_gets_one_message_of_valid_json(self) -> None:
        """SKUs of every kind survive; messages come back one an offer."""
        for site in self.marketplace.sites:
            messages = self.marketplace.encode(self.wave(site), self.account(site), site)
            assert sorted(messages["seller_sku"].to_list()) == sorted(AWKWARD_SKUS)  # noqa: S101
            for sku, message in messages.select("seller_sku", "message").iter_rows():
                assert sku in _texts(json.loads(message))  # noqa: S101

    def test_nothing_to_encode_is_no_message(self) -> None:
        """An empty wave is no fault."""
        site = self.marketplace.sites[0]
        assert self.marketplace.encode(self.wave(site, ()), self.account(site), site).is_empty()  # noqa: S101

    def test_a_document_holds_its_messages(self) -> None:
        """The document is UTF-8 and every message is in it."""
        site = self.marketplace.sites[0]
        messages = self.marketplace.encode(self.wave(site), self.account(site), site)["message"].to_list()
        document = self.marketplace.document(list(enumerate(messages, start=1)), self.account(site), site)
        assert len(document.decode("utf-8")) >= sum(len(message) for message in messages)  # noqa: S101

    def test_a_document_of_columns_is_the_same(self) -> None:
        """What ``document_buffers`` gives, joined, is what ``document`` gives."""
        site = self.marketplace.sites[0]
        account = self.account(site)
        messages = self.marketplace.encode(self.wave(site), account, site)["message"]
        frame = pl.DataFrame({"message_id": range(3, len(messages) + 3), "message": messages})
        document = self.marketplace.document(list(frame.iter_rows()), account, site)
        for some in (frame, frame.with_columns(pl.col("message_id").cast(pl.Int32))):
            assert b"".join(document_buffers(self.marketplace, some, account, site)) == document  # noqa: S101

    def test_an_offer_has_a_message_or_a_reason(self) -> None:
        """An offer without a price is refused, in the answer or as a whole, or has words that need none."""
        site = self.marketplace.sites[0]
        priceless = pl.when(pl.col("seller_sku") != AWKWARD_SKUS[0]).then(pl.col("price")).alias("price")
        try:
            answer = self.marketplace.encode(self.wave(site).with_columns(priceless), self.account(site), site)
        except MarketplaceError:
            return
        if "refused" in answer.columns:
            texts = answer.select(pl.sum_horizontal(pl.col("message", "refused").is_not_null()))
            assert set(texts.to_series()) == {1}  # noqa: S101

    def test_an_attribute_matches_itself_and_not_its_absence(self) -> None:
        """What was never shown does not match."""
        site = self.marketplace.sites[0]
        assert not self.marketplace.attribute_matches('"x"', None, site)  # noqa: S101


def _texts(data: object) -> set[str]:
    """Return every text inside JSON data."""
    if isinstance(data, str):
        return {data}
    if isinstance(data, dict):
        return set().union(*(_texts(value) for value in data.values()))
    if isinstance(data, list):
        return set().union(*(_texts(value) for value in data))
    return set()
