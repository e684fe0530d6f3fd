"""How a plan will be sent, and how long the marketplace's quotas make that take at least."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any

import polars as pl

from acorn_engine.verdicts import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from acorn_engine.marketplace import Account, Limits


def _sending(
    changes: pl.DataFrame, parts: pl.DataFrame, limits: Mapping[str, Limits], accounts: Mapping[str, Account]
) -> dict[str, dict[str, Any]]:
    """Return by account what is to be sent, ready for JSON; ``parts`` has the messages of each part as ``len``.

    ``feeds`` are submissions, ``patches`` messages that go one by one (an account's, where it has few
    changes), ``waves`` how many wait for each other, and ``quotas`` what bounds them: for feeds
    (at once, seconds until one more), and ``patch_seconds`` for each patch.
    """
    sent = changes.filter(pl.col("verdict") == Verdict.SEND.value)
    counts: dict[str, int] = dict(sent.group_by("account").len().iter_rows())
    found: dict[str, dict[str, Any]] = {}
    sums = parts.group_by("account").agg(pl.len().alias("feeds"), pl.col("len").sum(), pl.col("wave").n_unique())
    for name, feeds, patches, waves in sums.sort("account").iter_rows():
        limit = limits[name]
        few = name in accounts and accounts[name].goes_one_by_one(counts.get(name, 0))
        found[name] = {
            "feeds": 0 if few else feeds,
            "patches": patches if few else 0,
            "waves": waves,
            "quotas": [[limit.submissions, limit.per_seconds / limit.submissions], *map(list, limit.further)],
            "patch_seconds": limit.patch_seconds,
        }
    return found


def figures(
    changes: pl.DataFrame, messages: pl.DataFrame, limits: Mapping[str, Limits], accounts: Mapping[str, Account]
) -> dict[str, Any]:
    """Return what a plan's summary says of sending: ``messages, submissions, feeds, patches, minutes, sending``."""
    parts = messages.group_by("account", "wave", "part").len()
    found = _sending(changes, parts, limits, accounts)
    return {
        "messages": messages.height,
        "submissions": parts.height,
        "feeds": sum(one["feeds"] for one in found.values()),
        "patches": sum(one["patches"] for one in found.values()),
        "minutes": least_minutes(found),
        "sending": found,
    }


def together(plans: Iterable[Mapping[str, Mapping[str, Any]]]) -> dict[str, dict[str, Any]]:
    """Return by account what several plans send: the sites of an account share its quotas."""
    found: dict[str, dict[str, Any]] = {}
    for plan in plans:
        for account, one in plan.items():
            sums = found.setdefault(account, {**one, "feeds": 0, "patches": 0, "waves": 0})
            sums["feeds"] += one["feeds"]
            sums["patches"] += one["patches"]
            sums["waves"] = max(sums["waves"], one["waves"])
    return dict(sorted(found.items()))


def least_seconds(one: Mapping[str, Any]) -> float:
    """Return how long the quotas of one account make it take at least, if it sends nothing else."""
    feeds = max((max(one["feeds"] - burst, 0) * every for burst, every in one["quotas"]), default=0.0)
    return float(max(feeds, one["patches"] * one["patch_seconds"]))


def least_minutes(accounts: Mapping[str, Mapping[str, Any]]) -> int:
    """Return the minutes of the slowest account, rounded up: accounts do not wait for each other."""
    return ceil(max((least_seconds(one) for one in accounts.values()), default=0.0) / 60)
