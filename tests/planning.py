"""Plans of the small world: a marketplace that writes plain JSON, and shortcuts to frozen plans."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
from judging import SITE, chain, judged

from acorn_engine.marketplace import Account, Limits, MarketplaceError
from acorn_engine.plan import Plan, build_messages, draft, freeze

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acorn_engine.guard import Judged
    from acorn_engine.plan import Draft
    from acorn_engine.sites import Site

ACCOUNT = Account("eu", "plain", "SELLER", ("amazon.de",))
ACCOUNTS = {"eu": ACCOUNT, "other": Account("other", "plain", "OTHER", ("amazon.de",))}


class PlainMarketplace:
    """Writes every row as JSON. ``refuse`` are SKUs that it cannot encode, ``mute`` those it drops.

    ``tell`` are SKUs that it refuses in the answer, offer by offer.
    """

    name = "plain"
    sites = (SITE,)

    def __init__(
        self,
        limits: Limits | None = None,
        refuse: Sequence[str] = (),
        mute: Sequence[str] = (),
        twice: str = "",
        tell: Sequence[str] = (),
    ) -> None:
        self.limits = limits or Limits(25_000, 10_000_000, 5, 300)
        self.refuse, self.mute, self.twice, self.tell = set(refuse), set(mute), twice, list(tell)
        self.calls: list[pl.DataFrame] = []

    def encode(self, offers: pl.DataFrame, account: Account, site: Site) -> pl.DataFrame:
        self.calls.append(offers)
        refused = self.refuse & set(offers["seller_sku"])
        if refused:
            raise MarketplaceError(f"{sorted(refused)} cannot be encoded", code="invalid")
        wanted = offers.filter(~pl.col("seller_sku").is_in(list(self.mute)))
        wanted = pl.concat([wanted, wanted.filter(pl.col("seller_sku") == self.twice)])
        made = wanted.select("seller_sku", message=pl.struct(wanted.columns).struct.json_encode())
        if not self.tell:
            return made
        told = pl.when(pl.col("seller_sku").is_in(self.tell)).then(pl.format("'{}' is not wanted", "seller_sku"))
        return made.with_columns(refused=told).with_columns(
            pl.when(pl.col("refused").is_null()).then(pl.col("message")).alias("message")
        )

    def document(self, messages: Sequence[tuple[int, str]], account: Account, site: Site) -> bytes:
        body = [{"messageId": number, **json.loads(text)} for number, text in messages]
        return json.dumps({"seller": account.seller_id, "messages": body}, ensure_ascii=False).encode()

    def attribute_matches(self, wanted: str, shown: str | None, site: Site) -> bool:
        return wanted == shown


def freeze_judged(
    result: Judged, marketplace: PlainMarketplace | None = None, made_by: Any = None, **options: Any
) -> Plan:
    """Return the plan of a judged site."""
    marketplace = marketplace or PlainMarketplace()
    drafted, messages = build_messages(drafted_of(result, made_by), marketplace, ACCOUNTS, SITE)
    arguments: dict[str, Any] = {
        "plan_id": "20261123-0001",
        "project": "test",
        "ruleset": "r" * 64,
        "inputs": "i" * 64,
        "limits": dict.fromkeys(ACCOUNTS, marketplace.limits),
        "plan_ttl": timedelta(hours=4),
    }
    return freeze(drafted, messages, **(arguments | options))


def drafted_of(result: Judged, made_by: Any = None) -> Draft:
    """Return the draft of a judged site."""
    return draft(result, made_by or chain())


def planned(*offers: Mapping[str, Any], marketplace: PlainMarketplace | None = None, **options: Any) -> Plan:
    """Judge and freeze offers."""
    return freeze_judged(judged(*offers, **options), marketplace)


def messages_of(plan: Plan, sku: str) -> dict[int, dict[str, Any]]:
    """Return an offer's messages by wave."""
    some = plan.messages.filter(pl.col("seller_sku") == sku)
    return {wave: json.loads(text) for wave, text in some.select("wave", "message").iter_rows()}
