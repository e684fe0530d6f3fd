"""Exports: the documents that would be sent, and a workbook that a person can work from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from acorn_engine.plan.workbook import write_workbook

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from acorn_engine.marketplace import Account, Marketplace
    from acorn_engine.plan.model import Plan
    from acorn_engine.sites import Site


def write_export(
    plan: Plan, marketplace: Marketplace, accounts: Mapping[str, Account], site: Site, directory: Path
) -> list[Path]:
    """Write a plan's documents and its workbook into ``directory``, which is made if it is absent.

    One document per part, ``<site>-<account>-<wave>-<n>.json``, exactly as it would be sent, and
    ``<site>-<plan>.xlsx``. Files of the same names are replaced. Returns the paths, documents first.
    """
    directory.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    ordered = plan.messages.sort("account", "wave", "part", "message_id")
    for (account, wave, part), some in ordered.group_by("account", "wave", "part", maintain_order=True):
        path = directory / f"{_plain(site.name)}-{_plain(str(account))}-{wave}-{part}.json"
        messages = list(some.select("message_id", "message").iter_rows())
        path.write_bytes(marketplace.document(messages, accounts[str(account)], site))
        written.append(path)
    book = directory / f"{_plain(site.name)}-{_plain(plan.id)}.xlsx"
    write_workbook(plan, book)
    return [*written, book]


def _plain(name: str) -> str:
    """Return a name that is safe as part of a file name on every system."""
    kept = pl.Series([name]).str.replace_all(r"[^\w.\-]", "_").str.strip_chars(".")
    return str(kept[0]) or "_"
