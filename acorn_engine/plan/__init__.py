"""Plans: drafts, messages, digests, releases, rollbacks, differences, exports.

The model alone is imported with the package, because the store needs no more; the rest comes on
first use.
"""

from typing import TYPE_CHECKING

from acorn_engine.late import late_names
from acorn_engine.plan.model import CHANGE_SCHEMA, MESSAGE_SCHEMA, PLAN_FORMAT, Plan, PlanStatus, Verdict

if TYPE_CHECKING:
    from acorn_engine.plan.diff import diff_current, diff_plans
    from acorn_engine.plan.digests import inputs_digest, plan_digest
    from acorn_engine.plan.drafting import Draft, draft
    from acorn_engine.plan.encoding import build_messages, to_encode
    from acorn_engine.plan.export import write_export
    from acorn_engine.plan.freezing import freeze
    from acorn_engine.plan.parts import cut
    from acorn_engine.plan.releasing import Released, release
    from acorn_engine.plan.render import plan_to_json
    from acorn_engine.plan.rollback import exempt_guards, rollback_proposals

__all__ = [
    "CHANGE_SCHEMA",
    "MESSAGE_SCHEMA",
    "PLAN_FORMAT",
    "Draft",
    "Plan",
    "PlanStatus",
    "Released",
    "Verdict",
    "build_messages",
    "cut",
    "diff_current",
    "diff_plans",
    "draft",
    "exempt_guards",
    "freeze",
    "inputs_digest",
    "plan_digest",
    "plan_to_json",
    "release",
    "rollback_proposals",
    "to_encode",
    "write_export",
]

__getattr__ = late_names(
    __name__,
    {
        "Draft": "drafting",
        "Released": "releasing",
        "build_messages": "encoding",
        "cut": "parts",
        "diff_current": "diff",
        "diff_plans": "diff",
        "draft": "drafting",
        "exempt_guards": "rollback",
        "freeze": "freezing",
        "inputs_digest": "digests",
        "plan_digest": "digests",
        "plan_to_json": "render",
        "release": "releasing",
        "rollback_proposals": "rollback",
        "to_encode": "encoding",
        "write_export": "export",
    },
)
