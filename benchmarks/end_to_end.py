"""Parquet to feed documents, by Acorn or by the hand-written limit, in a process of its own.

``python -m benchmarks.end_to_end acorn|limit CATALOGUE WORK`` prints one JSON object: the seconds
from opening the first file to closing the last document, the peak of the memory, and what came of
it. The database has been set up before, as in a shop that works; imports do not count.
"""

from __future__ import annotations

import inspect
import json
import resource
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import catalogue

if TYPE_CHECKING:
    from collections.abc import Iterable

    from acorn_engine import Engine
    from acorn_engine.plan import Plan

DOCUMENTS = "documents"


def peak_mb() -> float:
    """Return the most memory that this process has held, in MB (10⁶ bytes).

    Linux counts it for the program alone; the portable number begins with that of the parent.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next((line for line in status.read_text().splitlines() if line.startswith("VmHWM")), None)
        if line is not None:
            return int(line.split()[1]) * 1024 / 1e6
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def plans(engine: Engine) -> Iterable[Plan]:
    """Return the plans of all sites from one reading of the catalogue."""
    return engine.plan_all() if hasattr(engine, "plan_all") else engine.plans()


def export(engine: Engine, plan: Plan, directory: Path) -> None:
    """Write a plan's documents; the workbook for people is not part of the job where it can be left out."""
    options: dict[str, Any] = {"workbook": False} if "workbook" in inspect.signature(engine.export).parameters else {}
    engine.export(plan, directory, **options)


def run_acorn(files: Path, work: Path) -> dict[str, Any]:
    """Plan all sites, save the plans, write their documents."""
    from acorn_engine import Engine

    settings = catalogue.settings(files.resolve(), str(work.resolve() / "acorn.db"))
    offers = changed = stopped = 0
    with Engine.open(settings, rules={"shop.yaml": catalogue.FILED_RULES}) as engine:
        engine.migrate()
        started = time.perf_counter()
        for plan in plans(engine):
            export(engine, plan, work / DOCUMENTS)
            offers += plan.summary["offers"]
            changed += plan.summary["changed"]
            stopped += plan.summary["held"]
        seconds = time.perf_counter() - started
    return {"seconds": seconds, "offers": offers, "changed": changed, "held": stopped}


def run_limit(files: Path, work: Path) -> dict[str, Any]:
    """Do the same by hand."""
    from benchmarks import limit_end_to_end

    limit_end_to_end.prepare(work / "acorn.db")
    started = time.perf_counter()
    changed = limit_end_to_end.run(files, work / "acorn.db", work / DOCUMENTS)
    return {"seconds": time.perf_counter() - started, "changed": changed}


def in_process(which: str, files: Path, work: Path) -> dict[str, Any]:
    """Run one of them in a process of its own, with an empty ``work``; return what it prints."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    command = [sys.executable, "-m", "benchmarks.end_to_end", which, str(files), str(work)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{which} failed: {done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def differences(one: Path, other: Path) -> list[str]:
    """Return in what the work of two runs differs: documents by content, changes by value."""
    found = []
    documents = {path.name: json.loads(path.read_bytes()) for path in sorted((one / DOCUMENTS).glob("*.json"))}
    others = {path.name: json.loads(path.read_bytes()) for path in sorted((other / DOCUMENTS).glob("*.json"))}
    if documents.keys() != others.keys():
        found.append(f"documents: {sorted(documents.keys() ^ others.keys())}")
    found += [name for name in documents.keys() & others.keys() if documents[name] != others[name]]
    if _changes(one) != _changes(other):
        found.append("changes")
    return found


def _changes(work: Path) -> list[tuple[Any, ...]] | None:
    columns = 'account, site, seller_sku, wave, field, "from", "to", currency, rule, verdict, because'
    with sqlite3.connect(work / "acorn.db") as connection:
        try:
            return connection.execute(f"SELECT {columns} FROM changes ORDER BY site, seller_sku, field").fetchall()
        except sqlite3.OperationalError:
            return None


if __name__ == "__main__":
    run = {"acorn": run_acorn, "limit": run_limit}[sys.argv[1]]
    result = run(Path(sys.argv[2]), Path(sys.argv[3]))
    sys.stdout.write(json.dumps({**result, "peak_mb": peak_mb()}) + "\n")
