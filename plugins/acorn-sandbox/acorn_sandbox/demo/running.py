"""The demonstration, run: check, test, plan, explain, approve, submit, verify, and what to look at next."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from cyclopts import Parameter

from acorn_engine.clock import system_now
from acorn_engine.problems import AcornError
from acorn_engine.project.credentials import variable
from acorn_sandbox.demo.catalogue import PRODUCTS, SELLERS
from acorn_sandbox.demo.writing import SEED_FILE, write_project

if TYPE_CHECKING:
    import polars as pl

    from acorn_engine import Engine
    from acorn_engine.plan import Plan

SPEED: Final = 400.0
"""How many times faster than Amazon the demonstration's sandbox runs."""
STATE_FILE: Final = "amazon-state.db"
ENVIRONMENT_FILE: Final = "sandbox.env"
"""The variables with which a shell may submit to the demonstration's sandbox."""
MARK: Final = ".acorn-demo"
"""A file that says that a folder was made by the demonstration, and may be made anew."""


def demo(
    directory: Annotated[Path, Parameter(name=["--directory", "-d"])] = Path("demo"),
    *,
    products: int = PRODUCTS,
) -> int:
    """Reprice, stock and make compliant a catalogue on seven sites, through a real HTTP conversation.

    Makes a project folder to play with, starts the sandbox on a free port of this machine, and
    runs what a seller would run.

    Parameters
    ----------
    directory:
        The folder to make; one that an earlier demonstration made is made anew.
    products:
        How many products the catalogue has, each on seven sites.
    """
    from acorn_sandbox.server import SandboxServer

    started = time.monotonic()
    folder = _fresh(directory)
    write_project(folder, "http://127.0.0.1:0", system_now(), products)
    lines = [f"export {name}='{value}'\n" for name, value in secrets().items()]
    (folder / ENVIRONMENT_FILE).write_text("".join(lines), encoding="utf-8")
    with SandboxServer(seed=folder / SEED_FILE, state=folder / STATE_FILE, speed=SPEED) as server:
        write_project_address(folder, server.url)
        with credentials():
            _run(folder, products)
    shown = directory if not directory.is_absolute() else Path(directory.name)
    command = "acorn" if Path(sys.argv[0]).is_absolute() else sys.argv[0]
    say(f"\nDone in {time.monotonic() - started:.0f} seconds. The folder {shown}/ is yours to play with:")
    say(f"  {shown}/rules/              change a margin, then: {command} plan amazon.de --project {shown}")
    say(f"  {shown}/export/             the feed documents that were sent, and a workbook a site")
    port = server.url.rsplit(":", 1)[1]
    say("To send again, start this Amazon anew and let the shell know its secrets:")
    say(f"  {command} sandbox --port {port} --state {shown}/{STATE_FILE} --speed {SPEED:.0f} &")
    say(f"  . {shown}/{ENVIRONMENT_FILE}")
    say("The same with your own files:")
    say("  docs/tutorial/first-plan.md")
    return 0


def say(text: str) -> None:
    """Print a line at once."""
    print(text, flush=True)  # a command's output


def _fresh(directory: Path) -> Path:
    if directory.exists() and any(directory.iterdir()):
        if not (directory / MARK).exists():
            raise AcornError(
                f"the folder {directory} holds something that no demonstration made; nothing was changed. "
                "Name another one: acorn demo --directory NAME",
                code="folder-in-use",
            )
        shutil.rmtree(directory)
    directory.mkdir(parents=True, exist_ok=True)
    (directory / MARK).write_text("Made by 'acorn demo', which may make it anew.\n", encoding="utf-8")
    return directory


def write_project_address(folder: Path, url: str) -> None:
    """Put the sandbox's address into the project file."""
    path = folder / "acorn.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("http://127.0.0.1:0", url), encoding="utf-8")


def secrets() -> dict[str, str]:
    """Return the variables of the demonstration's secrets, which open nothing but the sandbox."""
    return {
        variable(account, part): value
        for account, seller in SELLERS.items()
        for part, value in (("client_id", "demo"), ("client_secret", "demo"), ("refresh_token", f"Atzr|{seller}"))
    }


@contextmanager
def credentials() -> Iterator[None]:
    """Have the demonstration's secrets in the environment: any will do for the sandbox."""
    made = secrets()
    before = {name: os.environ.get(name) for name in made}
    os.environ.update(made)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _run(folder: Path, products: int) -> None:
    from acorn_engine.cli import main

    shown = folder if not folder.is_absolute() else Path(folder.name)

    def verb(*words: str) -> None:
        say(f"\n$ acorn {' '.join(words)} --project {shown}")
        code = main([*words, "--project", str(folder)])
        if code == 1:
            raise AcornError(f"'acorn {words[0]}' failed in the demonstration", code="demo-failed")

    say(f"{products} products on seven sites, as an ERP exports them: Chinese headers, GB18030, gaps and slips.")
    verb("check")
    verb("test")
    verb("plan")
    from acorn_engine import Engine

    with Engine.open(folder) as engine:
        plans = newest_plans(engine)
        for site, sku, why in telling_offers(plans):
            say(f"\n# {why}")
            verb("explain", site, sku)
        ids = [plan.id for plan in plans]
        verb("approve", *ids, "--by", "demo", "--because", "shown to a newcomer")
        for plan in plans:
            engine.export(plan, folder / "export")
    verb("submit")
    verb("verify", "--wait")
    say("\nA second plan right after finds nothing to send:")
    verb("plan")


def newest_plans(engine: Engine) -> list[Plan]:
    """Return the newest plan of each site."""
    found = []
    for site in engine.sites:
        plan = engine.newest(site)
        if plan is not None:
            found.append(plan)
    return found


def telling_offers(plans: Sequence[Plan]) -> list[tuple[str, str, str]]:
    """Choose three offers that show what the engine does: one that moves, one held, one refused."""
    import polars as pl

    changes = pl.concat([plan.changes for plan in plans]).filter(pl.col("field") == "price")
    wanted: list[tuple[pl.Expr, str]] = [
        ((pl.col("verdict") == "send") & (pl.col("rule") == "ending-99"), "A price that moves, and why"),
        ((pl.col("verdict") == "hold") & (pl.col("code") == "missing"), "A price that is held: a cost is missing"),
        ((pl.col("verdict") == "reject"), "A price that is refused: somebody shifted a decimal"),
    ]
    chosen: list[tuple[str, str, str]] = []
    for condition, why in wanted:
        row: dict[str, Any] | None = next(
            changes.filter(condition).sort("site", "seller_sku").iter_rows(named=True), None
        )
        if row is not None:
            chosen.append((row["site"], row["seller_sku"], why))
    return chosen
