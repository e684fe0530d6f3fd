"""A command that has nothing to work out starts at once: nothing heavy is loaded for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = (
    "acorn_engine.engine", "alembic", "cryptography", "cyclopts", "httpx2", "numpy", "pandas", "pluggy", "polars", "pyarrow", "pydantic",
    "rich", "sqlalchemy", "starlette", "xlsxwriter", "yaml",
)  # fmt: skip
NOT_TO_LOOK = (
    "acorn_engine.evaluate", "acorn_engine.explain", "acorn_engine.guard.judging", "acorn_engine.outbox",
    "acorn_engine.plan.drafting", "acorn_engine.store.store", "alembic", "cryptography", "fastexcel", "httpx2", "numpy", "pandas", "pyarrow",
    "rich", "sqlalchemy", "starlette", "uvicorn", "xlsxwriter",
)  # fmt: skip
"""What planning, storing, sending and serving need, and looking at rules and catalogue does not."""
SHOP = """
from types import SimpleNamespace
from acorn_engine.plugins import Limits, Site, hookimpl

SITE = Site("shop.de", "shop", "DE1", "DE", "EUR", 2, "de_DE", "eu", "Europe/Berlin", tax_included=True)
PARTS = dict.fromkeys(("encode", "document", "attribute_matches", "connect"))


@hookimpl
def acorn_marketplaces():
    yield SimpleNamespace(name="shop", sites=(SITE,), limits=Limits(1, 1, 1, 1), **PARTS)
"""
FILES = {
    "acorn.toml": """
[sites]
"shop.de" = ["base"]
[catalog.products]
source = "csv"
path = "products.csv"
[catalog.listings]
source = "csv"
path = "listings.csv"
[catalog.columns]
landed = "money"
[accounts.eu]
marketplace = "shop"
seller_id = "S1"
sites = ["shop.de"]
[plugins]
directory = "plugins"
""",
    "rules/base.yaml": """
acorn: 1
rules:
  - id: double
    when: stock > 0
    set: {price: landed * 2}
examples:
  - name: twice
    site: shop.de
    given: {landed: 4.00, stock: 1}
    expect: {price: 8.00, rule: double}
""",
    "plugins/shop.py": SHOP,
    "products.csv": "sku,stock\nA,1\n",
    "listings.csv": "site,seller_sku,sku,fulfilment,price,landed\nshop.de,A,A,merchant,9.00,4.00\n",
}
PROGRAM = """
import sys
sys.argv = ["acorn", *{arguments}]
from acorn_engine.cli import main
code = main()
print("loaded:", *sorted(name for name in {heavy} if name in sys.modules), file=sys.stderr)
sys.exit(code)
"""


@pytest.fixture
def project(tmp_path):
    """Return the folder of a project with a marketplace of its own."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


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


@pytest.mark.parametrize(
    "words",
    [
        ["plan", "--help"],
        ["approve", "--help"],
        ["status", "--help"],
        ["doctor", "--help"],
        ["secrets", "set", "--help"],
        ["--help"],
    ],
)
def test_help_works_nothing_out(words):
    said, modules = loaded(words, (*HEAVY, *NOT_TO_LOOK, "acorn_engine.engine.engine", "acorn_engine.ruleset"))
    assert "Usage" in said
    assert modules - {"acorn_engine.engine", "cyclopts", "pluggy", "pydantic", "rich"} == set()


@pytest.mark.parametrize("verb", ["check", "test"])
def test_looking_loads_nothing_that_plans_stores_or_sends(project, verb):
    said, modules = loaded([verb, "--project", str(project)], NOT_TO_LOOK)
    assert "everything can be planned" in said or "1 of 1 examples hold" in said
    assert modules - ({"acorn_engine.evaluate"} if verb == "test" else set()) == set()


def test_opening_an_engine_reads_the_project_only(project):
    program = f"""
import sys
from acorn_engine import Engine
with Engine.open({str(project)!r}) as engine:
    print(*[name for name in {(*NOT_TO_LOOK, "acorn_engine.ruleset", "acorn_engine.engine.inputs")} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
