"""Dead letters: what could not be delivered waits for a person, and is looked up before it is sent again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from acorn_engine.outbox.context import NOT_PROVED, Context, State, describe
from acorn_engine.outbox.freshness import REASONS
from acorn_engine.outbox.outcomes import because, end, leave_out
from acorn_engine.outbox.sending import HOPELESS
from acorn_engine.problems import PlanError, Problem
from acorn_engine.store.deliveries import deliveries_of
from acorn_engine.store.parts import advance, dead_parts, is_known

if TYPE_CHECKING:
    from acorn_engine.store.parts import Part

_NOT_THAT_ONE: Final = frozenset({NOT_PROVED, "submission_lost"})
"""Resuming says that the submission which these were read back for is not the part's."""


def resume(ctx: Context, name: str, by: str) -> list[str]:
    """Take the dead letters of a part or plan up again, in somebody's name, and return their parts.

    Each goes on where it can be looked up: a known submission is polled, one that may exist is
    looked for, and what never left is checked anew and leaves if its plan lasts. What is no dead
    letter (any more) is left alone. Raises ``PlanError`` where ``name`` was never submitted.
    """
    with ctx.store.write() as tx:
        if not is_known(tx.connection, tx.project, name):
            message = f"no part or submitted plan is called '{name}'. Nothing was resumed."
            raise PlanError(Problem(code="no_part", message=message, hint="'acorn status' names what needs a person."))
        dead = dead_parts(tx.connection, tx.project, name)
        for part in dead:
            values: dict[str, Any] = {"attempts": 0, "uploads": 0, "lookups": 0, "code": None, "note": None}
            values |= {"who": None, "remedy": None, "due_at": tx.at, **_way(part, tx.at)}
            moved = advance(tx, part, **values)
            tx.event("part_resumed", {**describe(moved), "by": by}, part.plan)
            before = {"state": part.state, "code": part.code, "note": part.note}
            tx.record(by, "part_resumed", part.id, before=before, after=describe(moved))
        return [part.id for part in dead]


def _way(part: Part, now: int) -> dict[str, Any]:
    """Return the state in which a dead letter is looked up, or leaves if nothing of it ever did."""
    if part.mode == "patch" and part.intent_at:
        return {"state": State.PATCHING.value, "in_flight": 1}
    if part.submission and part.code not in _NOT_THAT_ONE:
        # Among the known ones, it has been asked after: if it never ends, its changes are unknown.
        known = sorted({*part.known, part.submission})
        return {"state": State.SUBMITTED.value, "in_flight": 1, "sent_at": now, "known": known}
    if part.intent_at:
        known = sorted({*part.known, *([part.submission] if part.submission else [])})
        values: dict[str, Any] = {"known": known, "submission": None, "report": None, "adopted": 0, "sent_at": None}
        return {"state": State.SUBMITTING.value, "in_flight": 1, **values}
    return {"state": State.WAITING.value, "document": None}


def lapse(ctx: Context, part: Part) -> list[dict[str, Any]]:
    """End a dead letter of which nothing was sent when its plan has run out: no one can send it any more."""
    with ctx.store.write() as tx:
        rows = deliveries_of(tx.connection, tx.project, part=part.id, undecided=True)
        if part.code in HOPELESS:
            leave_out(tx, part, because(rows, part.code or "", part.note or ""), "rejected")
        else:
            leave_out(tx, part, because(rows, "expired", f"{REASONS['expired']}: {part.note}"), "superseded")
        return [end(ctx, tx, part)]
