"""Plan guards: what halts a plan as a whole."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from acorn_engine.facts import KEYS
from acorn_engine.guard.model import Halt, Known
from acorn_engine.guard.settings import percent_text
from acorn_engine.ruleset.becauses import because_names, render_because
from acorn_engine.types import MISSING, Failure
from acorn_engine.verdicts import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acorn_engine.facts import FactTable
    from acorn_engine.ruleset import Chain, Guard
    from acorn_engine.sites import SiteClock
    from acorn_engine.types import Value


def conclude(
    chain: Chain, changes: pl.DataFrame, known: Known, tables: Mapping[str, FactTable], clock: SiteClock
) -> tuple[dict[str, int | Fraction | None], tuple[Halt, ...]]:
    """Return the numbers of a whole plan, and the plan guards that halt it.

    ``changes`` are all changes of the site, with their verdicts.
    """
    counts = count(changes, known)
    sending = bool((changes["verdict"] == Verdict.SEND.value).any())
    return counts, halts(chain.plan_guards, counts, known.exempt, tables, clock, sending=sending)


def count(changes: pl.DataFrame, known: Known) -> dict[str, int | Fraction | None]:
    """Return what plan guards read.

    ``changed_count``: distinct offers sent in the last 24 hours or in this plan, ``offers``: all
    known offers of the site, ``changed_share``: the one of the other, ``held_share``: distinct
    offers with a held or rejected change, of all known offers. Shares of an unknown number are
    ``None``; of none they are 0 where nothing would change.
    """
    sending = changes.filter(pl.col("verdict") == Verdict.SEND.value).select(KEYS).unique()
    stopped = changes.filter(pl.col("verdict").is_in([Verdict.HOLD.value, Verdict.REJECT.value]))
    if known.sent is not None:
        sending = pl.concat([sending, known.sent.select(KEYS)]).unique()
    held = stopped.select(KEYS).n_unique() if stopped.height else 0
    return {
        "offers": known.offers,
        "changed_count": sending.height,
        "changed_share": _share(sending.height, known.offers),
        "held_share": _share(held, known.offers),
    }


def _share(part: int, whole: int | None) -> Fraction | None:
    if whole is None or (whole == 0 and part):
        return None
    return Fraction(part, whole) if whole else Fraction(0)


SENDING_NAMES: Final = frozenset({"changed_share", "changed_count", "offers"})
"""The names of plan guards that say how much was and would be sent."""


def halts(
    guards: Sequence[Guard],
    counts: Mapping[str, int | Fraction | None],
    exempt: frozenset[str],
    tables: Mapping[str, FactTable],
    clock: SiteClock,
    *,
    sending: bool = True,
) -> tuple[Halt, ...]:
    """Return the plan guards that fire; one that is missing a number or fails halts as well.

    Where nothing would be sent, guards of how much is sent have nothing to stop and do not fire.
    """
    from acorn_engine.language import Reference

    row: dict[str, Value] = {name: MISSING if value is None else Fraction(value) for name, value in counts.items()}
    texts = counts_text(counts)
    found: list[Halt] = []
    for guard in guards:
        if guard.id in exempt:
            continue
        idle = not sending and not guard.condition.reads - SENDING_NAMES
        outcome = Reference(guard.condition.scope, tables, clock.today).evaluate(guard.condition, row)
        params: dict[str, Any] = {
            name: texts[name]
            for name in sorted({*because_names(guard.because), *guard.condition.reads})
            if name in texts
        }
        if outcome.value is True and not idle:
            because = render_because(guard.because, texts) if guard.because else f"guard '{guard.id}' fired"
            found.append(Halt(guard.id, "guard", because, params))
        elif outcome.value is MISSING:
            names = ", ".join(outcome.missing)
            because = f"guard '{guard.id}' needs {names or 'a value'}, which is missing"
            found.append(Halt(guard.id, "guard_missing", because, params | {"facts": names}))
        elif isinstance(outcome.value, Failure):
            because = f"guard '{guard.id}' could not be worked out: {outcome.value.message}"
            found.append(Halt(guard.id, "guard_failed", because, params))
    return tuple(found)


def counts_text(counts: Mapping[str, int | Fraction | None]) -> dict[str, str]:
    """Return the numbers of a plan as a person reads them."""
    return {name: _text(name, value) for name, value in counts.items()}


def _text(name: str, value: int | Fraction | None) -> str:
    if value is None:
        return "missing"
    if name.endswith("_share"):
        # A person reads one decimal; the comparison was exact.
        return percent_text(Fraction(round(value * 1000), 1000))
    return str(value)
