"""Releasing holds: a person lets changes go that a guard held, with a reason that is kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import polars as pl

from acorn_engine.fields import PRICE_GROUP
from acorn_engine.guard.model import UNRELEASABLE
from acorn_engine.guard.text import json_object
from acorn_engine.plan.digests import plan_digest
from acorn_engine.plan.encoding import encode_waves
from acorn_engine.plan.freezing import RELEASE_OFFERS
from acorn_engine.plan.packing import unpack
from acorn_engine.plan.parts import cut
from acorn_engine.plan.sending import figures
from acorn_engine.problems import PlanError, Problem, did_you_mean
from acorn_engine.verdicts import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acorn_engine.marketplace import Account, Marketplace
    from acorn_engine.plan.model import Plan
    from acorn_engine.sites import Site

_KEY: Final = ["account", "seller_sku"]
_NEXT: Final = {
    "no_floor": "give the listing a floor price and plan again",
    "neighbours_unknown": "let the offer be read in full, then plan again",
    "fulfilment_missing": "say who fulfils the listing and plan again",
}


@dataclass(frozen=True)
class Released:
    """A plan with released changes, and what its approval adds.

    ``plan`` has the new verdicts, all messages and a new digest. ``messages`` are the added ones
    alone (``MESSAGE_SCHEMA``), in parts of their own: parts that were frozen before gain nothing.
    """

    plan: Plan
    messages: pl.DataFrame


def release(
    plan: Plan,
    skus: Sequence[str],
    because: str,
    marketplace: Marketplace,
    accounts: Mapping[str, Account],
    site: Site,
) -> Released:
    """Return the plan with every held change of some SKUs released (the seller's or the product's).

    The messages are made from what the plan kept of its held offers, not from newer data. All or
    nothing: raises ``PlanError`` naming each SKU that is not in the plan, has nothing held, or whose
    changes can't be released: rejected ones never, nor those that lack a floor price, a full read,
    or a value.
    """
    if not because.strip():
        raise PlanError(
            Problem(
                code="no_reason",
                message="holds are released with a reason only. Nothing was released.",
                hint="add --because and the reason",
            )
        )
    changes, wanted = plan.changes, list(dict.fromkeys(skus))
    problems = [problem for sku in _doubtful(changes, wanted) for problem in _against(plan, sku)]
    if problems:
        raise PlanError(problems)
    chosen = (pl.col("seller_sku").is_in(wanted) | pl.col("sku").is_in(wanted)).fill_null(value=False)
    held = chosen & (pl.col("verdict") == Verdict.HOLD.value)
    own = {"because": pl.lit(because), "was": pl.col("code"), "held_because": pl.col("because")}
    freed = changes.with_columns(
        pl.when(held).then(pl.lit(Verdict.SEND.value)).otherwise(pl.col("verdict")).alias("verdict"),
        pl.when(held).then(pl.lit("released")).otherwise(pl.col("code")).alias("code"),
        pl.when(held)
        .then(pl.concat_str(pl.lit(f"released: {because} (held: "), "because", pl.lit(")")))
        .otherwise(pl.col("because"))
        .alias("because"),
        pl.when(held).then(json_object(own)).otherwise(pl.col("params")).alias("params"),
    )
    added = _messages(plan, freed.filter(changes.select(held.alias("held"))["held"]), marketplace, accounts, site)
    messages = pl.concat([plan.messages, added]).sort("account", "wave", "part", "message_id")
    digest = plan_digest(freed.drop("id"), messages)
    told = figures(freed, messages, dict.fromkeys(accounts, marketplace.limits), accounts)
    summary = {**plan.summary, "verdicts": _verdicts(freed, plan), **told}
    details = {**plan.details, "released": [*plan.details.get("released", []), {"skus": wanted, "because": because}]}
    after = replace(plan, changes=freed, messages=messages, digest=digest, summary=summary, details=details)
    return Released(after, added)


def _verdicts(changes: pl.DataFrame, plan: Plan) -> dict[str, int]:
    counts = changes.group_by("verdict").len()
    found = dict(zip(counts["verdict"].to_list(), counts["len"].to_list(), strict=True))
    return dict.fromkeys(plan.summary.get("verdicts", {}), 0) | found


def _messages(
    plan: Plan,
    released: pl.DataFrame,
    marketplace: Marketplace,
    accounts: Mapping[str, Account],
    site: Site,
) -> pl.DataFrame:
    offers = unpack(plan.details[RELEASE_OFFERS])
    built, refused = encode_waves(released, offers, marketplace, accounts, site)
    if refused.height:
        raise PlanError(
            [
                Problem(
                    code="no_message",
                    message=f"the changes of '{sku}' can't be released: {why}. Nothing was released.",
                    hint="mend what is missing and plan again",
                    params={"seller_sku": sku},
                )
                for sku, why in refused.select("seller_sku", "why").unique().sort("seller_sku").iter_rows()
            ]
        )
    last = plan.messages.group_by("account", "wave").agg(pl.col("part").max())
    taken = {(account, wave): part for account, wave, part in last.iter_rows()}
    limits = dict.fromkeys(accounts, marketplace.limits)
    return cut(built, limits, taken)


def _doubtful(changes: pl.DataFrame, skus: Sequence[str]) -> list[str]:
    """Return the SKUs that have to be looked at one by one: those without a hold, or with one that may be stuck."""
    held = changes.filter(pl.col("verdict") == Verdict.HOLD.value)
    stuck = held.filter(pl.col("code").is_in([*sorted(UNRELEASABLE), "price_held"]) | pl.col("to").is_null())
    releasable = {*held["seller_sku"], *held["sku"]} - {*stuck["seller_sku"], *stuck["sku"]}
    return [sku for sku in skus if sku not in releasable]


def _against(plan: Plan, sku: str) -> list[Problem]:
    """Return why the changes of one SKU can't be released."""
    mine = plan.changes.filter((pl.col("seller_sku") == sku) | (pl.col("sku") == sku).fill_null(value=False))
    held = mine.filter(pl.col("verdict") == Verdict.HOLD.value)
    params = {"sku": sku, "plan": plan.id}
    if held.is_empty():
        return [_nothing_held(plan, sku, mine)]
    stuck = held.filter(pl.col("code").is_in(sorted(UNRELEASABLE)) | pl.col("to").is_null())
    rejected = mine.filter((pl.col("verdict") == Verdict.REJECT.value) & (pl.col("group") == PRICE_GROUP))
    waiting = held.filter(pl.col("code") == "price_held").join(rejected, on=_KEY, how="semi")
    problems = [
        Problem(
            code="unreleasable",
            message=f"'{field}' of '{sku}' can't be released: {because}. Nothing was released.",
            hint=_NEXT.get(code, "mend what is missing and plan again"),
            params=params | {"field": field, "code": code},
        )
        for field, code, because in stuck.select("field", "code", "because").iter_rows()
    ]
    if waiting.height:
        problems.append(
            Problem(
                code="rejected",
                message=f"the price of '{sku}' is rejected, so its quantity can't be raised. Nothing was released.",
                hint="change the rule, the guard or the data behind it, and plan again",
                params=params,
            )
        )
    return problems


def _nothing_held(plan: Plan, sku: str, mine: pl.DataFrame) -> Problem:
    params = {"sku": sku, "plan": plan.id}
    if mine.filter(pl.col("verdict") == Verdict.REJECT.value).height:
        return Problem(
            code="rejected",
            message=f"the changes of '{sku}' are rejected, not held: rejects can't be released. Nothing was released.",
            hint="change the rule, the guard or the data behind it, and plan again",
            params=params,
        )
    known = plan.changes.filter(pl.col("verdict") == Verdict.HOLD.value)["seller_sku"].unique().sort().to_list()
    return Problem(
        code="nothing_held",
        message=f"nothing of '{sku}' is held in plan '{plan.id}'. Nothing was released.",
        hint=did_you_mean(sku, known),
        params=params,
    )
