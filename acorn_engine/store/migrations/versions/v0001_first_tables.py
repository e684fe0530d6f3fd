"""The first tables."""

from __future__ import annotations

from typing import Final

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, PrimaryKeyConstraint, Text, text

revision: Final = "0001"
down_revision: Final = None

Kind = type[Text] | type[Integer] | type[BigInteger]

_FIXED = ("UPDATE", "DELETE")


def _key(kind: Kind, *names: str) -> list[Column[object]]:
    return [Column(name, kind, autoincrement=False, nullable=False) for name in names]


def _needed(kind: Kind, *names: str) -> list[Column[object]]:
    return [Column(name, kind, nullable=False) for name in names]


def _maybe(kind: Kind, *names: str) -> list[Column[object]]:
    return [Column(name, kind) for name in names]


def _count(kind: Kind, *names: str) -> list[Column[object]]:
    return [Column(name, kind, nullable=False, server_default=text("0")) for name in names]


def upgrade() -> None:
    for create in (
        _approvals,
        _changes,
        _deliveries,
        _events,
        _heads,
        _keys,
        _leases,
        _ledger,
        _messages,
        _offer_states,
        _part_messages,
        _parts,
        _plans,
        _releases,
        _rulesets,
        _verified,
    ):
        create()
    _seal_ledger()


def _approvals() -> None:
    op.create_table(
        "approvals",
        *_key(Text, "project", "plan"),
        *_key(Integer, "number"),
        *_needed(Text, "by"),
        *_maybe(Text, "because", "override"),
        *_needed(Text, "released"),
        *_needed(BigInteger, "at"),
        PrimaryKeyConstraint("project", "plan", "number", name="pk_approvals"),
    )


def _changes() -> None:
    op.create_table(
        "changes",
        *_key(Text, "project", "plan"),
        *_key(Integer, "number"),
        *_needed(Text, "id", "account", "site"),
        *_maybe(Text, "sku", "seller_sku", "group"),
        *_maybe(Integer, "wave"),
        *_maybe(
            Text,
            "operation",
            "field",
            "from",
            "to",
            "currency",
            "rule",
            "guard",
            "verdict",
            "because",
            "code",
            "params",
        ),
        PrimaryKeyConstraint("project", "plan", "number", name="pk_changes"),
    )


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        *_key(Text, "project", "plan"),
        *_key(Integer, "number"),
        *_needed(Text, "part"),
        *_needed(Integer, "message_id"),
        *_needed(Text, "account", "site"),
        *_maybe(Text, "sku"),
        *_needed(Text, "seller_sku", "group"),
        *_needed(Integer, "wave"),
        *_needed(Text, "field"),
        *_maybe(Text, "from", "to", "currency", "outcome", "code", "text", "shown"),
        *_maybe(BigInteger, "sent_at", "checked_at", "ended_at"),
        PrimaryKeyConstraint("project", "plan", "number", name="pk_deliveries"),
    )
    op.create_index(
        "ix_deliveries_open",
        "deliveries",
        ["project", "site", "account", "seller_sku"],
        sqlite_where=text("outcome IS NULL"),
        postgresql_where=text("outcome IS NULL"),
    )
    op.create_index("ix_deliveries_part", "deliveries", ["project", "part", "seller_sku"])
    op.create_index("ix_deliveries_sent", "deliveries", ["project", "site", "sent_at"])


def _events() -> None:
    op.create_table(
        "events",
        *_key(Text, "project"),
        *_key(BigInteger, "number"),
        *_needed(Text, "kind"),
        *_needed(BigInteger, "at"),
        *_maybe(Text, "plan"),
        *_needed(Text, "data"),
        PrimaryKeyConstraint("project", "number", name="pk_events"),
    )


def _heads() -> None:
    op.create_table(
        "heads",
        *_key(Text, "project"),
        *_needed(BigInteger, "plan_number", "event_number", "ledger_number"),
        *_needed(Text, "ledger_hash"),
        PrimaryKeyConstraint("project", name="pk_heads"),
    )


def _keys() -> None:
    op.create_table(
        "keys",
        *_key(Text, "project", "scope", "key"),
        *_needed(Text, "value"),
        *_maybe(BigInteger, "at"),
        PrimaryKeyConstraint("project", "scope", "key", name="pk_keys"),
    )


def _leases() -> None:
    op.create_table(
        "leases",
        *_key(Text, "project", "name"),
        *_needed(Text, "owner"),
        *_needed(BigInteger, "until"),
        PrimaryKeyConstraint("project", "name", name="pk_leases"),
    )


def _ledger() -> None:
    op.create_table(
        "ledger",
        *_key(Text, "project"),
        *_key(BigInteger, "number"),
        *_needed(BigInteger, "at"),
        *_needed(Text, "who", "what"),
        *_maybe(Text, "subject", "before", "after"),
        *_needed(Text, "previous", "hash"),
        PrimaryKeyConstraint("project", "number", name="pk_ledger"),
    )


