"""A Dask cluster plans what one process plans, also when a worker is killed half-way."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime

import polars as pl
import pytest
from doc_pages import ROOT, blocks
from doc_reader import commands

from acorn_engine import Engine
from acorn_engine.problems import PluginError, ProjectError

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
SITES = ("amazon.de", "amazon.fr")
RULES = """
acorn: 1
rules:
  - id: landed
    set: {price: fx(cost) * 1.3 * (1 + vat_rate)}
    because: "landed cost {cost}"
  - {id: ending, use: price_ending, with: {ending: 0.99}}
  - {id: shelf, use: stock, with: {reserve: 2, cap: 50, threshold: 5}}
"""
PROJECT = """
[project]
name = "many machines"
[sites]
"amazon.de" = ["base.yaml"]
"amazon.fr" = ["base.yaml"]
[catalog.products]
source = "csv"
path = "products.csv"
[catalog.listings]
source = "csv"
path = "listings.csv"
[accounts.eu]
seller_id = "A1"
sites = ["amazon.de", "amazon.fr"]
neighbours = "none"
[currency]
rates = "rates.csv"
[guards]
changed_share = {{ off = "a test moves everything" }}
[run]
engine = "{engine}"
partition_offers = 60
scratch = "scratch"
[plugins]
directory = "plugins"
"""
KILLER = '''"""Kills the first worker process that evaluates its second partition, half-way."""
import multiprocessing
import os
import signal
from pathlib import Path

from acorn_engine.plugins import hookimpl

DONE = Path(__file__).with_name("killed.txt")
calls = []


@hookimpl
def acorn_facts(offers, account, now, settings):
    calls.append(1)
    if multiprocessing.parent_process() is not None and len(calls) == 3:
        try:
            DONE.touch(exist_ok=False)
        except FileExistsError:
            return ()
        os.kill(os.getpid(), signal.SIGKILL)
    return ()
'''


@pytest.fixture
def project(tmp_path):
    """Write a project of 300 SKUs on two sites; return a function that writes its project file."""
    numbers = range(300)
    pl.DataFrame(
        {
            "sku": [f"S-{number:03}" for number in numbers],
            "cost": [f"{number % 50 + 3}.{number % 100:02}" for number in numbers],
            "cost_currency": ["USD"] * 300,
            "stock": [number % 40 for number in numbers],
        }
    ).write_csv(tmp_path / "products.csv")
    pl.DataFrame(
        [
            {"site": site, "seller_sku": f"S-{number:03}", "sku": f"S-{number:03}", "product_type": "SHIRT"}
            | {"fulfilment": "merchant", "price": "20.00", "quantity": number % 9, "floor_price": "2.00"}
            for number in numbers
            for site in SITES
        ]
    ).write_csv(tmp_path / "listings.csv")
    (tmp_path / "rates.csv").write_text("base,quote,rate,as_of,source\nUSD,EUR,0.9163,2026-11-23T06:00:00Z,test\n")
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "base.yaml").write_text(RULES)
    (tmp_path / "plugins").mkdir()

    def write(engine, more=""):
        (tmp_path / "acorn.toml").write_text(PROJECT.format(engine=engine) + more)
        return tmp_path / "acorn.toml"

    return write


def plans(path):
    with Engine.open(path, now=lambda: NOW) as engine:
        return {plan.site: plan for plan in engine.plans()}


def test_a_cluster_with_a_killed_worker_makes_the_same_plan(project, tmp_path):
    here = plans(project("local"))
    (tmp_path / "plugins" / "killer.py").write_text(KILLER)
    there = plans(project("dask"))
    assert (tmp_path / "plugins" / "killed.txt").exists(), "no worker was killed"
    assert {site: plan.digest for site, plan in there.items()} == {site: plan.digest for site, plan in here.items()}
    assert here["amazon.de"].changes["field"].n_unique() >= 2
    assert list((tmp_path / "scratch").iterdir()) == []


@pytest.fixture
def cluster(tmp_path):
    """Start what the page says, on a free port; return the processes and the page's project settings."""
    page = ROOT / "docs" / "how-to" / "run-on-a-cluster.md"
    said = [command for block in blocks(page, "console") for command, _ in commands(block.text)]
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
    running = []
    for command in (command for command in said if command.startswith("dask ")):
        words = [sys.executable, "-m", "dask", *command.replace("8786", port).split()[1:]]
        with (tmp_path / f"{words[3]}.log").open("w") as log:
            running.append(subprocess.Popen(words, stdout=log, stderr=log, start_new_session=True))
    (settings,) = (block.text for block in blocks(page, "toml"))
    yield running, settings.replace("8786", port).replace("250000", "60")
    for process in running:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_the_cluster_of_the_page_survives_a_killed_worker(project, tmp_path, cluster):
    here = plans(project("local"))
    running, settings = cluster
    assert len(running) == 2
    (tmp_path / "plugins" / "killer.py").write_text(KILLER)
    path = project("local")
    text = path.read_text()
    start, end = text.index("[run]"), text.index("[plugins]")
    path.write_text(text[:start] + settings + text[end:])
    there = plans(path)
    killed = tmp_path / "plugins" / "killed.txt"
    assert killed.exists(), "no worker was killed"
    assert {site: plan.digest for site, plan in there.items()} == {site: plan.digest for site, plan in here.items()}


def test_a_scheduler_that_does_not_answer_is_told(project):
    path = project("dask")
    path.write_text(path.read_text().replace("[run]", '[run]\ncluster = "tcp://127.0.0.1:1"'))
    with pytest.raises(ProjectError, match=r"the Dask scheduler at tcp://127\.0\.0\.1:1 does not answer"):
        plans(path)


def test_a_scheduler_without_workers_is_told(project, monkeypatch):
    from distributed import LocalCluster

    from acorn_engine.engine import dask_runner

    monkeypatch.setattr(dask_runner, "WORKER_SECONDS", 0.5)
    with LocalCluster(n_workers=0, dashboard_address=None) as empty:
        path = project("dask")
        path.write_text(path.read_text().replace("[run]", f'[run]\ncluster = "{empty.scheduler_address}"'))
        with pytest.raises(ProjectError, match="has no workers"):
            plans(path)


def test_a_worker_with_other_plugins_is_refused(project, tmp_path):
    (tmp_path / "plugins" / "only_here.py").write_text(
        "import multiprocessing\nif multiprocessing.parent_process() is not None:\n"
        "    raise ImportError('not on workers')\n"
    )
    with pytest.raises(PluginError, match="a worker has only_here"):
        plans(project("dask"))
