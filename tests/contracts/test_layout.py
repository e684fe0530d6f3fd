"""DESIGN 3: the top level."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = ("acorn-amazon", "acorn-sandbox", "acorn-currency", "acorn-stock", "acorn-compliance")


@pytest.mark.parametrize(
    "name",
    [
        "pyproject.toml",
        "constraints.txt",
        "Makefile",
        "acorn_engine",
        "plugins",
        "rules",
        "tests",
        "benchmarks",
        "docs",
    ],
)
def test_the_top_level(name):
    assert (ROOT / name).exists()


@pytest.mark.parametrize("name", PLUGINS)
def test_each_plugin_is_a_distribution_of_its_own(name):
    """Each a distribution of its own: pyproject.toml, package, tests/, README.md; entry-point group "acorn"."""
    folder = ROOT / "plugins" / name
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["name"] == name
    assert project["entry-points"]["acorn"]
    assert (folder / name.replace("-", "_") / "__init__.py").is_file()
    assert (folder / "tests").is_dir()
    assert (folder / "README.md").is_file()


def test_the_workspace_has_the_plugins_as_members():
    """Core distribution; workspace with members plugins/*."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["tool"]["uv"]["workspace"]["members"] == ["plugins/*"]


def test_every_dependency_is_pinned_and_no_file_names_a_host():
    """Every dependency pinned …; no lock file that names a registry's host."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    wanted = [line for line in lines if line and not line.startswith("#")]
    assert wanted
    assert all("==" in line for line in wanted)
    assert not [line for line in lines if "://" in line]
    assert not list(ROOT.glob("uv.lock")) or not (ROOT / "uv.lock").read_text(encoding="utf-8")


def test_every_rule_file_of_the_starter_book_has_examples():
    """A starter rule book that works: with examples in every file (that has rules)."""
    for path in (ROOT / "rules").rglob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        assert "\nexamples:" in text or "\nrules:" not in text, path.name
