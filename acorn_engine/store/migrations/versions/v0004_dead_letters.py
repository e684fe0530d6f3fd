"""Who can mend what a part waits for, how far its reading back is, and unknown outcomes that are found again."""

from __future__ import annotations

from typing import Final

from alembic import op
from sqlalchemy import Column, Text, text

revision: Final = "0004"
down_revision: Final = "0003"


def upgrade() -> None:
    """Add the columns and the index."""
    for name in ("who", "remedy", "read_to"):
        op.add_column("parts", Column(name, Text))
    op.create_index(
        "ix_deliveries_unknown",
        "deliveries",
        ["project", "account", "site"],
        sqlite_where=text("outcome = 'unknown'"),
        postgresql_where=text("outcome = 'unknown'"),
    )
