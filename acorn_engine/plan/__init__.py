"""Plans: changes, messages, digest, JSON."""

from acorn_engine.plan.model import CHANGE_SCHEMA, MESSAGE_SCHEMA, PLAN_FORMAT, Plan, PlanStatus, Verdict

__all__ = ["CHANGE_SCHEMA", "MESSAGE_SCHEMA", "PLAN_FORMAT", "Plan", "PlanStatus", "Verdict"]
