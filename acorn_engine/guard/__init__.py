"""Guards: what must not happen, whatever the rules say.

The settings are read at every start; what judges is loaded on first use.
"""

from typing import TYPE_CHECKING

from acorn_engine.guard.settings import GuardSettings
from acorn_engine.late import late_names
from acorn_engine.verdicts import PlanStatus, Verdict

if TYPE_CHECKING:
    from acorn_engine.guard.halts import conclude
    from acorn_engine.guard.judging import judge, judge_offers
    from acorn_engine.guard.model import UNRELEASABLE, Halt, Judged, Known

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

__getattr__ = late_names(
    __name__,
    {
        "UNRELEASABLE": "model",
        "Halt": "model",
        "Judged": "model",
        "Known": "model",
        "conclude": "halts",
        "judge": "judging",
        "judge_offers": "judging",
    },
)
