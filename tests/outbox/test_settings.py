from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from acorn_engine.engine.sending import settings_of
from acorn_engine.outbox import OutboxSettings
from acorn_engine.project.model import RunSection

NAMES = ("lookup_after", "lookups", "processing_within", "lease")


def test_the_project_file_says_how_patient_the_outbox_is():
    run = RunSection(poll="2s", verify_within="1h", lookup_after="7s", lookups=5, processing_within="3h", lease="45s")
    made = settings_of(run)
    assert made.lookup_after == timedelta(seconds=7)
    assert made.lookups == 5
    assert made.processing_within == timedelta(hours=3)
    assert made.lease == timedelta(seconds=45)
    assert made.verify_within == timedelta(hours=1)
    assert made.unknown_first == timedelta(minutes=30)
    assert made.poll_first == made.read_first == made.retry_first == timedelta(seconds=2)


def test_what_the_project_file_leaves_out_is_as_the_outbox_has_it():
    made, own = settings_of(RunSection()), OutboxSettings()
    assert {name: getattr(made, name) for name in NAMES} == {name: getattr(own, name) for name in NAMES}


@pytest.mark.parametrize(
    "wrong", [{"lookups": 0}, {"lookup_after": "0s"}, {"lease": "0s"}, {"processing_within": "0s"}]
)
def test_a_patience_of_nothing_is_refused(wrong):
    with pytest.raises(ValidationError, match="greater than"):
        RunSection(**wrong)
