"""The soak's short form: a few kills under faults of every kind, two processes at once. ``make soak`` has the long one."""

from __future__ import annotations

import pytest
import soak

pytestmark = pytest.mark.slow


def test_killed_at_random_among_faults(tmp_path):
    database = f"sqlite:///{tmp_path / 'acorn.db'}"
    done = soak.run(tmp_path, database=database, kills=8, accounts=2, sites=2, seed=soak.SEED)
    assert done.kills >= 8
    assert done.feeds
    assert done.patches
    assert done.faults
