"""Each test has its own project with its own marketplace in memory; nothing installed is used."""

from __future__ import annotations

import json

import pytest
from marketplace import World

from acorn_engine.cli import main


@pytest.fixture
def world(tmp_path):
    """Return a maker of worlds; ``columns`` are ``[catalog.columns]``."""

    def make(rules, *, columns=None, **sections):
        made = World(tmp_path, rules)
        made.settings["catalog"]["columns"] = {"landed": "money", **(columns or {})}
        for name, section in sections.items():
            made.settings[name] = {**made.settings.get(name, {}), **section}
        return made

    return make


@pytest.fixture
def run(capsys, monkeypatch):
    """Run a verb on a world's folder; return exit code, standard output and standard error."""

    for name in ("CLIENT_ID", "CLIENT_SECRET", "REFRESH_TOKEN"):
        monkeypatch.setenv(f"ACORN_EU_{name}", "secret")

    def call(world, *words):
        code = main([*words, "--project", str(world.folder)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture
def run_json(run):
    """Run a verb with ``--json``; return exit code and document. Standard output is JSON only."""

    def call(world, *words):
        code, out, _ = run(world, *words, "--json")
        return code, json.loads(out)

    return call


@pytest.fixture
def proposed():
    """Plan the world's site and return what is proposed: {(seller SKU, field): the change}."""

    def plan(world, site="shop.de", **options):
        with world.engine() as engine:
            made = world.plan(engine, site, **options)
        return {(row["seller_sku"], row["field"]): row for row in made.to_json()["changes"]}

    return plan
