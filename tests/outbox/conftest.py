"""A small world for the outbox, on both databases or on SQLite alone."""

from __future__ import annotations

import pytest
from outbox_world import World


@pytest.fixture
def world(database_url):
    made = World(database_url)
    yield made
    made.store.close()


@pytest.fixture
def lite(tmp_path):
    """The same on SQLite only, for what the database has no part in."""
    made = World(f"sqlite:///{tmp_path / 'acorn.db'}")
    yield made
    made.store.close()
