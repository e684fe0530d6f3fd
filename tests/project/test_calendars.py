"""Days left of a secret, and which word is said when."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from acorn_engine.project.calendars import deadline, midnight

ISSUED = datetime(2026, 1, 1, tzinfo=UTC)
ENDS = ISSUED + timedelta(days=180)


@pytest.mark.parametrize(
    ("before", "notice", "urgent", "days_left"),
    [
        (timedelta(days=30, seconds=1), None, False, 30),
        (timedelta(days=30), 30, False, 30),
        (timedelta(days=14, seconds=1), 30, False, 14),
        (timedelta(days=14), 14, False, 14),
        (timedelta(days=7, seconds=1), 14, False, 7),
        (timedelta(days=7), 7, True, 7),
        (timedelta(days=1, seconds=1), 7, True, 1),
        (timedelta(days=1), 1, True, 1),
        (timedelta(seconds=1), 1, True, 0),
        (timedelta(0), 0, True, 0),
        (timedelta(days=-3), 0, True, -3),
    ],
)
def test_notices(before, notice, urgent, days_left):
    found = deadline("eu", "client_secret", ISSUED, 180, ENDS - before)
    assert (found.notice, found.urgent, found.days_left) == (notice, urgent, days_left)
    assert found.expires_at == ENDS == datetime(2026, 6, 30, tzinfo=UTC)
    assert found.to_dict()["expires_at"] == "2026-06-30T00:00:00Z"


def test_a_day_begins_at_midnight():
    assert midnight(date(2026, 3, 1)) == datetime(2026, 3, 1, tzinfo=UTC)
