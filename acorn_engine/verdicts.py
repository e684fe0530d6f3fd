"""What becomes of a change, and of a plan."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """What becomes of one change."""

    SEND = "send"
    HOLD = "hold"
    REJECT = "reject"
    PENDING = "pending"
    SUPERSEDED = "superseded"
    NOT_OWNED = "not_owned"


class PlanStatus(StrEnum):
    """Whether a plan may be approved."""

    READY = "ready"
    HALTED = "halted"
