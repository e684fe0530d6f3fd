"""A plan in numbers: what changes, what is held and why, how long sending takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from acorn_engine.facts import KEYS
from acorn_engine.guard.halts import counts_text
from acorn_engine.plan.ordering import begins
from acorn_engine.plan.sending import figures
from acorn_engine.verdicts import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acorn_engine.marketplace import Account, Limits
    from acorn_engine.plan.drafting import Draft


def summarise(
    draft: Draft, messages: pl.DataFrame, limits: Mapping[str, Limits], accounts: Mapping[str, Account]
) -> dict[str, Any]:
    """Return a plan's summary, ready for JSON.

    ``offers`` are all known, ``considered`` those looked at, ``changed`` and ``held`` distinct
    offers with a change to send, and held or rejected. ``verdicts, rules, guards, codes`` count
    changes. ``submissions`` are the parts to send: ``feeds``, and what goes one by one as ``patches``.
    ``minutes`` is the least time that the marketplace's quotas allow, if the accounts send nothing else;
    its processing and the waiting of waves for each other are not in it. ``sending`` has them by account.
    """
    changes = draft.changes
    # Few combinations occur: they are counted once, and everything below is counted from them.
    kinds = changes.group_by("verdict", "rule", "guard", "code", "field").len()
    stopped = [Verdict.HOLD.value, Verdict.REJECT.value]
    return {
        "offers": draft.counts.get("offers"),
        "considered": draft.considered,
        "changed": _offers(changes, [Verdict.SEND.value]),
        "held": _offers(changes, stopped),
        "changes": changes.height,
        "verdicts": {verdict.value: 0 for verdict in Verdict} | _counts(kinds, "verdict"),
        "rules": _counts(kinds, "rule"),
        "guards": _counts(kinds, "guard"),
        "codes": _counts(kinds, "code"),
        "fields": _counts(kinds.filter(pl.col("verdict") == Verdict.SEND.value), "field"),
        "shares": counts_text(draft.counts),
        **figures(changes, messages, limits, accounts),
        "halts": [{"guard": halt.guard, "code": halt.code, "because": halt.because} for halt in draft.halts],
        "switched_off": dict(draft.switched_off),
    }


def _offers(changes: pl.DataFrame, verdicts: list[str]) -> int:
    """Count the offers of changes that stand in the order of their keys."""
    keys = changes.lazy().filter(pl.col("verdict").is_in(verdicts)).select(*KEYS)
    return int(keys.select(begins(*KEYS).sum()).collect().item())


def _counts(kinds: pl.DataFrame, column: str) -> dict[str, int]:
    table = kinds.filter(pl.col(column).is_not_null()).group_by(column).agg(pl.col("len").sum()).sort(column)
    return dict(zip(table[column].to_list(), table["len"].to_list(), strict=True))
