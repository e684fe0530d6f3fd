"""The reasons of the columns for one offer: each with the question whether it fires, and its own values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl

from acorn_engine.guard import limits, ownership, unknowns
from acorn_engine.guard.candidates import sent_fields
from acorn_engine.guard.offer_guards import BROKE, NEEDS, TOO_OLD
from acorn_engine.guard.reasons import Reason, in_order
from acorn_engine.guard.scalar.fires import AMOUNTS, FIRES, never
from acorn_engine.guard.scalar.words import placed
from acorn_engine.types import Failure
from acorn_engine.verdicts import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from acorn_engine.fields import Field
    from acorn_engine.guard.model import Known
    from acorn_engine.guard.scalar.fires import Fires
    from acorn_engine.guard.scalar.state import OfferState
    from acorn_engine.guard.settings import GuardSettings
    from acorn_engine.ruleset import Chain, Guard

RULE_HOLDS = frozenset({"missing", "failed", "overflow", "stale", "moves_every_run"})


class UnjudgeableError(Exception):
    """A chain, or a reason, that has no form for one offer: whoever asks takes the columns."""


@dataclass(frozen=True, slots=True)
class OfferReason:
    """A reason, whether it fires for an offer, and the values that only it knows."""

    reason: Reason
    fires: Fires
    own: Mapping[str, Callable[[OfferState], Any]]


def offer_reasons(
    chain: Chain,
    fields: Mapping[str, Field],
    settings: GuardSettings,
    known: Known,
    account: str,
    guards: Sequence[tuple[Guard, tuple[str, ...]]],
) -> list[OfferReason]:
    """Return all reasons against changes of an account's offers, in order of precedence.

    ``guards`` are those that are asked, each with the names that it reads. Raises ``UnjudgeableError``.
    """
    site = chain.site
    made: list[tuple[Reason, Fires | None]] = []
    apart = account in known.without_neighbours
    told: dict[str, int] = {}
    for reason in (
        *ownership.ownership(fields),
        *limits.price_limits(settings, site, fields),
        *limits.availability_limits(fields),
        *unknowns.ineligible(chain.rules),
        *unknowns.unknowns(site, fields, known.without_neighbours),
        *unknowns.rule_holds(fields),
    ):
        told[reason.code] = told.get(reason.code, 0) + 1
        fires: Fires | None = FIRES.get(reason.code)
        if reason.code == "neighbours_unknown":
            # The second of its kind concerns other prices, which nobody has read.
            fires = never if apart or told[reason.code] > 1 else _always
        elif reason.code == "ineligible":
            fires = _ineligible(_literal(reason.own.get("rule")))
        elif reason.code in RULE_HOLDS:
            fires = partial(_held, _group(reason, fields), reason.code)
        made.append((reason, fires))
    for number, (guard, shown) in enumerate(guards):
        made += _of_guard(number, guard, fields, shown)
    # Where it fires is found out after all others.
    made.append((ownership.price_held(fields, pl.lit(value=True)), never))
    fires_of = {id(reason): fires for reason, fires in made}
    ordered = in_order([reason for reason, _ in made])
    unknown = sorted({reason.code for reason, fires in made if fires is None})
    if unknown:
        raise UnjudgeableError(f"no form for one offer: {', '.join(unknown)}")
    return [
        OfferReason(reason, fires, {name: _own(reason, name, fields) for name in reason.own})
        for reason in ordered
        if (fires := fires_of[id(reason)]) is not None
    ]


def _always(_state: OfferState) -> bool:
    return True


def _ineligible(rule: str | None) -> Fires:
    if rule is None:
        return lambda state: state.to["eligible"] is False
    return lambda state: state.to["eligible"] is False and state.rules.get("eligible") == rule


def _held(group: str, code: str, state: OfferState) -> bool:
    hold = state.holds.get(group)
    return hold is not None and hold.code == code


def _group(reason: Reason, fields: Mapping[str, Field]) -> str:
    """Return the group whose fields a reason acts on."""
    return next(each.group for each in sent_fields(fields) if reason.acts_on(each.name))


def _of_guard(
    number: int, guard: Guard, fields: Mapping[str, Field], shown: tuple[str, ...]
) -> list[tuple[Reason, Fires]]:
    acts_on = guard.fields & {each.name for each in sent_fields(fields)} or None
    verdict = Verdict.REJECT if guard.verdict == "reject" else Verdict.HOLD
    who, names, hold, no = pl.lit(guard.id), pl.lit(""), Verdict.HOLD, pl.lit(value=False)
    because = guard.because or f"guard '{guard.id}' fired"
    told = {"guard": who, "facts": names}
    return [
        (
            Reason(verdict, "guard", because, no, acts_on, guard.id, shown),
            lambda state: state.guards[number] is True,
        ),
        (
            Reason(hold, "guard_missing", NEEDS, no, acts_on, guard.id, own=told),
            lambda state: state.guards[number] is None,
        ),
        (
            Reason(hold, "guard_failed", BROKE, no, acts_on, guard.id, shown, own={"guard": who}),
            lambda state: isinstance(state.guards[number], Failure),
        ),
        (
            Reason(hold, "guard_stale", TOO_OLD, no, acts_on, guard.id, own=told),
            lambda state: bool(state.stale.get(guard.id)),
        ),
    ]


def _own(reason: Reason, name: str, fields: Mapping[str, Field]) -> Callable[[OfferState], Any]:
    """Return how a value that only a reason knows is found."""
    if name == "facts" and reason.guard is not None:
        who, stale = reason.guard, reason.code == "guard_stale"
        return lambda state: ", ".join(state.stale[who] if stale else state.missed[who])
    if name in {"rule", "facts"} and reason.code in RULE_HOLDS | {"held_by_rule"}:
        return partial(_hold_words, _group(reason, fields), name)
    literal = _literal(reason.own[name])
    if literal is not None:
        return lambda _state: literal
    if name == "rule" and reason.code == "ineligible":
        return lambda state: state.rules.get("eligible")
    if reason.guard is not None and name in AMOUNTS:
        return AMOUNTS[name]
    if reason.code == "fact_problem":
        return lambda _state: None
    raise UnjudgeableError(f"no form for one offer: {name} of {reason.code}")


def _hold_words(group: str, name: str, state: OfferState) -> str | None:
    hold = state.holds.get(group)
    if hold is None:
        return None
    return hold.rule if name == "rule" else ",".join(hold.facts)


def _literal(value: pl.Expr | None) -> str | None:
    """Return the text that an expression is, or ``None`` where it is none."""
    if value is None or value.meta.root_names() or not value.meta.is_literal():
        return None
    found = pl.select(value).item()
    return found if isinstance(found, str) else None


def amount_text(value: int | None, digits: int) -> str | None:
    """Return an amount in minor units as plain decimal text."""
    return None if value is None else placed(value, digits)
