"""Submissions: from an approved plan to values that read back as planned."""

from acorn_engine.outbox.drift import DRIFT_SCHEMA
from acorn_engine.outbox.outbox import Outbox
from acorn_engine.outbox.running import Progress
from acorn_engine.outbox.settings import OutboxSettings

__all__ = ["DRIFT_SCHEMA", "Outbox", "OutboxSettings", "Progress"]
