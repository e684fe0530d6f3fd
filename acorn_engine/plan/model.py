"""A plan: everything that would change on one site, frozen, with its reasons."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from acorn_engine.verdicts import PlanStatus, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from acorn_engine.problems import Problem


__all__ = ["CHANGE_SCHEMA", "MESSAGE_SCHEMA", "PLAN_FORMAT", "Plan", "PlanStatus", "Verdict"]

PLAN_FORMAT: Final = "acorn.plan/1"

CHANGE_SCHEMA: Final[dict[str, pl.DataType]] = {
    "id": pl.String(),
    "account": pl.String(),
    "site": pl.String(),
    "sku": pl.String(),
    "seller_sku": pl.String(),
    "group": pl.String(),
    "wave": pl.Int8(),
    "operation": pl.String(),
    "field": pl.String(),
    "from": pl.String(),
    "to": pl.String(),
    "currency": pl.String(),
    "rule": pl.String(),
    "guard": pl.String(),
    "verdict": pl.String(),
    "because": pl.String(),
    "code": pl.String(),
    "params": pl.String(),
}
"""The columns of ``Plan.changes``.

``from`` and ``to`` are text: money and numbers as plain decimals with the currency's decimals
("29.99", "2999"), quantities as integers, dates ISO, booleans true/false, attributes as JSON
text; null is missing. ``currency`` is set for money only. ``params`` is JSON text. ``id`` is
unique in the plan and not part of the digest.
"""

MESSAGE_SCHEMA: Final[dict[str, pl.DataType]] = {
    "account": pl.String(),
    "wave": pl.Int8(),
    "part": pl.Int32(),
    "message_id": pl.Int32(),
    "seller_sku": pl.String(),
    "message": pl.String(),
    "neighbours_digest": pl.String(),
}
"""The columns of ``Plan.messages``: what is sent, cut into parts; ``part`` counts from 1 within
(account, wave), ``message_id`` from 1 within a part; ``message`` is JSON text without its id."""


@dataclass(frozen=True)
class Plan:
    """All changes of one site from one set of inputs.

    ``ruleset`` is the digest of the rule set, ``inputs`` of everything read, ``digest`` of the
    changes with the messages' hashes: equal inputs give equal digests, whatever the process,
    the hash seed or the order of rows and columns. Times are aware. ``summary`` counts offers,
    changes by verdict, messages and submissions, with an estimate of how long sending takes.
    """

    id: str
    project: str
    site: str
    accounts: tuple[str, ...]
    status: PlanStatus
    created_at: datetime
    expires_at: datetime
    ruleset: str
    inputs: str
    digest: str
    summary: Mapping[str, Any]
    problems: tuple[Problem, ...]
    changes: pl.DataFrame
    messages: pl.DataFrame
    kind: str = "plan"
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def held(self) -> pl.DataFrame:
        """The changes that are held or rejected."""
        return self.changes.filter(pl.col("verdict").is_in([Verdict.HOLD.value, Verdict.REJECT.value]))

    @property
    def to_send(self) -> pl.DataFrame:
        """The changes that an approval sends."""
        return self.changes.filter(pl.col("verdict") == Verdict.SEND.value)

    def to_json(self) -> dict[str, Any]:
        """Return the plan as ``plan --json`` prints it: format ``acorn.plan/1``."""
        from acorn_engine.plan.render import plan_to_json

        return plan_to_json(self)
