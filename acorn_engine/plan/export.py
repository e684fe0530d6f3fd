"""Exports: the documents that would be sent, and a workbook that a person can work from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from acorn_engine.marketplace import document_buffers
from acorn_engine.plan.ordering import ordered, runs
from acorn_engine.plan.workbook import write_workbook

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from acorn_engine.marketplace import Account, Marketplace
    from acorn_engine.plan.model import Plan
    from acorn_engine.sites import Site


def write_export(
    plan: Plan,
    marketplace: Marketplace,
    accounts: Mapping[str, Account],
    site: Site,
    directory: Path,
    *,
    workbook: bool = True,
) -> list[Path]:
    """Write a plan's documents and its workbook into ``directory``, which is made if it is absent.

    One document per part, ``<site>-<account>-<wave>-<n>.json``, exactly as it would be sent, and
    ``<site>-<plan>.xlsx`` unless there is to be no ``workbook``. Files of the same names are replaced.
    Returns the paths, documents first.
    """
    directory.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    messages = ordered(plan.messages, "account", "wave", "part", "message_id")
    for first, length in runs(messages, "account", "wave", "part"):
        account, wave, part = messages.select("account", "wave", "part").row(first)
        path = directory / f"{_plain(site.name)}-{_plain(account)}-{wave}-{part}.json"
        pieces = document_buffers(marketplace, messages.slice(first, length), accounts[account], site)
        with path.open("wb") as file:
            file.writelines(pieces)
        written.append(path)
    if not workbook:
        return written
    book = directory / f"{_plain(site.name)}-{_plain(plan.id)}.xlsx"
    write_workbook(plan, book)
    return [*written, book]


def _plain(name: str) -> str:
    """Return a name that is safe as part of a file name on every system."""
    kept = pl.Series([name]).str.replace_all(r"[^\w.\-]", "_").str.strip_chars(".")
    return str(kept[0]) or "_"
