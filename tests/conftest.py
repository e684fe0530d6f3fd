"""Fixtures that every test may use."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # shared helpers stand beside this file

from postgres import database_url, new_postgres_database, postgres_server, postgres_url

__all__ = ["database_url", "new_postgres_database", "postgres_server", "postgres_url"]
