"""What Acorn remembers: plans, approvals, offers, submissions, events, the ledger.

SQLite by default, PostgreSQL where several processes or people share it.
"""

from acorn_engine.store.approvals import ApprovalRecord
from acorn_engine.store.events import Event
from acorn_engine.store.ledger import LedgerCheck
from acorn_engine.store.offers import OFFER_STATE_SCHEMA, neighbours_digest
from acorn_engine.store.plans import PlanInfo, PlanState
from acorn_engine.store.store import Store

__all__ = [
    "OFFER_STATE_SCHEMA",
    "ApprovalRecord",
    "Event",
    "LedgerCheck",
    "PlanInfo",
    "PlanState",
    "Store",
    "neighbours_digest",
]
