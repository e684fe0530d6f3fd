"""The page of the plugin shows programs that run, and leaves no operation out."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest
from acorn_amazon.operations import OPERATIONS
from acorn_amazon.sites import SITES_BY_NAME
from acorn_sandbox.server import SandboxServer

PAGE = Path(__file__).resolve().parents[1] / "README.md"


@pytest.fixture(scope="module")
def page():
    return PAGE.read_text(encoding="utf-8")


def test_every_operation_is_named(page):
    assert [name for name in OPERATIONS if name not in page] == []


def test_every_function_that_is_named_exists(page):
    import importlib

    (table,) = re.findall(r"\| Amazon's operation .*?\n\n", page, re.DOTALL)
    modules = re.findall(r"^\| [^|]+ \| `(\w+)\.(\w+)`((?:, `\w+`)*)", table, re.MULTILINE)
    assert len(modules) >= 14
    for module, first, others in modules:
        if module == "AmazonConnection":
            continue
        found = importlib.import_module(f"acorn_amazon.{module}")
        for name in [first, *re.findall(r"`(\w+)`", others)]:
            assert hasattr(found, name), f"{module}.{name}"


def test_the_program_runs(page, capsys):
    site = SITES_BY_NAME["amazon.de"]
    offer = {
        "marketplace_id": site.marketplace_id,
        "currency": "EUR",
        "audience": "ALL",
        "our_price": [{"schedule": [{"value_with_tax": Decimal("24.90")}]}],
    }
    seed = [
        {
            "seller_id": "A2EXAMPLE",
            "marketplace_id": site.marketplace_id,
            "sku": sku,
            "product_type": "LUGGAGE",
            "attributes": {
                "purchasable_offer": [offer],
                "fulfillment_availability": [{"fulfillment_channel_code": "DEFAULT", "quantity": 7}],
            },
        }
        for sku in ("S-1", "S-2")
    ]
    (program,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    with SandboxServer(seed=seed, speed=20_000) as server:
        exec(compile(program.replace("http://127.0.0.1:8642", server.url), "README.md", "exec"), {})
    shown = capsys.readouterr().out
    assert "expected_price" in shown
    assert shown.count("S-1") >= 2
