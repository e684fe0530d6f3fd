"""Parquet to feed documents, by Acorn or by the hand-written limit, in a process of its own.

``python -m benchmarks.end_to_end acorn|threads|limit CATALOGUE WORK [keep]`` prints one JSON object:
the seconds from opening the first file to closing the last document, the peak of the memory, and what
came of it. ``threads`` is Acorn with a thread for every core, as ``acorn plan`` has them for several
sites. As in a shop that works, the database has been set up and the process has planned a few offers
of another project before; neither counts.
With ``keep`` the changes are left in a Parquet file beside the documents, to be compared.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import polars as pl

from benchmarks import catalogue, limit_end_to_end
from benchmarks.limit_end_to_end import CHANGE

ROOT: Final = Path(__file__).parents[1]
WARM_UP_SKUS: Final = 20
DOCUMENTS: Final = "documents"
CHANGES: Final = "changes.parquet"


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


def run_acorn(files: Path, work: Path, *, keep: bool, threads: ThreadPoolExecutor | None = None) -> dict[str, Any]:
    """Plan all sites, save the plans, write their documents, but not the workbook for people."""
    from acorn_engine import Engine

    settings = catalogue.settings(files.resolve(), str(work.resolve() / "acorn.db"))
    offers = changed = stopped = 0
    kept = []
    with Engine.open(settings, rules={"shop.yaml": catalogue.FILED_RULES}) as engine:
        engine.migrate()
        started = time.perf_counter()
        for plan in engine.plans(threads=threads):
            engine.export(plan, work / DOCUMENTS, workbook=False)
            offers += plan.summary["offers"]
            changed += plan.summary["changed"]
            stopped += plan.summary["held"]
            if keep:
                kept.append(plan.changes.select(*CHANGE))
            del plan
        seconds = time.perf_counter() - started
    if keep:
        pl.concat(kept).write_parquet(work / CHANGES)
    return {"seconds": seconds, "offers": offers, "changed": changed, "held": stopped}


def run_in_threads(files: Path, work: Path, *, keep: bool) -> dict[str, Any]:
    """Do the same in as many threads as there are cores."""
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return run_acorn(files, work, keep=keep, threads=threads)


def run_limit(files: Path, work: Path, *, keep: bool) -> dict[str, Any]:
    """Do the same by hand."""
    limit_end_to_end.prepare(work / "limit.db")
    started = time.perf_counter()
    messages = limit_end_to_end.run(files, work / "limit.db", work / DOCUMENTS)
    seconds = time.perf_counter() - started
    if keep:
        columns = ", ".join(f'"{name}"' for name in CHANGE)
        with sqlite3.connect(work / "limit.db") as connection:
            rows = connection.execute(f"SELECT {columns} FROM changes").fetchall()
        pl.DataFrame(rows, schema=dict.fromkeys(CHANGE, pl.String) | {"wave": pl.Int8}, orient="row").write_parquet(
            work / CHANGES
        )
    return {"seconds": seconds, "messages": messages}


def in_process(which: str, files: Path, work: Path, *, keep: bool = False) -> dict[str, Any]:
    """Run one of them in a process of its own, with an empty ``work``; return what it prints."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    arguments = [which, str(files.resolve()), str(work.resolve()), *(["keep"] if keep else [])]
    command = [sys.executable, "-m", "benchmarks.end_to_end", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
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
    changes = [pl.read_parquet(work / CHANGES).sort("site", "seller_sku", "field") for work in (one, other)]
    if not changes[0].equals(changes[1]):
        found.append("changes")
    return found


def main(which: str, files: Path, work: Path, *, keep: bool) -> dict[str, Any]:
    """Run one of them, after a few offers that load and warm up whatever the process needs."""
    run = {"acorn": run_acorn, "threads": run_in_threads, "limit": run_limit}[which]
    with tempfile.TemporaryDirectory(prefix="acorn-bench-") as name:
        catalogue.write(Path(name) / "files", WARM_UP_SKUS)
        (Path(name) / "work").mkdir()
        run(Path(name) / "files", Path(name) / "work", keep=False)
    return {**run(files, work, keep=keep), "peak_mb": peak_mb()}


if __name__ == "__main__":
    result = main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), keep="keep" in sys.argv[4:])
    sys.stdout.write(json.dumps(result) + "\n")
