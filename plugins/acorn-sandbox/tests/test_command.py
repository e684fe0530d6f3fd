from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import httpx2
import pytest
from acorn_sandbox import plugin

RUN = "import cyclopts, acorn_sandbox.command as c; a = cyclopts.App(); a.command(c.sandbox); a()"


@pytest.fixture
def start():
    running = []

    def run(*words):
        process = subprocess.Popen([sys.executable, "-c", RUN, "sandbox", *words], stdout=subprocess.PIPE, text=True)
        running.append(process)
        return process, process.stdout.readline()

    yield run
    for process in running:
        process.kill()
        process.wait()
        process.stdout.close()


def test_the_plugin_adds_the_command():
    commands = {command.name: command for command in plugin.acorn_commands()}
    assert commands["sandbox"].function.__name__ == "sandbox"


def test_it_says_where_it_listens_and_ends_at_a_signal(start):
    process, line = start("--port", "0")
    assert line.startswith("sandbox listening on http://127.0.0.1:")
    url = line.split()[-1]
    (first, *_) = httpx2.get(url + "/_sandbox/listings?marketplace_id=A1PA6795UKMFR9").json()
    assert first["seller_id"] == "A2EXAMPLE"
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0


def test_killed_and_started_again_it_remembers(start, tmp_path):
    words = ("--port", "0", "--json", "--speed", "1000", "--state", os.fspath(tmp_path / "state.db"))
    process, line = start(*words)
    address = json.loads(line)
    form = {"grant_type": "refresh_token", "refresh_token": "Atzr|A2EXAMPLE", "client_id": "c", "client_secret": "s"}
    token = httpx2.post(address["auth_url"], data=form).json()["access_token"]
    path = "/listings/2021-08-01/items/A2EXAMPLE/ACORN-LAMP?marketplaceIds=A1PA6795UKMFR9"
    patch = {
        "productType": "LAMP",
        "patches": [{"op": "replace", "path": "/attributes/brand", "value": [{"value": "Z"}]}],
    }
    headers = {"x-amz-access-token": token}
    assert httpx2.patch(address["url"] + path, json=patch, headers=headers).json()["status"] == "ACCEPTED"
    process.kill()
    process.wait()
    _, line = start(*words)
    truth = httpx2.get(json.loads(line)["url"] + "/_sandbox/listings?sku=ACORN-LAMP").json()
    assert truth[0]["attributes"]["brand"][0]["value"] == "Z"
