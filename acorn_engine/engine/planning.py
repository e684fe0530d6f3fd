"""Making the plan of a site from its pieces: join, conclude, encode, freeze."""

from __future__ import annotations

import hashlib
import secrets
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from acorn_engine.engine.pieces import piece_of
from acorn_engine.guard import Known, conclude
from acorn_engine.plan import Plan
from acorn_engine.plan.encoding import build_messages
from acorn_engine.plan.freezing import freeze

if TYPE_CHECKING:
    from acorn_engine.engine.context import Context
    from acorn_engine.engine.evaluating import Evaluated
    from acorn_engine.engine.pieces import Piece
    from acorn_engine.marketplace import Account
    from acorn_engine.plan.drafting import Draft
    from acorn_engine.problems import Problem
    from acorn_engine.ruleset import Chain
    from acorn_engine.sites import Site, SiteClock

SCALAR_ROWS: Final = "scalar_rows"
"""The key of ``Plan.details`` that counts the offers which columns could not hold, and the exact form evaluated."""
SHARE_WINDOW: Final = timedelta(hours=24)
"""How far back sent offers count in ``changed_share``."""


def make_plan(
    context: Context,
    evaluated: Evaluated,
    *,
    kind: str = "plan",
    details: dict[str, Any] | None = None,
    exempt: frozenset[str] = frozenset(),
) -> Plan:
    """Return the plan of a site whose offers were all evaluated at once; nothing is saved."""
    piece = piece_of(context, evaluated)
    return plan_of_pieces(
        context,
        evaluated.chain,
        evaluated.clock,
        evaluated.accounts,
        piece.draft,
        [piece],
        kind=kind,
        details=details,
        exempt=exempt,
    )


def plan_of_pieces(
    context: Context,
    chain: Chain,
    clock: SiteClock,
    accounts: Sequence[Account],
    whole: Draft,
    pieces: Sequence[Piece],
    *,
    kind: str = "plan",
    details: dict[str, Any] | None = None,
    exempt: frozenset[str] = frozenset(),
) -> Plan:
    """Conclude, encode and freeze; nothing is saved.

    ``whole`` is the draft of all the site's offers, joined from those of ``pieces``, whose own
    frames are not read here. ``exempt`` are plan guards that are not asked.
    """
    site = clock.site
    known = _known(context, clock, accounts, pieces, exempt)
    counts, halts = conclude(chain, whole.changes, known, {}, clock)
    by_name = {account.name: account for account in accounts}
    marketplace = context.marketplace(accounts[0].marketplace)
    made, messages = build_messages(replace(whole, counts=counts, halts=halts), marketplace, by_name, site)
    versions = {info.name: info.version for info in context.host.plugins.values() if info.on}
    return freeze(
        made,
        messages,
        plan_id=new_id(site, clock.now),
        project=context.project.project.name,
        ruleset=chain.digest,
        inputs=_inputs([piece.inputs for piece in pieces]),
        limits=dict.fromkeys(by_name, marketplace.limits),
        accounts=by_name,
        plan_ttl=context.project.run.plan_ttl,
        problems=[problem for problem in _problems(pieces) if problem.effect != "stops" or problem.code == "guard-off"],
        kind=kind,
        details={
            "plugins": versions,
            SCALAR_ROWS: sum(piece.scalar_rows for piece in pieces),
            **(details or {}),
        },
    )


def _known(
    context: Context,
    clock: SiteClock,
    accounts: Sequence[Account],
    pieces: Sequence[Piece],
    exempt: frozenset[str],
) -> Known:
    """Return what is known of the whole site: all its offers, and what was sent of late."""
    names = [account.name for account in accounts]
    site = clock.site.name
    sent = context.store.sent_since(site, clock.now - SHARE_WINDOW)
    return Known(
        offers=context.store.offers_read(site, names) + sum(piece.unseen for piece in pieces),
        sent=sent.filter(sent["account"].is_in(names)),
        exempt=exempt,
    )


def _inputs(digests: Sequence[str]) -> str:
    return digests[0] if len(digests) == 1 else hashlib.sha256("\n".join(digests).encode()).hexdigest()


def _problems(pieces: Sequence[Piece]) -> list[Problem]:
    """Return the pieces' problems once each: what concerns the rules comes with every piece.

    A SKU that was asked for is unknown where no piece has it.
    """
    found: list[Problem] = []
    unknown: dict[str, list[Problem]] = defaultdict(list)
    for problem in (problem for piece in pieces for problem in piece.problems):
        if problem.code == "unknown_sku":
            unknown[problem.params["sku"]].append(problem)
        elif problem not in found:
            found.append(problem)
    nowhere = [told for told in unknown.values() if len(told) == len(pieces)]
    return found + [next((problem for problem in told if problem.hint), told[0]) for told in nowhere]


def new_id(site: Site, now: datetime) -> str:
    """Return a new plan's id: it sorts by time and names the site."""
    short = site.name.removeprefix(f"{site.marketplace}.").replace(".", "")
    return f"{now.astimezone(UTC):%Y%m%d-%H%M%S}-{short}-{secrets.token_hex(3)}"
