"""What a partition's task does, wherever it runs: read offers, evaluate, judge, draft, write files.

A task is pure but for the files that it writes: it asks no marketplace and no database, and the same
task again writes the same files. So one that is lost with its machine is simply done again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from acorn_engine.engine.evaluating import evaluate_offers
from acorn_engine.engine.memory import FileMemory
from acorn_engine.engine.pieces import piece_of
from acorn_engine.problems import AcornError, PluginError, Problem

if TYPE_CHECKING:
    from acorn_engine.engine.context import Context
    from acorn_engine.engine.memory import Memory
    from acorn_engine.engine.partitions import Partition
    from acorn_engine.engine.pieces import StoredPiece

NO_DATABASE: Final = "sqlite://"
"""Where a worker keeps what it should never want to keep."""


@dataclass(frozen=True)
class Work:
    """What is to be done with every partition: which sites, when, for which offers.

    ``folder`` is where the pieces are written, and where what the database remembers stands in files.
    """

    folder: str
    sites: tuple[str, ...]
    now: datetime
    account: str | None = None
    only: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Project:
    """A project as another process can open it: without secrets and without its database.

    ``root`` must be the same folder there. ``chains`` are the rule files of every site by name,
    ``versions`` those of everything whose answers count.
    """

    settings: Mapping[str, Any]
    root: str
    chains: Mapping[str, Sequence[tuple[str, str]]]
    versions: Mapping[str, str]

    @classmethod
    def of(cls, context: Context, sites: Sequence[str]) -> Project:
        """Return the project that ``context`` has open."""
        settings = {key: value for key, value in context.document.data.items() if key not in {"project", "catalog"}}
        # Sources are read by whoever cuts the catalogue; the address of one may hold a password.
        settings["catalog"] = {"columns": context.project.catalog.columns}
        named = {"project": {"name": context.project.project.name, "database": NO_DATABASE}}
        chains = {site: tuple(context.files(site)) for site in sites}
        return cls({**settings, **named}, str(context.project.root), chains, context.versions())

    def open(self, now: datetime) -> Context:
        """Open the project at an instant. Raises ``PluginError`` where this process has other plugins."""
        from acorn_engine.engine.context import Context

        context = Context.open(self.settings, Path(self.root), chains=self.chains, now=lambda: now)
        here = context.versions()
        differing = sorted(name for name in {*here, *self.versions} if here.get(name) != self.versions.get(name))
        if differing:
            raise PluginError([_other_version(name, self.versions.get(name), here.get(name)) for name in differing])
        return context.at(now)


def _other_version(name: str, wanted: str | None, here: str | None) -> Problem:
    return Problem(
        code="worker-differs",
        message=f"a worker has {name} {here or '(not installed)'}, this machine {wanted or '(not installed)'}: "
        "their plans would differ. Nothing was planned.",
        hint="install the same packages on every machine, in the same versions",
        params={"name": name, "here": wanted, "worker": here},
    )


def draft_partition(
    context: Context, partition: Partition, number: int, work: Work, memory: Memory
) -> dict[str, StoredPiece | AcornError]:
    """Evaluate one partition on every site and write its pieces; return them by site.

    What makes it impossible to plan a site concerns that site alone: it is returned in place of the piece.
    """
    catalogue = partition.read(context)
    found: dict[str, StoredPiece | AcornError] = {}
    for name in work.sites:
        site = context.site(name)
        accounts = context.accounts(name, work.account)
        try:
            evaluated = evaluate_offers(context, catalogue, context.clock(site), accounts, work.only, memory)
        except AcornError as error:
            found[name] = error
            continue
        found[name] = piece_of(context, evaluated).store(Path(work.folder) / f"{name}-{number:05}")
    return found


_opened: dict[tuple[str, datetime], Context] = {}


def run(project: Project, partition: Partition, number: int, work: Work) -> dict[str, StoredPiece | AcornError]:
    """Do one partition's task in a worker process, which keeps the project open for the next one."""
    key = (work.folder, work.now)
    if key not in _opened:
        _opened.clear()
        _opened[key] = project.open(work.now)
    return draft_partition(_opened[key], partition, number, work, FileMemory(Path(work.folder)))
