"""Guards: what must not happen, whatever the rules say."""

from acorn_engine.guard.halts import conclude
from acorn_engine.guard.judge import judge, judge_offers
from acorn_engine.guard.model import UNRELEASABLE, Halt, Judged, Known
from acorn_engine.guard.settings import GuardSettings
from acorn_engine.verdicts import PlanStatus, Verdict

__all__ = [
    "UNRELEASABLE",
    "GuardSettings",
    "Halt",
    "Judged",
    "Known",
    "PlanStatus",
    "Verdict",
    "conclude",
    "judge",
    "judge_offers",
]
