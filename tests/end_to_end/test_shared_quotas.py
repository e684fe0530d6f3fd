"""Under a steady load of several processes there is not one 429, and little of a quota is left unused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from acorn_amazon.operations import FEED_TYPE, FURTHER_PLANS, OPERATIONS
from acorn_sandbox.server import SandboxServer
from sandbox_world import seed

JOB = Path(__file__).with_name("quota_job.py")
SPEED = 2.0
SECONDS = 15.0


def start(database, server, project):
    words = [sys.executable, os.fspath(JOB), database, server.url, server.auth_url, project, str(SECONDS)]
    environment = os.environ | {"PYTHONPATH": os.fspath(JOB.parents[1])}
    return subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)


def allowed(plan, seconds, speed=SPEED):
    return plan.burst + plan.rate * speed * seconds


def test_two_processes_ask_for_all_that_is_allowed_and_for_no_more(database_url):
    with SandboxServer(seed=[seed("A")], speed=SPEED) as server:
        jobs = [start(database_url, server, project) for project in ("northwind", "southwind")]
        for job in jobs:
            assert job.stdout.readline() == "ready\n"
        for job in jobs:
            job.stdin.write("go\n")
            job.stdin.flush()
        answers = [job.communicate(timeout=120)[0] for job in jobs]
        assert [job.returncode for job in jobs] == [0, 0]
        log = server.log()
    assert Counter(entry["operation"] for entry in log if entry["status"] == 429) == Counter()
    counts = [json.loads(answer) for answer in answers]
    assert all(count["patch"] and count["poll"] for count in counts), "neither starves the other"
    sums = {name: sum(count[name] for count in counts) for name in counts[0]}
    plans = {
        "patch": OPERATIONS["patchListingsItem"].plan,
        "poll": OPERATIONS["getFeed"].plan,
        "feed": FURTHER_PLANS[FEED_TYPE],
    }
    for name, plan in plans.items():
        most = allowed(plan, SECONDS)
        assert sums[name] <= most + 1, name
        assert sums[name] >= 0.75 * most, f"{name}: {sums[name]} of {most} calls that are allowed"
