"""Plans of several sites from one reading of the catalogue, whole or in partitions."""

from __future__ import annotations

import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from acorn_engine.engine.ahead import worked
from acorn_engine.engine.chains import site_chain
from acorn_engine.engine.evaluating import evaluate_site, read_unread
from acorn_engine.engine.inputs import enrich_accounts
from acorn_engine.engine.memory import FileMemory, StoreMemory
from acorn_engine.engine.partitions import Whole, partitions_of
from acorn_engine.engine.pieces import load_drafts
from acorn_engine.engine.planning import make_plan, plan_of_pieces
from acorn_engine.engine.runners import runner_of
from acorn_engine.engine.tasks import Work
from acorn_engine.plan.joining import joined
from acorn_engine.problems import AcornError, Problem, ProjectError

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    from acorn_engine.engine.context import Context
    from acorn_engine.engine.inputs import Catalogue
    from acorn_engine.engine.partitions import Partition
    from acorn_engine.engine.pieces import StoredPiece
    from acorn_engine.plan import Plan

AHEAD: Final = 2
"""So many sites are planned at once in threads, while the caller has the plan before them."""


@dataclass(frozen=True)
class Asked:
    """What is to be planned: sites, one account or all, all SKUs or some."""

    sites: tuple[str, ...]
    account: str | None = None
    only: tuple[str, ...] | None = None


def plan_sites(
    context: Context,
    asked: Asked,
    products: Any = None,
    listings: Any = None,
    threads: ThreadPoolExecutor | None = None,
) -> Iterator[tuple[Plan, Mapping[str, str]]]:
    """Yield the plan of every site with the rules that made it; nothing is saved.

    How the catalogue is cut and where its parts are evaluated does not change a plan, nor do ``threads``
    of the caller's, in which the next plans are made while the caller has one. Rows handed in
    take the place of the project's sources. Raises ``AcornError`` where nothing can be planned.
    """
    context = context.at(context.now())
    with _scratch(context) as folder:
        partitions = partitions_of(context, folder, products, listings)
        if len(partitions) == 1 and isinstance(partitions[0], Whole):
            catalogue = partitions[0].catalogue
            if threads is not None:
                enrich_accounts(context, catalogue, asked.sites, asked.account, threads)
            tasks = (partial(_whole, context, asked, catalogue, name) for name in asked.sites)
            yield from worked(tasks, threads, AHEAD)
            return
        yield from _from_files(context, asked, partitions, folder)


def _whole(context: Context, asked: Asked, catalogue: Catalogue, name: str) -> tuple[Plan, Mapping[str, str]]:
    evaluated = evaluate_site(context, catalogue, name, account=asked.account, only=asked.only)
    return make_plan(context, evaluated), dict(evaluated.chain.text)


@contextmanager
def _scratch(context: Context) -> Iterator[Path]:
    """Make a folder for files that are needed while a plan is made."""
    run = context.project.run
    parent = context.project.root / run.scratch if run.scratch else None
    try:
        if parent is not None:
            parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix="acorn-", dir=parent))
    except OSError as error:
        raise ProjectError(
            Problem(
                code="no-scratch",
                message=f"[run] scratch cannot be written to: {error.strerror}. Nothing was planned.",
                hint="name a folder that exists, or that may be made, and has room",
                place=context.document.place(("run", "scratch")),
            )
        ) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _from_files(
    context: Context, asked: Asked, partitions: Sequence[Partition], folder: Path
) -> Iterator[tuple[Plan, Mapping[str, str]]]:
    work = Work(str(folder), asked.sites, context.now(), asked.account, asked.only)
    _remember(context, asked, folder)
    found = _run(context, dict(enumerate(partitions)), work, folder)
    problems: dict[str, list[Problem]] = {}
    for name in asked.sites:
        again = _read_first(context, name, found[name], problems)
        if again:
            _remember(context, replace(asked, sites=(name,)), folder)
            some = {number: partitions[number] for number in again}
            redone = _run(context, some, replace(work, sites=(name,)), folder)
            found[name].update(redone[name])
    for name in asked.sites:
        # Plans of so many offers are too large for several at once: no threads here.
        yield _joined(context, asked, name, found.pop(name), problems.get(name, ()))


def _joined(
    context: Context,
    asked: Asked,
    name: str,
    found: Mapping[int, StoredPiece | AcornError],
    problems: Sequence[Problem],
) -> tuple[Plan, Mapping[str, str]]:
    """Return the plan of one site from the pieces of all partitions."""
    site = context.site(name)
    stored: list[StoredPiece] = []
    for _, piece in sorted(found.items()):
        if isinstance(piece, AcornError):
            raise piece
        stored.append(piece)
    pieces = [piece.bare for piece in stored]
    pieces[-1] = replace(pieces[-1], problems=(*pieces[-1].problems, *problems))
    chain, _ = site_chain(context, site, pieces[0].facts)
    accounts = context.accounts(name, asked.account)
    whole = joined([piece.draft for piece in pieces], load_drafts(stored))
    return plan_of_pieces(context, chain, context.clock(site), accounts, whole, pieces), dict(chain.text)


def _remember(context: Context, asked: Asked, folder: Path) -> None:
    memory = StoreMemory(context)
    for name in asked.sites:
        FileMemory.write(folder, memory, name, [account.name for account in context.accounts(name, asked.account)])


def _run(
    context: Context, partitions: Mapping[int, Partition], work: Work, folder: Path
) -> dict[str, dict[int, StoredPiece | AcornError]]:
    """Return the pieces by site and by the number of their partition."""
    found: dict[str, dict[int, StoredPiece | AcornError]] = defaultdict(dict)
    for number, pieces in runner_of(context, folder).run(partitions, work):
        for name, piece in pieces.items():
            found[name][number] = piece
    return found


def _read_first(
    context: Context, name: str, pieces: Mapping[int, StoredPiece | AcornError], problems: dict[str, list[Problem]]
) -> list[int]:
    """Read offers that nobody has read yet; return the partitions that know more now.

    A site that cannot be planned is not asked about.
    """
    stored = {number: piece for number, piece in pieces.items() if not isinstance(piece, AcornError)}
    if len(stored) < len(pieces):
        return []
    wanted = {number: piece.load_unread() for number, piece in stored.items()}
    wanted = {number: frame for number, frame in wanted.items() if not frame.is_empty()}
    if not wanted:
        return []
    done, problems[name] = read_unread(context, context.site(name), pl.concat(wanted.values()))
    return sorted(wanted) if done else []
