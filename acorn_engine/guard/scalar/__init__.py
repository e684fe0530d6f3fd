"""Judging one offer at a time: the same reasons as in columns, over plain values."""

from acorn_engine.guard.scalar.judge import OfferJudge
from acorn_engine.guard.scalar.reasons import UnjudgeableError
from acorn_engine.guard.scalar.state import OfferState

__all__ = ["OfferJudge", "OfferState", "UnjudgeableError"]