def _messages() -> None:
    op.create_table(
        "messages",
        *_key(Text, "project", "plan", "account"),
        *_key(Integer, "wave", "part", "message_id"),
        *_needed(Text, "seller_sku", "message"),
        *_maybe(Text, "neighbours_digest"),
        PrimaryKeyConstraint("project", "plan", "account", "wave", "part", "message_id", name="pk_messages"),
    )


def _offer_states() -> None:
    op.create_table(
        "offer_states",
        *_key(Text, "project", "account", "site", "seller_sku"),
        *_maybe(
            Text,
            "product_type",
            "fulfilment",
            "price",
            "sale_price",
            "sale_from",
            "sale_to",
            "minimum_price",
            "maximum_price",
            "quantity",
            "handling_days",
            "attributes",
            "other_prices",
            "neighbours",
            "issues",
        ),
        *_needed(BigInteger, "as_of"),
        *_maybe(Text, "neighbours_digest"),
        *_needed(Text, "source"),
        PrimaryKeyConstraint("project", "account", "site", "seller_sku", name="pk_offer_states"),
    )


def _part_messages() -> None:
    op.create_table(
        "part_messages",
        *_key(Text, "project", "part"),
        *_key(Integer, "message_id"),
        *_needed(Text, "seller_sku", "state"),
        *_maybe(Text, "reason"),
        *_count(Integer, "attempts"),
        *_maybe(BigInteger, "sent_at"),
        PrimaryKeyConstraint("project", "part", "message_id", name="pk_part_messages"),
    )


def _parts() -> None:
    op.create_table(
        "parts",
        *_key(Text, "project", "id"),
        *_needed(Text, "plan", "account", "site"),
        *_needed(Integer, "wave", "number"),
        *_needed(Text, "mode", "state"),
        *_count(Integer, "version", "in_flight", "attempts", "uploads", "lookups", "adopted"),
        *_needed(BigInteger, "plan_number"),
        *_maybe(Text, "document", "submission", "report", "known", "note", "code"),
        *_needed(BigInteger, "due_at", "since"),
        *_maybe(BigInteger, "intent_at", "sent_at", "verify_until", "pass_at", "ended_at"),
        *_maybe(Integer, "batch"),
        PrimaryKeyConstraint("project", "id", name="pk_parts"),
    )
    op.create_index(
        "ix_parts_open",
        "parts",
        ["project", "account", "site"],
        sqlite_where=text("state <> 'ended'"),
        postgresql_where=text("state <> 'ended'"),
    )
    op.create_index("ix_parts_project_plan", "parts", ["project", "plan"])


def _plans() -> None:
    op.create_table(
        "plans",
        *_key(Text, "project", "id"),
        *_needed(BigInteger, "number"),
        *_needed(
            Text,
            "site",
            "kind",
            "status",
            "state",
            "accounts",
            "ruleset",
            "inputs",
            "digest",
            "summary",
            "problems",
            "details",
        ),
        *_needed(BigInteger, "created_at", "expires_at"),
        *_maybe(BigInteger, "approved_at", "submitted_at", "ended_at"),
        *_maybe(Text, "closed_by"),
        PrimaryKeyConstraint("project", "id", name="pk_plans"),
    )
    op.create_index("ix_plans_project_site_state", "plans", ["project", "site", "state"])


def _releases() -> None:
    op.create_table(
        "releases",
        *_key(Text, "project", "plan"),
        *_key(Integer, "number"),
        *_needed(Integer, "approval"),
        PrimaryKeyConstraint("project", "plan", "number", name="pk_releases"),
    )


def _rulesets() -> None:
    op.create_table(
        "rulesets",
        *_key(Text, "project", "digest"),
        *_needed(Text, "files"),
        *_maybe(BigInteger, "saved_at"),
        PrimaryKeyConstraint("project", "digest", name="pk_rulesets"),
    )


def _verified() -> None:
    op.create_table(
        "verified",
        *_key(Text, "project", "account", "site", "seller_sku", "field"),
        *_maybe(Text, "value", "plan"),
        *_needed(BigInteger, "at"),
        PrimaryKeyConstraint("project", "account", "site", "seller_sku", "field", name="pk_verified"),
    )


def _seal_ledger() -> None:
    # Rows of the ledger are only ever added: the database itself refuses anything else.
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION acorn.refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'the ledger is only ever added to'; END $$"
        )
        op.execute(
            "CREATE TRIGGER ledger_is_fixed BEFORE UPDATE OR DELETE ON acorn.ledger "
            "FOR EACH ROW EXECUTE FUNCTION acorn.refuse_change()"
        )
        return
    for verb in _FIXED:
        op.execute(
            f"CREATE TRIGGER ledger_no_{verb.lower()} BEFORE {verb} ON ledger "
            "BEGIN SELECT RAISE(ABORT, 'the ledger is only ever added to'); END"
        )
