"""Quotas that processes share, and secrets that are kept encrypted."""

from __future__ import annotations

from typing import Final

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, PrimaryKeyConstraint, Text

revision: Final = "0003"
down_revision: Final = "0002"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "buckets",
        Column("project", Text, autoincrement=False, nullable=False),
        Column("name", Text, autoincrement=False, nullable=False),
        Column("full_at", BigInteger, nullable=False),
        Column("every", BigInteger, nullable=False),
        Column("burst", Integer, nullable=False),
        PrimaryKeyConstraint("project", "name", name="pk_buckets"),
    )
    op.create_table(
        "secrets",
        Column("project", Text, autoincrement=False, nullable=False),
        Column("account", Text, autoincrement=False, nullable=False),
        Column("name", Text, autoincrement=False, nullable=False),
        Column("body", Text, nullable=False),
        Column("issued_at", BigInteger, nullable=False),
        Column("saved_at", BigInteger, nullable=False),
        PrimaryKeyConstraint("project", "account", "name", name="pk_secrets"),
    )
