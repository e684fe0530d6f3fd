"""A command that has nothing to work out starts at once: nothing heavy is loaded for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = (
    "acorn_engine.engine", "alembic", "cyclopts", "httpx2", "numpy", "pandas", "pluggy", "polars", "pyarrow", "pydantic",
    "rich", "sqlalchemy", "starlette", "xlsxwriter", "yaml",
)  # fmt: skip
PROGRAM = """
import sys
sys.argv = ["acorn", *{arguments}]
from acorn_engine.cli import main
code = main()
print("loaded:", *sorted(name for name in {heavy} if name in sys.modules), file=sys.stderr)
sys.exit(code)
"""


def loaded(arguments, heavy=HEAVY):
    program = PROGRAM.format(arguments=arguments, heavy=heavy)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    line = next(line for line in done.stderr.splitlines() if line.startswith("loaded:"))
    return done.stdout, set(line.removeprefix("loaded:").split())


def test_the_version_needs_nothing_heavy():
    said, modules = loaded(["--version"])
    assert said.startswith("acorn ")
    assert modules == set()


def test_importing_the_package_needs_nothing_heavy():
    program = f"import acorn_engine, sys; print(*[name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize("verb", ["plan", "approve", "status"])
def test_help_works_nothing_out(verb):
    said, modules = loaded([verb, "--help"])
    assert "Usage" in said
    assert modules & {"polars", "sqlalchemy", "alembic", "pyarrow", "acorn_engine.engine"} == set()
