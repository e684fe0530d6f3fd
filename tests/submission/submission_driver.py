"""A process that forks lives of ``acorn`` and kills them; run as a script, told what to do by lines of JSON.

Every line is one life: ``{"project": FOLDER, "plan": [site, …], "words": […], "secrets": {…}, "output": FILE,
"trace": FILE, "fuse": n, "delay": s}``. It plans the sites, approves what it planned, and runs the command. In the
command it writes a line to ``trace`` before and after every HTTP exchange and every commit, and is killed by SIGKILL
at the ``fuse``-th of them (a number, or a place and how often it was passed), or ``delay`` seconds after the first exchange or commit. The answer is a line of JSON: the
exit code, or minus the signal.

Modules are imported once, here: a life costs a fork, and not the second that Python takes to load. The first life
that comes to its end tells which. Nothing is used before the fork: no thread pool, connection or engine is inherited.
"""

from __future__ import annotations

import importlib
import json
import os
import select
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

HIGH_WATER = "high water"


class Fuse:
    """Counts the places where a life may end, tells of them, and ends it at one."""

    def __init__(self, at: int | list[Any] | None, trace: int, started: int) -> None:
        self.at, self.trace, self.started = at, trace, started
        self.count = 0
        self.seen: Counter[str] = Counter()
        self.armed = False

    def __call__(self, place: str) -> None:
        if not self.armed:
            return
        self.count += 1
        os.write(self.trace, f"{place}\n".encode())
        self.seen[place] += 1
        if self.at == self.count or self.at == [place, self.seen[place]]:
            os.kill(os.getpid(), signal.SIGKILL)
        if place.startswith("after") and self.started >= 0:
            os.close(self.started)
            self.started = -1


def wire(tick: Callable[[str], None]) -> None:
    """Call ``tick`` around every HTTP exchange and every commit of a writing transaction, a quota's named apart."""
    import sqlalchemy
    from acorn_amazon.transport import Transport
    from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
    from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

    from acorn_engine.store.buckets import SharedBuckets
    from acorn_engine.store.connection import WRITES

    exchange = Transport.exchange

    def exchanged(self: Transport, what: str, *arguments: Any, **named: Any) -> Any:
        tick(f"before {what}")
        answer = exchange(self, what, *arguments, **named)
        tick(f"after {what}")
        return answer

    Transport.exchange = exchanged  # type: ignore[method-assign]
    writing = False
    counting = False
    shared = SharedBuckets._shared

    def counted(self: SharedBuckets, *arguments: Any) -> Any:
        nonlocal counting
        counting = True
        try:
            return shared(self, *arguments)
        finally:
            counting = False

    SharedBuckets._shared = counted  # type: ignore[method-assign]

    def on_commit(connection: sqlalchemy.Connection) -> None:
        nonlocal writing
        writing = bool(connection.get_execution_options().get(WRITES))

    sqlalchemy.event.listen(sqlalchemy.Engine, "commit", on_commit)
    for dialect in (SQLiteDialect_pysqlite, PGDialect_psycopg):

        def committed(self: Any, connection: Any, commit: Any = dialect.do_commit) -> None:
            nonlocal writing
            mine, writing = writing, False
            what = "quota commit" if counting else "commit"
            if mine:
                tick(f"before {what}")
            commit(self, connection)
            if mine:
                tick(f"after {what}")

        dialect.do_commit = committed  # type: ignore[method-assign, assignment]


def plan(project: str, sites: list[str]) -> None:
    """Do what an operator does: resume dead letters, plan some sites, approve what has anything to send."""
    from acorn_engine import Engine

    with Engine.open(project) as engine:
        for row in engine.status()["must_act"]:
            if row["kind"] == "dead_letter":
                engine.resume(row["part"], by="proof")
        for plan in engine.plans(sites):
            if not plan.to_send.is_empty():
                engine.approve(plan, by="proof")
            for problem in plan.problems:
                sys.stderr.write(f"{plan.site}: {problem.message}\n")


def live(job: dict[str, Any], started: int) -> int:
    """Live one life in this process and return the exit code."""
    output = os.open(job["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(output, stream)
    os.environ |= job["secrets"]
    trace = os.open(job["trace"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    from acorn_engine.cli import main

    fuse = Fuse(job.get("fuse"), trace, started)
    wire(fuse)
    if job["plan"]:
        plan(job["project"], job["plan"])
    fuse.armed = True
    code = main([*job["words"], "--project", job["project"]])
    fuse.armed = False
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    os.write(trace, f"{HIGH_WATER} {peak}\n".encode())
    if job["modules"]:
        known = [name for name in sys.modules if not name.startswith("__")]
        Path(job["modules"]).write_text("\n".join(known), encoding="utf-8")
    sys.stdout.flush()
    return code


def spawn(job: dict[str, Any]) -> int:
    """Fork a life, kill it if so told, and return its exit code or minus its signal."""
    heard, started = os.pipe()
    process = os.fork()
    if process == 0:
        code = 70
        try:
            os.close(heard)
            code = live(job, started)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    os.close(started)
    if job.get("delay") is not None:
        # The pipe ends with the first request or commit, or with the life.
        select.select([heard], [], [])
        time.sleep(job["delay"])
        os.kill(process, signal.SIGKILL)
    _, status = os.waitpid(process, 0)
    os.close(heard)
    return os.waitstatus_to_exitcode(status)


def preload(modules: Path) -> None:
    """Import what a life needed, and leave out what can't be imported by its name alone."""
    for name in modules.read_text(encoding="utf-8").split():
        with suppress(Exception):
            importlib.import_module(name)


def serve() -> None:
    """Answer jobs until the input ends."""
    ready = False
    for line in sys.stdin:
        job = json.loads(line)
        modules = Path(job["trace"]).with_suffix(".modules")
        job["modules"] = None if ready else str(modules)
        code = spawn(job)
        if not ready and code >= 0:
            preload(modules)
            ready = True
        sys.stdout.write(json.dumps(code) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
