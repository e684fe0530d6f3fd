"""Every table, as SQLAlchemy Core describes it.

Every table carries the project (the tenant) as the first part of its key. Times are integers:
microseconds since 1970 in UTC. Money and numbers are text, exactly as planned or read; structures
are JSON text. What never changes once written and comes in hundred thousands (the changes and
messages of plans) is kept as Parquet files, many rows in one. On PostgreSQL the tables stand in the schema ``acorn``; on SQLite in a file that
holds nothing else.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, Table, Text, text

SCHEMA: Final = "acorn"
VERSION_TABLE: Final = "acorn_version"

metadata = MetaData(
    naming_convention={"pk": "pk_%(table_name)s", "ix": "ix_%(table_name)s_%(column_0_N_name)s"},
)


def _key(name: str, kind: Any = Text) -> Column[Any]:
    return Column(name, kind, primary_key=True, autoincrement=False)


def _texts(*names: str) -> list[Column[str]]:
    return [Column(name, Text) for name in names]


def _needed(*names: str) -> list[Column[str]]:
    return [Column(name, Text, nullable=False) for name in names]


def _instants(*names: str) -> list[Column[int]]:
    return [Column(name, BigInteger) for name in names]


def _counts(*names: str) -> list[Column[int]]:
    return [Column(name, Integer, nullable=False, server_default=text("0")) for name in names]


heads = Table(
    "heads",
    metadata,
    _key("project"),
    Column("plan_number", BigInteger, nullable=False),
    Column("event_number", BigInteger, nullable=False),
    Column("ledger_number", BigInteger, nullable=False),
    Column("ledger_hash", Text, nullable=False),
)
"""One row a project: whoever numbers plans, events or ledger rows holds this row until the commit."""

rulesets = Table(
    "rulesets", metadata, _key("project"), _key("digest"), *_needed("files"), Column("saved_at", BigInteger)
)

plans = Table(
    "plans",
    metadata,
    _key("project"),
    _key("id"),
    Column("number", BigInteger, nullable=False),
    *_needed("site", "kind", "status", "state", "accounts", "ruleset", "inputs", "digest"),
    *_needed("summary", "problems", "details"),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    *_instants("approved_at", "submitted_at", "ended_at"),
    *_texts("closed_by"),
)
Index("ix_plans_project_site_state", plans.c.project, plans.c.site, plans.c.state)

change_frames = Table(
    "change_frames",
    metadata,
    _key("project"),
    _key("plan"),
    _key("first", Integer),
    Column("body", LargeBinary, nullable=False),
)
"""Changes of a plan as Parquet, from the one with the number ``first`` on."""

message_frames = Table(
    "message_frames",
    metadata,
    _key("project"),
    _key("plan"),
    _key("account"),
    _key("wave", Integer),
    _key("part", Integer),
    _key("first", Integer),
    Column("body", LargeBinary, nullable=False),
)
"""Messages of one part of a plan as Parquet, from the one with the message id ``first`` on."""

approvals = Table(
    "approvals",
    metadata,
    _key("project"),
    _key("plan"),
    _key("number", Integer),
    *_needed("by"),
    *_texts("because", "override"),
    *_needed("released"),
    Column("at", BigInteger, nullable=False),
)

releases = Table(
    "releases",
    metadata,
    _key("project"),
    _key("plan"),
    _key("number", Integer),
    Column("approval", Integer, nullable=False),
)
"""The held changes (by number) that an approval lets go."""

offer_states = Table(
    "offer_states",
    metadata,
    _key("project"),
    _key("account"),
    _key("site"),
    _key("seller_sku"),
    *_texts("product_type", "fulfilment", "price", "sale_price", "sale_from", "sale_to", "minimum_price"),
    *_texts("maximum_price", "quantity", "handling_days", "attributes", "other_prices", "neighbours", "issues"),
    Column("as_of", BigInteger, nullable=False),
    *_texts("neighbours_digest"),
    *_needed("source"),
)

verified = Table(
    "verified",
    metadata,
    _key("project"),
    _key("account"),
    _key("site"),
    _key("seller_sku"),
    _key("field"),
    *_texts("value", "plan"),
    Column("at", BigInteger, nullable=False),
)
"""The last value of a field that was ours and read back as planned."""

parts = Table(
    "parts",
    metadata,
    _key("project"),
    _key("id"),
    *_needed("plan", "account", "site"),
    Column("wave", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    *_needed("mode", "state"),
    *_counts("version", "in_flight", "attempts", "uploads", "lookups", "adopted"),
    Column("plan_number", BigInteger, nullable=False),
    *_texts("document", "submission", "report", "known", "note", "code", "who", "remedy", "read_to"),
    Column("due_at", BigInteger, nullable=False),
    Column("since", BigInteger, nullable=False),
    *_instants("intent_at", "sent_at", "verify_until", "pass_at", "ended_at"),
    Column("batch", Integer),
)
Index("ix_parts_project_plan", parts.c.project, parts.c.plan)
Index(
    "ix_parts_open",
    parts.c.project,
    parts.c.account,
    parts.c.site,
    sqlite_where=text("state <> 'ended'"),
    postgresql_where=text("state <> 'ended'"),
)

part_messages = Table(
    "part_messages",
    metadata,
    _key("project"),
    _key("part"),
    _key("message_id", Integer),
    *_needed("seller_sku", "state"),
    *_texts("reason"),
    *_counts("attempts"),
    *_instants("sent_at"),
)

deliveries = Table(
    "deliveries",
    metadata,
    _key("project"),
    _key("plan"),
    _key("number", Integer),
    *_needed("part"),
    Column("message_id", Integer, nullable=False),
    *_needed("account", "site"),
    *_texts("sku"),
    *_needed("seller_sku", "group"),
    Column("wave", Integer, nullable=False),
    *_needed("field"),
    *_texts("from", "to", "currency", "outcome", "code", "text", "shown"),
    *_instants("sent_at", "checked_at", "ended_at"),
)
"""A change on its way: ``outcome`` is null until it is settled, rejected, unknown, differs, superseded or dropped."""
Index("ix_deliveries_part", deliveries.c.project, deliveries.c.part, deliveries.c.seller_sku)
Index("ix_deliveries_sent", deliveries.c.project, deliveries.c.site, deliveries.c.sent_at)
Index(
    "ix_deliveries_open",
    deliveries.c.project,
    deliveries.c.site,
    deliveries.c.account,
    deliveries.c.seller_sku,
    sqlite_where=text("outcome IS NULL"),
    postgresql_where=text("outcome IS NULL"),
)
Index(
    "ix_deliveries_unknown",
    deliveries.c.project,
    deliveries.c.account,
    deliveries.c.site,
    sqlite_where=text("outcome = 'unknown'"),
    postgresql_where=text("outcome = 'unknown'"),
)

events = Table(
    "events",
    metadata,
    _key("project"),
    _key("number", BigInteger),
    *_needed("kind"),
    Column("at", BigInteger, nullable=False),
    *_texts("plan"),
    *_needed("data"),
)

ledger = Table(
    "ledger",
    metadata,
    _key("project"),
    _key("number", BigInteger),
    Column("at", BigInteger, nullable=False),
    *_needed("who", "what"),
    *_texts("subject", "before", "after"),
    *_needed("previous", "hash"),
)

leases = Table(
    "leases", metadata, _key("project"), _key("name"), *_needed("owner"), Column("until", BigInteger, nullable=False)
)

keys = Table("keys", metadata, _key("project"), _key("scope"), _key("key"), *_needed("value"), Column("at", BigInteger))

buckets = Table(
    "buckets",
    metadata,
    _key("project"),
    _key("name"),
    Column("full_at", BigInteger, nullable=False),
    Column("every", BigInteger, nullable=False),
    Column("burst", Integer, nullable=False),
)
"""A quota that processes share, under no project's name: full again at ``full_at``, one call back ``every`` so many microseconds.

``burst`` at most at once.
"""

secrets = Table(
    "secrets",
    metadata,
    _key("project"),
    _key("account"),
    _key("name"),
    *_needed("body"),
    Column("issued_at", BigInteger, nullable=False),
    Column("saved_at", BigInteger, nullable=False),
)
"""Secrets of accounts, encrypted. ``issued_at`` is when the marketplace gave one out: some run out."""
