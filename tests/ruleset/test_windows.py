"""Weekly windows on the site's clock."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from acorn_engine.ruleset.windows import WindowError, parse_window

MONDAY = datetime(2026, 11, 23)  # noqa: DTZ001  # a site-local time has no zone of its own here


def hours(text):
    window = parse_window(text)
    return [hour for hour in range(7 * 24) if window.contains(MONDAY + timedelta(hours=hour))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sat 00:00 - mon 00:00", range(120, 168)),
        ("mon 08:00 - mon 10:00", range(8, 10)),
        ("SUN 23:00 - mon 1:00", [0, 167]),
        ("fri 00:00 - sun 24:00", range(96, 168)),
        ("tue 00:00-tue 24:00", range(24, 48)),
        ("mon 10:00 - mon 08:00", [*range(8), *range(10, 168)]),
    ],
)
def test_hours(text, expected):
    assert hours(text) == list(expected)


def test_the_start_belongs_to_it_and_the_end_does_not():
    window = parse_window("mon 08:30 - mon 10:15")
    at = [MONDAY + timedelta(minutes=minutes) for minutes in (509, 510, 614, 615)]
    assert [window.contains(moment) for moment in at] == [False, True, True, False]
    assert window.contains(MONDAY + timedelta(minutes=614, seconds=59))


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("sat", "'sat' is not a weekly window", "write it as sat 00:00 - mon 00:00"),
        ("sat 0:0 - mon 00:00", "'sat 0:0 - mon 00:00' is not a weekly window", "write it as sat 00:00 - mon 00:00"),
        ("wend 00:00 - mon 00:00", "'wend' is not a day of the week", "did you mean 'wed'?"),
        ("xyz 00:00 - mon 00:00", "'xyz' is not a day of the week", "use one of mon, tue, wed, thu, fri, sat, sun"),
        ("sat 24:01 - mon 00:00", "'24:01' is not a time of day", "use 00:00 to 24:00"),
        ("sun 24:00 - mon 00:00", "the window 'sun 24:00 - mon 00:00' begins and ends at the same moment", None),
    ],
)
def test_what_is_no_window(text, message, hint):
    with pytest.raises(WindowError) as caught:
        parse_window(text)
    assert str(caught.value) == message
    assert hint is None or caught.value.hint == hint
