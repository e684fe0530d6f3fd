"""Every rule file and every project file that a page shows is one that Acorn takes."""

from __future__ import annotations

import re
import textwrap
import tomllib
from pathlib import Path

import pytest
from doc_pages import ROOT, Block, all_blocks

from acorn_engine import Engine
from acorn_engine.plugins.host import PluginHost
from acorn_engine.plugins.registry import Registry, build_registry
from acorn_engine.project.loading import Document, load_project

SITES = {"amazon.de": "eu", "amazon.fr": "eu", "amazon.co.uk": "eu", "amazon.com": "na", "amazon.co.jp": "fe"}
PRODUCTS = "sku,cost,cost_currency,stock,brand,category,gtin,weight_kg,clearance,launch_date,margin_class\nA,1.00,EUR,1,,,,,,,\n"
LISTINGS = "site,seller_sku,sku,product_type,fulfilment,price,quantity,floor_price,ceiling_price,competitor_price\namazon.de,A,A,LAMP,merchant,2.00,1,1.00,9.00,\n"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a catalogue that has the columns which the pages speak of."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "products.csv").write_text(PRODUCTS, encoding="utf-8")
    (folder / "listings.csv").write_text(LISTINGS, encoding="utf-8")
    return folder


def settings(chains: dict[str, list[str]]) -> dict:
    accounts = {
        name: {
            "seller_id": "A2DOCS",
            "sites": [site for site, account in SITES.items() if account == name and site in chains],
        }
        for name in ("eu", "na", "fe")
    }
    return {
        "project": {"name": "docs"},
        "sites": chains,
        "catalog": {
            "products": {"source": "csv", "path": "products.csv"},
            "listings": {"source": "csv", "path": "listings.csv"},
            "columns": {
                "weight_kg": "number",
                "clearance": {"type": "boolean", "default": False},
                "competitor_price": "money",
                "launch_date": "date",
            },
        },
        "accounts": {name: account for name, account in accounts.items() if account["sites"]},
    }


def rule_file(block: Block) -> str:
    """A whole rule file, made from a fragment where the page shows one."""
    if re.match(r"- id:", block.text):
        key = "guards" if re.search(r"^  (reject|hold|halt):", block.text, re.MULTILINE) else "rules"
        return f"acorn: 1\n{key}:\n" + textwrap.indent(block.text, "  ")
    return block.text


RULES = [block for block in all_blocks("yaml") if block.file is None or "corner" not in block.file]
PROJECTS = all_blocks("toml")


@pytest.mark.parametrize("block", RULES, ids=str)
def test_rules_load_and_their_examples_hold(block: Block, shop: Path) -> None:
    text = rule_file(block)
    named = [site for site in SITES if f"site: {site}" in text] or ["amazon.de"]
    with Engine.open(settings({site: ["page.yaml"] for site in named}), rules={"page.yaml": text}, root=shop) as engine:
        for site in named:
            results = engine.test(site)
            assert [(result.name, result.differences) for result in results if not result.passed] == []
        assert "examples:" not in text or results


def test_there_is_something_to_try() -> None:
    assert len(RULES) >= 15
    assert len(PROJECTS) >= 10


@pytest.fixture(scope="module")
def registry() -> Registry:
    return build_registry(PluginHost())


@pytest.mark.parametrize("block", PROJECTS, ids=str)
def test_project_files_are_taken(block: Block, registry: Registry, tmp_path: Path) -> None:
    data = tomllib.loads(block.text)
    if "project" in data and "version" in data["project"]:
        assert data["project"]["entry-points"]["acorn"], "a package of a plugin names its entry point"
        return
    if "corner" in data:
        return  # done word by word in test_tutorial.py
    # A page may show a section alone: what it needs beside it is added.
    chains = data.get("sites", {})
    accounts = data.setdefault("accounts", {})
    served = {site for account in accounts.values() for site in account.get("sites", ())}
    missing = [site for site in chains if site not in served]
    for site in missing:
        accounts[f"added_{site.replace('.', '_')}"] = {"seller_id": "A2ADDED", "sites": [site]}
    data["sites"] = {site: ["page"] for site in served} | chains
    load_project(Document(data, tmp_path, tmp_path / "acorn.toml", block.text), registry.sections, registry.sites, {})
    for name in ("products", "listings"):
        section = data.get("catalog", {}).get(name)
        if section is not None:
            check_source(section, registry)


def check_source(section: dict, registry: Registry) -> None:
    from acorn_engine.catalog.options import CatalogOptions

    options = CatalogOptions.model_validate(section)
    registry.sources[options.source].options.model_validate(options.model_extra)


def test_the_starter_rule_book_works(shop: Path) -> None:
    chains = tomllib.loads(next(block.text for block in PROJECTS if block.page == ROOT / "rules" / "README.md"))[
        "sites"
    ]
    names = sorted((ROOT / "rules").rglob("*.yaml"))
    rules = {path.relative_to(ROOT / "rules").as_posix(): path.read_text(encoding="utf-8") for path in names}
    with Engine.open(settings(chains), rules=rules, root=shop) as engine:
        assert [problem.render() for problem in engine.check().problems if problem.effect == "stops"] == []
        for chain in (False, True):
            results = engine.test(chain=chain)
            assert len({result.file for result in results}) >= len(names) - len(
                [name for name in names if "guards" in name.name]
            )
            if not chain:
                assert [(result.file, result.name, result.differences) for result in results if not result.passed] == []


def test_the_rule_book_names_every_folder() -> None:
    text = (ROOT / "rules" / "README.md").read_text(encoding="utf-8")
    for folder in sorted(path.name for path in (ROOT / "rules").iterdir() if path.is_dir()):
        assert f"`{folder}/`" in text


def test_a_file_may_lean_on_an_earlier_one(shop: Path) -> None:
    rules = {
        "eu.yaml": "acorn: 1\nparameters: {days: 2}\nrules:\n  - id: slow\n    set: {handling_days: 5}\n",
        "de.yaml": "acorn: 1\ndisable: [slow]\nbecause: Germany is near\nrules:\n  - id: quick\n    set: {handling_days: days}\n"
        "examples:\n  - {name: near, site: amazon.de, given: {}, expect: {handling_days: 2, rule: quick}}\n"
        "  - {name: wrong, site: amazon.de, given: {}, expect: {handling_days: 3}}\n",
    }
    with Engine.open(settings({"amazon.de": ["eu.yaml", "de.yaml"]}), rules=rules, root=shop) as engine:
        assert [result.passed for result in engine.test()] == [True, False]
