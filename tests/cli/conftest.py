"""Each test has its own project with its own marketplace in memory; nothing installed is used."""

from __future__ import annotations

import pytest
from marketplace import World

from acorn_engine.cli import main

RULES = """\
acorn: 1
rules:
  - id: cost-plus
    set: {price: landed * 2}
    because: cost plus
"""


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """Return a world of two offers, written to a folder: A moves a little, B moves too far."""
    for name in ("CLIENT_ID", "CLIENT_SECRET", "REFRESH_TOKEN"):
        monkeypatch.setenv(f"ACORN_EU_{name}", "secret")
    made = World(tmp_path, RULES)
    made.settings["catalog"]["columns"] = {"landed": "money"}
    made.add("A", price="10.00", landed="5.50", floor_price="2.00", stock=5)
    made.add("B", price="10.00", landed="9.00", floor_price="2.00", stock=5)
    made.write()
    return made


@pytest.fixture
def run(capsys):
    """Run a command line; return exit code, standard output and standard error."""

    def call(*words):
        code = main([str(word) for word in words])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call
