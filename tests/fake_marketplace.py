"""A marketplace in memory, faithful to ``acorn_engine.marketplace.Connection`` and as unreliable as told.

Messages are JSON: ``{"sku": …, "set": {field: text}, "attributes": {name: value}}``.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from acorn_engine.marketplace import (
    READ_SCHEMA,
    Account,
    Issue,
    Limits,
    MarketplaceError,
    RemoteSubmission,
    Report,
    UnansweredError,
)
from acorn_engine.plan.model import CHANGE_SCHEMA, MESSAGE_SCHEMA, Plan, PlanStatus
from acorn_engine.sites import Site

DE = Site("amazon.de", "fake", "A1", "DE", "EUR", 2, "de_DE", "EU", "Europe/Berlin", tax_included=True)
FR = Site("amazon.fr", "fake", "A2", "FR", "EUR", 2, "fr_FR", "EU", "Europe/Paris", tax_included=True)
START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
GROUPS = {"quantity": "availability", "handling_days": "availability"}


class Clock:
    """A clock that stands still unless it is moved."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at

    def advance(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class Feed:
    id: str
    site: str
    document: str
    created_at: datetime
    fate: str
    messages: list[dict[str, Any]]
    report: Report | None = None
    ours: bool = True


@dataclass
class FakeConnection:
    """One account's marketplace. What is scripted is used up in order.

    ``lose``: operation → "before" or "after": the answer is lost, without or with its effect.
    ``fail``: operation → errors to raise, without effect. ``fates``: what becomes of each feed:
    done, nothing (DONE without effect), fatal, cancelled, stuck, partial (an incomplete report).
    ``rejects``: SKU → (code, text). ``lag``: how late ``recent`` shows a feed. ``show_lag``: how
    late ``read`` shows a value. ``tick`` is called before and after every call.
    """

    clock: Clock
    listings: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    lose: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    fail: dict[str, list[Exception]] = field(default_factory=lambda: defaultdict(list))
    fates: list[str] = field(default_factory=list)
    rejects: dict[str, tuple[str, str]] = field(default_factory=dict)
    lag: float = 0
    show_lag: float = 0
    seconds: float = 3
    tick: Any = lambda _name: None
    documents: dict[str, bytes] = field(default_factory=dict)
    feeds: list[Feed] = field(default_factory=list)
    applied: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    patches: list[str] = field(default_factory=list)
    poisoned: set[str] = field(default_factory=set)
    _waiting: list[tuple[datetime, tuple[str, str], dict[str, Any]]] = field(default_factory=list)

    def offer(self, sku: str, site: Site = DE, **values: Any) -> None:
        """Put an offer up."""
        plain = {name: None for name in READ_SCHEMA if name != "seller_sku"}
        defaults = {"product_type": "PRODUCT", "fulfilment": "merchant", "attributes": "{}", "issues": "[]"}
        self.listings[site.name, sku] = {**plain, **defaults, **values}

    def _call(self, name: str, effect: Any) -> Any:
        self.calls[name] += 1
        self.tick(f"before {name}")
        if self.fail[name]:
            raise self.fail[name].pop(0)
        lost = self.lose[name].pop(0) if self.lose[name] else ""
        if lost == "before":
            raise UnansweredError("the answer was lost", code="unanswered", retryable=False)
        result = effect()
        if lost == "after":
            raise UnansweredError("the answer was lost", code="unanswered", retryable=False)
        self.tick(f"after {name}")
        return result

    def upload(self, document: bytes) -> str:
        def effect() -> str:
            self.documents[f"doc{len(self.documents) + 1}"] = document
            return f"doc{len(self.documents)}"

        return self._call("upload", effect)

    def submit(self, site: Site, document_id: str) -> str:
        return self._call("submit", lambda: self.create(site, json.loads(self.documents[document_id]), document_id))

    def create(self, site: Site, messages: list[dict[str, Any]], document: str = "", *, ours: bool = True) -> str:
        fate = self.fates.pop(0) if self.fates and ours else "done"
        feed = Feed(f"feed{len(self.feeds) + 1}", site.name, document, self.clock.now(), fate, messages, ours=ours)
        self.feeds.append(feed)
        return feed.id

    def recent(self, site: Site, since: datetime) -> list[RemoteSubmission]:
        until = self.clock.now() - timedelta(seconds=self.lag)
        return self._call(
            "recent",
            lambda: [
                RemoteSubmission(feed.id, "queued", feed.created_at)
                for feed in reversed(self.feeds)
                if feed.site == site.name and since <= feed.created_at <= until
            ],
        )

    def poll(self, submission_id: str) -> RemoteSubmission:
        def effect() -> RemoteSubmission:
            feed = next(feed for feed in self.feeds if feed.id == submission_id)
            late = self.clock.now() - feed.created_at >= timedelta(seconds=self.seconds)
            if not late or feed.fate == "stuck":
                return RemoteSubmission(feed.id, "running" if late else "queued", feed.created_at)
            if feed.fate in {"fatal", "cancelled"}:
                return RemoteSubmission(feed.id, feed.fate, feed.created_at)
            self._process(feed)
            return RemoteSubmission(feed.id, "done", feed.created_at, f"report-{feed.id}")

        return self._call("poll", effect)

    def _process(self, feed: Feed) -> None:
        if feed.report is not None:
            return
        issues = []
        for message in feed.messages:
            if message["sku"] in self.rejects:
                code, text = self.rejects[message["sku"]]
                issues.append(Issue("error", text, code, message["messageId"], message["sku"]))
            elif feed.fate != "nothing":
                self._apply(feed.site, message)
        count = len(feed.messages)
        invalid = len(issues)
        whole = feed.fate != "partial"
        feed.report = Report(tuple(issues), count if whole else count - 1, count - invalid, invalid, complete=whole)

    def _apply(self, site: str, message: dict[str, Any]) -> None:
        text = json.dumps({name: value for name, value in message.items() if name != "messageId"}, sort_keys=True)
        self.applied[text] += 1
        at = self.clock.now() + timedelta(seconds=self.show_lag)
        self._waiting.append((at, (site, message["sku"]), message))

    def report(self, report_id: str) -> Report:
        def effect() -> Report:
            report = next(feed.report for feed in self.feeds if f"report-{feed.id}" == report_id)
            assert report is not None
            return report

        return self._call("report", effect)

    def patch(self, site: Site, seller_sku: str, message: str) -> Report:
        def effect() -> Report:
            self.patches.append(message)
            if seller_sku in self.rejects:
                code, text = self.rejects[seller_sku]
                return Report((Issue("error", text, code),), 1, 0, 1)
            self._apply(site.name, json.loads(message))
            return Report((), 1, 1, 0)

        return self._call("patch", effect)

    def read(self, site: Site, seller_skus: list[str]) -> pl.DataFrame:
        def effect() -> pl.DataFrame:
            if self.poisoned & set(seller_skus):
                raise MarketplaceError("one SKU is malformed", code="invalid", status=400)
            for at, key, message in list(self._waiting):
                if at <= self.clock.now() and key in self.listings:
                    self._waiting.remove((at, key, message))
                    offer = self.listings[key]
                    offer.update(message.get("set", {}))
                    attributes = {**json.loads(offer["attributes"] or "{}"), **message.get("attributes", {})}
                    offer["attributes"] = json.dumps(attributes)
            rows = [
                {"seller_sku": sku, **self.listings[site.name, sku]}
                for sku in seller_skus
                if (site.name, sku) in self.listings
            ]
            return pl.DataFrame(rows, schema=dict.fromkeys(READ_SCHEMA, pl.String()))

        return self._call("read", effect)

    def close(self) -> None:
        self.calls["close"] += 1

    @property
    def submits(self) -> list[str]:
        """The documents that were submitted, as text."""
        return [json.dumps(feed.messages) for feed in self.feeds if feed.ours]


class FakeMarketplace:
    """The provider of two sites."""

    name = "fake"
    sites = (DE, FR)
    limits = Limits(25_000, 10_000_000, 5, 300)

    def __init__(self, connections: dict[str, FakeConnection]) -> None:
        self.connections = connections

    def encode(self, offers: pl.DataFrame, account: Account, site: Site) -> pl.DataFrame:
        raise NotImplementedError

    def document(self, messages: list[tuple[int, str]], account: Account, site: Site) -> bytes:
        return json.dumps([{"messageId": number, **json.loads(text)} for number, text in messages]).encode()

    def attribute_matches(self, wanted: str, shown: str | None, site: Site) -> bool:
        return shown is not None and json.loads(wanted) == json.loads(shown)

    def connect(self, account: Account, credentials: Any = None, options: Any = None) -> FakeConnection:
        return self.connections[account.name]


def make_plan(
    plan_id: str,
    wishes: list[tuple[str, str, str | None, str | None]],
    clock: Clock,
    *,
    site: Site = DE,
    account: str | dict[str, str] = "eu",
    project: str = "northwind",
    verdicts: dict[tuple[str, str], str] | None = None,
    status: PlanStatus = PlanStatus.READY,
    hours: float = 4,
    part_size: int = 1_000,
    digests: dict[str, str] | None = None,
    message_verdicts: tuple[str, ...] = ("send",),
) -> Plan:
    """Make a plan of (SKU, field, from, to): messages per SKU and wave, cut into parts of ``part_size``."""
    rows = []
    for number, (sku, name, before, after) in enumerate(wishes):
        wave = 1
        if name == "quantity":
            wave = 0 if before is not None and int(after or 0) < int(before) else 2
        elif name == "handling_days":
            wave = 2
        group = GROUPS.get(name, name if name.startswith("attributes.") else "price")
        verdict = (verdicts or {}).get((sku, name), "send")
        owner = account if isinstance(account, str) else account[sku]
        row = {"id": f"{plan_id}-{number}", "account": owner, "site": site.name, "sku": f"P-{sku}", "seller_sku": sku}
        row |= {"group": group, "wave": wave, "operation": "update", "field": name, "from": before, "to": after}
        row |= {"currency": "EUR" if "price" in name else None, "rule": "r1", "guard": None, "verdict": verdict}
        rows.append({**row, "because": "why", "code": None, "params": "{}"})
    changes = pl.DataFrame(rows, schema=CHANGE_SCHEMA)
    made: dict[tuple[str, int, str], dict[str, Any]] = {}
    for row in rows:
        if row["verdict"] not in message_verdicts:
            continue
        key = (row["account"], row["wave"], row["seller_sku"])
        message = made.setdefault(key, {"sku": row["seller_sku"]})
        name = row["field"].removeprefix("attributes.")
        if name == row["field"]:
            message.setdefault("set", {})[name] = row["to"]
        else:
            message.setdefault("attributes", {})[name] = json.loads(row["to"])
    counts: Counter[tuple[str, int]] = Counter()
    messages = []
    for (owner, wave, sku), message in sorted(made.items()):
        place = counts[owner, wave]
        counts[owner, wave] += 1
        part, message_id = divmod(place, part_size)
        text = json.dumps(message, sort_keys=True)
        messages.append((owner, wave, part + 1, message_id + 1, sku, text, (digests or {}).get(sku)))
    return Plan(
        id=plan_id,
        project=project,
        site=site.name,
        accounts=tuple(sorted({row["account"] for row in rows})) or ("eu",),
        status=status,
        created_at=clock.now(),
        expires_at=clock.now() + timedelta(hours=hours),
        ruleset="rules",
        inputs="inputs",
        digest=f"digest-{plan_id}",
        summary={"offers": len(rows)},
        problems=(),
        changes=changes,
        messages=pl.DataFrame(messages, schema=MESSAGE_SCHEMA, orient="row"),
    )
