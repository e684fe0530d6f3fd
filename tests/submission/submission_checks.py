"""What must hold after all: what is wanted is what the sandbox has, and every part was submitted once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from submission_world import FeedSeen, Project, SandboxProcess, Shop

from acorn_engine.store import Store
from acorn_engine.store.tables import deliveries, parts, plans


def payloads(feed: FeedSeen) -> list[tuple[str, str, str]]:
    """Return what a feed carries: (SKU, attribute, its new value)."""
    return [
        (message["sku"], patch["path"], json.dumps(patch["value"], default=str))
        for message in feed.messages
        for patch in message["patches"]
    ]


def check_truth(sandbox: SandboxProcess, project: Project) -> None:
    """Every offer of every shop shows what is wanted."""
    for shop in project.shops:
        truth, wanted = sandbox.truth(shop.seller), project.wanted(shop)
        wrong = {key: (truth.get(key), value) for key, value in wanted.items() if truth.get(key) != value}
        assert not wrong, (
            f"{len(wrong)} of {len(wanted)} offers of {shop.name} (shown, wanted): {dict(first(wrong.items()))}"
        )
        assert truth.keys() == wanted.keys()


def first(items: Iterable[Any], count: int = 5) -> list[Any]:
    return [item for item, _ in zip(items, range(count), strict=False)]


def rows_of(store: Store, table: Any) -> list[dict[str, Any]]:
    """Return a project's rows of a table."""
    with store.read() as connection:
        statement = select(table).where(table.c.project == store.project)
        return [dict(row._mapping) for row in connection.execute(statement)]


def check_one_feed_a_part(sandbox: SandboxProcess, store: Store, shop: Shop) -> dict[str, FeedSeen]:
    """Every feed that was ever created is the one of exactly one part, and every part that was sent has one.

    Returns the feeds by part.
    """
    feeds = sandbox.feeds(shop.seller)
    mine = [row for row in rows_of(store, parts) if row["account"] == shop.name and row["mode"] == "feed"]
    owners = Counter(row["submission"] for row in mine if row["submission"])
    assert not {name: count for name, count in owners.items() if count > 1}, "two parts have the same feed"
    strays = set(feeds) - set(owners)
    assert not strays, f"feeds that no part knows of were created: {sorted(strays)}"
    assert set(owners) <= set(feeds)
    assert sandbox.answered(shop.seller)["createFeed"] == len(feeds)
    return {row["id"]: feeds[row["submission"]] for row in mine if row["submission"]}


def check_whole(store: Store) -> None:
    """Nothing is left open, the ledger is unbroken, and no event is missing."""
    left = Counter(row["state"] for row in rows_of(store, parts) if row["state"] != "ended")
    assert not left, f"parts that never ended: {dict(left)}"
    assert not [row for row in rows_of(store, plans) if row["state"] == "submitted"]
    undecided = [row for row in rows_of(store, deliveries) if row["outcome"] is None]
    assert not undecided, f"changes without an outcome: {first(undecided)}"
    assert store.verify_ledger().whole
    numbers = [event.number for event in store.events(limit=1_000_000)]
    assert numbers == list(range(1, len(numbers) + 1))
