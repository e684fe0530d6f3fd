"""What Acorn remembers: plans, approvals, offers, submissions, events, the ledger.

SQLite by default, PostgreSQL where several processes or people share it. The database's library
is loaded on first use: what only looks at rules and catalogue needs no more than the schema.
"""

from typing import TYPE_CHECKING

from acorn_engine.late import late_names
from acorn_engine.store.offer_schema import OFFER_STATE_SCHEMA

if TYPE_CHECKING:
    from acorn_engine.store.approvals import ApprovalRecord
    from acorn_engine.store.events import Event
    from acorn_engine.store.ledger import LedgerCheck
    from acorn_engine.store.offers import neighbours_digest
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

__getattr__ = late_names(
    __name__,
    {
        "ApprovalRecord": "approvals",
        "Event": "events",
        "LedgerCheck": "ledger",
        "PlanInfo": "plans",
        "PlanState": "plans",
        "Store": "store",
        "neighbours_digest": "offers",
    },
)
